import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BookLevel } from '../../protocol/events.ts';
import { LocalBook } from '../../protocol/local-book.ts';

const snapshot = (bids: BookLevel[], asks: BookLevel[]) =>
  ({ kind: 'snapshot', data: { bids, asks } }) as const;
const delta = (bids: BookLevel[], asks: BookLevel[]) =>
  ({ kind: 'delta', data: { bids, asks } }) as const;

function bookOf(...events: Parameters<LocalBook['apply']>[0][]): LocalBook {
  const book = new LocalBook();
  for (const event of events) book.apply(event);
  return book;
}

describe('the local book', () => {
  it('is empty before its first snapshot', () => {
    expect(bookOf()).toMatchObject({ bids: [], asks: [], bestBid: null, bestAsk: null });
  });

  it('shows a snapshot best first', () => {
    const book = bookOf(
      snapshot(
        [
          [9, 1, 1],
          [8, 2, 1],
        ],
        [
          [10, 3, 2],
          [12, 4, 1],
        ],
      ),
    );
    expect(book.bids.map(([price]) => price)).toEqual([9, 8]);
    expect(book.asks.map(([price]) => price)).toEqual([10, 12]);
    expect(book).toMatchObject({ bestBid: 9, bestAsk: 10 });
  });

  it('replaces a level by its new value, and does not add to it', () => {
    const book = bookOf(snapshot([[9, 5, 2]], []), delta([[9, 3, 1]], []));
    expect(book.bids).toEqual([[9, 3, 1]]);
  });

  it('puts new levels where they belong, on both sides', () => {
    const book = bookOf(
      snapshot([[9, 1, 1]], [[20, 1, 1]]),
      delta(
        [
          [10, 1, 1],
          [7, 1, 1],
          [8, 1, 1],
        ],
        [
          [19, 1, 1],
          [22, 1, 1],
          [21, 1, 1],
        ],
      ),
    );
    expect(book.bids.map(([price]) => price)).toEqual([10, 9, 8, 7]);
    expect(book.asks.map(([price]) => price)).toEqual([19, 20, 21, 22]);
  });

  it('removes a level whose quantity is 0, and ignores the removal of one it does not have', () => {
    const book = bookOf(
      snapshot([[9, 1, 1]], [[20, 1, 1]]),
      delta(
        [
          [9, 0, 0],
          [5, 0, 0],
        ],
        [[21, 0, 0]],
      ),
    );
    expect(book.bids).toEqual([]);
    expect(book.asks).toEqual([[20, 1, 1]]);
  });

  it('forgets everything at a new snapshot', () => {
    const book = bookOf(snapshot([[9, 1, 1]], [[20, 1, 1]]), snapshot([[3, 1, 1]], []));
    expect(book).toMatchObject({ bids: [[3, 1, 1]], asks: [] });
  });

  it('equals a sorted map after any deltas', () => {
    const level = fc.tuple(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 3 }),
      fc.constant(1),
    );
    fc.assert(
      fc.property(fc.array(fc.array(level, { maxLength: 8 }), { maxLength: 30 }), deltas => {
        const model = new Map<number, BookLevel>();
        const book = new LocalBook();
        for (const levels of deltas) {
          book.apply(delta(levels, levels));
          for (const one of levels) {
            if (one[1] === 0) model.delete(one[0]);
            else model.set(one[0], one);
          }
        }
        const rising = [...model.values()].sort((a, b) => a[0] - b[0]);
        expect(book.asks).toEqual(rising);
        expect(book.bids).toEqual(rising.reverse());
      }),
      { numRuns: 300, seed: 45 },
    );
  });
});
