// What time it is, as far as that is sure. Two clocks are asked, the wall clock of this machine and
// the clock of the database, and neither is trusted alone: each may be set, wrongly, by any amount.
// Between their readings a monotonic clock carries the time on.
//
// Invariants: it never goes back and never stops. It goes as fast as the monotonic clock, a
// hundredth faster while both clocks are ahead of it, and never beyond the earlier one of them by
// itself. It steps only when both were found ahead by more than `jumpMaxMs` and still were
// `confirmMs` later. From the first reading of a wall clock that far ahead it is in doubt, and says
// so, until that is decided: the wall clock came back, the step was confirmed, or the database
// contradicted twice; then the wall clock is known to be wrong, and passed over while it stays so.

import type { Clock } from './clock.ts';

/** What a reader of the clocks saw. */
export interface ClockTimes {
  readonly wallMs: number;
  readonly steadyMs: number;
}

/** What became of a doubt. */
export type Verdict = 'returned' | 'confirmed' | 'contradicted';

export interface SteadyClockOptions {
  readonly wall: Clock;
  readonly monotonic: Clock;
  /** How far the wall clock may be ahead of what has passed before it is doubted. */
  readonly jumpMaxMs: number;
  /** How long that must last before the wall clock is believed, or is known to be wrong. */
  readonly confirmMs: number;
  /** A doubt has begun. */
  readonly doubted?: (times: ClockTimes) => void;
  /** It has ended, or a wall clock that was known to be wrong came back. */
  readonly settled?: (verdict: Verdict, times: ClockTimes) => void;
}

/** While both clocks are ahead, it goes faster by this share. */
const CATCH_UP = 1 / 100;

interface Doubt {
  /** Of the wall clock when it was doubted. */
  readonly wallOffsetMs: number;
  /** What the database said, and says still, and since when; null before it was asked. */
  asked: { readonly sinceMs: number; readonly isAhead: boolean } | null;
  /** How far all readings of both clocks went. */
  leastOffsetMs: number;
}

export class SteadyClock implements Clock {
  readonly #options: SteadyClockOptions;
  #readAtMs: number;
  /** All offsets are against the monotonic clock. */
  #offsetMs: number;
  /** As far as both clocks went when they were compared last. */
  #goalOffsetMs: number;
  /** Of a wall clock that is known to be wrong; null of one that is not. */
  #wrongOffsetMs: number | null = null;
  #apartMs: number;
  #doubt: Doubt | null = null;

  /**
   * Begins with the earlier one of both clocks; the database has just said what time it is. But a
   * clock that is far behind `passedMs`, which is over already, is believed only if both are.
   */
  constructor(options: SteadyClockOptions, databaseMs: number, passedMs: number) {
    this.#options = options;
    const wallMs = options.wall.nowMs();
    this.#readAtMs = options.monotonic.nowMs();
    this.#apartMs = databaseMs - wallMs;
    const sound = [wallMs, databaseMs].filter(ms => passedMs - ms <= options.jumpMaxMs);
    const beginsMs = Math.min(...(sound.length > 0 ? sound : [wallMs, databaseMs]));
    this.#offsetMs = beginsMs - this.#readAtMs;
    this.#goalOffsetMs = this.#offsetMs;
    if (wallMs - beginsMs > options.jumpMaxMs) this.#wrongOffsetMs = wallMs - this.#readAtMs;
  }

  /** Milliseconds since the Unix epoch. */
  nowMs(): number {
    const wallMs = this.#options.wall.nowMs();
    const monotonicMs = this.#options.monotonic.nowMs();
    const elapsedMs = monotonicMs - this.#readAtMs;
    this.#readAtMs = monotonicMs;
    const behindMs = this.#goalOffsetMs - this.#offsetMs;
    if (behindMs > 0) this.#offsetMs += Math.min(behindMs, elapsedMs * CATCH_UP);
    const steadyMs = monotonicMs + this.#offsetMs;
    const isAhead = wallMs - steadyMs > this.#options.jumpMaxMs;
    if (isAhead || this.#doubt !== null || this.#wrongOffsetMs !== null) this.#look(wallMs);
    return Math.floor(steadyMs);
  }

  /** False while there is a doubt, as of the last reading: what needs the time should wait. */
  get isSure(): boolean {
    return this.#doubt === null;
  }

  /** The monotonic clock at the last reading. */
  get readAtMs(): number {
    return this.#readAtMs;
  }

  /** Whether the wall clock is known to be ahead of the time. */
  get isWallWrong(): boolean {
    return this.#wrongOffsetMs !== null;
  }

  /** By how much the clock of the database was ahead of the wall clock when it was asked last. */
  get apartMs(): number {
    return this.#apartMs;
  }

  /** The database has just said what time it is: compares the clocks, and may end a doubt. */
  compare(databaseMs: number): void {
    const steadyMs = this.nowMs();
    const wallMs = this.#options.wall.nowMs();
    this.#apartMs = databaseMs - wallMs;
    const leastOffsetMs = Math.min(wallMs, databaseMs) - this.#readAtMs;
    if (this.#doubt !== null) {
      this.#doubt.leastOffsetMs = Math.min(this.#doubt.leastOffsetMs, leastOffsetMs);
      const isAhead = databaseMs - steadyMs > this.#options.jumpMaxMs;
      this.#decide(this.#doubt, isAhead, wallMs);
    }
    if (this.#doubt === null) this.#goalOffsetMs = leastOffsetMs;
  }

  /** Compares a wall clock that is, or was, too far ahead with what is known of it. */
  #look(wallMs: number): void {
    const { jumpMaxMs, doubted } = this.#options;
    const offsetMs = wallMs - this.#readAtMs;
    const isAhead = offsetMs - this.#offsetMs > jumpMaxMs;
    const wrongMs = this.#wrongOffsetMs;
    if (!isAhead || (wrongMs !== null && offsetMs - wrongMs <= jumpMaxMs)) {
      if (!isAhead) this.#wrongOffsetMs = null;
      if (!isAhead || this.#doubt !== null) this.#settle('returned', wallMs);
      return;
    }
    const doubt = this.#doubt;
    if (doubt !== null && Math.abs(offsetMs - doubt.wallOffsetMs) <= jumpMaxMs) return;
    this.#doubt = { wallOffsetMs: offsetMs, asked: null, leastOffsetMs: offsetMs };
    if (doubt === null) doubted?.(this.#times(wallMs));
  }

  #decide(doubt: Doubt, isAhead: boolean, wallMs: number): void {
    const sinceMs = this.#readAtMs;
    if (doubt.asked?.isAhead !== isAhead) doubt.asked = { sinceMs, isAhead };
    if (sinceMs - doubt.asked.sinceMs < this.#options.confirmMs) return;
    if (isAhead) {
      this.#offsetMs = doubt.leastOffsetMs;
      this.#wrongOffsetMs = null;
    }
    const isWrong = wallMs - this.#readAtMs - this.#offsetMs > this.#options.jumpMaxMs;
    if (isWrong) this.#wrongOffsetMs = wallMs - this.#readAtMs;
    this.#settle(isAhead ? 'confirmed' : 'contradicted', wallMs);
  }

  #settle(verdict: Verdict, wallMs: number): void {
    this.#doubt = null;
    this.#options.settled?.(verdict, this.#times(wallMs));
  }

  #times(wallMs: number): ClockTimes {
    return { wallMs, steadyMs: Math.floor(this.#readAtMs + this.#offsetMs) };
  }
}
