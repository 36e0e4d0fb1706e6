// Clocks that do whatever they like, for days: the wall clock, that of the database, both at once;
// a machine that sleeps, a server that stops and starts. A seed is a course of true time; what the
// clocks show is held against it.

import { describe, expect, test } from 'vitest';
import { KEY_RETENTION_MS } from '../../protocol/limits.ts';
import { SteadyClock } from '../../src/base/steady-clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES, type Rules } from '../../src/engine/rules.ts';
import { EngineClock } from '../../src/realm/engine-clock.ts';
import { Random } from '../sim/random.ts';
import { testKey } from '../support/test-key.ts';

const START_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const JUMP_MAX_MS = MINUTE_MS;
const CONFIRM_MS = 10_000;
const ASK_MS = 30_000;
const JUMPS_MS = [400, 9_000, 59_000, 61_000, HOUR_MS, 23 * HOUR_MS, 40 * 24 * HOUR_MS];
const RULES: Rules = { ...DEFAULT_RULES, keysPerPlayerMax: 1_000_000 };

interface Used {
  readonly key: string;
  readonly atMs: number;
}

class Course {
  readonly engine: Engine;
  readonly #random: Random;
  readonly #isDatabaseRight: boolean;
  /** True time. */
  trueMs = START_MS;
  /** How long the machine was awake. */
  #awakeMs = 0;
  #wallAheadMs = 0;
  #databaseAheadMs = 0;
  #steady: SteadyClock;
  #clock: EngineClock;
  #askedAtMs = 0;
  #keys = 0;
  steps = 0;
  refused = 0;
  readonly used: Used[] = [];
  /** Keys that were executed again within what is promised. */
  readonly twice: Used[] = [];
  forgotten = 0;

