// Idempotency keys: the first answer to each keyed command, per player.
//
// Invariant: what is remembered of a player is every key of theirs that was decided and is greater
// than their watermark, the greatest key that was ever forgotten of them. So of a key that is
// neither remembered nor above the watermark nobody here knows whether it was executed, and it
// never is again. The watermark only rises, and each time it does that is a fact: the tables, and
// an engine that is restored, forget exactly what this one forgot.
//
// Forgotten is the smallest key of a player: when they have more than their bound, in number or in
// bytes, or when the realm has lived for `retentionMs` since their oldest was decided (in lived
// time, lived-time.ts: no step of a clock makes a key older). Keys are numbers in pages and answers
// are bytes (key-records.ts, byte-store.ts): a busy realm remembers millions of them, and no step
// does more than a bounded piece of work for that, however many there are.

import { readValue } from '../../protocol/msgpack-reader.ts';
import { FrameWriter } from '../../protocol/msgpack-writer.ts';
import { ByteStore, sizeOf } from './byte-store.ts';
import type { Encoded, ReplyBody } from './entry.ts';
import type { DecidedFact, EngineOutput } from './fact.ts';
import { NONE } from './hash-index.ts';
import { KeyRecords } from './key-records.ts';
import { compareKeyWords, KEY_WORDS, keyOfWords, writeKeyWords } from './key-words.ts';
import { IN_PAGE, NUMBERS_MAX, Records } from './records.ts';

// Of each player: the root of the heap of their keys, how many they are, the bytes of the answers,
// and the watermark.
const OWN_WORDS = 8;
const ROOT = 0;
const COUNT = 1;
const BYTES = 2;
const WATERMARK = 3;

/** How many an entry forgets that are too old: more than it can add, so that they never pile up. */
export const FORGOTTEN_PER_ENTRY = 16;

/** Bytes of answers that are kept: on average for each key of the bound; and in any case. */
export const ANSWER_BYTES = 256;
export const ANSWERS_BYTES_MIN = 128 * 1024;

/** Who has this share more than the bound forgets so many at once: one fact for all of them. */
const SPARE_SHIFT = 4;
const SPARE_MAX = 64;
/** But no younger ones than this together: commands with such keys may be on their way. */
const TOGETHER_MS = 5_000;

export interface KeyBounds {
  /** Remembered keys of a player; of the service role for itself. */
  readonly perPlayerMax: number;
  readonly perServiceMax: number;
  readonly retentionMs: number;
}

export interface KeyRecord {
  readonly player: number;
  readonly key: string;
  readonly digest: number;
  readonly livedSeconds: number;
  readonly ok: boolean;
  readonly service: boolean;
  readonly body: ReplyBody;
}

export class Keys {
  readonly #bounds: KeyBounds;
  readonly #records = new KeyRecords();
  readonly #store = new ByteStore((owner, place) => this.#records.setPlace(owner, place));
  readonly #own = new Records(OWN_WORDS);
  readonly #writer = new FrameWriter(4 * 1024);
  /** The key at hand: a key is looked for, and then added. */
  readonly #words = new Int32Array(KEY_WORDS);
  #key = '';

  constructor(bounds: KeyBounds) {
    this.#bounds = bounds;
  }

  get count(): number {
    return this.#records.count;
  }

  /** Bytes that all of it takes; and of those, what the answers that are remembered take. */
  get bytes(): number {
    return this.#records.bytes + this.#store.allocated + this.#own.bytes;
  }

  get answerBytes(): number {
    return this.#store.live;
  }

  /** The record of a key that is remembered, or -1. Its number holds until the next change. */
  find(player: number, key: string): number {
    return this.#records.find(player, this.#wordsOf(key));
  }

