// The announced book of one market: aggregated levels as of the last committed batch, and the
// window of the best ones that subscribers see. The engine's own book may be ahead of it; nobody
// may see that. Invariant: the frames sent on the channel, applied in order, give the window.

import type { BookLevel, BookSides } from '../../protocol/events.ts';
import { BOOK_DEPTH_MAX } from '../../protocol/limits.ts';
import { type Ranked, SortedLevels } from '../engine/sorted-levels.ts';

interface ViewLevel extends Ranked<ViewLevel> {
  readonly price: number;
  quantity: number;
  orders: number;
}

/** One side: all levels, and the window as it was last announced, best first. */
class SideView {
  readonly #sign: 1 | -1;
  readonly #levels = new SortedLevels<ViewLevel>();
  #announced: BookLevel[] = [];

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  get bestPrice(): number | null {
    return this.#levels.best?.price ?? null;
  }

  set(price: number, quantity: number, orders: number): void {
    const rank = this.#sign * price;
    const level = this.#levels.find(rank);
    if (orders === 0) {
      if (level !== null) this.#levels.drop(level);
    } else if (level === null) {
      this.#levels.add({ rank, price, quantity, orders, better: null, worse: null });
    } else {
      level.quantity = quantity;
      level.orders = orders;
    }
  }

  window(depth = BOOK_DEPTH_MAX): BookLevel[] {
    const window: BookLevel[] = [];
    for (let level = this.#levels.best; level !== null; level = level.worse) {
      if (window.length === depth) break;
      window.push([level.price, level.quantity, level.orders]);
    }
    return window;
  }

  /** Takes the window of now as announced. */
  announce(): BookLevel[] {
    this.#announced = this.window();
    return this.#announced;
  }

  /** What changed since the window was announced; takes the new one as announced. */
  changes(): BookLevel[] {
    const before = this.#announced;
    const now = this.announce();
    const changes: BookLevel[] = [];
    let b = 0;
    let n = 0;
    while (b < before.length || n < now.length) {
      const old = before[b];
      const level = now[n];
      const order = this.#compare(old, level);
      if (order < 0) changes.push([(old as BookLevel)[0], 0, 0]);
      else if (order > 0) changes.push(level as BookLevel);
      else if (!isEqual(old as BookLevel, level as BookLevel)) changes.push(level as BookLevel);
      if (order <= 0) b++;
      if (order >= 0) n++;
    }
    return changes;
  }

  /** Which comes first from the best: negative for `a`, positive for `b`, 0 for the same price. */
  #compare(a: BookLevel | undefined, b: BookLevel | undefined): number {
    if (a === undefined) return 1;
    if (b === undefined) return -1;
    return this.#sign * (b[0] - a[0]);
  }
}

function isEqual(a: BookLevel, b: BookLevel): boolean {
  return a[1] === b[1] && a[2] === b[2];
}

export class BookView {
  readonly bids = new SideView(1);
  readonly asks = new SideView(-1);

  /** The window, best levels first, up to `depth` a side. */
  window(depth: number): BookSides {
    return { bids: this.bids.window(depth), asks: this.asks.window(depth) };
  }

  /** The window of now, from here on taken as announced. */
  announce(): BookSides {
    return { bids: this.bids.announce(), asks: this.asks.announce() };
  }

  /** What changed in the window since it was announced, or null when nothing did. */
  changes(): BookSides | null {
    const bids = this.bids.changes();
    const asks = this.asks.changes();
    return bids.length + asks.length === 0 ? null : { bids, asks };
  }
}
