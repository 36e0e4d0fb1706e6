// The announced window of a book: snapshot and differences, applied in order, are the window.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BookLevel, BookSides } from '../../protocol/events.ts';
import { BOOK_DEPTH_MAX } from '../../protocol/limits.ts';
import { BookView } from '../../src/realm/book-view.ts';

/** The naive reading of the protocol: levels by price, quantity 0 removes. */
class Reader {
  readonly bids = new Map<number, BookLevel>();
  readonly asks = new Map<number, BookLevel>();

  apply(sides: BookSides): void {
    for (const side of ['bids', 'asks'] as const) {
      for (const level of sides[side]) {
        if (level[1] === 0) this[side].delete(level[0]);
        else this[side].set(level[0], level);
      }
    }
  }

  sides(): BookSides {
    const up = (a: BookLevel, b: BookLevel) => a[0] - b[0];
    return {
      bids: [...this.bids.values()].sort((a, b) => up(b, a)),
      asks: [...this.asks.values()].sort(up),
    };
  }
}

const change = fc.record({
  side: fc.constantFrom('bids' as const, 'asks' as const),
  price: fc.integer({ min: 1, max: 120 }),
  quantity: fc.integer({ min: 1, max: 5 }),
  isGone: fc.boolean(),
});

describe('a book view', () => {
  it('sends differences that add up to its window, levels that leave and return included', () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 40 }), { maxLength: 12 }), ticks => {
        const view = new BookView();
        const reader = new Reader();
        reader.apply(view.announce());
        for (const tick of ticks) {
          for (const { side, price, quantity, isGone } of tick) {
            view[side].set(price, isGone ? 0 : quantity, isGone ? 0 : 1);
          }
          const changes = view.changes();
          if (changes !== null) reader.apply(changes);
          expect(reader.sides()).toEqual(view.window(BOOK_DEPTH_MAX));
          expect(reader.sides().bids.length).toBeLessThanOrEqual(BOOK_DEPTH_MAX);
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it('says nothing when only levels behind the window changed', () => {
    const view = new BookView();
    for (let price = 1; price <= BOOK_DEPTH_MAX; price++) view.asks.set(price, 1, 1);
    view.announce();
    view.asks.set(BOOK_DEPTH_MAX + 1, 5, 1);
    expect(view.changes()).toBeNull();
    view.asks.set(1, 0, 0);
    expect(view.changes()).toEqual({
      bids: [],
      asks: [
        [1, 0, 0],
        [BOOK_DEPTH_MAX + 1, 5, 1],
      ],
    });
  });
});
