import { readdirSync } from 'node:fs';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connect, discard, withClient } from '../../src/database/connection.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openTestDatabase, serverAt, serverUrl, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
});
afterAll(() => test.close());

describe('the connection', () => {
  it('reads bigints as numbers, and refuses those that a number can not hold', async () => {
    const { rows } = await client.query(
      'select 9007199254740991::bigint as big, -5::bigint as low',
    );
    expect(rows).toEqual([{ big: Number.MAX_SAFE_INTEGER, low: -5 }]);
    await expect(client.query('select 9007199254740992::bigint')).rejects.toThrow('beyond 2^53');
  });

  it('survives the loss of an idle connection', async () => {
    const lost: string[] = [];
    const options = { name: 'test', statementTimeoutMs: 1_000 };
    const victim = await connect(test.database, options, error => lost.push(error.message));
    onTestFinished(() => discard(victim));
    (
      victim as unknown as { connection: { stream: { destroy(): void } } }
    ).connection.stream.destroy();
    await expect.poll(() => lost).toHaveLength(1);
  });

  it.skipIf(serverUrl === null)('gives up on a statement that takes too long', async () => {
    const options = { name: 'test', statementTimeoutMs: 50 };
    const hasty = await connect(test.database, options, () => {});
    onTestFinished(() => discard(hasty));
    await expect(hasty.query('select pg_sleep(5)')).rejects.toThrow('statement timeout');
  });
});

describe('migration', () => {
  // The embedded database is one session, which waits for no lock of its own; the hold on its
  // folder lets one starter in.
  it.skipIf(serverUrl === null)('may be done by several starters at once, and again', async () => {
    const database = { ...test.database, schema: `${test.database.schema}_many` };
    onTestFinished(() => client.query(`drop schema "${database.schema}" cascade`).then(() => {}));
    const warnings = await Promise.all([1, 2, 3].map(() => migrate(database)));
    expect(warnings[1]).toEqual(warnings[0]);
    await migrate(database);
    const { rows } = await client.query(
      `select count(*) as count from "${database.schema}".migrations`,
    );
    // Each step once, though three began.
    const steps = readdirSync(new URL('../../src/projection/migrations/', import.meta.url));
    expect(rows).toEqual([{ count: steps.length }]);
  });
});

describe.skipIf(serverUrl === null)('a database whose encoding cannot store every text', () => {
  it.each(['SQL_ASCII', 'LATIN1', 'EUC_JP'])('is refused: %s', async encoding => {
    const name = `tp_${encoding.toLowerCase()}_${process.pid}`;
    await client.query(`create database ${name} encoding '${encoding}' lc_collate 'C' lc_ctype 'C'
      template template0`);
    onTestFinished(() => client.query(`drop database ${name} with (force)`).then(() => {}));
    const url = new URL(serverUrl as string);
    url.pathname = `/${name}`;
    const database = { ...test.database, address: serverAt(url.href) };
    const refused = migrate(database);
    await expect(refused).rejects.toThrow(
      `The database of DATABASE_URL has the encoding ${encoding}, so it cannot store every text: ` +
        'Tradepost needs UTF8. Create one with "createdb --encoding=UTF8',
    );
    const there = await withClient(database, { name: 'test', statementTimeoutMs: 5_000 }, other =>
      other.query('select from pg_namespace where nspname = $1', [database.schema]),
    );
    expect(there.rowCount).toBe(0);
  });
});
