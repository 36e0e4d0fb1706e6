// A market: everything about one item, the actor that serializes all contention on it. It owns the
// item's rules, its halt state, its order books, one for each location, and the last prices there.

import type { Attributes } from '../../protocol/fields.ts';
import type { InstanceFact, ItemFact } from './fact.ts';
import { OrderBook } from './order-book.ts';
import { RecentPrices } from './recent-prices.ts';
import type { Suspended } from './suspension.ts';

export class Market {
  /** The definition now in force. */
  item: ItemFact;
  readonly #suspended: Suspended;
  readonly #books = new Map<number, OrderBook>();
  readonly #recent: (RecentPrices | undefined)[] = [];

  constructor(item: ItemFact, suspended: Suspended) {
    this.item = item;
    this.#suspended = suspended;
  }

  /** Whether its definition, or something that the tables lack, lets nothing be traded. */
  get isHalted(): boolean {
    return this.item.halted || this.#suspended.hasItem(this.item.asset);
  }

  /** The book at a location, made when it is first asked for. */
  book(location: number): OrderBook {
    let book = this.#books.get(location);
    if (book === undefined) {
      book = new OrderBook(this.item.asset, location);
      this.#books.set(location, book);
    }
    return book;
  }

  /** The last trades at a location, for valuing a commodity. Unique items have none. */
  recent(location: number): RecentPrices {
    let recent = this.#recent[location];
    if (recent === undefined) {
      recent = new RecentPrices();
      this.#recent[location] = recent;
    }
    return recent;
  }

  /** Of all locations, by their numbers; nothing where nothing was traded. */
  get recents(): readonly (RecentPrices | undefined)[] {
    return this.#recent;
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
