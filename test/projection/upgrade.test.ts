// A realm of the first version, which had trades and keys and nothing that is kept of them for a
// start: it is upgraded, and what was kept since is what the trades come to.

import { runner } from 'node-pg-migrate';
import type pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connect, type Database, discard } from '../../src/database/connection.ts';
import { migrate, migrationsFolder } from '../../src/database/migrate.ts';
import { auditTables } from '../../src/reads/audit.ts';
import { T0 } from '../support/facts.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';

const FIRST_VERSION = 3;
const CHECKS = /^the (latest trades|quarters) /;

let test: TestDatabase;
let database: Database;
let client: pg.Client;

beforeEach(async () => {
  test = await openTestDatabase();
  database = { ...test.database, schema: `${test.database.schema}_old` };
  client = await connect(database, { name: 'test', statementTimeoutMs: 60_000 }, () => {});
  await client.query(`create schema "${database.schema}"`);
  await runner({
    dbClient: client,
    dir: migrationsFolder(),
    direction: 'up',
    count: FIRST_VERSION,
    schema: database.schema,
    migrationsSchema: database.schema,
    migrationsTable: 'migrations',
    noLock: true,
    log: () => {},
  });
});
afterEach(async () => {
  await client.query(`drop schema "${database.schema}" cascade`);
  discard(client);
  await test.close();
});

/** Trades of two days: of a commodity at three places, and of instances of a unique item. */
async function fill(trades: number): Promise<void> {
  await client.query(`
    insert into players values (0, '$issuer'), (1, '$house'), (2, 'ann'), (3, 'bob');
    insert into locations values (0, 'main'), (1, 'north'), (2, 'south');
    insert into items select i, 'item' || i, least(i, 2), 0, 1, 1, 1, 1000, false, '{}'
      from generate_series(0, 2) as i;
    insert into instances select i, 'unique' || i, 2, '{}' from generate_series(3, 9) as i;
    insert into trades select i, i, ${T0} + i * 172800000::bigint / ${trades}, 1 + i * 7919 % 90,
        1 + i % 4, 1, 0, 0, 0, (array[1, 1, 3 + i % 7])[1 + i % 3], i / 7 % 3, 2, 3, 0
      from generate_series(1, ${trades}) as i;
    update projection set last_trade = ${trades}, at_ms = ${T0} + 172800000`);
}

it('has the latest trades of each market and its last day, once it is upgraded', async () => {
  await fill(5_000);
  await migrate(database);
  const findings = (await auditTables(client)).filter(({ check }) => CHECKS.test(check));
  expect(findings).toHaveLength(2);
  expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  const { rows } = await client.query(`select p.folded_trade as folded,
    (select count(*) from latest_trades) as latest,
    (select sum(trades)::bigint from market_quarters) as today from projection as p`);
  expect(rows[0]).toMatchObject({ folded: 5_000, latest: 6 * 50 });
  expect(rows[0].today).toBeGreaterThanOrEqual(2_500);
  expect(rows[0].today).toBeLessThan(2_600);
});

it('has nothing of them when there never was a trade', async () => {
  await migrate(database);
  const { rows } = await client.query(`select count(*) as count from latest_trades
    union all select count(*) from market_quarters`);
  expect(rows).toEqual([{ count: 0 }, { count: 0 }]);
});
