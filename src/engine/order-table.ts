// Open orders by id. Ids are given out in order, so they index an array directly, which takes half
// the time of a Map once there are hundreds of thousands. The array is in pieces that come with
// their first order and go with their last: old orders that stay open keep their piece, not all.

import type { Order } from './order.ts';

const PIECE_BITS = 8;
const PIECE_ORDERS = 1 << PIECE_BITS;

interface Piece {
  readonly orders: (Order | undefined)[];
  count: number;
}

export class OrderTable {
  readonly #pieces: (Piece | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Order | undefined {
    return this.#pieces[Math.floor(id / PIECE_ORDERS)]?.orders[id % PIECE_ORDERS];
  }

  /** Adds an order whose id is not there. */
  add(order: Order): void {
    const at = Math.floor(order.id / PIECE_ORDERS);
    while (this.#pieces.length <= at) this.#pieces.push(undefined);
    const piece = this.#pieces[at] ?? {
      orders: new Array<Order | undefined>(PIECE_ORDERS).fill(undefined),
      count: 0,
    };
    this.#pieces[at] = piece;
    piece.orders[order.id % PIECE_ORDERS] = order;
    piece.count++;
    this.#size++;
  }

  /** Removes an order; false when it was not there. */
  remove(order: Order): boolean {
    const at = Math.floor(order.id / PIECE_ORDERS);
    const piece = this.#pieces[at];
    if (piece?.orders[order.id % PIECE_ORDERS] !== order) return false;
    piece.orders[order.id % PIECE_ORDERS] = undefined;
    if (--piece.count === 0) this.#pieces[at] = undefined;
    this.#size--;
    return true;
  }

  /** All orders, by id. */
  *values(): Generator<Order> {
    for (const piece of this.#pieces) {
      if (piece === undefined) continue;
      for (const order of piece.orders) if (order !== undefined) yield order;
    }
  }
}
