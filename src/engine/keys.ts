// Idempotency keys: the first answer to each keyed command, per player.
//
// Invariant: a player has at most `perPlayerMax` keys, and none older than `retentionMs` is ever
// found. Records are numbers in pages, not objects, and keys and answers are bytes: a busy realm
// remembers millions of them, and objects would cost three times the memory and most of the garbage
// collector's time. One list of all records by age (time only rises) and one list per player make
// forgetting the oldest O(1). What is too old is forgotten a few at a time, after what has changed.
// Times here are lived time (lived-time.ts): no step of a clock makes a key older.

import { readPair } from '../../protocol/msgpack-reader.ts';
import { assert } from '../base/assert.ts';
import { ByteStore } from './byte-store.ts';
import type { Encoded, ReplyBody } from './entry.ts';
import type { DecidedFact } from './fact.ts';
import { HashIndex, NONE } from './hash-index.ts';
import { IN_PAGE, NUMBERS_MAX, Records } from './records.ts';

// A record is 48 bytes. Numbers of other records are kept plus one, so that 0 is none.
const WORDS = 12;
const PLAYER = 0;
const OK = 1;
/** Neighbours by age among all, and among the player's own. */
const OLDER = 2;
const NEWER = 3;
const NEWER_OWN = 4;
const HASH = 5;
/** As doubles. The place is where the bytes of the key and of the answer to it are. */
const DIGEST = 3;
const AT_MS = 4;
const PLACE = 5;

// Of each player: his oldest and newest record, and how many they are.
const OWN_WORDS = 4;
const OLDEST_OWN = 0;
const NEWEST_OWN = 1;
const COUNT_OWN = 2;

/** How many an entry forgets that are too old: more than it can add, so that they never pile up. */
export const FORGOTTEN_PER_ENTRY = 16;

export interface KeyRecord {
  readonly player: number;
  readonly key: string;
  readonly digest: number;
  readonly atMs: number;
  readonly ok: boolean;
  readonly body: ReplyBody;
}

export class Keys {
  readonly #perPlayerMax: number;
  readonly #retentionMs: number;
  readonly #records = new Records(WORDS);
  readonly #index = new HashIndex();
  readonly #store = new ByteStore();
  readonly #own = new Records(OWN_WORDS);
  #oldest = NONE;
  #newest = NONE;
  /** Records that were forgotten: the last one, linked by NEWER to those before. */
  #free = NONE;
  #used = 0;
  /** What was looked for last, and its hash: a key is looked for, and then added. */
  #soughtPlayer = NONE;
  #soughtKey = '';
  #soughtHash = 0;

  constructor(perPlayerMax: number, retentionMs: number) {
    this.#perPlayerMax = perPlayerMax;
    this.#retentionMs = retentionMs;
  }

  /** Keys that were not forgotten yet. */
  get count(): number {
    return this.#index.size;
  }

  /** The number of the record of a key still remembered at `atMs`, or -1. */
  find(player: number, key: string, atMs: number): number {
    const hash = hashOf(player, key);
    this.#soughtPlayer = player;
    this.#soughtKey = key;
    this.#soughtHash = hash;
    let at = this.#index.first(hash);
    // The same key may be there twice, as long as one that is too old was not forgotten yet.
    while (at !== NONE && (this.#isOver(at, atMs) || !this.#isOf(at, player, key))) {
      at = this.#index.next(hash);
    }
    return at;
  }

  digest(at: number): number {
    return this.#records.double(at, DIGEST);
  }

  ok(at: number): boolean {
    return this.#records.integer(at, OK) === 1;
  }

  body(at: number): ReplyBody {
    return this.#read(at)[1];
  }

  /**
   * Remembers a key that {@link find} does not find: a key is decided once.
   * @returns the answer as it is kept, in MessagePack.
   */
  add(fact: DecidedFact, atMs: number): Encoded {
    const { player, key } = fact;
    if (this.#own.integer(player, COUNT_OWN) >= this.#perPlayerMax) {
      this.#forget(this.#oldestOwn(player));
    }
    if (this.count >= NUMBERS_MAX) this.#forget(this.#oldest);
    const writer = this.#store.begin();
    writer.text(key);
    const start = writer.length;
    writer.value(fact.body);
    const place = this.#store.end();
    const isSought = player === this.#soughtPlayer && key === this.#soughtKey;
    const hash = isSought ? this.#soughtHash : hashOf(player, key);
    this.#put({ player, hash, ok: fact.ok, digest: fact.digest, atMs, place });
    return { bytes: writer.bytes, start, end: writer.length };
  }

  /** Forgets some of what is too old at `atMs`. */
  prune(atMs: number): void {
    for (let left = FORGOTTEN_PER_ENTRY; left > 0; left--) {
      if (this.#oldest === NONE || !this.#isOver(this.#oldest, atMs)) return;
      this.#forget(this.#oldest);
    }
  }

  /** All records that are still remembered at `atMs`, oldest first. */
  *records(atMs: number): Generator<KeyRecord> {
    const records = this.#records;
    for (let at = this.#oldest; at !== NONE; at = records.integer(at, NEWER) - 1) {
      if (this.#isOver(at, atMs)) continue;
      const [key, body] = this.#read(at);
      yield {
        player: records.integer(at, PLAYER),
        key,
        digest: this.digest(at),
        atMs: records.double(at, AT_MS),
        ok: this.ok(at),
        body,
      };
    }
  }

  #isOver(at: number, atMs: number): boolean {
    return this.#records.double(at, AT_MS) + this.#retentionMs <= atMs;
  }

  #isOf(at: number, player: number, key: string): boolean {
    return this.#records.integer(at, PLAYER) === player && this.#read(at)[0] === key;
  }

  #read(at: number): [string, ReplyBody] {
    const { bytes, start } = this.#store.find(this.#records.double(at, PLACE));
    return readPair(bytes, start) as [string, ReplyBody];
  }

