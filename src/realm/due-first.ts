// Nothing but a tick is decided while anything is due (src/engine/due.ts), and a tick ends a
// bounded part of it. So what comes meanwhile is held here, in its order, while ticks are made
// one per turn of the event loop: a million orders that expire at once keep commands waiting for
// a while, and nobody else. How many may wait is for the pipeline to say.

export interface DueFirstOptions {
  /** Whether something is due now. */
  readonly isDue: () => boolean;
  /** Whether the batch that forms has room for what another tick ends. */
  readonly hasRoom: () => boolean;
  readonly tick: () => void;
  readonly clock: { nowMs(): number };
}

interface Held {
  readonly act: () => void;
  /** Says that it is not done. Null for what nobody waits for. */
  readonly refuse: (() => void) | null;
  readonly sinceMs: number;
}

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

  /** Whether whatever comes can be decided at once: what is due has ended, if one tick could. */
  settle(): boolean {
    if (this.#held.length > 0) return false;
    const { isDue, tick } = this.#options;
    if (!isDue()) return true;
    tick();
    if (!isDue()) return true;
    this.#goOn();
    return false;
  }

  /** Does what nobody waits for: now, or when its turn comes. */
  inTurn(act: () => void): void {
    if (this.settle()) act();
    else this.hold(act, null);
  }

  /** Does `act` when its turn comes. When it waits for too long, `refuse` is called instead. */
  hold(act: () => void, refuse: (() => void) | null): void {
    this.#held.push({ act, refuse, sinceMs: this.#options.clock.nowMs() });
    this.#goOn();
  }

  /** A batch has left: there may be room in the one that forms. */
  released(): void {
    if (this.#waitsForRoom) this.#goOn();
  }

  /** Refuses what has waited since before `beforeMs`. */
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
    const { isDue, hasRoom, tick } = this.#options;
    if (isDue()) {
      this.#waitsForRoom = !hasRoom();
      if (this.#waitsForRoom) return;
      tick();
    } else {
      let done = 0;
      while (done < Math.min(HELD_PER_TURN, this.#held.length) && !isDue()) {
        this.#held[done++]?.act();
        if (this.#isStopped) return;
      }
      this.#held.splice(0, done);
    }
    if (isDue() || this.#held.length > 0) this.#goOn();
  }
}
