// A statement names its tables `realm.<table>`: the connection puts the schema of its realm there,
// whatever the search path is.

import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createPool } from '../../src/database/connection.ts';
import { copyBytes, copyIn } from '../../src/database/copy.ts';
import { inSchema } from '../../src/database/realm-client.ts';
import { openTestDatabase, quiet, serverUrl, type TestDatabase } from '../support/postgres.ts';
import { sourceFiles } from '../support/source-tree.ts';

describe('the name of a table', () => {
  it.each([
    ['select 1 from realm.journal', 'select 1 from "realm_main".journal'],
    ['(realm.journal, realm.window_log)', '("realm_main".journal, "realm_main".window_log)'],
    // What only looks like one stays.
    ['select journal.position, of_realm.x', 'select journal.position, of_realm.x'],
    [`select 'The realm.'`, `select 'The realm.'`],
  ])('%s', (text, named) => {
    expect(inSchema('realm_main', text)).toBe(named);
    expect(inSchema('realm_main', named)).toBe(named);
  });
});

describe('a connection', () => {
  let test: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    test = await openTestDatabase();
    client = await test.client();
    await client.query('set search_path to pg_catalog');
  });
  afterAll(() => test.close());

  it('finds the tables of its realm by every form of a query', async () => {
    const text = 'select count(*) as count from realm.projection where id = $1';
    const named = { name: 'named', text, values: [0] };
    expect((await client.query('select id from realm.projection')).rows).toEqual([{ id: 0 }]);
    expect((await client.query(text, [0])).rows).toEqual([{ count: 1 }]);
    expect((await client.query({ text, values: [0] })).rows).toEqual([{ count: 1 }]);
    for (let i = 0; i < 2; i++) expect((await client.query(named)).rows).toEqual([{ count: 1 }]);
    // What it was given stays as it was: another realm may be asked the same.
    expect(named.text).toBe(text);
    await expect(client.query('select id from projection')).rejects.toThrow('does not exist');
  });

  it.skipIf(serverUrl === null)('copies into the tables of its realm', async () => {
    const rows = copyBytes(
      [{ id: 7 }],
      [
        { bytes: 4, of: row => row.id },
        { bytes: null, width: () => 3, write: (_, { bytes }, at) => bytes.write('ann', at) },
      ],
    );
    expect(await copyIn(client, 'copy realm.players from stdin (format binary)', rows)).toBe(1);
    const { rows: found } = await client.query('select id, name from realm.players');
    expect(found).toEqual([{ id: 7, name: 'ann' }]);
  });

  it('of a pool does it too', async () => {
    const pool = createPool(
      test.database,
      { name: 'test', statementTimeoutMs: 5_000, max: 2 },
      quiet,
    );
    onTestFinished(() => pool.end());
    const text = 'select id from realm.projection';
    const answers = await Promise.all([1, 2, 3].map(() => pool.query(text)));
    expect(answers.map(({ rows }) => rows)).toEqual([[{ id: 0 }], [{ id: 0 }], [{ id: 0 }]]);
  });

  it('fails where no connection of ours names the schema', async () => {
    await expect(client.query(inSchema('realm', 'select 1 from realm.journal'))).rejects.toThrow(
      'does not exist',
    );
  });
});

describe('every statement of the journal', () => {
  it('names its schema', () => {
    const bare = /\b(from|join|into|update|table) journal\b/;
    const files = sourceFiles(['src/journal', 'src/database']);
    expect(files.filter(({ code }) => bare.test(code)).map(({ path }) => path)).toEqual([]);
  });
});
