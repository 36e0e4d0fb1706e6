// The table of keys is in proportion to what an engine remembers, and never without a part of it.

import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DecidedFact, Fact, FactGroup, ForgottenFact } from '../../src/engine/fact.ts';
import { Projector } from '../../src/projection/projector.ts';
import { lookUpKeys } from '../../src/reads/key-lookup.ts';
import { Random } from '../sim/random.ts';
import { T0 } from '../support/facts.ts';
import { readerOf, rowsOf } from '../support/journal-rows.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testKey } from '../support/test-key.ts';

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
  await client.query('truncate keys, service_keys, forgotten_keys, players');
  await client.query("insert into players values (2, 'game')");
  await client.query(`update projection
    set position = 0, epoch = 0, sequence = 0, at_ms = 0, lived_ms = 0, key_floor = null`);
});

function decided(player: number, order: number, service = false): DecidedFact {
  const body = { order };
  return { kind: 'decided', player, key: testKey('k', order), digest: 1, ok: true, service, body };
}

/** Many keys of few players: the lower a player's number, the more. Each forgets now and then. */
function keyed(count: number): FactGroup[] {
  const random = new Random(3);
  return Array.from({ length: count }, (_, i) => {
    const player = 2 + random.between(0, random.between(0, 9));
    const facts: Fact[] = [decided(player, i + 1)];
    if (random.chance(10))
      facts.push({ kind: 'forgotten', player, key: testKey('k', Math.max(0, i - 20)) });
    return { sequence: i + 1, atMs: T0 + i, facts };
  });
}

function begin(groups: readonly FactGroup[], livedStepMaxMs = 1_000): Promise<Projector> {
  const reader = readerOf(rowsOf(groups), 11);
  const options = { ...OPTIONS, trimsKeys: true, livedStepMaxMs };
  return Projector.begin(test.database, client, reader, options);
}

async function keysOf(player: number): Promise<string[]> {
  const query = 'select key from keys where player = $1 order by key';
  return (await client.query(query, [player])).rows.map(({ key }) => key);
}

async function count(table = 'keys'): Promise<number> {
  return (await client.query(`select count(*) as count from ${table}`)).rows[0].count;
}

describe('keys that players sent', () => {
  it('are in the table exactly as long as the engine remembers them', async () => {
    const groups = keyed(600);
    const projector = await begin(groups);
    while (await projector.step()) {
      for (let player = 2; player < 12; player++) {
        const ours = groups
          .filter(({ sequence }) => sequence <= projector.standing.sequence)
          .flatMap(({ facts }) => facts)
          .filter(fact => 'player' in fact && fact.player === player);
        const forgotten = ours.findLast(({ kind }) => kind === 'forgotten') as ForgottenFact;
        const keys = ours.flatMap(fact => (fact.kind === 'decided' ? [fact.key] : []));
        expect(await keysOf(player)).toEqual(keys.filter(key => key > (forgotten?.key ?? '')));
      }
    }
  });

  it('stay in an audit, which removes nothing', async () => {
    const reader = readerOf(rowsOf(keyed(50)), 11);
    const projector = await Projector.begin(test.database, client, reader, OPTIONS);
    while (await projector.step());
    while (await projector.prune());
    expect(await count()).toBe(50);
  });

  it('go step by step when another projector left them, each step of a bounded size', async () => {
    await client.query(`insert into keys select i, ${T0}, 0, 1, 2 + i % 1700, true,
      ('00000000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, ''
      from generate_series(1, 60000) as i`);
    await client.query(`insert into forgotten_keys
      select 2 + i, '00000000-0000-7000-8000-000000050000' from generate_series(0, 1699) as i`);
    const projector = await begin([]);
    let before = await count();
    for (let more = true; more; ) {
      more = await projector.prune();
      const now = await count();
      expect(before - now).toBeLessThanOrEqual(STEP_ROWS_MAX);
      before = now;
    }
    expect(before).toBe(10_000);
  });
});

describe('keys that the service role sent', () => {
  it('go when they are forgotten and old, and the greatest that went is the floor', async () => {
    const ages = [1, 2, 3, 4, 5, 6];
    const facts = (order: number): Fact[] => {
      const forgets = order === 6;
      const all: Fact[] = [decided(2, order, true)];
      if (forgets) all.push({ kind: 'forgotten', player: 2, key: testKey('k', 4) });
      return all;
    };
    const groups = ages.map(n => ({ sequence: n, atMs: T0 + n * 1e9, facts: facts(n) }));
    const projector = await begin(groups, 1e9);
    while (await projector.step());
    // Retention is a billion milliseconds: what is of the sixth or the fifth moment is young.
    while (await projector.prune());
    const { rows } = await client.query('select key from service_keys order by key');
    expect(rows.map(({ key }) => key)).toEqual([5, 6].map(n => testKey('k', n)));
    const floor = (await client.query('select key_floor from projection')).rows[0].key_floor;
    expect(floor).toBe(testKey('k', 4));
    expect(await lookUpKeys(client, [{ player: 'game', key: testKey('k', 5) }])).toMatchObject([
      {
        sequence: 6,
        floor,
        watermark: floor,
        answered: { digest: 1, ok: true, body: { order: 5 } },
      },
    ]);
    expect(await lookUpKeys(client, [{ player: 'game', key: testKey('k', 2) }])).toMatchObject([
      { sequence: 6, floor, answered: null },
    ]);
  });

  it('stay while the engine remembers them, however old they are', async () => {
    const groups = [1, 2, 3].map(n => ({
      ...{ sequence: n, atMs: T0 + n * 1e10 },
      facts: [decided(2, n, true)],
    }));
    const projector = await begin(groups, 1e10);
    while (await projector.step());
    while (await projector.prune());
    expect(await count('service_keys')).toBe(3);
  });
});
