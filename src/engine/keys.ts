// Idempotency keys: the first answer to each keyed command, per player.
//
// Invariant: a player has at most `perPlayerMax` keys, none older than `retentionMs`. Records live
// in columns, not objects, and keys and answers as bytes: a busy realm remembers millions of
// them, and objects would cost three times the memory and most of the garbage collector's time. One
// list of all records by age (time only rises) and one list per player make forgetting the oldest
// O(1). Times here are lived time (lived-time.ts): no step of a clock makes a key older.

import { readPair } from '../../protocol/msgpack-reader.ts';
import { assert } from '../base/assert.ts';
import { ByteStore } from './byte-store.ts';
import type { Encoded, ReplyBody } from './entry.ts';
import type { DecidedFact } from './fact.ts';

const NONE = -1;

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
  #player = new Int32Array(1024);
  #digest = new Float64Array(1024);
  #atMs = new Float64Array(1024);
  #ok = new Uint8Array(1024);
  #hash = new Int32Array(1024);
  /** Where the bytes of the key and of the answer to it are. */
  #place = new Float64Array(1024);
  readonly #store = new ByteStore();
  /** Lists: the next record in the bucket, by age among all, by age among the player's own. */
  #nextInBucket = new Int32Array(1024);
  #older = new Int32Array(1024);
  #newer = new Int32Array(1024);
  #newerOwn = new Int32Array(1024);
  #buckets = new Int32Array(2048).fill(NONE);
  #oldest = NONE;
  #newest = NONE;
  /** Per player: oldest and newest record, and how many. */
  readonly #oldestOwn: number[] = [];
  readonly #newestOwn: number[] = [];
  readonly #countOwn: number[] = [];
  readonly #free: number[] = [];
  #used = 0;
  /** What was looked for last, and its hash: a key is looked for, and then added. */
  #soughtPlayer = NONE;
  #soughtKey = '';
  #soughtHash = 0;

  constructor(perPlayerMax: number, retentionMs: number) {
    this.#perPlayerMax = perPlayerMax;
    this.#retentionMs = retentionMs;
  }

  /** Keys remembered. */
  get count(): number {
    return this.#used - this.#free.length;
  }

  /** The number of the record of a key still remembered at `atMs`, or -1. */
  find(player: number, key: string, atMs: number): number {
    const hash = hashOf(player, key);
    this.#soughtPlayer = player;
    this.#soughtKey = key;
    this.#soughtHash = hash;
    let at = this.#buckets[hash & (this.#buckets.length - 1)] as number;
    while (at !== NONE && !this.#isOf(at, hash, player, key)) {
      at = this.#nextInBucket[at] as number;
    }
    return at === NONE || this.#isOver(at, atMs) ? NONE : at;
  }

  digest(at: number): number {
    return this.#digest[at] as number;
  }

  ok(at: number): boolean {
    return this.#ok[at] === 1;
  }

  body(at: number): ReplyBody {
    return this.#read(at)[1];
  }

  /**
   * Remembers a key that {@link find} does not find: a key is decided once.
   * @returns the answer as it is kept, in MessagePack.
   */
  add(fact: DecidedFact, atMs: number): Encoded {
    this.prune(atMs);
    if ((this.#countOwn[fact.player] ?? 0) >= this.#perPlayerMax) {
      this.#forget(this.#oldestOwn[fact.player] as number);
    }
    const at = this.#free.pop() ?? this.#append();
    this.#player[at] = fact.player;
    this.#digest[at] = fact.digest;
    this.#atMs[at] = atMs;
    this.#ok[at] = fact.ok ? 1 : 0;
    const isSought = fact.player === this.#soughtPlayer && fact.key === this.#soughtKey;
    this.#hash[at] = isSought ? this.#soughtHash : hashOf(fact.player, fact.key);
    const writer = this.#store.begin();
    writer.text(fact.key);
    const start = writer.length;
    writer.value(fact.body);
    this.#place[at] = this.#store.end();
    this.#link(at, fact.player);
    return { bytes: writer.bytes, start, end: writer.length };
  }

  /** Forgets what is too old at `atMs`. */
  prune(atMs: number): void {
    while (this.#oldest !== NONE && this.#isOver(this.#oldest, atMs)) this.#forget(this.#oldest);
  }

  /** All records, oldest first. */
  *records(): Generator<KeyRecord> {
    for (let at = this.#oldest; at !== NONE; at = this.#newer[at] as number) {
      const [key, body] = this.#read(at);
      yield {
        player: this.#player[at] as number,
        key,
        digest: this.#digest[at] as number,
        atMs: this.#atMs[at] as number,
        ok: this.ok(at),
        body,
      };
    }
  }

  #isOver(at: number, atMs: number): boolean {
    return (this.#atMs[at] as number) + this.#retentionMs <= atMs;
  }

  #isOf(at: number, hash: number, player: number, key: string): boolean {
    if (this.#hash[at] !== hash || this.#player[at] !== player) return false;
    return this.#read(at)[0] === key;
  }

  #read(at: number): [string, ReplyBody] {
    const { bytes, start } = this.#store.find(this.#place[at] as number);
    return readPair(bytes, start) as [string, ReplyBody];
  }

  #link(at: number, player: number): void {
    this.#bucket(at);
    this.#older[at] = this.#newest;
    this.#newer[at] = NONE;
    if (this.#newest === NONE) this.#oldest = at;
    else this.#newer[this.#newest] = at;
    this.#newest = at;
    this.#newerOwn[at] = NONE;
    const count = this.#countOwn[player] ?? 0;
    if (count === 0) this.#oldestOwn[player] = at;
    else this.#newerOwn[this.#newestOwn[player] as number] = at;
    this.#newestOwn[player] = at;
    this.#countOwn[player] = count + 1;
  }

  /** Forgets a record, which is always the oldest of its player. */
  #forget(at: number): void {
    const player = this.#player[at] as number;
    assert(this.#oldestOwn[player] === at, 'the oldest key is forgotten first');
    this.#oldestOwn[player] = this.#newerOwn[at] as number;
    this.#countOwn[player]!--;
    const older = this.#older[at] as number;
    const newer = this.#newer[at] as number;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    this.#unbucket(at);
    this.#store.remove(this.#place[at] as number);
    this.#free.push(at);
  }

  #bucket(at: number): void {
    const bucket = (this.#hash[at] as number) & (this.#buckets.length - 1);
    this.#nextInBucket[at] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = at;
  }

  #unbucket(at: number): void {
    const bucket = (this.#hash[at] as number) & (this.#buckets.length - 1);
    const next = this.#nextInBucket;
    if (this.#buckets[bucket] === at) {
      this.#buckets[bucket] = next[at] as number;
      return;
    }
    let before = this.#buckets[bucket] as number;
    while (next[before] !== at) before = next[before] as number;
    next[before] = next[at] as number;
  }

  #append(): number {
    if (this.#used === this.#player.length) this.#grow(this.#used * 2);
    return this.#used++;
  }

  #grow(size: number): void {
    const integers = (from: Int32Array) => {
      const grown = new Int32Array(size);
      grown.set(from);
      return grown;
    };
    const numbers = (from: Float64Array) => {
      const grown = new Float64Array(size);
      grown.set(from);
      return grown;
    };
    this.#player = integers(this.#player);
    this.#hash = integers(this.#hash);
    this.#nextInBucket = integers(this.#nextInBucket);
    this.#older = integers(this.#older);
    this.#newer = integers(this.#newer);
    this.#newerOwn = integers(this.#newerOwn);
    this.#digest = numbers(this.#digest);
    this.#atMs = numbers(this.#atMs);
    this.#place = numbers(this.#place);
    const ok = new Uint8Array(size);
    ok.set(this.#ok);
    this.#ok = ok;
    this.#buckets = new Int32Array(size * 2).fill(NONE);
    for (let at = this.#oldest; at !== NONE; at = this.#newer[at] as number) {
      this.#bucket(at);
    }
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
