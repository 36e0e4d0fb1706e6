// Waiting between attempts, as while the database is away: longer each time, up to a bound, with
// some chance in it so that many who wait do not come back at once.

const WAIT_MIN_MS = 20;
const WAIT_MAX_MS = 2_000;

export class BackOff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #waitMs: number;
  #wake: (() => void) | null = null;

  constructor(minMs = WAIT_MIN_MS, maxMs = WAIT_MAX_MS) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#waitMs = minMs;
  }

  /** Attempts succeed again. */
  reset(): void {
    this.#waitMs = this.#minMs;
  }

  /** Resolves after the next wait, or when {@link wake} is called. One waits at a time. */
  async wait(): Promise<void> {
    const waitMs = this.#waitMs * (0.5 + Math.random() / 2);
    this.#waitMs = Math.min(this.#maxMs, this.#waitMs * 2);
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  /** Ends a wait now. */
  wake(): void {
    this.#wake?.();
  }
}
