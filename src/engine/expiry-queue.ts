// Orders, windows and offers by the time at which they expire: a binary heap ordered by
// (expiresAtMs, id). Each knows its place in it, so that one that ends before leaves at once and
// the queue never holds garbage. The heap is in pages: it grows without being copied.

import { assert } from '../base/assert.ts';
import { Paged } from './paged.ts';

/** What can be queued: `expiresAtMs` stays as it is while it is. */
export interface Expiring {
  readonly id: number;
  readonly expiresAtMs: number;
  /** Its place in the queue; -1 when it is not in one. */
  expiryIndex: number;
}

export class ExpiryQueue<Kind extends Expiring> {
  readonly #heap = new Paged<Kind>();
  /** When the next one expires; Infinity when none does. Every entry looks at it. */
  nextAtMs = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#heap.length;
  }

  /** The next one to expire at or before `atMs`, or null. */
  due(atMs: number): Kind | null {
    const first = this.#heap.get(0);
    return first !== undefined && first.expiresAtMs <= atMs ? first : null;
  }

  /** Whether an item is in the queue, and not before what should end before it: for the audit. */
  keeps(item: Kind): boolean {
    const index = item.expiryIndex;
    if (index < 0 || this.#heap.get(index) !== item) return false;
    return index === 0 || !isBefore(item, this.#at((index - 1) >> 1));
  }

  add(item: Kind): void {
    assert(item.expiryIndex === -1, 'it is queued once');
    assert(item.expiresAtMs > 0, 'only what has an expiry is queued');
    this.#rise(item, this.#heap.length);
  }

  remove(item: Kind): void {
    const index = item.expiryIndex;
    assert(index >= 0 && this.#heap.get(index) === item, 'it is in the queue');
    item.expiryIndex = -1;
    const last = this.#heap.pop();
    if (this.#heap.length === 0) this.nextAtMs = Number.POSITIVE_INFINITY;
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
      if (childIndex >= this.#heap.length) break;
      const hasRight = childIndex + 1 < this.#heap.length;
      if (hasRight && isBefore(this.#at(childIndex + 1), this.#at(childIndex))) childIndex++;
      const child = this.#at(childIndex);
      if (!isBefore(child, item)) break;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(item, index);
  }

  #at(index: number): Kind {
    return this.#heap.get(index) as Kind;
  }

  #put(item: Kind, index: number): void {
    this.#heap.set(index, item);
    item.expiryIndex = index;
    if (index === 0) this.nextAtMs = item.expiresAtMs;
  }
}

function isBefore(a: Expiring, b: Expiring): boolean {
  return a.expiresAtMs < b.expiresAtMs || (a.expiresAtMs === b.expiresAtMs && a.id < b.id);
}
