// A market: everything about one item, the actor that serializes all contention on it. It owns the
// item's rules, its halt state and its order books, one for each location.

import type { Attributes } from '../../protocol/fields.ts';
import type { InstanceFact, ItemFact } from './fact.ts';
import { OrderBook } from './order-book.ts';

export class Market {
  /** The definition now in force. */
  item: ItemFact;
  readonly #books = new Map<number, OrderBook>();

  constructor(item: ItemFact) {
    this.item = item;
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
