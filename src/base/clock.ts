// Where time comes from. Everything that needs the time is given a Clock, so that tests and the
// simulation decide what time it is. The engine has no clock: time comes in with each entry.

export interface Clock {
  /** Milliseconds since the Unix epoch. May step back, as wall clocks do. */
  nowMs(): number;
}

export const wallClock: Clock = { nowMs: () => Date.now() };

/** A clock that moves only when told to. */
export class StepClock implements Clock {
  #nowMs: number;

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
  }
}
