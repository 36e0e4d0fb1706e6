// A copy of one order book, kept up to date from its channel. Levels are absolute: a delta replaces
// what was known of a price, and quantity 0 removes it.

import type { BookLevel, BookSides } from './events.ts';

export class LocalBook {
  readonly #bids: BookLevel[] = [];
  readonly #asks: BookLevel[] = [];

  /** Levels of buyers, highest price first. */
  get bids(): readonly BookLevel[] {
    return this.#bids;
  }

  /** Levels of sellers, lowest price first. */
  get asks(): readonly BookLevel[] {
    return this.#asks;
  }

  get bestBid(): number | null {
    return this.#bids[0]?.[0] ?? null;
  }

  get bestAsk(): number | null {
    return this.#asks[0]?.[0] ?? null;
  }

  /** Takes the frames of a `book:` channel, as the client's listener gets them. */
  apply(event: { readonly kind: 'snapshot' | 'delta'; readonly data: BookSides }): void {
    if (event.kind === 'snapshot') {
      this.#bids.length = 0;
      this.#asks.length = 0;
    }
    for (const level of event.data.bids) put(this.#bids, level, -1);
    for (const level of event.data.asks) put(this.#asks, level, 1);
  }
}

/** Sets or removes one level of a side whose prices rise (direction 1) or fall (-1). */
function put(side: BookLevel[], level: BookLevel, direction: 1 | -1): void {
  const price = level[0] * direction;
  let low = 0;
  let high = side.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((side[middle] as BookLevel)[0] * direction < price) low = middle + 1;
    else high = middle;
  }
  const known = side[low]?.[0] === level[0] ? 1 : 0;
  if (level[1] === 0) side.splice(low, known);
  else side.splice(low, known, level);
}
