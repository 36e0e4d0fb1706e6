// Where the database stands, asked of the database itself: one question at a time, and those who
// come while it is under way share the next one, so a read costs no question of its own. An answer
// is never used for who came after its question was sent, and nothing of it is remembered: the
// tables fall back when the database crashes. Also waits for tables that are filled elsewhere.
// After a failure it asks until the database answers again: a node that is not ready is asked
// nothing.

import type { TablesStanding } from '../reads/standing.ts';

/** How long after an answer tables that are waited for are asked again: longer and longer. */
const AGAIN_MS = 1;
const AGAIN_MS_MAX = 5;
const AGAIN_GROWTH = 1.3;
const FAILED_INTERVAL_MS = 100;
/** Who fills the tables may have missed that they are waited for. */
const WANTED_AGAIN_MS = 100;

interface Waiter {
  readonly position: number;
  readonly resolve: (isReached: boolean) => void;
  readonly untilMs: number;
}

/** Those who share a question. */
interface Asking {
  readonly answer: Promise<TablesStanding>;
  readonly resolve: (standing: TablesStanding) => void;
  readonly reject: (error: unknown) => void;
}

/** `wants`: whoever fills the tables is told when they are behind. */
export type AskTables = (wants: boolean) => Promise<TablesStanding>;

export class TablesWatch {
  readonly #ask: AskTables;
  #quarantined = 0;
  #waiters: Waiter[] = [];
  #next: Asking | null = null;
  /** Somebody came to wait since the last question was sent. */
  #isNewlyWanted = false;
  #wantedAtMs = 0;
  #pauseMs = AGAIN_MS;
  #wake: (() => void) | null = null;
  #isAsking = false;
  #isClosed = false;
  #isReachable = true;

  constructor(ask: AskTables) {
    this.#ask = ask;
  }

  /** Whether the last question was answered. */
  get isReachable(): boolean {
    return this.#isReachable;
  }

  get quarantined(): number {
    return this.#quarantined;
  }

  /** As of a moment after the call. Rejects when the database does not answer. */
  standing(): Promise<TablesStanding> {
    if (this.#isClosed) return Promise.reject(closed());
    this.#next ??= asking();
    const { answer } = this.#next;
    this.#begin();
    return answer;
  }

  /** True once the tables have shown `position`; false when that takes longer than `timeoutMs`. */
  waitFor(position: number, timeoutMs: number): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    return new Promise(resolve => {
      this.#waiters.push({ position, resolve, untilMs: performance.now() + timeoutMs });
      this.#isNewlyWanted = true;
      this.#pauseMs = AGAIN_MS;
      this.#begin();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#next?.reject(closed());
    this.#next = null;
    this.#settle(0);
    this.#wake?.();
  }

  #begin(): void {
    if (!this.#isAsking) void this.#run();
    else if (this.#isReachable) this.#wake?.();
  }

  get #isNeeded(): boolean {
    if (this.#isClosed) return false;
    return this.#next !== null || this.#waiters.length > 0 || !this.#isReachable;
  }

  async #run(): Promise<void> {
    this.#isAsking = true;
    while (this.#isNeeded) {
      await this.#question();
      const isPaused = this.#next === null || !this.#isReachable;
      if (this.#isNeeded && isPaused) await this.#pause();
    }
    this.#isAsking = false;
  }

  async #question(): Promise<void> {
    const asking = this.#next;
    this.#next = null;
    const nowMs = performance.now();
    const isAgain = nowMs - this.#wantedAtMs >= WANTED_AGAIN_MS;
    const wants = asking !== null || this.#isNewlyWanted || isAgain;
    if (wants) this.#wantedAtMs = nowMs;
    this.#isNewlyWanted = false;
    try {
      const standing = await this.#ask(wants);
      this.#quarantined = standing.quarantined;
      this.#isReachable = true;
      asking?.resolve(standing);
      this.#settle(standing.position);
    } catch (error) {
      this.#isReachable = false;
      asking?.reject(error);
      this.#settle(0);
    }
  }

  async #pause(): Promise<void> {
    const pauseMs = this.#isReachable ? this.#pauseMs : FAILED_INTERVAL_MS;
    this.#pauseMs = Math.min(AGAIN_MS_MAX, this.#pauseMs * AGAIN_GROWTH);
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  /** The tables show `position` at this moment. */
  #settle(position: number): void {
    if (this.#waiters.length === 0) return;
    const nowMs = performance.now();
    this.#waiters = this.#waiters.filter(waiter => {
      const isReached = position >= waiter.position;
      const isOver = isReached || this.#isClosed || nowMs >= waiter.untilMs;
      if (isOver) waiter.resolve(isReached);
      return !isOver;
    });
  }
}

function asking(): Asking {
  let resolve: Asking['resolve'] = () => {};
  let reject: Asking['reject'] = () => {};
  const answer = new Promise<TablesStanding>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { answer, resolve, reject };
}

function closed(): Error {
  return new Error('The tables are not asked any more.');
}
