// Who waits for a snapshot where the realm is led. It is shown once everything that anybody was
// shown before has been released here; until that is certain, it is not shown at all. Bounded as
// questions to a leader are (pending-questions.ts): who asks for the same again has one place, and
// who does not wait any more has none.

import type { Asker } from '../gateway/port.ts';

/** How soon it is tried again when it is not certain. */
const AGAIN_MS = 250;

interface Pending {
  readonly asker: Asker;
  readonly show: () => void;
}

export class PendingSnapshots {
  readonly #caughtUp: () => Promise<boolean>;
  /** By what is asked for, then by what they ask on. */
  readonly #pending = new Map<string, Map<object, Pending>>();
  #isClosed = false;

  constructor(caughtUp: () => Promise<boolean>) {
    this.#caughtUp = caughtUp;
  }

  /** `show` is called at most once, in the moment in which the snapshot is to be made. */
  ask(name: string, asker: Asker, show: () => void): void {
    let own = this.#pending.get(name);
    if (own === undefined) {
      own = new Map();
      this.#pending.set(name, own);
    }
    const isNew = !own.has(asker.on);
    own.set(asker.on, { asker, show });
    if (isNew) void this.#answer(name, own, asker.on);
  }

  close(): void {
    this.#isClosed = true;
    this.#pending.clear();
  }

  async #answer(name: string, own: Map<object, Pending>, on: object): Promise<void> {
    for (;;) {
      const pending = own.get(on) as Pending;
      const isCaughtUp = await this.#caughtUp();
      if (this.#isClosed) return;
      // Who asked again meanwhile is to see what was shown before that.
      const isSame = own.get(on) === pending;
      const isOver = !(own.get(on) as Pending).asker.isWaiting();
      if (isOver || (isCaughtUp && isSame)) {
        own.delete(on);
        if (own.size === 0) this.#pending.delete(name);
        if (!isOver) pending.show();
        return;
      }
      if (!isCaughtUp) await new Promise(resolve => setTimeout(resolve, AGAIN_MS));
      if (this.#isClosed) return;
    }
  }
}
