// The steady clock as a table: what the clocks showed at which moment, and what it made of it.

import { describe, expect, test } from 'vitest';
import { SteadyClock, type Verdict } from '../../src/base/steady-clock.ts';
import { EngineClock } from '../../src/realm/engine-clock.ts';

const START = 1_900_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Three clocks of which each can be set, and the steady one that looks at them. */
class Clocks {
  passedMs = 0;
  wallAheadMs: number;
  databaseAheadMs: number;
  readonly said: (Verdict | 'doubted')[] = [];
  readonly steady: SteadyClock;

  constructor(wallAheadMs = 0, databaseAheadMs = 0, passedMs = 0) {
    this.wallAheadMs = wallAheadMs;
    this.databaseAheadMs = databaseAheadMs;
    const options = {
      wall: { nowMs: () => START + this.passedMs + this.wallAheadMs },
      monotonic: { nowMs: () => 5_000 + this.passedMs },
      jumpMaxMs: MINUTE,
      confirmMs: 10_000,
      doubted: () => this.said.push('doubted'),
      settled: (verdict: Verdict) => this.said.push(verdict),
    };
    this.steady = new SteadyClock(options, this.databaseMs, passedMs);
  }

  get databaseMs(): number {
    return START + this.passedMs + this.databaseAheadMs;
  }

  /** Both are set, as on one machine. */
  set(aheadMs: number): void {
    this.wallAheadMs = aheadMs;
    this.databaseAheadMs = aheadMs;
  }

  /** Time passes; the database is asked every second. */
  pass(ms: number): void {
    for (const endsMs = this.passedMs + ms; this.passedMs < endsMs; ) {
      this.passedMs += Math.min(1_000, endsMs - this.passedMs);
      this.steady.nowMs();
      this.steady.compare(this.databaseMs);
    }
  }

  /** By how much the steady clock is ahead of what has passed. */
  get aheadMs(): number {
    return this.steady.nowMs() - START - this.passedMs;
  }
}

describe('time begins', () => {
  test.each([
    ['with both clocks, when they agree', 0, 0, 0],
    ['with the database, when the clock here is 30 days ahead', 30 * DAY, 0, 0],
    ['with the clock here, when the database is 30 days ahead', 0, 30 * DAY, 0],
    ['with the earlier one, when one is a day behind', -DAY, 0, -DAY],
  ])('%s', (_, wallMs, databaseMs, expectedMs) => {
    const clocks = new Clocks(wallMs, databaseMs);
    clocks.pass(HOUR);
    expect(clocks.aheadMs).toBe(expectedMs);
    expect([clocks.steady.isSure, clocks.said]).toEqual([true, []]);
  });

  test.each([
    ['here', -DAY, 0, 0],
    ['of the database', 0, -DAY, 0],
    ['here and of the database', -DAY, -2 * DAY, -2 * DAY],
  ])('without a clock %s that is behind the journal', (_, wallMs, databaseMs, expectedMs) => {
    const clocks = new Clocks(wallMs, databaseMs, START - HOUR);
    clocks.pass(HOUR);
    expect([clocks.aheadMs, clocks.steady.isSure]).toEqual([expectedMs, true]);
  });

  test('and a clock here that is ahead is known to be wrong until it is set right', () => {
    const clocks = new Clocks(30 * DAY, 0);
    clocks.pass(MINUTE);
    expect(clocks.steady.isWallWrong).toBe(true);
    clocks.wallAheadMs = 0;
    clocks.pass(MINUTE);
    expect(clocks.steady.isWallWrong).toBe(false);
    expect([clocks.aheadMs, clocks.said]).toEqual([0, ['returned']]);
  });
});

