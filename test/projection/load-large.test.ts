// Loading is linear in what exists: places, items, accounts, each once. And it leaves the thread to
// others: its steps are short, whatever the size.

import { existsSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRealm } from '../../src/projection/load.ts';
import { atOneMoment } from '../../src/projection/rows.ts';
import { openTestDatabase, serverUrl, type TestDatabase } from '../support/postgres.ts';

const TIMES = '/proc/thread-self/schedstat';
const STEP_MS_MAX = 50;
/** Beside what a row costs there is what any loading costs; and the machine does other things. */
const RATIO_MAX = 4;

let test: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
  await client.query('set statement_timeout to 120000');
});
afterAll(() => test?.close());

/** How long loading takes, in milliseconds, the better one of two; and what came. */
async function load(): Promise<{ ms: number; facts: number }> {
  let best = Number.POSITIVE_INFINITY;
  let facts = 0;
  for (let attempt = 0; attempt < 2; attempt++) {
    const beganMs = performance.now();
    facts = 0;
    const count = () => {
      facts++;
    };
    await atOneMoment(client, () =>
      loadRealm(client, { fact: count, pastTrade: count, quarter: count }),
    );
    best = Math.min(best, performance.now() - beganMs);
  }
  return { ms: best, facts };
}

async function fill(...statements: string[]): Promise<void> {
  for (const statement of statements) await client.query(statement);
}

/** Milliseconds of a processor that this thread has used. */
function busyMs(): number {
  return Number(readFileSync(TIMES, 'utf8').split(' ')[0]) / 1e6;
}

describe.skipIf(serverUrl === null)('a large realm', { timeout: 300_000 }, () => {
  it('of 100,000 places and 1,000 items is loaded as fast as they are with one item', async () => {
    await fill(
      `insert into locations select i, 'place' || i from generate_series(0, 99999) as i`,
      `insert into items values (0, 'coins', 0, 0, 1, 1, 1, 100, false, '{}'),
        (1, 'item1', 1, 0, 1, 1, 1, 100, false, '{}')`,
      'analyze locations, items',
    );
    const one = await load();
    await fill(
      `insert into items select i, 'item' || i, 1, 0, 1, 1, 1, 100, false, '{}'
        from generate_series(2, 1000) as i`,
      'analyze items',
    );
    const thousand = await load();
    expect(thousand.facts).toBe(100_000 + 1_001);
    expect(thousand.ms / one.ms).toBeLessThan(RATIO_MAX);
  });

  it('takes as long for each of 1,000,000 accounts as for each of 100,000', async () => {
    const accounts = (from: number, to: number) => `insert into accounts
      select i, 2 + i / 10, 1 + i % 10, i % 100000, 5, 0 from generate_series(${from}, ${to}) as i`;
    await fill('delete from locations', 'delete from items');
    await fill(accounts(0, 99_999), 'analyze accounts');
    const few = await load();
    await fill(accounts(100_000, 999_999), 'analyze accounts');
    const many = await load();
    expect([few.facts, many.facts]).toEqual([100_000, 1_000_000]);
    expect(many.ms / many.facts / (few.ms / few.facts)).toBeLessThan(RATIO_MAX);
  });

  it.skipIf(!existsSync(TIMES))('is taken in steps of less than 50 ms', async () => {
    await fill(`insert into keys select i, i, i, i % 1000, true, 'key-' || i, '\\x81a16101'
      from generate_series(1, 200000) as i`);
    let before = busyMs();
    let longestMs = 0;
    const probe = setInterval(() => {
      const now = busyMs();
      longestMs = Math.max(longestMs, now - before);
      before = now;
    }, 1);
    const { facts } = await load();
    clearInterval(probe);
    expect(facts).toBe(1_200_000);
    expect(longestMs).toBeGreaterThan(1);
    expect(longestMs).toBeLessThan(STEP_MS_MAX);
  });
});
