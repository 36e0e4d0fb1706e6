// Keys of the service role that were decided below the watermark of their player, after the tables
// said that they were not used (key-check.ts). The tables have them from then on. They are here
// for as long as it may take until the tables do: at most so many, the oldest one goes first, and
// what is remembered then is when it was decided. Tables that do not show as much yet are too old
// to say that a key is not used. No part of the state hash: an engine that was restored knows none
// of them, and takes nothing for an answer before the tables are as far as it was itself.

import type { DecidedFact } from './fact.ts';

interface LateKey {
  readonly fact: DecidedFact;
  readonly sequence: number;
}

export class LateKeys {
  readonly #max: number;
  readonly #keys = new Map<string, LateKey>();
  #neededSequence = 0;

  /** @param max more than the lookups that wait at once (src/realm/key-lookups.ts). */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Tables that have come less far than to this sequence may lack a key that is not here. */
  get neededSequence(): number {
    return this.#neededSequence;
  }

  find(player: number, key: string): DecidedFact | null {
    return this.#keys.get(nameOf(player, key))?.fact ?? null;
  }

  add(fact: DecidedFact, sequence: number): void {
    this.#keys.set(nameOf(fact.player, fact.key), { fact, sequence });
    if (this.#keys.size <= this.#max) return;
    const [oldest] = this.#keys;
    if (oldest === undefined) return;
    this.#keys.delete(oldest[0]);
    this.#neededSequence = Math.max(this.#neededSequence, oldest[1].sequence);
  }

  /** The engine was restored up to `sequence`. */
  resume(sequence: number): void {
    this.#neededSequence = sequence;
  }
}

function nameOf(player: number, key: string): string {
  return `${player} ${key}`;
}
