// The table of keys is in proportion to what an engine remembers, and never without a part of it.

import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DecidedFact, FactGroup } from '../../src/engine/fact.ts';
import { Projector } from '../../src/projection/projector.ts';
import { Random } from '../sim/random.ts';
import { T0 } from '../support/facts.ts';
import { readerOf, rowsOf } from '../support/journal-rows.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';

const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e9, keyRetentionMs: 1e9 };
const STEP_ROWS_MAX = 20_000;

let test: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
});
afterAll(() => test.close());
beforeEach(async () => {
  await client.query('truncate keys');
  await client.query('update projection set position = 0, epoch = 0, sequence = 0, at_ms = 0');
});

function decided(player: number, sequence: number): DecidedFact {
  const key = `k-${sequence}`;
  return { kind: 'decided', player, key, digest: sequence, ok: true, body: { sequence } };
}

/** Many keys of few players: the lower a player's number, the more. */
function keyed(count: number): FactGroup[] {
  const random = new Random(3);
  return Array.from({ length: count }, (_, i) => {
    const player = 2 + random.between(0, random.between(0, 9));
    return { sequence: i + 1, atMs: T0 + i, facts: [decided(player, i + 1)] };
  });
}

function begin(groups: readonly FactGroup[], keysPerPlayerMax: number): Promise<Projector> {
  const reader = readerOf(rowsOf(groups), 11);
  return Projector.begin(test.database, client, reader, { ...OPTIONS, keysPerPlayerMax });
}

async function sequencesOf(player: number): Promise<number[]> {
  const query = 'select sequence from keys where player = $1 order by sequence';
  return (await client.query(query, [player])).rows.map(({ sequence }) => sequence);
}

async function count(): Promise<number> {
  return (await client.query('select count(*) as count from keys')).rows[0].count;
}

describe('keys that are projected', () => {
  it.each([1, 2, 8, 30])(
    'are the newest %i of each player, and a quarter more at most',
    async max => {
      const groups = keyed(600);
      const projector = await begin(groups, max);
      while (await projector.step()) {
        for (let player = 2; player < 12; player++) {
          const decidedNow = groups.flatMap(({ sequence, facts }) => {
            const isOurs = sequence <= projector.standing.sequence;
            return isOurs && (facts[0] as DecidedFact).player === player ? [sequence] : [];
          });
          const kept = await sequencesOf(player);
          expect(kept.slice(-max)).toEqual(decidedNow.slice(-max));
          expect(kept.length).toBeLessThanOrEqual(max + Math.max(1, max >> 2));
        }
      }
    },
  );

  it('stay when no bound is given, as in an audit', async () => {
    const reader = readerOf(rowsOf(keyed(50)), 11);
    const projector = await Projector.begin(test.database, client, reader, OPTIONS);
    while (await projector.step());
    while (await projector.prune());
    expect(await count()).toBe(50);
  });
});

describe('keys that another version, or another bound, left', () => {
  it('go step by step, each of a bounded size, the oldest of each player', async () => {
    await client.query(`insert into keys select i, ${T0}, 0, 2 + i % 3, true, 'k', ''
      from generate_series(1, 60000) as i`);
    const projector = await begin([], 1_024);
    let before = await count();
    for (let more = true; more; ) {
      more = await projector.prune();
      const now = await count();
      expect(before - now).toBeLessThanOrEqual(STEP_ROWS_MAX);
      before = now;
    }
    for (let player = 2; player < 5; player++) {
      const kept = await sequencesOf(player);
      expect(kept).toHaveLength(1_024);
      expect(kept.at(-1)).toBeGreaterThan(60_000 - 3);
    }
  });

  it('go of all players, however many there are', async () => {
    await client.query(`insert into keys select i, ${T0}, 0, i % 1700, true, 'k', ''
      from generate_series(1, 5000) as i`);
    const projector = await begin([], 2);
    while (await projector.prune());
    const { rows } = await client.query(
      'select count(*) as kept from keys group by player having count(*) <> 2',
    );
    expect(rows).toEqual([]);
    expect(await count()).toBe(3_400);
  });
});
