// Names and the dense numbers the engine gives them, in the order in which they first mattered.
// Names are ASCII (protocol/fields.ts) and kept as bytes: millions of them are no objects, and no
// work for the garbage collector.

import { assert } from '../base/assert.ts';
import { HashIndex, NONE } from './hash-index.ts';
import { NUMBERS_MAX, Records } from './records.ts';

const PAGE_BYTES = 64 * 1024;
const LENGTH_MAX = 255;

/** Names by number that were asked for lately, so that they are not made from bytes each time. */
const RECENT = 4096;
/** Numbers by name that were asked for lately: what the engine of the language finds faster. */
const LATELY_MAX = 16_384;

export class Names {
  readonly #max: number;
  readonly #index = new HashIndex();
  /** Of each name, where it begins: page * PAGE_BYTES + place. There its length, then itself. */
  readonly #places = new Records(2);
  readonly #pages: Uint8Array[] = [];
  #end = 0;
  #count = 0;
  /** The last name that was found: one command asks for its player several times. */
  #lastName = '';
  #lastNumber = NONE;
  readonly #lately = new Map<string, number>();
  readonly #recent: string[] = new Array<string>(RECENT).fill('');
  readonly #recentNumbers = new Int32Array(RECENT).fill(NONE);

  /** @param max how many names can be numbered. */
  constructor(max = NUMBERS_MAX) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  /** How many more names can be numbered. */
  get room(): number {
    return this.#max - this.#count;
  }

  /** The number of a name, or -1. */
  find(name: string): number {
    if (name === this.#lastName) return this.#lastNumber;
    const number = this.#lately.get(name) ?? this.#look(name);
    if (number !== NONE) {
      this.#lastName = name;
      this.#lastNumber = number;
    }
    return number;
  }

  #look(name: string): number {
    const hash = hashOf(name);
    let number = this.#index.first(hash);
    while (number !== NONE && !this.#is(number, name)) number = this.#index.next(hash);
    if (number === NONE) return NONE;
    if (this.#lately.size >= LATELY_MAX) this.#lately.clear();
    this.#lately.set(name, number);
    return number;
  }

  name(number: number): string {
    assert(number >= 0 && number < this.#count, 'a number was given out for a name');
    const slot = number & (RECENT - 1);
    if (this.#recentNumbers[slot] !== number) {
      this.#recent[slot] = this.#read(number);
      this.#recentNumbers[slot] = number;
    }
    return this.#recent[slot] as string;
  }

  /** Gives the next number to a new name. Whether there is {@link room} is for the caller. */
  add(name: string): number {
    assert(this.room > 0, 'there is a number left for a new name');
    assert(this.find(name) === NONE, 'a name has one number');
    const place = this.#write(name);
    const number = this.#count++;
    this.#places.setDouble(number, 0, place);
    this.#index.add(number, hashOf(name));
    return number;
  }

  #is(number: number, name: string): boolean {
    const place = this.#places.double(number, 0);
    const page = this.#pages[Math.floor(place / PAGE_BYTES)] as Uint8Array;
    const start = place % PAGE_BYTES;
    if (page[start] !== name.length) return false;
    for (let index = 0; index < name.length; index++) {
      if (page[start + 1 + index] !== name.charCodeAt(index)) return false;
    }
    return true;
  }

  #read(number: number): string {
    const place = this.#places.double(number, 0);
    const page = this.#pages[Math.floor(place / PAGE_BYTES)] as Uint8Array;
    const start = (place % PAGE_BYTES) + 1;
    const length = page[start - 1] as number;
    return String.fromCharCode(...page.subarray(start, start + length));
  }

  /** Where the name is now. No name lies in two pages. */
  #write(name: string): number {
    assert(name.length <= LENGTH_MAX, 'a name is at most 255 characters');
    if ((this.#end % PAGE_BYTES) + 1 + name.length > PAGE_BYTES) {
      this.#end = this.#pages.length * PAGE_BYTES;
    }
    const place = this.#end;
    if (place === this.#pages.length * PAGE_BYTES) this.#pages.push(new Uint8Array(PAGE_BYTES));
    const page = this.#pages[Math.floor(place / PAGE_BYTES)] as Uint8Array;
    const start = place % PAGE_BYTES;
    page[start] = name.length;
    for (let index = 0; index < name.length; index++) {
      const code = name.charCodeAt(index);
      assert(code < 0x80, 'a name is ASCII');
      page[start + 1 + index] = code;
    }
    this.#end += 1 + name.length;
    return place;
  }
}

/** 31 bits of a name, spread evenly. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) & 0x7fffffff;
}
