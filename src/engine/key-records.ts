// Remembered keys as records of a few numbers each, found by player and key, by age, and the
// smallest of each player. Invariant: the records are numbered without a gap, so that memory falls
// when keys are forgotten: the last one takes the place of one that goes. All are in one list by
// age, and each player's in a leftist heap by key, in which adding and taking the smallest are a
// few steps, whatever order the keys come in. Which key is forgotten when is for keys.ts to say.

import { assert } from '../base/assert.ts';
import { HashIndex, NONE } from './hash-index.ts';
import { compareKeyWords, hashOfKey, KEY_WORDS, keyOfWords, timeOfWords } from './key-words.ts';
import { IN_PAGE, NUMBERS_MAX, Records } from './records.ts';

// A record is 56 bytes. Numbers of other records are kept plus one, so that 0 is none.
const WORDS = 14;
const PLAYER = 0;
/** Neighbours by age among all. */
const OLDER = 1;
const NEWER = 2;
/** In the heap of the player. */
const LEFT = 3;
const RIGHT = 4;
const PARENT = 5;
/** Where the answer is: see byte-store.ts. */
const PLACE = 6;
const KEY = 7;
/** Seconds of lived time, rounded up. */
const LIVED = KEY + KEY_WORDS;
/** The digest in 32 and 21 bits; above them whether it was accepted, whose it is, and the rank. */
const LOW = LIVED + 1;
const HIGH = LOW + 1;
const DIGEST_BITS = 0x1f_ffff;
const OK = 1 << 21;
const SERVICE = 1 << 22;
const RANK_SHIFT = 23;
const RANK_ONE = 1 << RANK_SHIFT;
const RANK_BITS = 0x1f << RANK_SHIFT;
const TWO_32 = 0x1_0000_0000;

export interface NewRecord {
  readonly player: number;
  readonly digest: number;
  readonly ok: boolean;
  readonly service: boolean;
  readonly livedSeconds: number;
  readonly place: number;
}

export class KeyRecords {
  readonly #records = new Records(WORDS);
  readonly #index = new HashIndex();
  #count = 0;
  #oldest = NONE;
  #newest = NONE;

  get count(): number {
    return this.#count;
  }

