// A market: everything about one item, the actor that serializes all contention on it. It owns the
// item's rules, its halt state, its order books, one for each location where something rests (and a
// few more), and the last prices where something was traded.

import type { Attributes } from '../../protocol/fields.ts';
import type { InstanceFact, ItemFact } from './fact.ts';
import { OrderBook } from './order-book.ts';
import { RecentPrices } from './recent-prices.ts';
import type { Suspended } from './suspension.ts';

/** Books of an item that are kept though nothing rests in them: a busy one is empty at times. */
export const BOOKS_KEPT = 8;

export class Market {
  /** The definition now in force. */
  item: ItemFact;
  readonly #suspended: Suspended;
  readonly #books = new Map<number, OrderBook>();
  readonly #recent = new Map<number, RecentPrices>();

  constructor(item: ItemFact, suspended: Suspended) {
    this.item = item;
    this.#suspended = suspended;
  }

  /** Whether its definition, or something that the tables lack, lets nothing be traded. */
  get isHalted(): boolean {
    return this.item.halted || this.#suspended.hasItem(this.item.asset);
  }

  /** The book at a location; undefined: nothing rests there. */
  findBook(location: number): OrderBook | undefined {
    return this.#books.get(location);
  }

  /** The book at a location that something is to rest in, made when there is none. */
  book(location: number): OrderBook {
    let book = this.#books.get(location);
    if (book === undefined) {
      book = new OrderBook(this.item.asset, location);
      this.#books.set(location, book);
    }
    return book;
  }

  /** Lets a book go in which nothing rests any more, when there are many. */
  release(location: number): void {
    if (this.#books.size <= BOOKS_KEPT) return;
    const book = this.#books.get(location);
    if (book?.bids.best === null && book.asks.best === null) this.#books.delete(location);
  }

  /** Remembers the price of a trade at a location, for valuing a commodity. */
  traded(location: number, price: number): void {
    let recent = this.#recent.get(location);
    if (recent === undefined) {
      recent = new RecentPrices();
      this.#recent.set(location, recent);
    }
    recent.add(price);
  }

  /** The last trades at a location; undefined where nothing was traded. Unique items have none. */
  recent(location: number): RecentPrices | undefined {
    return this.#recent.get(location);
  }

  /** The last trades by location number. O(n log n): for the hash. */
  recents(): [location: number, recent: RecentPrices][] {
    return [...this.#recent].sort(([a], [b]) => a - b);
  }

  /** The books of this item, by location number. */
  books(): OrderBook[] {
    return [...this.#books.values()].sort((a, b) => a.location - b.location);
  }
}

/** What an asset number stands for: an item, or one instance of a unique item. */
export interface Asset {
  readonly market: Market;
  /** Null for items and currencies. */
  instance: InstanceFact | null;
}

export function attributesOf(asset: Asset): Attributes {
  return (asset.instance ?? asset.market.item).attributes;
}
