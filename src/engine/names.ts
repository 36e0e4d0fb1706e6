// Names and the dense numbers the engine gives them, in the order in which they first mattered.

import { assert } from '../base/assert.ts';

export class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  /** The last name that was found: one command asks for its player several times. */
  #lastName = '';
  #lastNumber = -1;

  get count(): number {
    return this.#names.length;
  }

  /** The number of a name, or -1. */
  find(name: string): number {
    if (name === this.#lastName) return this.#lastNumber;
    const number = this.#numbers.get(name) ?? -1;
    if (number >= 0) {
      this.#lastName = name;
      this.#lastNumber = number;
    }
    return number;
  }

  name(number: number): string {
    const name = this.#names[number];
    assert(name !== undefined, 'a number was given out for a name');
    return name;
  }

  /** Gives the next number to a new name. */
  add(name: string): number {
    assert(!this.#numbers.has(name), 'a name has one number');
    this.#numbers.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }
}
