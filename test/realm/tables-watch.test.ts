// How far the tables have come, seen from a node that does not fill them: asked of the database
// only while somebody waits.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TablesWatch } from '../../src/realm/tables-watch.ts';

let position: number;
let asked: number;
let isAway: boolean;
let tables: TablesWatch;

beforeEach(() => {
  vi.useFakeTimers();
  position = 5;
  asked = 0;
  isAway = false;
  tables = new TablesWatch(async () => {
    asked++;
    if (isAway) throw new Error('away');
    return { position, quarantined: position - 5 };
  });
});

afterEach(() => {
  tables.close();
  vi.useRealTimers();
});

/** Lets `ms` pass and says what came out, or 'waits'. */
async function outcome(waiting: Promise<boolean>, ms: number): Promise<boolean | 'waits'> {
  let result: boolean | 'waits' = 'waits';
  void waiting.then(reached => {
    result = reached;
  });
  await vi.advanceTimersByTimeAsync(ms);
  return result;
}

describe('the tables', () => {
  it('are waited for until they show the position', async () => {
    const waiting = tables.waitFor(7, 1_000);
    expect(await outcome(waiting, 100)).toBe('waits');
    position = 7;
    expect(await outcome(waiting, 10)).toBe(true);
    expect(tables.reached).toBe(7);
    expect(tables.quarantined).toBe(2);
  });

  it('are not asked for what they have shown already, nor when nobody waits', async () => {
    await outcome(tables.waitFor(5, 1_000), 10);
    expect(asked).toBe(1);
    expect(await outcome(tables.waitFor(5, 1_000), 0)).toBe(true);
    expect(await outcome(tables.waitFor(3, 1_000), 1_000)).toBe(true);
    expect(asked).toBe(1);
  });

  it('are asked by one question at a time, however many wait', async () => {
    const all = Array.from({ length: 50 }, () => tables.waitFor(6, 1_000));
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toBe(1);
    position = 6;
    await vi.advanceTimersByTimeAsync(10);
    expect(await Promise.all(all)).toEqual(all.map(() => true));
    expect(asked).toBe(2);
  });

  it('that are too late are said to be so, each waiter by his own time', async () => {
    const [short, long] = [tables.waitFor(9, 100), tables.waitFor(9, 300)];
    expect(await outcome(short, 110)).toBe(false);
    expect(await outcome(long, 0)).toBe('waits');
    expect(await outcome(long, 300)).toBe(false);
  });

  it('are seen to go back when the database did, after a failover for example', async () => {
    await outcome(tables.waitFor(5, 1_000), 10);
    position = 2;
    await outcome(tables.waitFor(6, 50), 100);
    expect(tables.reached).toBe(2);
  });

  it('are asked anew for what they had shown, once that is to be forgotten', async () => {
    await outcome(tables.waitFor(5, 1_000), 10);
    position = 3;
    tables.forget();
    const waiting = tables.waitFor(5, 1_000);
    expect(await outcome(waiting, 100)).toBe('waits');
    position = 5;
    expect(await outcome(waiting, 10)).toBe(true);
  });

  it('are asked anew after a question that was not answered', async () => {
    await outcome(tables.waitFor(5, 1_000), 10);
    isAway = true;
    await outcome(tables.waitFor(6, 50), 60);
    [position, isAway] = [3, false];
    expect(await outcome(tables.waitFor(5, 100), 150)).toBe(false);
  });

  it('of a database that does not answer are waited for, and it is told', async () => {
    isAway = true;
    const waiting = tables.waitFor(5, 2_000);
    expect(await outcome(waiting, 500)).toBe('waits');
    expect(tables.isReachable).toBe(false);
    expect(asked).toBeLessThan(10);
    isAway = false;
    expect(await outcome(waiting, 200)).toBe(true);
    expect(tables.isReachable).toBe(true);
  });

  it('of a database that is back are found so, although nobody waits any more', async () => {
    isAway = true;
    expect(await outcome(tables.waitFor(5, 50), 500)).toBe(false);
    expect(tables.isReachable).toBe(false);
    isAway = false;
    await vi.advanceTimersByTimeAsync(200);
    expect(tables.isReachable).toBe(true);
    asked = 0;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toBe(0);
  });

  it('are waited for no more when the node ends', async () => {
    const waiting = tables.waitFor(9, 10_000);
    tables.close();
    expect(await outcome(waiting, 10)).toBe(false);
    expect(await outcome(tables.waitFor(9, 10_000), 0)).toBe(false);
  });
});
