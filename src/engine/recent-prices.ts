// The prices of the last trades of a commodity at one location: what a manifest values it by. The
// median of them, so that one odd trade, or a few arranged ones, do not move the reference.

import type { Confidence } from '../../protocol/direct.ts';

/** Trades that are remembered. Odd, so that the median of a full memory is one of its prices. */
export const RECENT_MAX = 15;

const MEDIUM_FROM = 5;

export class RecentPrices {
  /** A ring: the next price goes to `#added` modulo its length. */
  readonly #ring = new Float64Array(RECENT_MAX);
  #added = 0;
  /** Of what is in the ring; undefined until somebody asks for it. */
  #median: number | null | undefined = null;

  add(price: number): void {
    this.#median = undefined;
    this.#ring[this.#added % RECENT_MAX] = price;
    this.#added++;
  }

  get count(): number {
    return Math.min(this.#added, RECENT_MAX);
  }

  /** Oldest first. */
  prices(): number[] {
    const first = this.#added - this.count;
    return Array.from({ length: this.count }, (_, index) => {
      return this.#ring[(first + index) % RECENT_MAX] as number;
    });
  }

  /** Of an even number, the lower one of the two in the middle. Null without any trade. */
  get median(): number | null {
    if (this.#median === undefined) {
      const sorted = this.prices().sort((a, b) => a - b);
      this.#median = sorted[(sorted.length - 1) >> 1] ?? null;
    }
    return this.#median;
  }

  get confidence(): Confidence {
    const { count } = this;
    if (count === 0) return 'none';
    if (count < MEDIUM_FROM) return 'low';
    return count < RECENT_MAX ? 'medium' : 'high';
  }
}
