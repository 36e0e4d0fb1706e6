// Sets of record numbers as bits, with a bit above each 32 of them that says something of all, and
// so on: the lowest or highest one is found in as many steps as there are levels. They depend on
// nothing but what is in them, however it came there, so an engine that was restored gives out the
// same numbers as the one before it.

import { Records } from './records.ts';

/** 32^6 is {@link NUMBERS_MAX}. */
const LEVELS = 6;
const FULL = -1;

class Bits {
  readonly #levels = Array.from({ length: LEVELS }, () => new Records(1));

  /** The 32 bits of a level that begin with bit 32 * `word`. */
  word(level: number, word: number): number {
    return (this.#levels[level] as Records).integer(word, 0);
  }

  setWord(level: number, word: number, bits: number): void {
    (this.#levels[level] as Records).setInteger(word, 0, bits);
  }
}

/** Which numbers are taken: above, a bit says that all 32 are. */
export class TakenNumbers {
  readonly #bits = new Bits();

  /** The lowest number that is not taken. */
  lowestFree(): number {
    let number = 0;
    for (let level = LEVELS - 1; level >= 0; level--) {
      const free = ~this.#bits.word(level, number);
      number = number * 32 + (31 - Math.clz32(free & -free));
    }
    return number;
  }

  take(number: number): void {
    for (let level = 0; level < LEVELS; level++) {
      const word = number >> 5;
      const bits = this.#bits.word(level, word) | (1 << (number & 31));
      this.#bits.setWord(level, word, bits);
      if (bits !== FULL) return;
      number = word;
    }
  }

  free(number: number): void {
    for (let level = 0; level < LEVELS; level++) {
      const word = number >> 5;
      const before = this.#bits.word(level, word);
      this.#bits.setWord(level, word, before & ~(1 << (number & 31)));
      if (before !== FULL) return;
      number = word;
    }
  }
}

/** Some numbers: above, a bit says that one of 32 is there. */
export class NumberSet {
  readonly #bits = new Bits();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a number that is not there. */
  add(number: number): void {
    this.#size++;
    for (let level = 0; level < LEVELS; level++) {
      const word = number >> 5;
      const before = this.#bits.word(level, word);
      this.#bits.setWord(level, word, before | (1 << (number & 31)));
      if (before !== 0) return;
      number = word;
    }
  }

  /** Removes a number that is there. */
  delete(number: number): void {
    this.#size--;
    for (let level = 0; level < LEVELS; level++) {
      const word = number >> 5;
      const bits = this.#bits.word(level, word) & ~(1 << (number & 31));
      this.#bits.setWord(level, word, bits);
      if (bits !== 0) return;
      number = word;
    }
  }

  /** The highest number; of a set that is not empty. */
  highest(): number {
    let number = 0;
    for (let level = LEVELS - 1; level >= 0; level--) {
      number = number * 32 + (31 - Math.clz32(this.#bits.word(level, number)));
    }
    return number;
  }
}
