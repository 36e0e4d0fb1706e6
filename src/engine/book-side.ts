// One side of an order book: price levels from best to worst (sorted-levels.ts), each a queue of
// resting orders. Ordering invariant: better price first, then older place first. Orders link to
// their neighbours, so taking one out of the middle of its queue is O(1).

import { assert } from '../base/assert.ts';
import type { Side } from './fact.ts';
import type { Order } from './order.ts';
import { type Ranked, SortedLevels } from './sorted-levels.ts';

export class PriceLevel implements Ranked<PriceLevel> {
  readonly side: BookSide;
  readonly price: number;
  readonly rank: number;
  /** Sums over the queue. */
  quantity = 0;
  orders = 0;
  oldest: Order | null = null;
  newest: Order | null = null;
  better: PriceLevel | null = null;
  worse: PriceLevel | null = null;

  constructor(side: BookSide, price: number) {
    this.side = side;
    this.price = price;
    this.rank = side.rankOf(price);
  }
}

export class BookSide {
  readonly side: Side;
  readonly asset: number;
  readonly location: number;
  readonly #sign: 1 | -1;
  readonly #levels = new SortedLevels<PriceLevel>();

  constructor(side: Side, asset: number, location: number) {
    this.side = side;
    this.asset = asset;
    this.location = location;
    this.#sign = side === 'buy' ? 1 : -1;
  }

  /** The level an incoming order meets first, or null. */
  get best(): PriceLevel | null {
    return this.#levels.best;
  }

  /** Higher is better: the price for bids, its negative for asks. */
  rankOf(price: number): number {
    return this.#sign * price;
  }

  level(price: number): PriceLevel | null {
    return this.#levels.find(this.rankOf(price));
  }

  /** Puts an order at the end of the queue of its price. */
  rest(order: Order): PriceLevel {
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
  remove(order: Order): PriceLevel {
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
  reduce(order: Order, quantity: number): PriceLevel {
    const level = order.level;
    assert(level !== null, 'only a resting order is reduced');
    assert(quantity < order.remaining, 'a reduced order keeps something');
    order.remaining -= quantity;
    level.quantity -= quantity;
    return level;
  }

  #open(price: number): PriceLevel {
    const level = new PriceLevel(this, price);
    this.#levels.add(level);
    return level;
  }
}
