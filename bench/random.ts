// Seeded numbers, so that every run and every peer gets the same ones.

/** mulberry32: 32 bits of state, good enough to spread load. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** 0 to `count` - 1. */
  below(count: number): number {
    return (this.next() * count) | 0;
  }
}

const GUIDES = 4_096;

/** Ranks 0 to `count` - 1, rank k as often as 1 / (k + 1) ** exponent. */
export class Zipf {
  readonly #cumulative: Float64Array;
  /** Where in the cumulative table each 4,096th of probability starts. */
  readonly #guides: Uint32Array;

  constructor(count: number, exponent: number) {
    const cumulative = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank++) {
      sum += (rank + 1) ** -exponent;
      cumulative[rank] = sum;
    }
    for (let rank = 0; rank < count; rank++) cumulative[rank] = (cumulative[rank] as number) / sum;
    this.#cumulative = cumulative;
    this.#guides = new Uint32Array(GUIDES + 1);
    let rank = 0;
    for (let guide = 0; guide <= GUIDES; guide++) {
      while (rank < count - 1 && (cumulative[rank] as number) < guide / GUIDES) rank += 1;
      this.#guides[guide] = rank;
    }
  }

  /** The rank at `share` (0 to 1) of the probability. */
  at(share: number): number {
    const guide = (share * GUIDES) | 0;
    let low = this.#guides[guide] as number;
    let high = this.#guides[guide + 1] as number;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#cumulative[middle] as number) <= share) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
