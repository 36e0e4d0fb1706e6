// Orders, windows and offers by the time at which they expire: a binary heap ordered by
// (expiresAtMs, id). Each knows its place in it, so that one that ends before leaves at once and
// the queue never holds garbage. The heap is in pages: it grows without being copied.

import { assert } from '../base/assert.ts';

/** What can be queued: `expiresAtMs` stays as it is while it is. */
export interface Expiring {
  readonly id: number;
  readonly expiresAtMs: number;
  /** Its place in the queue; -1 when it is not in one. */
  expiryIndex: number;
}

const PAGE_BITS = 12;
const IN_PAGE = (1 << PAGE_BITS) - 1;

export class ExpiryQueue<Kind extends Expiring> {
  readonly #pages: Kind[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The next one to expire at or before `atMs`, or null. */
  due(atMs: number): Kind | null {
    const first = this.#pages[0]?.[0];
    return first !== undefined && first.expiresAtMs <= atMs ? first : null;
  }

  /** When the next one expires; Infinity when none does. */
  get nextAtMs(): number {
    return this.#pages[0]?.[0]?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** Whether an item is in the queue, and not before what should end before it: for the audit. */
  keeps(item: Kind): boolean {
    const index = item.expiryIndex;
    if (index < 0 || index >= this.#size || this.#at(index) !== item) return false;
    return index === 0 || !isBefore(item, this.#at((index - 1) >> 1));
  }

  add(item: Kind): void {
    assert(item.expiryIndex === -1, 'it is queued once');
    assert(item.expiresAtMs > 0, 'only what has an expiry is queued');
    if (this.#size >> PAGE_BITS === this.#pages.length) this.#pages.push([]);
    this.#size++;
    this.#rise(item, this.#size - 1);
  }

  remove(item: Kind): void {
    const index = item.expiryIndex;
    assert(index >= 0 && index < this.#size && this.#at(index) === item, 'it is in the queue');
    item.expiryIndex = -1;
    this.#size--;
    const last = this.#pages[this.#size >> PAGE_BITS]?.pop() as Kind;
    if ((this.#size & IN_PAGE) === 0) this.#pages.pop();
    if (last === item) return;
    if (index > 0 && isBefore(last, this.#at((index - 1) >> 1))) this.#rise(last, index);
    else this.#sink(last, index);
  }

  #rise(item: Kind, index: number): void {
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#at(parentIndex);
      if (!isBefore(item, parent)) break;
      this.#put(parent, index);
      index = parentIndex;
    }
    this.#put(item, index);
  }

  #sink(item: Kind, index: number): void {
    for (;;) {
      let childIndex = index * 2 + 1;
      if (childIndex >= this.#size) break;
      const hasRight = childIndex + 1 < this.#size;
      if (hasRight && isBefore(this.#at(childIndex + 1), this.#at(childIndex))) childIndex++;
      const child = this.#at(childIndex);
      if (!isBefore(child, item)) break;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(item, index);
  }

  #at(index: number): Kind {
    return (this.#pages[index >> PAGE_BITS] as Kind[])[index & IN_PAGE] as Kind;
  }

  #put(item: Kind, index: number): void {
    (this.#pages[index >> PAGE_BITS] as Kind[])[index & IN_PAGE] = item;
    item.expiryIndex = index;
  }
}

function isBefore(a: Expiring, b: Expiring): boolean {
  return a.expiresAtMs < b.expiresAtMs || (a.expiresAtMs === b.expiresAtMs && a.id < b.id);
}
