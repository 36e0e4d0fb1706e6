// The order book of the engine on its own, with the little around it that a flow needs: orders by
// number, the walk, the fills. What the engine adds (ledger, facts) is measured elsewhere.

import type { PriceLevel, Resting } from '../src/engine/book-side.ts';
import type { Side } from '../src/engine/fact.ts';
import { OrderBook } from '../src/engine/order-book.ts';
import { Plan, type Wanted } from '../src/engine/plan.ts';

class BookOrder implements Resting<BookOrder> {
  readonly id: number;
  readonly player: number;
  readonly price: number;
  remaining: number;
  readonly feeBps = 0;
  level: PriceLevel<BookOrder> | null = null;
  older: BookOrder | null = null;
  newer: BookOrder | null = null;

  constructor(id: number, price: number, quantity: number) {
    this.id = id;
    this.player = id;
    this.price = price;
    this.remaining = quantity;
  }
}

type Mutable<Kind> = { -readonly [Key in keyof Kind]: Kind[Key] };

/** Continues a checksum of fills with one number. */
export function mix(checksum: number, value: number): number {
  return (Math.imul(checksum, 31) + value) | 0;
}

export class BookRun {
  /** Fills, and what they came to. */
  trades = 0;
  /** Over all fills: who was filled whole, who in part, and how much the incoming order got. */
  checksum = 0;
  live = 0;
  readonly #book = new OrderBook<BookOrder>(0, 0);
  readonly #plan = new Plan<BookOrder>();
  readonly #orders: (BookOrder | undefined)[] = [];
  readonly #wanted: Mutable<Wanted> = {
    side: 'buy',
    player: -1,
    price: 0,
    quantity: 0,
    totalMax: Number.MAX_SAFE_INTEGER,
    feeBps: 0,
    lotSize: 1,
    fillsMax: Number.MAX_SAFE_INTEGER,
  };

  has(order: number): boolean {
    return this.#orders[order] !== undefined;
  }

  place(id: number, side: Side, price: number, quantity: number): void {
    const wanted = this.#wanted;
    const plan = this.#plan;
    wanted.side = side;
    wanted.player = id;
    wanted.price = price;
    wanted.quantity = quantity;
    const opposite = this.#book.opposite(side);
    plan.walk(opposite, wanted);
    for (let index = 0; index < plan.count; index++) {
      const maker = plan.orders[index] as BookOrder;
      const taken = plan.quantities[index] as number;
      this.checksum = mix(this.checksum, maker.id);
      if (taken < maker.remaining) {
        opposite.reduce(maker, taken);
      } else {
        opposite.remove(maker);
        maker.remaining = 0;
        this.#orders[maker.id] = undefined;
        this.live -= 1;
      }
    }
    this.trades += plan.count;
    if (plan.count > 0) this.checksum = mix(this.checksum, plan.quantity);
    const left = quantity - plan.quantity;
    if (left > 0) this.#rest(new BookOrder(id, price, left), side);
  }

  cancel(id: number): void {
    const order = this.#orders[id];
    if (order === undefined || order.level === null) return;
    order.level.side.remove(order);
    this.#orders[id] = undefined;
    this.live -= 1;
  }

  #rest(order: BookOrder, side: Side): void {
    this.#book.side(side).rest(order);
    this.#orders[order.id] = order;
    this.live += 1;
  }
}
