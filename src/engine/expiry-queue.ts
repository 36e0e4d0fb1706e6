// Orders by the time at which they expire: a binary heap ordered by (expiresAtMs, id). Each order
// knows its place in it, so that a cancelled one leaves at once and the queue never holds garbage.

import { assert } from '../base/assert.ts';
import type { Order } from './order.ts';

export class ExpiryQueue {
  readonly #heap: Order[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The next order to expire at or before `atMs`, or null. */
  due(atMs: number): Order | null {
    const first = this.#heap[0];
    return first !== undefined && first.expiresAtMs <= atMs ? first : null;
  }

  /** When the next order expires; Infinity when none does. */
  get nextAtMs(): number {
    return this.#heap[0]?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  }

  add(order: Order): void {
    assert(order.expiryIndex === -1, 'an order is queued once');
    assert(order.expiresAtMs > 0, 'only an order with an expiry is queued');
    this.#rise(order, this.#heap.length);
  }

  remove(order: Order): void {
    const index = order.expiryIndex;
    assert(this.#heap[index] === order, 'the order is in the queue');
    order.expiryIndex = -1;
    const last = this.#heap.pop() as Order;
    if (last === order) return;
    if (index > 0 && isBefore(last, this.#heap[(index - 1) >> 1] as Order)) this.#rise(last, index);
    else this.#sink(last, index);
  }

  #rise(order: Order, index: number): void {
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex] as Order;
      if (!isBefore(order, parent)) break;
      this.#put(parent, index);
      index = parentIndex;
    }
    this.#put(order, index);
  }

  #sink(order: Order, index: number): void {
    for (;;) {
      let childIndex = index * 2 + 1;
      if (childIndex >= this.#heap.length) break;
      const right = this.#heap[childIndex + 1];
      if (right !== undefined && isBefore(right, this.#heap[childIndex] as Order)) childIndex++;
      const child = this.#heap[childIndex] as Order;
      if (!isBefore(child, order)) break;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(order, index);
  }

  #put(order: Order, index: number): void {
    this.#heap[index] = order;
    order.expiryIndex = index;
  }
}

function isBefore(a: Order, b: Order): boolean {
  return a.expiresAtMs < b.expiresAtMs || (a.expiresAtMs === b.expiresAtMs && a.id < b.id);
}
