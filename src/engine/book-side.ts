// One side of an order book: price levels from best to worst, each a queue of resting orders.
//
// Layout: levels in sorted chunks, the best one at the very end, so that the busy end grows and
// shrinks by push and pop; levels and orders are linked lists besides, so that walking needs no
// index. Ordering invariant: better price first, then older place first. Removing an order from
// the middle of its queue is O(1); finding a level among n is O(log n), adding one O(sqrt n) or so.
// Known limit: chunks are split, never merged; they go when they are empty.

import { assert } from '../base/assert.ts';
import type { Side } from './fact.ts';
import type { Order } from './order.ts';

const CHUNK_LEVELS_MAX = 256;

export class PriceLevel {
  readonly side: BookSide;
  readonly price: number;
  /** Higher is better: the price for bids, its negative for asks. */
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
  /** Each chunk and all of them together ascend by rank. Never an empty chunk. */
  readonly #chunks: PriceLevel[][] = [];
  /** The level an incoming order meets first, or null. */
  best: PriceLevel | null = null;

  constructor(side: Side, asset: number, location: number) {
    this.side = side;
    this.asset = asset;
    this.location = location;
    this.#sign = side === 'buy' ? 1 : -1;
  }

  rankOf(price: number): number {
    return this.#sign * price;
  }

  level(price: number): PriceLevel | null {
    const rank = this.rankOf(price);
    if (this.best === null || this.best.rank <= rank) {
      return this.best?.rank === rank ? this.best : null;
    }
    const chunk = this.#chunks[this.#chunkAt(rank)] as PriceLevel[];
    const level = chunk[indexIn(chunk, rank)] as PriceLevel;
    return level.rank === rank ? level : null;
  }

  /** Puts an order at the end of the queue of its price. */
  rest(order: Order): PriceLevel {
    assert(order.level === null, 'an order rests in one place');
    assert(order.remaining > 0, 'a resting order has something left');
    const level = this.level(order.price) ?? this.#add(new PriceLevel(this, order.price));
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
    if (level.orders === 0) this.#drop(level);
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

  #add(level: PriceLevel): PriceLevel {
    const chunks = this.#chunks;
    if (this.best === null || level.rank > this.best.rank) {
      level.worse = this.best;
      if (this.best !== null) this.best.better = level;
      this.best = level;
      const last = chunks.at(-1);
      if (last === undefined || last.length >= CHUNK_LEVELS_MAX) chunks.push([level]);
      else last.push(level);
      return level;
    }
    const at = this.#chunkAt(level.rank);
    const chunk = chunks[at] as PriceLevel[];
    const index = indexIn(chunk, level.rank);
    const better = chunk[index] as PriceLevel;
    level.better = better;
    level.worse = better.worse;
    if (better.worse !== null) better.worse.better = level;
    better.worse = level;
    chunk.splice(index, 0, level);
    if (chunk.length > CHUNK_LEVELS_MAX) {
      chunks.splice(at + 1, 0, chunk.splice(CHUNK_LEVELS_MAX / 2));
    }
    return level;
  }

  #drop(level: PriceLevel): void {
    if (level.worse !== null) level.worse.better = level.better;
    if (level.better !== null) level.better.worse = level.worse;
    const isBest = this.best === level;
    if (isBest) this.best = level.worse;
    const at = isBest ? this.#chunks.length - 1 : this.#chunkAt(level.rank);
    const chunk = this.#chunks[at] as PriceLevel[];
    if (isBest) chunk.pop();
    else chunk.splice(indexIn(chunk, level.rank), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    level.better = null;
    level.worse = null;
  }

  /** The first chunk whose best level is at least `rank`. Ranks above the best are not asked for. */
  #chunkAt(rank: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#chunks[middle] as PriceLevel[];
      if ((chunk[chunk.length - 1] as PriceLevel).rank < rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The first index in the chunk whose level is at least `rank`. */
function indexIn(chunk: readonly PriceLevel[], rank: number): number {
  let low = 0;
  let high = chunk.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chunk[middle] as PriceLevel).rank < rank) low = middle + 1;
    else high = middle;
  }
  return low;
}
