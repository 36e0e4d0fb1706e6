// Nothing but a tick is decided while anything is due (src/engine/due.ts), and a tick ends a
// bounded part of it. So what comes meanwhile is held here, in its order, while ticks are made
// one per turn of the event loop: a million orders that expire at once keep commands waiting for
// a while, and nobody else. How many may wait is for the pipeline to say.

import type { RealmClock } from './engine-clock.ts';

/** What is done at `atMs`: the very time at which nothing was due. */
type Act = (atMs: number) => void;

export interface DueFirstOptions {
  /** Whether something is due at that time. */
  readonly isDue: (atMs: number) => boolean;
  /** Whether the batch that forms has room for what another tick ends. */
  readonly hasRoom: () => boolean;
  readonly tick: (atMs: number) => void;
  readonly clock: Pick<RealmClock, 'nowMs' | 'monotonicMs'>;
}

interface Held {
  readonly act: Act;
  /** Says that it is not done. Null for what nobody waits for. */
  readonly refuse: (() => void) | null;
  readonly sinceMs: number;
}

/** What cannot be decided yet: no time. */
export const NOT_YET = -1;

/** How many that were held are decided in one turn. */
const HELD_PER_TURN = 500;

export class DueFirst {
  readonly #options: DueFirstOptions;
  #held: Held[] = [];
  #isScheduled = false;
  #waitsForRoom = false;
  #isStopped = false;

  constructor(options: DueFirstOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get size(): number {
    return this.#held.length;
  }

  /**
   * The time at which whatever comes can be decided at once: what was due then has ended, if one
   * tick could. Else NOT_YET. At any later reading of the clock a million more may be due.
   */
  settle(): number {
    const { isDue, tick, clock } = this.#options;
    const atMs = clock.nowMs();
    if (this.#held.length > 0) return NOT_YET;
    if (!isDue(atMs)) return atMs;
    tick(atMs);
    if (!isDue(atMs)) return atMs;
    this.#goOn();
    return NOT_YET;
  }

  /** Does what nobody waits for: now, or when its turn comes. */
  inTurn(act: Act): void {
    const atMs = this.settle();
    if (atMs === NOT_YET) this.hold(act, null);
    else act(atMs);
  }

  /** Does `act` when its turn comes. When it waits for too long, `refuse` is called instead. */
  hold(act: Act, refuse: (() => void) | null): void {
    this.#held.push({ act, refuse, sinceMs: this.#options.clock.monotonicMs() });
    this.#goOn();
  }

  /** A batch has left: there may be room in the one that forms. */
  released(): void {
    if (this.#waitsForRoom) this.#goOn();
  }

  /** Refuses what has waited since before `beforeMs`, by the monotonic clock. */
  giveUp(beforeMs: number): void {
    const isLate = (held: Held) => held.refuse !== null && held.sinceMs < beforeMs;
    const late = this.#held.filter(isLate);
    if (late.length === 0) return;
    this.#held = this.#held.filter(held => !isLate(held));
    for (const { refuse } of late) refuse?.();
  }

  /** Nothing is done any more. */
  stop(): void {
    this.#isStopped = true;
    this.#held = [];
  }

  /** Goes on in the next turn. */
  #goOn(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.#isStopped) this.#turn();
    });
  }

  #turn(): void {
    const { isDue, hasRoom, tick, clock } = this.#options;
    const atMs = clock.nowMs();
    if (isDue(atMs)) {
      this.#waitsForRoom = !hasRoom();
      if (this.#waitsForRoom) return;
      tick(atMs);
    } else {
      let done = 0;
      while (done < Math.min(HELD_PER_TURN, this.#held.length) && !isDue(atMs)) {
        this.#held[done++]?.act(atMs);
        if (this.#isStopped) return;
      }
      this.#held.splice(0, done);
    }
    if (isDue(atMs) || this.#held.length > 0) this.#goOn();
  }
}
