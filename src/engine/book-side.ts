// One side of an order book: price levels from best to worst (sorted-levels.ts), each a queue of
// resting orders. Ordering invariant: better price first, then older place first. Orders link to
// their neighbours, so taking one out of the middle of its queue is O(1).

import { assert } from '../base/assert.ts';
import type { Side } from './fact.ts';
import type { Order } from './order.ts';
import { type Ranked, SortedLevels } from './sorted-levels.ts';

/** All that a book needs of an order; `Self` is the kind of order it is a book of. */
export interface Resting<Self extends Resting<Self>> {
  readonly player: number;
  readonly price: number;
  remaining: number;
  readonly feeBps: number;
  /** Its price level while it rests, and its neighbours in the queue there. */
  level: PriceLevel<Self> | null;
  older: Self | null;
  newer: Self | null;
}

export class PriceLevel<Kind extends Resting<Kind> = Order> implements Ranked<PriceLevel<Kind>> {
  readonly side: BookSide<Kind>;
  readonly price: number;
  readonly rank: number;
  /** Sums over the queue. */
  quantity = 0;
  orders = 0;
  /** Whether the entry at hand has changed it already. */
  isTouched = false;
  oldest: Kind | null = null;
  newest: Kind | null = null;
  better: PriceLevel<Kind> | null = null;
  worse: PriceLevel<Kind> | null = null;

  constructor(side: BookSide<Kind>, price: number) {
    this.side = side;
    this.price = price;
    this.rank = side.rankOf(price);
  }
}

export class BookSide<Kind extends Resting<Kind> = Order> {
  readonly side: Side;
  readonly asset: number;
  readonly location: number;
  readonly #sign: 1 | -1;
  readonly #levels = new SortedLevels<PriceLevel<Kind>>();

  constructor(side: Side, asset: number, location: number) {
    this.side = side;
    this.asset = asset;
    this.location = location;
    this.#sign = side === 'buy' ? 1 : -1;
  }

  /** The level an incoming order meets first, or null. */
  get best(): PriceLevel<Kind> | null {
    return this.#levels.best;
  }

  /** Higher is better: the price for bids, its negative for asks. */
  rankOf(price: number): number {
    return this.#sign * price;
  }

  level(price: number): PriceLevel<Kind> | null {
    return this.#levels.find(this.rankOf(price));
  }

  /** Puts an order at the end of the queue of its price. */
  rest(order: Kind): PriceLevel<Kind> {
    assert(order.level === null, 'an order rests in one place');
    assert(order.remaining > 0, 'a resting order has something left');
    const level = this.level(order.price) ?? this.#open(order.price);
    order.level = level;
    order.older = level.newest;
    if (level.newest === null) level.oldest = order;
    else level.newest.newer = order;
    level.newest = order;
    level.quantity += order.remaining;
    level.orders++;
    return level;
  }

  /** Takes an order out of its queue, and its level out of the book when it was the last one. */
  remove(order: Kind): PriceLevel<Kind> {
    const level = order.level;
    assert(level !== null, 'only a resting order is removed');
    if (order.older === null) level.oldest = order.newer;
    else order.older.newer = order.newer;
    if (order.newer === null) level.newest = order.older;
    else order.newer.older = order.older;
    order.level = null;
    order.older = null;
    order.newer = null;
    level.quantity -= order.remaining;
    level.orders--;
    if (level.orders === 0) this.#levels.drop(level);
    return level;
  }

  /** Takes `quantity` off a resting order, which keeps its place and must keep something. */
  reduce(order: Kind, quantity: number): PriceLevel<Kind> {
    const level = order.level;
    assert(level !== null, 'only a resting order is reduced');
    assert(quantity < order.remaining, 'a reduced order keeps something');
    order.remaining -= quantity;
    level.quantity -= quantity;
    return level;
  }

  #open(price: number): PriceLevel<Kind> {
    const level = new PriceLevel<Kind>(this, price);
    this.#levels.add(level);
    return level;
  }
}
