// A read is answered from one snapshot, and from none that is before what it must show.

import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPool } from '../../src/database/connection.ts';
import { readAt } from '../../src/reads/at-position.ts';
import { askStanding } from '../../src/reads/standing.ts';
import { openTestDatabase, quiet, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let client: pg.Client;
let pool: pg.Pool;

const POSITION = 'select position from realm.projection';

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
  pool = createPool(test.database, { name: 'test', statementTimeoutMs: 5_000, max: 2 }, quiet);
  await moveTo(7);
});
afterAll(async () => {
  await pool.end();
  await test.close();
});

async function moveTo(position: number): Promise<void> {
  await client.query('update realm.projection set position = $1', [position]);
}

it('is not asked of tables that do not show enough', async () => {
  let reads = 0;
  const read = async () => ++reads;
  expect(await readAt(pool, 8, read)).toBeNull();
  expect(reads).toBe(0);
  expect(await readAt(pool, 7, read)).toBe(1);
});

it('sees one moment in all its statements, that of the position which it is given', async () => {
  const isServer = test.database.address.kind === 'server';
  const found = await readAt(pool, 7, async (source, position) => {
    // The embedded database is one session: nobody else gets between the two.
    if (isServer) await moveTo(9);
    const { rows } = await source.query<{ position: number }>(POSITION);
    return [position, rows[0]?.position];
  });
  expect(found).toEqual([7, 7]);
  await moveTo(7);
});

it('is for the caller to try again when somebody wrote the same row', async () => {
  if (test.database.address.kind !== 'server') return;
  const write = 'update realm.projection set folded_trade = folded_trade';
  const found = await readAt(pool, 7, async source => {
    await client.query(write);
    return source.query(write);
  });
  expect(found).toBeNull();
});

it('fails as the statement does, and leaves no connection in the middle of something', async () => {
  const broken = readAt(pool, 7, source => source.query('select 1 / 0'));
  await expect(broken).rejects.toThrow('division by zero');
  expect(await readAt(pool, 7, async () => 'goes on')).toBe('goes on');
});

it('is held against where the database stands, of one moment', async () => {
  const { rows } = await client.query<{ head: number }>(
    'select coalesce(max(position), 0) as head from realm.journal',
  );
  const standing = { head: rows[0]?.head, epoch: 0, position: 7, quarantined: 0 };
  expect(await askStanding(client, test.database, false)).toEqual(standing);
  expect(await askStanding(client, test.database, true)).toEqual(standing);
});
