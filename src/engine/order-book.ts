// The order book of one commodity at one location.
//
// Layout: two sides (book-side.ts), bids and asks. Ordering invariant: price-time priority on each
// side, and best bid < best ask after every command. Amending: what reduces an order keeps its
// place, everything else takes it out and puts it at the end of its level. Known limits: the book
// does not know players' balances or fees; plan.ts walks it, settle.ts moves what is owned.

import { BookSide, type Resting } from './book-side.ts';
import type { Side } from './fact.ts';
import type { Order } from './order.ts';

export class OrderBook<Kind extends Resting<Kind> = Order> {
  readonly asset: number;
  readonly location: number;
  readonly bids: BookSide<Kind>;
  readonly asks: BookSide<Kind>;

  constructor(asset: number, location: number) {
    this.asset = asset;
    this.location = location;
    this.bids = new BookSide('buy', asset, location);
    this.asks = new BookSide('sell', asset, location);
  }

  get isEmpty(): boolean {
    return this.bids.best === null && this.asks.best === null;
  }

  /** Where an order of `side` rests. */
  side(side: Side): BookSide<Kind> {
    return side === 'buy' ? this.bids : this.asks;
  }

  /** What an incoming order of `side` meets. */
  opposite(side: Side): BookSide<Kind> {
    return side === 'buy' ? this.asks : this.bids;
  }
}
