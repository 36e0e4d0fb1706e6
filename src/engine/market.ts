// A market: everything about one item, the actor that serializes all contention on it. It owns the
// item's rules, its halt state, its order books, one for each location, and the last prices there.

import type { Attributes } from '../../protocol/fields.ts';
import type { InstanceFact, ItemFact } from './fact.ts';
import { OrderBook } from './order-book.ts';
import { RecentPrices } from './recent-prices.ts';

export class Market {
  /** The definition now in force. */
  item: ItemFact;
  readonly #books = new Map<number, OrderBook>();
  readonly #recents = new Map<number, RecentPrices>();

  constructor(item: ItemFact) {
    this.item = item;
  }

  /** The book at a location, if anything rests there: asking leaves nothing behind. */
  find(location: number): OrderBook | undefined {
    return this.#books.get(location);
  }

  /** The book at a location, for an order to rest in. */
  book(location: number): OrderBook {
    let book = this.#books.get(location);
    if (book === undefined) {
      book = new OrderBook(this.item.asset, location);
      this.#books.set(location, book);
    }
    return book;
  }

  /** Lets go of the book at a location when nothing rests there any more. */
  tidy(location: number): void {
    if (this.#books.get(location)?.isEmpty === true) this.#books.delete(location);
  }

  /** The last trades at a location, for valuing a commodity. Unique items have none. */
  recent(location: number): RecentPrices {
    let recent = this.#recents.get(location);
    if (recent === undefined) {
      recent = new RecentPrices();
      this.#recents.set(location, recent);
    }
    return recent;
  }

  /** By location; nothing where nothing was traded. */
  get recents(): ReadonlyMap<number, RecentPrices> {
    return this.#recents;
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
