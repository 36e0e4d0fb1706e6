// Byte strings in large pages: millions of small answers without an object, or any work for the
// garbage collector, for each. Invariant: the pages take at most a quarter more than the strings in
// them, and a few pages, whichever strings are removed in whatever order. A page whose strings are
// all gone is dropped at once; of a page that a few strings hold, those few are moved to the end,
// some of them with each call of `tidy`. Whose a string is, is written before it, so that its owner
// can be told where it went.

import { assert } from '../base/assert.ts';

const PAGE_BYTES = 256 * 1024;
/** Before each string: its owner, or GONE, and its length. */
const HEAD_WORDS = 2;
export const HEAD_BYTES = 4 * HEAD_WORDS;
const GONE = -1;
const NONE = -1;

/** A place is a page and a word in it. A longer string has a page of its own. */
const PLACE_BITS = 16;
const IN_PAGE = (1 << PLACE_BITS) - 1;
const PAGES_MAX = 1 << (31 - PLACE_BITS);

/** Pages that there may be beyond a quarter more than is needed. */
const SPARE_PAGES = 2;
const SLACK = 1.25;
/** A page that is fuller than this is not worth moving. */
const FULL = 0.9;
/** Pages that are looked at for one that is worth it, in one call. */
const LOOKED_AT_MAX = 8;
/** Strings that one call moves, or finds gone. */
const TIDIED_MAX = 8;

interface Page {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** How much is written, and how much of that is there still, in bytes. */
  end: number;
  live: number;
}

export class ByteStore {
  /** By number; a number whose page was dropped is used again. */
  readonly #pages: (Page | undefined)[] = [];
  readonly #unused: number[] = [];
  /** Pages that are not written any more, the ones to look at next first. */
  readonly #closed = new Set<number>();
  /** Tells the owner of a string where it is from now on. */
  readonly #moved: (owner: number, place: number) => void;
  #current = NONE;
  /** The page that is being emptied, and how far that has come, in words. */
  #victim = NONE;
  #cursor = 0;
  #allocated = 0;
  #live = 0;

  constructor(moved: (owner: number, place: number) => void) {
    this.#moved = moved;
  }

  /** Bytes of all pages; bytes of what is in them. */
  get allocated(): number {
    return this.#allocated;
  }

  get live(): number {
    return this.#live;
  }

  /** Keeps a copy of `bytes[start..end)`; returns where it is. */
  add(owner: number, bytes: Uint8Array, start: number, end: number): number {
    const page = this.#room(sizeOf(end - start));
    const word = page.end >> 2;
    page.words[word] = owner;
    page.words[word + 1] = end - start;
    const to = page.end + HEAD_BYTES - start;
    for (let from = start; from < end; from++) page.bytes[to + from] = bytes[from] as number;
    return this.#added(page, sizeOf(end - start));
  }

  /** The page that a string is in. */
  page(place: number): Uint8Array {
    return this.#at(place).bytes;
  }

  /** Where a string starts in its page; it ends {@link length} bytes later. */
  start(place: number): number {
    return 4 * (place & IN_PAGE) + HEAD_BYTES;
  }

  length(place: number): number {
    return this.#at(place).words[(place & IN_PAGE) + 1] as number;
  }

  /** Somebody else owns the string from now on. */
  own(place: number, owner: number): void {
    this.#at(place).words[place & IN_PAGE] = owner;
  }

  remove(place: number): void {
    const page = this.#at(place);
    const word = place & IN_PAGE;
    assert(page.words[word] !== GONE, 'a byte string is removed once');
    page.words[word] = GONE;
    this.#left(place >> PLACE_BITS, page, sizeOf(page.words[word + 1] as number));
  }

  /** Empties pages that little is left in, a few strings at a time. */
  tidy(): void {
    if (this.#victim === NONE && !this.#choose()) return;
    const number = this.#victim;
    const page = this.#pages[number] as Page;
    for (let left = TIDIED_MAX; left > 0 && this.#victim === number; left--) {
      const word = this.#cursor;
      const owner = page.words[word] as number;
      const length = page.words[word + 1] as number;
      this.#cursor += sizeOf(length) >> 2;
      if (owner === GONE) continue;
      const start = 4 * (word + HEAD_WORDS);
      this.#moved(owner, this.add(owner, page.bytes, start, start + length));
      page.words[word] = GONE;
      this.#left(number, page, sizeOf(length));
    }
  }

  #choose(): boolean {
    const allowed = SLACK * this.#live + SPARE_PAGES * PAGE_BYTES;
    let left = LOOKED_AT_MAX;
    for (const number of this.#closed) {
      if (this.#allocated <= allowed || left-- === 0) return false;
      const page = this.#pages[number] as Page;
      this.#closed.delete(number);
      if (page.live <= FULL * page.bytes.length) {
        this.#victim = number;
        this.#cursor = 0;
        return true;
      }
      this.#closed.add(number);
    }
    return false;
  }

  #at(place: number): Page {
    const page = this.#pages[place >> PLACE_BITS];
    assert(page !== undefined, 'a byte string that is there has a page');
    return page;
  }

  /** The page that has room for `size` bytes, as the current one. */
  #room(size: number): Page {
    const current = this.#pages[this.#current];
    if (current !== undefined && current.end + size <= current.bytes.length) return current;
    if (current !== undefined) this.#close(this.#current, current);
    const bytes = new Uint8Array(Math.max(PAGE_BYTES, size));
    const page = { bytes, words: new Int32Array(bytes.buffer), end: 0, live: 0 };
    this.#current = this.#unused.pop() ?? this.#pages.length;
    assert(this.#current < PAGES_MAX, 'there are pages for all answers');
    this.#pages[this.#current] = page;
    this.#allocated += bytes.length;
    return page;
  }

  #added(page: Page, size: number): number {
    const place = (this.#current << PLACE_BITS) | (page.end >> 2);
    page.end += size;
    page.live += size;
    this.#live += size;
    return place;
  }

  #close(number: number, page: Page): void {
    this.#current = NONE;
    if (page.live === 0) this.#drop(number, page);
    else this.#closed.add(number);
  }

  #left(number: number, page: Page, size: number): void {
    page.live -= size;
    this.#live -= size;
    if (page.live === 0 && number !== this.#current) this.#drop(number, page);
  }

  #drop(number: number, page: Page): void {
    this.#closed.delete(number);
    if (this.#victim === number) this.#victim = NONE;
    this.#pages[number] = undefined;
    this.#unused.push(number);
    this.#allocated -= page.bytes.length;
  }
}

/** Bytes that a string takes with what stands before it: whole words. */
export function sizeOf(length: number): number {
  return (HEAD_BYTES + length + 3) & ~3;
}
