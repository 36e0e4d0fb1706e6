// The time of the engine: that of the steady clock, but never before what the journal has seen. A
// realm whose time is ahead, because a former leader's clock was, goes on from there at the
// monotonic rate: windows, offers and orders come due as ever, until the steady clock has caught
// up, if it ever does.

import type { Clock } from '../base/clock.ts';
import type { SteadyClock } from '../base/steady-clock.ts';

/** What the parts of a realm know of time. */
export interface RealmClock extends Clock {
  /** Engine time, in milliseconds since the Unix epoch. It never goes back. */
  nowMs(): number;
  /** Whether engine time can be relied on, as of its last reading: see SteadyClock. */
  readonly isSure: boolean;
  /** By how much engine time is ahead of the clocks that it goes by. */
  readonly aheadMs: number;
  /** For measuring how long something takes. It has nothing to do with engine time. */
  monotonicMs(): number;
}

type Steady = Pick<SteadyClock, 'nowMs' | 'isSure' | 'readAtMs'>;

export class EngineClock implements RealmClock {
  readonly #steady: Steady;
  #timeMs: number;
  #readAtMs: number;

  /** Goes on from `sinceMs`, the engine time of the last entry in the journal. */
  constructor(steady: Steady, sinceMs: number) {
    this.#steady = steady;
    this.#timeMs = Math.max(steady.nowMs(), sinceMs);
    this.#readAtMs = steady.readAtMs;
  }

  nowMs(): number {
    const steadyMs = this.#steady.nowMs();
    const { readAtMs } = this.#steady;
    const elapsedMs = readAtMs - this.#readAtMs;
    this.#readAtMs = readAtMs;
    this.#timeMs = Math.max(steadyMs, this.#timeMs + elapsedMs);
    return Math.floor(this.#timeMs);
  }

  get isSure(): boolean {
    return this.#steady.isSure;
  }

  monotonicMs(): number {
    return performance.now();
  }

  get aheadMs(): number {
    return this.nowMs() - this.#steady.nowMs();
  }
}
