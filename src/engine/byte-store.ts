// Byte strings in large pages: millions of small answers without an object, or any work for the
// garbage collector, for each. They are written where they stay, without a copy; a page is dropped
// when all that it held has been removed, which fits strings that leave about in the order in which
// they came.

import { FrameWriter } from '../../protocol/msgpack-writer.ts';
import { assert } from '../base/assert.ts';

const PAGE_BYTES = 256 * 1024;
/** A page with less room than this is full. A longer string makes the page grow. */
const ROOM_BYTES = 1024;
/** From the places of one page to those of the next: as large as a page may grow. */
const STRIDE = 16 * 1024 * 1024;

interface Page {
  bytes: Uint8Array;
  /** Strings in it that were not removed. */
  count: number;
}

export class ByteStore {
  readonly #pages = new Map<number, Page>();
  /** The page that is being written, its number, and its writer. */
  #page: Page;
  #number = 0;
  #writer = new FrameWriter(PAGE_BYTES);
  #start = 0;

  constructor() {
    this.#page = this.#open();
  }

  /** Begins a string: what the writer is given until {@link end}. */
  begin(): FrameWriter {
    if (this.#writer.length + ROOM_BYTES > PAGE_BYTES) this.#turn();
    this.#start = this.#writer.length;
    return this.#writer;
  }

  /** Keeps the string that was begun; returns where it is. */
  end(): number {
    const page = this.#page;
    assert(this.#writer.length <= STRIDE, 'a page ends before the next one begins');
    page.bytes = this.#writer.bytes;
    page.count++;
    return this.#number * STRIDE + this.#start;
  }

  /** The page that a string is in, and where it starts there. */
  find(place: number): { bytes: Uint8Array; start: number } {
    const page = this.#pages.get(Math.floor(place / STRIDE));
    assert(page !== undefined, 'a byte string that is there has a page');
    return { bytes: page.bytes, start: place % STRIDE };
  }

  remove(place: number): void {
    const number = Math.floor(place / STRIDE);
    const page = this.#pages.get(number);
    assert(page !== undefined && page.count > 0, 'a byte string is removed once');
    if (--page.count === 0 && page !== this.#page) this.#pages.delete(number);
  }

  #turn(): void {
    if (this.#page.count === 0) this.#pages.delete(this.#number);
    this.#number++;
    this.#writer = new FrameWriter(PAGE_BYTES);
    this.#page = this.#open();
  }

  #open(): Page {
    const page = { bytes: this.#writer.bytes, count: 0 };
    this.#pages.set(this.#number, page);
    return page;
  }
}
