// Which markets have trades that leave the last day, and when: so that who watches a quiet market
// is told, though nothing happens there. Invariant: a market whose ticker has a quarter of an hour
// waits here exactly once, under the quarter in which its oldest one is forgotten. So there are no
// more than the markets that were traded in within a day, and a tick looks at few of them.

import { QUARTER_MS } from '../base/times.ts';
import type { MarketView } from './market-view.ts';

/** Markets that a tick of the realm takes. They share a quarter of an hour, so many may be due. */
const TAKEN_MAX = 100;

export class Aging {
  /** By the quarter, counted from 1970. */
  readonly #waiting = new Map<number, Set<MarketView>>();

  /** To be called when a market has traded. */
  watch(view: MarketView): void {
    if (view.isAging) return;
    const quarter = view.agesIn;
    if (quarter === null) return;
    view.isAging = true;
    const others = this.#waiting.get(quarter);
    if (others === undefined) this.#waiting.set(quarter, new Set([view]));
    else others.add(view);
  }

  /** Takes some of the markets whose oldest quarter is over, and gives each to `aged`. */
  sweep(nowMs: number, aged: (view: MarketView) => void): void {
    const now = Math.floor(nowMs / QUARTER_MS);
    let left = TAKEN_MAX;
    for (const [quarter, views] of this.#waiting) {
      if (quarter > now) continue;
      for (const view of views) {
        if (left-- === 0) return;
        views.delete(view);
        view.isAging = false;
        aged(view);
        this.watch(view);
      }
      if (views.size === 0) this.#waiting.delete(quarter);
    }
  }
}
