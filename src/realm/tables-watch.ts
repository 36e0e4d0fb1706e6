// How far the tables have come, for a node that does not fill them itself: asked of the database
// only while somebody waits for it, by one question for all who wait; and after a failure until it
// answers again, for a node that is not ready is asked nothing.

/** The position that the tables show, and the time of the entry they end with. */
export interface TablesStanding {
  readonly position: number;
  /** Facts that the tables could not take, and nobody has settled. */
  readonly quarantined: number;
}

const ASK_INTERVAL_MS = 3;
const FAILED_INTERVAL_MS = 100;

interface Waiter {
  readonly position: number;
  readonly resolve: (isReached: boolean) => void;
  readonly untilMs: number;
}

export class TablesWatch {
  readonly #ask: () => Promise<TablesStanding>;
  #reached = 0;
  #quarantined = 0;
  #waiters: Waiter[] = [];
  #isAsking = false;
  #isClosed = false;
  #isReachable = true;

  constructor(ask: () => Promise<TablesStanding>) {
    this.#ask = ask;
  }

  /** Whether the last question was answered. */
  get isReachable(): boolean {
    return this.#isReachable;
  }

  get reached(): number {
    return this.#reached;
  }

  get quarantined(): number {
    return this.#quarantined;
  }

  /** The database may have been restored to an earlier point: it is asked anew. */
  forget(): void {
    this.#reached = 0;
  }

  /** True once the tables show `position`; false when that takes longer than `timeoutMs`. */
  waitFor(position: number, timeoutMs: number): Promise<boolean> {
    if (this.#reached >= position) return Promise.resolve(true);
    if (this.#isClosed) return Promise.resolve(false);
    return new Promise(resolve => {
      this.#waiters.push({ position, resolve, untilMs: performance.now() + timeoutMs });
      if (!this.#isAsking) void this.#watch();
    });
  }

  close(): void {
    this.#isClosed = true;
  }

  async #watch(): Promise<void> {
    this.#isAsking = true;
    while (this.#waiters.length > 0 || !(this.#isReachable || this.#isClosed)) {
      try {
        const { position, quarantined } = await this.#ask();
        this.#quarantined = quarantined;
        this.#reached = position;
        this.#isReachable = true;
      } catch {
        this.#isReachable = false;
        this.forget();
      }
      this.#settle();
      if (this.#waiters.length === 0 && this.#isReachable) break;
      const pauseMs = this.#isReachable ? ASK_INTERVAL_MS : FAILED_INTERVAL_MS;
      await new Promise(resolve => setTimeout(resolve, pauseMs));
    }
    this.#isAsking = false;
  }

  #settle(): void {
    const nowMs = performance.now();
    const waiting: Waiter[] = [];
    for (const waiter of this.#waiters) {
      if (this.#reached >= waiter.position) waiter.resolve(true);
      else if (this.#isClosed || nowMs >= waiter.untilMs) waiter.resolve(false);
      else waiting.push(waiter);
    }
    this.#waiters = waiting;
  }
}
