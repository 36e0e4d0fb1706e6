// How far a realm has released what is durable, and who waits for it to come further.

import { within } from '../base/within.ts';

interface Waiter {
  readonly position: number;
  resolve(): void;
}

export class Released {
  /** What everybody may know: the position of the last released batch. */
  position: number;
  readonly #waiters = new Set<Waiter>();

  constructor(position: number) {
    this.position = position;
  }

  /** Everything up to `position` was announced: those who waited for it go on. */
  announced(): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of this.#waiters) if (waiter.position <= this.position) waiter.resolve();
  }

  /** Whether `position` is released in time. */
  async upTo(position: number, timeoutMs: number): Promise<boolean> {
    if (position <= this.position) return true;
    let resolve = () => {};
    const released = new Promise<void>(done => {
      resolve = done;
    });
    const waiter = { position, resolve };
    this.#waiters.add(waiter);
    const isReleased = await within(timeoutMs, released);
    this.#waiters.delete(waiter);
    return isReleased;
  }
}
