// Byte strings in large pages: millions of small answers without an object, or any work for the
// garbage collector, for each. What is put stays where it is; a page is dropped when all that it
// held has been removed, which fits strings that leave about in the order in which they came.

import { assert } from '../base/assert.ts';

const PAGE_BYTES = 256 * 1024;

interface Page {
  readonly bytes: Uint8Array;
  /** Strings in it that were not removed. */
  count: number;
}

export class ByteStore {
  readonly #pages = new Map<number, Page>();
  #current = 0;
  /** Used up in the current page. */
  #length = PAGE_BYTES;

  /** Keeps a copy of `bytes[0..length)`; returns where it is. At most 256 KiB. */
  put(bytes: Uint8Array, length: number): number {
    assert(length <= PAGE_BYTES, 'a byte string fits into a page');
    if (this.#length + length > PAGE_BYTES) this.#turn();
    const page = this.#pages.get(this.#current) as Page;
    const at = this.#length;
    // Short strings are copied faster by hand than by a call.
    for (let index = 0; index < length; index++) page.bytes[at + index] = bytes[index] as number;
    page.count++;
    this.#length += length;
    return this.#current * PAGE_BYTES + at;
  }

  /** The page that a string is in, and where it starts there. */
  find(place: number): { bytes: Uint8Array; start: number } {
    const page = this.#pages.get(Math.floor(place / PAGE_BYTES));
    assert(page !== undefined, 'a byte string that is there has a page');
    return { bytes: page.bytes, start: place % PAGE_BYTES };
  }

  remove(place: number): void {
    const number = Math.floor(place / PAGE_BYTES);
    const page = this.#pages.get(number);
    assert(page !== undefined && page.count > 0, 'a byte string is removed once');
    if (--page.count === 0 && number !== this.#current) this.#pages.delete(number);
  }

  #turn(): void {
    if (this.#pages.get(this.#current)?.count === 0) this.#pages.delete(this.#current);
    this.#current++;
    this.#length = 0;
    this.#pages.set(this.#current, { bytes: new Uint8Array(PAGE_BYTES), count: 0 });
  }
}