  /** Whether all knowledge of a key that is not remembered may have been lost here. */
  isForgotten(player: number, key: string): boolean {
    if (player < 0 || !this.#hasForgotten(player)) return false;
    const words = this.#own.integersAt(player);
    return compareKeyWords(words, watermarkOf(player), this.#wordsOf(key), 0) >= 0;
  }

  digest(at: number): number {
    return this.#records.digest(at);
  }

  ok(at: number): boolean {
    return this.#records.ok(at);
  }

  body(at: number): ReplyBody {
    const place = this.#records.place(at);
    return readValue(this.#store.page(place), this.#store.start(place)) as ReplyBody;
  }

  /**
   * Remembers a key that is neither remembered nor forgotten: a key is decided once.
   * @returns the answer as it is kept, in MessagePack, until the next call.
   */
  add(fact: DecidedFact, livedMs: number): Encoded {
    const { player, digest, ok, service } = fact;
    const key = this.#wordsOf(fact.key);
    const writer = this.#writer;
    writer.reset();
    writer.value(fact.body);
    const { bytes, length } = writer;
    const livedSeconds = Math.ceil(livedMs / 1_000);
    const place = this.#store.add(this.#records.next, bytes, 0, length);
    const record = { player, digest, ok, service, livedSeconds, place };
    const own = this.#own;
    const root = own.integer(player, ROOT) - 1;
    own.setInteger(player, ROOT, this.#records.add(root, key, record) + 1);
    own.setInteger(player, COUNT, own.integer(player, COUNT) + 1);
    own.setInteger(player, BYTES, own.integer(player, BYTES) + sizeOf(length));
    this.#store.tidy();
    return { bytes, start: 0, end: length };
  }

  /** Forgets what a player has beyond the bound after a key of theirs was added. */
  bound(player: number, service: boolean, nowMs: number, output: EngineOutput[]): void {
    const { perPlayerMax, perServiceMax } = this.#bounds;
    const max = service ? perServiceMax : perPlayerMax;
    const spare = Math.min(max >> SPARE_SHIFT, SPARE_MAX);
    const bytesMax = Math.max(ANSWERS_BYTES_MIN, max * ANSWER_BYTES);
    const isOver = (more: number) =>
      this.#own.integer(player, COUNT) > max + more ||
      this.#own.integer(player, BYTES) > bytesMax + more * ANSWER_BYTES;
    if (!isOver(spare) && this.count < NUMBERS_MAX) return;
    for (let left = SPARE_MAX; left > 0; left--) {
      this.#forgetSmallest(player);
      const smallest = this.#smallest(player);
      if (smallest === NONE) break;
      const isYoung = this.#records.keyTimeMs(smallest) > nowMs - TOGETHER_MS;
      if (!isOver(isYoung ? spare : 0)) break;
    }
    output.push(this.#forgotten(player));
  }

  /** Forgets some of what is too old at `livedMs`. */
  prune(livedMs: number, output: EngineOutput[]): void {
    let last = NONE;
    for (let left = FORGOTTEN_PER_ENTRY; left > 0; left--) {
      const { oldest } = this.#records;
      if (oldest === NONE || !this.#isOver(oldest, livedMs)) break;
      const player = this.#records.player(oldest);
      if (last !== NONE && last !== player) output.push(this.#forgotten(last));
      this.#forgetSmallest(player);
      last = player;
    }
    if (last !== NONE) output.push(this.#forgotten(last));
  }

  /** Forgets all keys of a player up to this one, remembered or not. */
  restoreForgotten(player: number, key: string): void {
    const words = this.#wordsOf(key);
    for (let at = this.#smallest(player); at !== NONE; at = this.#smallest(player)) {
      if (this.#records.compare(at, words) > 0) break;
      this.#forgetSmallest(player);
    }
    for (let n = 0; n < KEY_WORDS; n++) {
      this.#own.setInteger(player, WATERMARK + n, words[n] as number);
    }
  }

  /** The watermark of a player as it is stored; null when nothing of them was forgotten. */
  watermark(player: number): string | null {
    return this.#hasForgotten(player) ? this.#watermark(player) : null;
  }

  /** All records that are remembered, oldest first. */
  *records(): Generator<KeyRecord> {
    const records = this.#records;
    for (let at = records.oldest; at !== NONE; at = records.newer(at)) {
      yield {
        player: records.player(at),
        key: records.key(at),
        digest: records.digest(at),
        livedSeconds: records.livedSeconds(at),
        ok: records.ok(at),
        service: records.service(at),
        body: this.body(at),
      };
    }
  }

  #isOver(at: number, livedMs: number): boolean {
    return this.#records.livedSeconds(at) * 1_000 + this.#bounds.retentionMs <= livedMs;
  }

  #smallest(player: number): number {
    return this.#own.integer(player, ROOT) - 1;
  }

  #forgetSmallest(player: number): void {
    const at = this.#smallest(player);
    const records = this.#records;
    const own = this.#own;
    records.copyKey(at, own.integersAt(player), watermarkOf(player));
    const place = records.place(at);
    own.setInteger(player, COUNT, own.integer(player, COUNT) - 1);
    own.setInteger(player, BYTES, own.integer(player, BYTES) - sizeOf(this.#store.length(place)));
    this.#store.remove(place);
    const root = records.removeRoot(at, (_from, to) => {
      this.#store.own(records.place(to), to);
      if (records.isRoot(to)) own.setInteger(records.player(to), ROOT, to + 1);
    });
    if (root === at) this.#store.own(records.place(root), root);
    own.setInteger(player, ROOT, root + 1);
    this.#store.tidy();
  }

  #forgotten(player: number): EngineOutput {
    return { kind: 'forgotten', player, key: this.#watermark(player) };
  }

  #watermark(player: number): string {
    return keyOfWords(this.#own.integersAt(player), watermarkOf(player));
  }

  /** The version of a key is in its second word, so that it is never 0. */
  #hasForgotten(player: number): boolean {
    return this.#own.integer(player, WATERMARK + 1) !== 0;
  }

  #wordsOf(key: string): Int32Array {
    if (key !== this.#key) writeKeyWords(key, this.#words, 0);
    this.#key = key;
    return this.#words;
  }
}

function watermarkOf(player: number): number {
  return (player & IN_PAGE) * OWN_WORDS + WATERMARK;
}
