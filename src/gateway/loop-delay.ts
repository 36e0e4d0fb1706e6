// How late the event loop is. It is measured in windows of a fixed time, and what is shown is the
// worst of the last whole one and the one that has begun: a delay is seen for at least one window
// and at most two, by everybody who looks, and nobody's looking changes what others see.

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

export const DELAY_WINDOW_MS = 30_000;
const RESOLUTION_MS = 10;
const NANOSECONDS = 1e9;

export class LoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #quantiles: readonly number[];
  readonly #timer: NodeJS.Timeout;
  /** Of the last whole window, in the order of the quantiles. */
  #before: readonly number[];

  /** @param quantiles from 0 to 1. */
  constructor(quantiles: readonly number[], windowMs = DELAY_WINDOW_MS) {
    this.#quantiles = quantiles;
    this.#before = quantiles.map(() => 0);
    this.#histogram.enable();
    this.#timer = setInterval(() => {
      this.#before = this.#current();
      this.#histogram.reset();
    }, windowMs).unref();
  }

  /** In the order of the quantiles. */
  seconds(): readonly number[] {
    const current = this.#current();
    return this.#before.map((before, index) => Math.max(before, current[index] ?? 0));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #current(): readonly number[] {
    const { max, count } = this.#histogram;
    if (count === 0) return this.#quantiles.map(() => 0);
    return this.#quantiles.map(quantile => {
      const nanoseconds = quantile === 1 ? max : this.#histogram.percentile(100 * quantile);
      return nanoseconds / NANOSECONDS;
    });
  }
}