describe('a clock that is set ahead', () => {
  test('by a little is followed, a hundredth faster than time passes', () => {
    const clocks = new Clocks();
    clocks.set(30_000);
    clocks.pass(1_000_000);
    expect(clocks.aheadMs).toBeGreaterThan(9_900);
    expect(clocks.aheadMs).toBeLessThan(10_001);
    clocks.pass(3_000_000);
    expect([clocks.aheadMs, clocks.said]).toEqual([30_000, []]);
  });

  test('by 30 days for 3 seconds is doubted, and all goes on as if nothing had been', () => {
    const clocks = new Clocks();
    clocks.pass(MINUTE);
    clocks.set(30 * DAY);
    expect([clocks.aheadMs, clocks.steady.isSure]).toEqual([0, false]);
    clocks.pass(3_000);
    expect([clocks.aheadMs, clocks.steady.isSure]).toEqual([0, false]);
    clocks.set(0);
    clocks.pass(1);
    expect([clocks.aheadMs, clocks.steady.isSure]).toEqual([0, true]);
    expect(clocks.said).toEqual(['doubted', 'returned']);
  });

  test('for good, and by the database too, is confirmed after ten seconds', () => {
    const clocks = new Clocks();
    clocks.set(8 * HOUR);
    clocks.pass(10_000);
    expect([clocks.aheadMs, clocks.steady.isSure]).toEqual([0, false]);
    clocks.pass(1_000);
    expect([clocks.aheadMs, clocks.steady.isSure]).toEqual([8 * HOUR, true]);
    expect(clocks.said).toEqual(['doubted', 'confirmed']);
  });

  test('while the database does not say so is wrong: time goes by the database', () => {
    const clocks = new Clocks();
    clocks.wallAheadMs = 30 * DAY;
    clocks.pass(9_000);
    expect(clocks.steady.isSure).toBe(false);
    clocks.pass(3_000);
    expect(clocks.steady.isSure).toBe(true);
    clocks.pass(DAY / 4);
    expect([clocks.aheadMs, clocks.steady.isWallWrong]).toEqual([0, true]);
    expect(clocks.said).toEqual(['doubted', 'contradicted']);
  });

  test('is stepped to no further than both clocks went at any reading', () => {
    const clocks = new Clocks();
    clocks.wallAheadMs = 30 * DAY;
    clocks.databaseAheadMs = 2 * HOUR;
    clocks.pass(6_000);
    clocks.databaseAheadMs = 3 * HOUR;
    clocks.pass(5_000);
    expect(clocks.aheadMs).toBe(2 * HOUR);
    expect([clocks.steady.isSure, clocks.steady.isWallWrong]).toEqual([true, true]);
  });

  test('again while it is doubted begins its ten seconds anew', () => {
    const clocks = new Clocks();
    clocks.set(HOUR);
    clocks.pass(8_000);
    clocks.set(2 * HOUR);
    clocks.pass(8_000);
    expect([clocks.aheadMs, clocks.steady.isSure]).toEqual([0, false]);
    clocks.pass(3_000);
    expect(clocks.aheadMs).toBe(2 * HOUR);
    expect(clocks.said).toEqual(['doubted', 'confirmed']);
  });

  test('a thousand times by 59 seconds is doubted from the second time on', () => {
    const clocks = new Clocks();
    for (let n = 1; n <= 1_000; n++) {
      clocks.set(n * 59_000);
      clocks.pass(1_000);
      expect(clocks.steady.isSure).toBe(n === 1);
    }
    // It still follows the first one, slowly.
    expect(clocks.aheadMs).toBeLessThan(10_000);
  });

  test('is not confirmed while the database cannot be asked', () => {
    const clocks = new Clocks();
    clocks.set(HOUR);
    for (let n = 0; n < 100; n++) {
      clocks.passedMs += 1_000;
      clocks.steady.nowMs();
    }
    expect([clocks.aheadMs, clocks.steady.isSure]).toEqual([0, false]);
    clocks.pass(11_000);
    expect([clocks.aheadMs, clocks.steady.isSure]).toEqual([HOUR, true]);
  });

  test('while it is known to be wrong, by a machine that slept, is doubted and confirmed', () => {
    const clocks = new Clocks(30 * DAY, 0);
    clocks.wallAheadMs += 2 * HOUR;
    clocks.databaseAheadMs += 2 * HOUR;
    clocks.pass(11_000);
    expect([clocks.aheadMs, clocks.steady.isWallWrong]).toEqual([2 * HOUR, true]);
    expect(clocks.said).toEqual(['doubted', 'confirmed']);
  });
});

describe('a clock that is set back', () => {
  test('by a day stops nothing: time goes on as it passes', () => {
    const clocks = new Clocks();
    for (const aheadMs of [-DAY, 0, -MINUTE, 30_000, -HOUR]) {
      clocks.set(aheadMs);
      const before = clocks.steady.nowMs();
      clocks.pass(MINUTE);
      expect(clocks.steady.nowMs() - before).toBeGreaterThanOrEqual(MINUTE);
      expect(clocks.steady.nowMs() - before).toBeLessThan(MINUTE * 1.02);
    }
    expect(clocks.said).toEqual([]);
  });

  test('of the database alone lets time go on by itself', () => {
    const clocks = new Clocks();
    clocks.databaseAheadMs = -DAY;
    clocks.pass(HOUR);
    expect([clocks.aheadMs, clocks.steady.isSure]).toEqual([0, true]);
    expect(clocks.steady.apartMs).toBe(-DAY);
  });
});

describe('engine time', () => {
  test('goes on from a journal that is ahead, as fast as time passes', () => {
    const clocks = new Clocks();
    const engine = new EngineClock(clocks.steady, START + 2 * HOUR);
    clocks.pass(MINUTE);
    expect(engine.nowMs()).toBe(START + 2 * HOUR + MINUTE);
    expect(engine.aheadMs).toBe(2 * HOUR);
    clocks.set(HOUR);
    clocks.pass(11_000);
    expect(engine.nowMs()).toBe(START + 2 * HOUR + MINUTE + 11_000);
    expect(engine.aheadMs).toBe(HOUR);
    clocks.set(3 * HOUR);
    clocks.pass(11_000);
    expect(engine.nowMs()).toBe(START + 3 * HOUR + MINUTE + 22_000);
    expect(engine.aheadMs).toBe(0);
  });

  test('takes the time that passed since the last entry of a quiet week', () => {
    const clocks = new Clocks();
    const engine = new EngineClock(clocks.steady, START - 7 * DAY);
    expect(engine.nowMs()).toBe(START);
  });
});
