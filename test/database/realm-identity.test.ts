// Who a realm is in Redis: made once with its tables, the same for all nodes of its database, and
// another one as soon as the tables are a copy somewhere else.

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/connection.ts';
import { migrate } from '../../src/database/migrate.ts';
import {
  readIdentity,
  renewIdentity,
  settleIdentity,
  watchIdentity,
} from '../../src/realm-identity.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { recordingLog } from '../support/recording-log.ts';
import { until } from '../support/redis.ts';

let test: TestDatabase;

beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

let count = 0;

/** A realm of its own in the database of the tests. */
async function newRealm(): Promise<Database> {
  const database = { ...test.database, schema: `${test.database.schema}_id${++count}` };
  await migrate(database);
  onTestFinished(() => sql(`drop schema if exists "${database.schema}" cascade`));
  return database;
}

async function sql(text: string): Promise<void> {
  const client = await test.client();
  await client.query(text);
}

function settle(database: Database) {
  const { log, lines } = recordingLog();
  const said = () => lines.map(({ msg }) => msg);
  return settleIdentity(database, log).then(settled => ({ ...settled, said: said() }));
}

describe('the identity of a realm', () => {
  it('is random, and so is its secret', async () => {
    const [one, other] = [await settle(await newRealm()), await settle(await newRealm())];
    for (const { identity, secret, said } of [one, other]) {
      expect(identity).toMatch(/^[0-9a-f]{32}$/);
      expect([secret.length, said]).toEqual([32, []]);
    }
    expect(one.identity).not.toBe(other.identity);
    expect(one.secret).not.toEqual(other.secret);
  });

  it('is the same for all nodes, though they start at once, and for the next start', async () => {
    const database = await newRealm();
    const all = await Promise.all([1, 2, 3].map(() => settle(database)));
    all.push(await settle(database));
    expect(new Set(all.map(({ identity }) => identity)).size).toBe(1);
    expect(new Set(all.map(({ secret }) => Buffer.from(secret).toString('hex'))).size).toBe(1);
    expect(await readIdentity(database)).toBe(all[0]?.identity);
  });

  it.each([
    ['another server', "system_identifier = '1'"],
    ['another database', 'database_oid = 1'],
    ['another schema', 'schema_oid = 1'],
  ])('is not that of the one it was copied from: %s', async (_, elsewhere) => {
    const database = await newRealm();
    const before = await settle(database);
    await sql(`update "${database.schema}".realm_identity set ${elsewhere}`);
    const copy = await settle(database);
    expect(copy.identity).not.toBe(before.identity);
    expect(copy.secret).not.toEqual(before.secret);
    expect(copy.said).toEqual([expect.stringContaining('a copy of another one')]);
    const again = await settle(database);
    expect([again.identity, again.said]).toEqual([copy.identity, []]);
  });

  it('stays where the server does not tell which one it is', async () => {
    const database = await newRealm();
    const before = await settle(database);
    await sql(`update "${database.schema}".realm_identity set system_identifier = null`);
    expect((await settle(database)).identity).toBe(before.identity);
  });

  it('can be renewed, and whoever watches it is told once', async () => {
    const database = await newRealm();
    const { identity } = await settle(database);
    let changes = 0;
    const unwatch = watchIdentity(database, identity, () => changes++, 20);
    onTestFinished(unwatch);
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(changes).toBe(0);
    const renewed = await renewIdentity(database);
    await until(() => changes > 0, 'the change is told');
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(changes).toBe(1);
    expect([renewed.identity, (await settle(database)).identity]).not.toContain(identity);
  });
});