  /** The record that the next one that is added will be. */
  get next(): number {
    assert(this.#count < NUMBERS_MAX, 'keys have numbers');
    return this.#count;
  }

  /** The one that was added first; -1 when there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  get bytes(): number {
    return this.#records.bytes + this.#index.bytes;
  }

  /** The record of a key, or -1. `key` has its words. */
  find(player: number, key: Int32Array): number {
    const hash = hashOfKey(player, key, 0);
    let at = this.#index.first(hash);
    while (at !== NONE && !this.#is(at, player, key)) at = this.#index.next(hash);
    return at;
  }

  /** Adds a key to the heap `root`; returns the root that it has then. */
  add(root: number, key: Int32Array, record: NewRecord): number {
    const at = this.next;
    this.#count++;
    this.#records.open(at);
    const words = this.#records.integersAt(at);
    const word = wordOf(at);
    words[word + PLAYER] = record.player;
    words[word + OLDER] = this.#newest + 1;
    words.fill(0, word + NEWER, word + PLACE);
    words[word + PLACE] = record.place;
    for (let n = 0; n < KEY_WORDS; n++) words[word + KEY + n] = key[n] as number;
    words[word + LIVED] = record.livedSeconds;
    words[word + LOW] = record.digest | 0;
    const flags = (record.ok ? OK : 0) | (record.service ? SERVICE : 0) | RANK_ONE;
    words[word + HIGH] = Math.floor(record.digest / TWO_32) | flags;
    if (this.#newest === NONE) this.#oldest = at;
    else this.#set(this.#newest, NEWER, at + 1);
    this.#newest = at;
    this.#index.add(at, hashOfKey(record.player, key, 0));
    return this.#merge(root, at);
  }

  /**
   * Removes the smallest key of a player: the root of the heap. Another record may get its number:
   * `renumbered` is told, and the roots that it gives are no more than a number that changed.
   */
  removeRoot(at: number, renumbered: (from: number, to: number) => void): number {
    let root = this.#merge(this.#get(at, LEFT) - 1, this.#get(at, RIGHT) - 1);
    if (root !== NONE) this.#set(root, PARENT, 0);
    const older = this.#get(at, OLDER) - 1;
    const newer = this.newer(at);
    if (older === NONE) this.#oldest = newer;
    else this.#set(older, NEWER, newer + 1);
    if (newer === NONE) this.#newest = older;
    else this.#set(newer, OLDER, older + 1);
    this.#index.remove(at, this.#hash(at));
    const last = --this.#count;
    if (last !== at) {
      this.#move(last, at);
      if (root === last) root = at;
      else renumbered(last, at);
    }
    this.#records.shrink(this.#count);
    return root;
  }

  player(at: number): number {
    return this.#get(at, PLAYER);
  }

  newer(at: number): number {
    return this.#get(at, NEWER) - 1;
  }

  isRoot(at: number): boolean {
    return this.#get(at, PARENT) === 0;
  }

  place(at: number): number {
    return this.#get(at, PLACE);
  }

  setPlace(at: number, place: number): void {
    this.#set(at, PLACE, place);
  }

  livedSeconds(at: number): number {
    return this.#get(at, LIVED);
  }

  digest(at: number): number {
    return (this.#get(at, HIGH) & DIGEST_BITS) * TWO_32 + (this.#get(at, LOW) >>> 0);
  }

  ok(at: number): boolean {
    return (this.#get(at, HIGH) & OK) !== 0;
  }

  service(at: number): boolean {
    return (this.#get(at, HIGH) & SERVICE) !== 0;
  }

  key(at: number): string {
    return keyOfWords(this.#records.integersAt(at), wordOf(at) + KEY);
  }

  keyTimeMs(at: number): number {
    return timeOfWords(this.#records.integersAt(at), wordOf(at) + KEY);
  }

  /** Writes the words of a record's key into `words` from `to` on. */
  copyKey(at: number, words: Int32Array, to: number): void {
    const from = this.#records.integersAt(at);
    const word = wordOf(at) + KEY;
    for (let n = 0; n < KEY_WORDS; n++) words[to + n] = from[word + n] as number;
  }

  /** Below 0 when the key of a record comes before the one that `key` has the words of. */
  compare(at: number, key: Int32Array): number {
    return compareKeyWords(this.#records.integersAt(at), wordOf(at) + KEY, key, 0);
  }

  #is(at: number, player: number, key: Int32Array): boolean {
    return this.#get(at, PLAYER) === player && this.compare(at, key) === 0;
  }

  #hash(at: number): number {
    const words = this.#records.integersAt(at);
    return hashOfKey(words[wordOf(at)] as number, words, wordOf(at) + KEY);
  }

  #get(at: number, word: number): number {
    return this.#records.integersAt(at)[wordOf(at) + word] as number;
  }

  #set(at: number, word: number, value: number): void {
    this.#records.integersAt(at)[wordOf(at) + word] = value;
  }

  /** Two heaps as one: down their right sides, which are short. */
  #merge(one: number, other: number): number {
    if (one === NONE) return other;
    if (other === NONE) return one;
    const words = this.#records.integersAt(other);
    const isLess =
      compareKeyWords(
        words,
        wordOf(other) + KEY,
        this.#records.integersAt(one),
        wordOf(one) + KEY,
      ) < 0;
    const top = isLess ? other : one;
    const right = this.#merge(this.#get(top, RIGHT) - 1, isLess ? one : other);
    this.#set(right, PARENT, top + 1);
    const left = this.#get(top, LEFT) - 1;
    const isSwapped = this.#rank(left) < this.#rank(right);
    this.#set(top, LEFT, (isSwapped ? right : left) + 1);
    this.#set(top, RIGHT, (isSwapped ? left : right) + 1);
    const rank = this.#rank(isSwapped ? left : right) + RANK_ONE;
    this.#set(top, HIGH, (this.#get(top, HIGH) & ~RANK_BITS) | rank);
    return top;
  }

  /** How far it is to the right at most, shifted: of none 0. */
  #rank(at: number): number {
    return at === NONE ? 0 : this.#get(at, HIGH) & RANK_BITS;
  }

  /** Gives a record another number, which none has. */
  #move(from: number, to: number): void {
    this.#index.renumber(from, this.#hash(from), to);
    const words = this.#records.integersAt(from);
    const word = wordOf(from);
    this.#records.integersAt(to).set(words.subarray(word, word + WORDS), wordOf(to));
    const older = this.#get(to, OLDER) - 1;
    const newer = this.newer(to);
    if (older === NONE) this.#oldest = to;
    else this.#set(older, NEWER, to + 1);
    if (newer === NONE) this.#newest = to;
    else this.#set(newer, OLDER, to + 1);
    for (const side of [LEFT, RIGHT]) {
      const child = this.#get(to, side) - 1;
      if (child !== NONE) this.#set(child, PARENT, to + 1);
    }
    const parent = this.#get(to, PARENT) - 1;
    if (parent === NONE) return;
    this.#set(parent, this.#get(parent, LEFT) === from + 1 ? LEFT : RIGHT, to + 1);
  }
}

function wordOf(at: number): number {
  return (at & IN_PAGE) * WORDS;
}