  #oldestOwn(player: number): number {
    return this.#own.integer(player, OLDEST_OWN) - 1;
  }

  #put(record: {
    readonly player: number;
    readonly hash: number;
    readonly ok: boolean;
    readonly digest: number;
    readonly atMs: number;
    readonly place: number;
  }): void {
    const { player, hash } = record;
    const at = this.#take();
    const records = this.#records;
    records.open(at);
    const words = records.integersAt(at);
    const word = (at & IN_PAGE) * WORDS;
    words[word + PLAYER] = player;
    words[word + OK] = record.ok ? 1 : 0;
    words[word + OLDER] = this.#newest + 1;
    words[word + NEWER] = 0;
    words[word + NEWER_OWN] = 0;
    words[word + HASH] = hash;
    const doubles = records.doublesAt(at);
    const double = (at & IN_PAGE) * (WORDS / 2);
    doubles[double + DIGEST] = record.digest;
    doubles[double + AT_MS] = record.atMs;
    doubles[double + PLACE] = record.place;
    if (this.#newest === NONE) this.#oldest = at;
    else records.setInteger(this.#newest, NEWER, at + 1);
    this.#newest = at;
    this.#index.add(at, hash);
    const own = this.#own;
    const count = own.integer(player, COUNT_OWN);
    if (count === 0) own.setInteger(player, OLDEST_OWN, at + 1);
    else records.setInteger(own.integer(player, NEWEST_OWN) - 1, NEWER_OWN, at + 1);
    own.setInteger(player, NEWEST_OWN, at + 1);
    own.setInteger(player, COUNT_OWN, count + 1);
  }

  /** Forgets a record, which is always the oldest of its player. */
  #forget(at: number): void {
    const records = this.#records;
    const player = records.integer(at, PLAYER);
    assert(this.#oldestOwn(player) === at, 'the oldest key is forgotten first');
    this.#own.setInteger(player, OLDEST_OWN, records.integer(at, NEWER_OWN));
    this.#own.setInteger(player, COUNT_OWN, this.#own.integer(player, COUNT_OWN) - 1);
    const older = records.integer(at, OLDER) - 1;
    const newer = records.integer(at, NEWER) - 1;
    if (older === NONE) this.#oldest = newer;
    else records.setInteger(older, NEWER, newer + 1);
    if (newer === NONE) this.#newest = older;
    else records.setInteger(newer, OLDER, older + 1);
    this.#index.remove(at, records.integer(at, HASH));
    this.#store.remove(records.double(at, PLACE));
    records.setInteger(at, NEWER, this.#free + 1);
    this.#free = at;
  }

  /** A record that is not in use. */
  #take(): number {
    const at = this.#free;
    if (at === NONE) return this.#used++;
    this.#free = this.#records.integer(at, NEWER) - 1;
    return at;
  }
}

/** 31 bits of a key, spread evenly: the lower ones choose its bucket. */
function hashOf(player: number, key: string): number {
  let hash = Math.imul(player + 1, 0x9e3779b1);
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
}