  constructor(seed: number, rules: Rules, isDatabaseRight: boolean) {
    this.#random = new Random(seed);
    this.#isDatabaseRight = isDatabaseRight;
    this.engine = new Engine(rules);
    [this.#steady, this.#clock] = this.#start();
  }

  #start(): [SteadyClock, EngineClock] {
    const options = {
      wall: { nowMs: () => this.trueMs + this.#wallAheadMs },
      monotonic: { nowMs: () => this.#awakeMs },
      jumpMaxMs: JUMP_MAX_MS,
      confirmMs: CONFIRM_MS,
      settled: (verdict: string) => {
        if (verdict === 'confirmed') this.steps++;
      },
    };
    const { nowMs } = this.engine.state;
    const steady = new SteadyClock(options, this.#databaseMs, nowMs);
    return [steady, new EngineClock(steady, nowMs)];
  }

  get #databaseMs(): number {
    return this.trueMs + this.#databaseAheadMs;
  }

  /** Engine time less true time. */
  get aheadMs(): number {
    return this.#clock.nowMs() - this.trueMs;
  }

  /** So much time passes, awake; commands come all the while. */
  pass(ms: number, isHostile: boolean): void {
    for (const endsMs = this.trueMs + ms; this.trueMs < endsMs; ) {
      const stepMs = this.#random.between(1, 1_500);
      this.trueMs += stepMs;
      this.#awakeMs += stepMs;
      if (isHostile && this.#random.between(1, 60) === 1) this.#harm();
      const before = this.#clock.nowMs();
      const isDue = this.#awakeMs - this.#askedAtMs > (this.#steady.isSure ? ASK_MS : 1_000);
      if (isDue) {
        this.#askedAtMs = this.#awakeMs;
        this.#steady.compare(this.#databaseMs);
      }
      if (this.#clock.nowMs() < before) throw new Error('engine time went back');
      this.#command();
    }
  }

  #harm(): void {
    const random = this.#random;
    const jumpMs = random.pick(JUMPS_MS) * random.pick([1, 1, -1]);
    switch (random.pick(['wall', 'database', 'both', 'right', 'right', 'sleep', 'stop', 'creep'])) {
      case 'wall':
        this.#wallAheadMs += jumpMs;
        break;
      case 'database':
        if (!this.#isDatabaseRight) this.#databaseAheadMs += jumpMs;
        break;
      case 'both':
        this.#wallAheadMs += jumpMs;
        if (!this.#isDatabaseRight) this.#databaseAheadMs += jumpMs;
        break;
      case 'right':
        this.#wallAheadMs = 0;
        this.#databaseAheadMs = 0;
        break;
      case 'sleep':
        this.trueMs += random.between(1, 20 * MINUTE_MS);
        break;
      case 'stop':
        this.trueMs += random.between(1_000, 10 * MINUTE_MS);
        [this.#steady, this.#clock] = this.#start();
        break;
      case 'creep':
        for (let n = 0; n < 30; n++) {
          this.#wallAheadMs += 59_000;
          if (!this.#isDatabaseRight) this.#databaseAheadMs += 59_000;
          this.#clock.nowMs();
          this.#steady.compare(this.#databaseMs);
        }
    }
  }

  #command(): void {
    const random = this.#random;
    const old = this.used.length > 0 && random.chance(30) ? random.pick(this.used) : null;
    const oldest = random.chance(20) ? (this.used[0] ?? null) : old;
    const used = oldest ?? { key: testKey(`key-${++this.#keys}`), atMs: this.trueMs };
    const atMs = this.#clock.nowMs();
    if (!this.#clock.isSure) {
      this.refused++;
      return;
    }
    const payload = { player: 'ann', asset: 'coins', quantity: 1 };
    const entry = { command: 'wallet.grant', payload, player: 'ann', digest: 1, atMs } as const;
    const { output } = this.engine.apply({ ...entry, key: used.key } as Entry);
    const isExecuted = output.some(({ kind }) => kind === 'transfer');
    if (oldest === null) {
      if (!isExecuted) throw new Error('a new command was not executed');
      this.used.push(used);
    } else if (isExecuted) {
      this.forgotten++;
      if (this.trueMs - used.atMs < KEY_RETENTION_MS) this.twice.push(used);
      this.used.splice(this.used.indexOf(used), 1);
    }
  }
}

const SEEDS = [1, 2, 3, 4];

describe('whatever the clocks do', () => {
  test.each(SEEDS)('no key is executed twice within 24 hours of true time: seed %i', seed => {
    const course = new Course(seed, RULES, false);
    for (let hour = 0; hour < 30; hour++) course.pass(HOUR_MS, true);
    expect(course.twice).toEqual([]);
    expect(course.steps).toBeGreaterThan(5);
    expect(course.refused).toBeGreaterThan(100);
    expect(course.used.length).toBeGreaterThan(10_000);
  });

  test.each(SEEDS)('a right database keeps engine time from being ahead: seed %i', seed => {
    const course = new Course(seed, RULES, true);
    for (let minute = 0; minute < 6 * 60; minute++) {
      course.pass(MINUTE_MS, true);
      expect(course.aheadMs).toBeLessThanOrEqual(0);
    }
    expect(course.refused).toBeGreaterThan(100);
  });

  test('keys that aged by engine time would be executed twice: this test would see it', () => {
    const course = new Course(1, { ...RULES, livedStepMaxMs: 1_000 * HOUR_MS }, false);
    for (let hour = 0; hour < 10; hour++) course.pass(HOUR_MS, true);
    expect(course.twice.length).toBeGreaterThan(0);
  });

  test('keys are forgotten in the end: what is lived through counts', () => {
    const course = new Course(5, { ...RULES, livedStepMaxMs: 10_000 }, false);
    for (let hour = 0; hour < 26; hour++) course.pass(HOUR_MS, false);
    expect(course.forgotten).toBeGreaterThan(0);
    expect(course.twice).toEqual([]);
    expect(course.engine.state.keys.count).toBeLessThan(course.used.length + course.forgotten);
  });
});
