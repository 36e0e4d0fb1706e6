// Finds numbered things by a hash of what they are: chains in buckets. Invariant: there are at
// least twice as many buckets as things. Buckets are added two at a time, with each thing that
// is more than there ever were (linear hashing): a new bucket takes its things out of one old
// one. So the index grows without ever being built anew. What the things are is for their owner
// to compare.

import { assert } from '../base/assert.ts';
import { Records } from './records.ts';

export const NONE = -1;

/** Words of a record: of the thing its hash and the next thing, and the firsts of two buckets. */
const WORDS = 4;
const HASH = 0;
const NEXT = 1;
const FIRSTS = 2;

export class HashIndex {
  /** Things are kept plus one, so that 0 is none. */
  readonly #records = new Records(WORDS);
  #size = 0;
  #buckets = 0;
  /** The smallest 2^n - 1 that covers all buckets. */
  #mask = 0;

  get size(): number {
    return this.#size;
  }

  /** A thing with this hash, or {@link NONE}; {@link next} has the others. */
  first(hash: number): number {
    if (this.#buckets === 0) return NONE;
    return this.#from(this.#firstIn(this.#bucketOf(hash)), hash);
  }

  /** Another thing with the same hash as `thing`, or {@link NONE}. */
  next(thing: number): number {
    const hash = this.#records.integer(thing, HASH);
    return this.#from(this.#records.integer(thing, NEXT) - 1, hash);
  }

  /** Adds a thing that is not there. `hash`: 31 bits or fewer, even in the lower ones. */
  add(thing: number, hash: number): void {
    this.#size++;
    if (this.#size * 2 > this.#buckets) {
      this.#split();
      this.#split();
    }
    this.#records.setInteger(thing, HASH, hash);
    this.#push(this.#bucketOf(hash), thing);
  }

  remove(thing: number): void {
    const records = this.#records;
    const bucket = this.#bucketOf(records.integer(thing, HASH));
    const next = records.integer(thing, NEXT) - 1;
    let before = this.#firstIn(bucket);
    if (before === thing) {
      this.#setFirst(bucket, next);
    } else {
      let after = records.integer(before, NEXT) - 1;
      while (after !== thing) {
        assert(after !== NONE, 'what is removed is in its bucket');
        before = after;
        after = records.integer(before, NEXT) - 1;
      }
      records.setInteger(before, NEXT, next + 1);
    }
    this.#size--;
  }

  #from(thing: number, hash: number): number {
    const records = this.#records;
    while (thing !== NONE && records.integer(thing, HASH) !== hash) {
      thing = records.integer(thing, NEXT) - 1;
    }
    return thing;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & this.#mask;
    return bucket < this.#buckets ? bucket : bucket & (this.#mask >> 1);
  }

  #firstIn(bucket: number): number {
    return this.#records.integer(bucket >> 1, FIRSTS + (bucket & 1)) - 1;
  }

  #setFirst(bucket: number, thing: number): void {
    this.#records.setInteger(bucket >> 1, FIRSTS + (bucket & 1), thing + 1);
  }

  #push(bucket: number, thing: number): void {
    this.#records.setInteger(thing, NEXT, this.#firstIn(bucket) + 1);
    this.#setFirst(bucket, thing);
  }

  /** One more bucket: it takes what belongs to it from the one that stood for it so far. */
  #split(): void {
    const bucket = this.#buckets++;
    if (bucket > this.#mask) this.#mask = this.#mask * 2 + 1;
    if (bucket === 0) return;
    const old = bucket & (this.#mask >> 1);
    let thing = this.#firstIn(old);
    this.#setFirst(old, NONE);
    while (thing !== NONE) {
      const next = this.#records.integer(thing, NEXT) - 1;
      this.#push(this.#bucketOf(this.#records.integer(thing, HASH)), thing);
      thing = next;
    }
  }
}
