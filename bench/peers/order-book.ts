// The peer of `matching`: npm nodejs-order-book, with what makes its fills comparable to ours.

import { OrderBook, type Side as PeerSide } from 'nodejs-order-book';
import type { Side } from '../../src/engine/fact.ts';
import { mix } from '../book-run.ts';

export class PeerBookRun {
  trades = 0;
  checksum = 0;
  readonly #book = new OrderBook();

  place(id: number, side: Side, price: number, quantity: number): void {
    const name = String(id);
    // Its enum has the very words of ours as values.
    const peerSide = side as PeerSide;
    const result = this.#book.limit({ id: name, side: peerSide, size: quantity, price });
    if (result.err !== null) throw result.err;
    this.#count(result, name, quantity);
  }

  cancel(id: number): void {
    this.#book.cancel(String(id));
  }

  /** `done` are orders filled whole, the incoming one perhaps among them; `partial` is one that
   * was filled in part, which may be the incoming one as well. */
  #count(result: ReturnType<OrderBook['limit']>, name: string, quantity: number): void {
    const { done, partial } = result;
    let makers = 0;
    for (const order of done) {
      if (order.id === name) continue;
      makers += 1;
      this.checksum = mix(this.checksum, Number(order.id));
    }
    if (partial !== null && partial.id !== name) {
      makers += 1;
      this.checksum = mix(this.checksum, Number(partial.id));
    }
    this.trades += makers;
    const isPartial = partial !== null && partial.id === name;
    const filled = isPartial ? result.partialQuantityProcessed : quantity;
    if (makers > 0) this.checksum = mix(this.checksum, filled);
  }
}
