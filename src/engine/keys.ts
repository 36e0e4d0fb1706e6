// Idempotency keys: the first answer to each keyed command, per player.
//
// Invariant: a player has at most `perPlayerMax` keys, none older than `retentionMs`. All records
// form one list from oldest to newest, because time only rises: forgetting what is too old costs
// nothing but looking at its head. A player's Map keeps his own order of age.

import { assert } from '../base/assert.ts';
import type { DecidedFact } from './fact.ts';

export interface KeyRecord {
  readonly fact: DecidedFact;
  readonly atMs: number;
  older: KeyRecord | null;
  newer: KeyRecord | null;
}

export class Keys {
  readonly #perPlayerMax: number;
  readonly #retentionMs: number;
  readonly #byPlayer = new Map<number, Map<string, KeyRecord>>();
  #oldest: KeyRecord | null = null;
  #newest: KeyRecord | null = null;

  constructor(perPlayerMax: number, retentionMs: number) {
    this.#perPlayerMax = perPlayerMax;
    this.#retentionMs = retentionMs;
  }

  /** The record of a key that is still remembered at `atMs`. */
  find(player: number, key: string, atMs: number): KeyRecord | undefined {
    const record = this.#byPlayer.get(player)?.get(key);
    return record === undefined || this.#isOver(record, atMs) ? undefined : record;
  }

  add(fact: DecidedFact, atMs: number): void {
    let own = this.#byPlayer.get(fact.player);
    if (own === undefined) {
      own = new Map();
      this.#byPlayer.set(fact.player, own);
    }
    const before = own.get(fact.key);
    if (before !== undefined) this.#forget(before);
    const record: KeyRecord = { fact, atMs, older: this.#newest, newer: null };
    if (this.#newest === null) this.#oldest = record;
    else this.#newest.newer = record;
    this.#newest = record;
    // Forgetting may have dropped the emptied Map of the player.
    this.#byPlayer.set(fact.player, own);
    own.set(fact.key, record);
    if (own.size > this.#perPlayerMax) {
      const [first] = own.values();
      assert(first !== undefined, 'a full Map has a first record');
      this.#forget(first);
    }
  }

  /** Forgets what is too old at `atMs`. */
  prune(atMs: number): void {
    while (this.#oldest !== null && this.#isOver(this.#oldest, atMs)) this.#forget(this.#oldest);
  }

  /** All records, oldest first. */
  *records(): Generator<KeyRecord> {
    for (let record = this.#oldest; record !== null; record = record.newer) yield record;
  }

  #isOver(record: KeyRecord, atMs: number): boolean {
    return record.atMs + this.#retentionMs <= atMs;
  }

  #forget(record: KeyRecord): void {
    if (record.older === null) this.#oldest = record.newer;
    else record.older.newer = record.newer;
    if (record.newer === null) this.#newest = record.older;
    else record.newer.older = record.older;
    const own = this.#byPlayer.get(record.fact.player);
    assert(own?.get(record.fact.key) === record, 'a record is its player’s own');
    own.delete(record.fact.key);
    if (own.size === 0) this.#byPlayer.delete(record.fact.player);
  }
}
