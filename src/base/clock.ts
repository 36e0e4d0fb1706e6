// Where time comes from. Everything that needs the time is given a Clock, so that tests and the
// simulation decide what time it is. The engine has no clock: time comes in with each entry.

export interface Clock {
  /** In milliseconds: since when, and whether it may step, says who gives the clock. */
  nowMs(): number;
}

/** Since the Unix epoch. It may step, ahead and back, at any time and by any amount. */
export const wallClock: Clock = { nowMs: () => Date.now() };

/** Since this process began: for measuring how long something takes. It never steps. */
export const monotonicClock: Clock = { nowMs: () => performance.now() };

/** Goes by one clock until it is told to go by another. */
export class FollowingClock implements Clock {
  #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  follow(clock: Clock): void {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }
}

/** A clock that moves only when told to, and of which everybody is sure. */
export class StepClock implements Clock {
  isSure = true;
  readonly aheadMs = 0;
  #nowMs: number;
  #passedMs = 0;

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#passedMs;
  }

  /** So much time passes. */
  advance(byMs: number): void {
    this.#nowMs += byMs;
    this.#passedMs += byMs;
  }

  /** The clock is set: no time passes. */
  step(byMs: number): void {
    this.#nowMs += byMs;
  }
}
