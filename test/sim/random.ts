// A small seeded generator of pseudo-random numbers (sfc32), so that a seed names a run for ever:
// the same seed gives the same run on every machine and version of Node. Not for secrets.

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(seed: number) {
    this.#a = 0x9e3779b9;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = seed | 0;
    this.#counter = 1;
    for (let round = 0; round < 15; round += 1) this.#next();
  }

  /** An integer from `min` to `max`, both included; for spans below 2^32. */
  between(min: number, max: number): number {
    return min + Math.floor((this.#next() / 2 ** 32) * (max - min + 1));
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.#next() < (percent / 100) * 2 ** 32;
  }

  pick<Value>(values: readonly Value[]): Value {
    if (values.length === 0) throw new RangeError('there is nothing to pick from');
    return values[this.between(0, values.length - 1)] as Value;
  }

  /** One of `choices`, each as often as its weight says. */
  weighted<Value>(choices: readonly (readonly [weight: number, value: Value])[]): Value {
    let total = 0;
    for (const [weight] of choices) total += weight;
    let rest = this.between(1, total);
    for (const [weight, value] of choices) {
      rest -= weight;
      if (rest <= 0) return value;
    }
    throw new RangeError('weights are positive integers');
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
