// Counts answers and their latencies. It can be told to forget what came before, so that a warm-up
// is not measured, without losing the totals that conservation is checked with.

import { build, type Histogram } from 'hdr-histogram-js';
import { OUTCOMES } from '../protocol/rejects.ts';

export interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

const LONGEST_MICROSECONDS = 600_000_000;

/** A histogram of microseconds, exact to three digits. */
export function createHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_MICROSECONDS,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}

export function latenciesOf(histogram: Histogram): Latencies {
  const ms = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1_000;
  return { p50Ms: ms(50), p99Ms: ms(99), p999Ms: ms(99.9) };
}

export class Meter {
  readonly histogram = createHistogram();
  /** Answers by outcome, as numbered on the wire, since the beginning. */
  readonly totals = new Float64Array(OUTCOMES.length);
  readonly #forgotten = new Float64Array(OUTCOMES.length);

  record(outcome: number, latencyMs: number): void {
    this.totals[outcome] = (this.totals[outcome] as number) + 1;
    const microseconds = Math.round(latencyMs * 1_000);
    this.histogram.recordValue(Math.min(Math.max(microseconds, 1), LONGEST_MICROSECONDS));
  }

  /** Measures from here on. */
  forget(): void {
    this.#forgotten.set(this.totals);
    this.histogram.reset();
  }

  /** Answers with outcome number `outcome` since `forget`. */
  counted(outcome: number): number {
    return (this.totals[outcome] as number) - (this.#forgotten[outcome] as number);
  }

  get ok(): number {
    return this.counted(0);
  }

  get rejected(): number {
    return this.counted(1);
  }

  /** Answers that no scenario expects: invalid, unavailable, unknown. */
  get failed(): number {
    return this.counted(2) + this.counted(3) + this.counted(4);
  }

  latencies(): Latencies {
    return latenciesOf(this.histogram);
  }
}
