// Where the database stands: asked only while somebody wants to know, by one question at a time,
// and nobody is answered by a question that was sent before they came.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TablesWatch } from '../../src/realm/tables-watch.ts';

const QUESTION_MS = 2;

let position: number;
let head: number;
/** Each question: whether whoever fills the tables was to be told. */
let asked: boolean[];
let isAway: boolean;
let tables: TablesWatch;

beforeEach(() => {
  vi.useFakeTimers();
  [position, head, asked, isAway] = [5, 5, [], false];
  tables = new TablesWatch(async wants => {
    asked.push(wants);
    const seen = { head, epoch: 1, position, quarantined: position - 5 };
    await new Promise(resolve => setTimeout(resolve, QUESTION_MS));
    if (isAway) throw new Error('away');
    return seen;
  });
});

afterEach(() => {
  tables.close();
  vi.useRealTimers();
});

/** Lets `ms` pass and says what came out, or 'waits'. */
async function outcome<Found>(waiting: Promise<Found>, ms: number): Promise<Found | string> {
  let result: Found | string = 'waits';
  void waiting.then(
    found => {
      result = found;
    },
    (error: Error) => {
      result = error.message;
    },
  );
  await vi.advanceTimersByTimeAsync(ms);
  return result;
}

describe('where the database stands', () => {
  it('is never told by a question that was sent before somebody came', async () => {
    const first = tables.standing();
    await vi.advanceTimersByTimeAsync(1);
    head = 6;
    const second = tables.standing();
    expect(await outcome(first, QUESTION_MS)).toMatchObject({ head: 5 });
    expect(await outcome(second, QUESTION_MS)).toMatchObject({ head: 6 });
  });

  it('costs one question for all who come while another one is under way', async () => {
    const first = tables.standing();
    const others = Array.from({ length: 100 }, () => tables.standing());
    await vi.advanceTimersByTimeAsync(2 * QUESTION_MS);
    expect(new Set(await Promise.all([first, ...others])).size).toBe(2);
    expect(asked.length).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.length).toBe(2);
  });

  it('is not remembered: the tables may fall back', async () => {
    expect(await outcome(tables.standing(), 5)).toMatchObject({ position: 5 });
    position = 2;
    expect(await outcome(tables.standing(), 5)).toMatchObject({ position: 2 });
  });

  it('is an error when the database does not answer, and when the node ends', async () => {
    isAway = true;
    expect(await outcome(tables.standing(), 5)).toBe('away');
    expect(tables.isReachable).toBe(false);
    const waiting = tables.standing();
    tables.close();
    expect(await outcome(waiting, 0)).toMatch('not asked any more');
    expect(await outcome(tables.standing(), 0)).toMatch('not asked any more');
  });
});

describe('the tables', () => {
  it('are waited for until they show the position', async () => {
    const waiting = tables.waitFor(7, 1_000);
    expect(await outcome(waiting, 100)).toBe('waits');
    position = 7;
    expect(await outcome(waiting, 10)).toBe(true);
    expect(tables.quarantined).toBe(2);
    const { length } = asked;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.length).toBe(length);
  });

  it('are asked by one question at a time, less and less often, however many wait', async () => {
    const all = Array.from({ length: 50 }, () => tables.waitFor(6, 1_000));
    await vi.advanceTimersByTimeAsync(700);
    expect(asked.length).toBeLessThan(700 / (QUESTION_MS + 4));
    position = 6;
    await vi.advanceTimersByTimeAsync(10);
    expect(await Promise.all(all)).toEqual(all.map(() => true));
  });

  it('are made wanted by who comes, and now and then as long as somebody waits', async () => {
    void tables.waitFor(9, 1_000);
    await vi.advanceTimersByTimeAsync(90);
    expect(asked.filter(Boolean)).toEqual([true]);
    void tables.standing();
    await vi.advanceTimersByTimeAsync(10);
    expect(asked.filter(Boolean).length).toBe(2);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked.filter(Boolean).length).toBe(4);
  });

  it('that are too late are said to be so, each waiter by his own time', async () => {
    const [short, long] = [tables.waitFor(9, 100), tables.waitFor(9, 300)];
    expect(await outcome(short, 110)).toBe(false);
    expect(await outcome(long, 0)).toBe('waits');
    expect(await outcome(long, 300)).toBe(false);
  });

  it('of a database that does not answer are waited for, and it is told', async () => {
    isAway = true;
    const waiting = tables.waitFor(5, 2_000);
    expect(await outcome(waiting, 500)).toBe('waits');
    expect(tables.isReachable).toBe(false);
    expect(asked.length).toBeLessThan(10);
    isAway = false;
    expect(await outcome(waiting, 200)).toBe(true);
    expect(tables.isReachable).toBe(true);
  });

  it('of a database that is away are not asked more often for those who come', async () => {
    isAway = true;
    for (let i = 0; i < 100; i++) {
      void tables.standing().catch(() => {});
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(asked.length).toBeLessThan(10);
  });

  it('of a database that is back are found so, although nobody waits any more', async () => {
    isAway = true;
    expect(await outcome(tables.waitFor(5, 50), 500)).toBe(false);
    expect(tables.isReachable).toBe(false);
    isAway = false;
    await vi.advanceTimersByTimeAsync(200);
    expect(tables.isReachable).toBe(true);
    asked.length = 0;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual([]);
  });

  it('are waited for no more when the node ends', async () => {
    const waiting = tables.waitFor(9, 10_000);
    tables.close();
    expect(await outcome(waiting, 10)).toBe(false);
    expect(await outcome(tables.waitFor(9, 10_000), 0)).toBe(false);
  });
});
