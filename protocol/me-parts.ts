// A private snapshot that comes in parts, put together on the client: its listeners get it whole,
// and after it what happened while it came. A part is newer than the events before it, which say
// new values, never differences: told after the whole snapshot, in their order, they end where it
// ends.

import type { ServerEvent } from './codec.ts';
import type { MeSnapshot } from './events.ts';

export class MeParts {
  #begun: ServerEvent | null = null;
  #data: MeSnapshot | null = null;
  #held: ServerEvent[] = [];

  /** Whether nothing is missing: only then can the feed be resumed. */
  get isWhole(): boolean {
    return this.#begun === null;
  }

  /** The rest will not come. */
  forget(): void {
    this.#begun = null;
    this.#data = null;
    this.#held = [];
  }

  /** What the listeners get for a frame that continues the chain. */
  take(event: ServerEvent): readonly ServerEvent[] {
    if (event.kind === 'snapshot') {
      this.forget();
      const data = event.data as MeSnapshot;
      if (data.more !== true) return [event];
      this.#begun = event;
      this.#data = data;
      return [];
    }
    if (this.#begun === null || this.#data === null) return [event];
    if (event.kind !== 'part') {
      this.#held.push(event);
      return [];
    }
    this.#data = joined(this.#data, event.data as MeSnapshot);
    if (this.#data.more) return [];
    const all = [{ ...this.#begun, data: this.#data }, ...this.#held];
    this.forget();
    return all;
  }
}

function joined(one: MeSnapshot, other: MeSnapshot): MeSnapshot {
  return {
    balances: [...one.balances, ...other.balances],
    orders: [...one.orders, ...other.orders],
    offers: [...one.offers, ...other.offers],
    windows: [...one.windows, ...other.windows],
    more: other.more,
  };
}
