// Orders, windows and offers by the time at which they expire: a binary heap ordered by
// (expiresAtMs, id). Each knows its place in it, so that one that ends before leaves at once and
// the queue never holds garbage.

import { assert } from '../base/assert.ts';

/** What can be queued: `expiresAtMs` stays as it is while it is. */
export interface Expiring {
  readonly id: number;
  readonly expiresAtMs: number;
  /** Its place in the queue; -1 when it is not in one. */
  expiryIndex: number;
}

export class ExpiryQueue<Kind extends Expiring> {
  readonly #heap: Kind[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The next one to expire at or before `atMs`, or null. */
  due(atMs: number): Kind | null {
    const first = this.#heap[0];
    return first !== undefined && first.expiresAtMs <= atMs ? first : null;
  }

  /** When the next one expires; Infinity when none does. */
  get nextAtMs(): number {
    return this.#heap[0]?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  }

  add(item: Kind): void {
    assert(item.expiryIndex === -1, 'it is queued once');
    assert(item.expiresAtMs > 0, 'only what has an expiry is queued');
    this.#rise(item, this.#heap.length);
  }

  remove(item: Kind): void {
    const index = item.expiryIndex;
    assert(this.#heap[index] === item, 'it is in the queue');
    item.expiryIndex = -1;
    const last = this.#heap.pop() as Kind;
    if (last === item) return;
    if (index > 0 && isBefore(last, this.#heap[(index - 1) >> 1] as Kind)) this.#rise(last, index);
    else this.#sink(last, index);
  }

  #rise(item: Kind, index: number): void {
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex] as Kind;
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
      const right = this.#heap[childIndex + 1];
      if (right !== undefined && isBefore(right, this.#heap[childIndex] as Kind)) childIndex++;
      const child = this.#heap[childIndex] as Kind;
      if (!isBefore(child, item)) break;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(item, index);
  }

  #put(item: Kind, index: number): void {
    this.#heap[index] = item;
    item.expiryIndex = index;
  }
}

function isBefore(a: Expiring, b: Expiring): boolean {
  return a.expiresAtMs < b.expiresAtMs || (a.expiresAtMs === b.expiresAtMs && a.id < b.id);
}
