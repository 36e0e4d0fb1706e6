// Names and the dense numbers the engine gives them, in the order in which they first mattered.

import { assert } from '../base/assert.ts';

export class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  get count(): number {
    return this.#names.length;
  }

  /** The number of a name, or -1. */
  find(name: string): number {
    return this.#numbers.get(name) ?? -1;
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
