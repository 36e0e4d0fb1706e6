import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JournalRow } from '../../src/journal/journal.ts';
import { Projector } from '../../src/projection/projector.ts';
import { RoundLostError } from '../../src/projection/row-writer.ts';
import { auditTables } from '../../src/reads/audit.ts';
import { directGroups } from '../support/direct-facts.ts';
import { balance, COINS, sampleGroups, T0, transfer } from '../support/facts.ts';
import { readerOf, rowsOf } from '../support/journal-rows.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let client: pg.Client;

const TABLES = [
  'players',
  'locations',
  'items',
  'instances',
  'accounts',
  'orders',
  'trades',
  'latest_trades',
  'market_quarters',
  'transfers',
  'keys',
  'windows',
  'window_log',
  'manifests',
  'offers',
  'blocks',
  'privacy',
  'friends',
];
const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e6, keyRetentionMs: 1e6, foldTrades: 1 };

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
});
afterAll(() => test.close());

beforeEach(async () => {
  await client.query('delete from journal');
  await empty();
});

async function project(rows: readonly JournalRow[], rowsMax: number): Promise<void> {
  const reader = readerOf(rows, rowsMax);
  const projector = await Projector.begin(test.database, client, reader, OPTIONS);
  while (await projector.step());
}

async function empty(): Promise<void> {
  await client.query(TABLES.map(table => `delete from ${table}`).join('; '));
  await client.query(`update projection set position = 0, epoch = 0, sequence = 0, at_ms = 0,
    last_order = 0, last_trade = 0, last_window = 0, last_offer = 0, lived_ms = 0,
    folded_trade = 0`);
}

async function contents(): Promise<Record<string, unknown[]>> {
  const tables: Record<string, unknown[]> = {};
  for (const table of [...TABLES, 'projection']) {
    const read = `select t.* from ${table} as t order by t::text`;
    tables[table] = (await client.query(read)).rows;
  }
  return tables;
}

const rows = rowsOf([...sampleGroups, ...directGroups]);

describe('the projector', () => {
  it('makes the same tables whether rows are applied one by one or all at once', async () => {
    await project(rows, 1);
    const oneByOne = await contents();
    await empty();
    await project(rows, 1_000);
    expect(await contents()).toEqual(oneByOne);
    expect(oneByOne.accounts).toContainEqual(
      expect.objectContaining({ id: 2, available: 3_020, held: 180 }),
    );
  });

  it.each([1, 1_000])(
    'keeps no row of a block that is taken back, %i rows a time',
    async rowsMax => {
      await project(rows, rowsMax);
      expect((await contents()).blocks).toEqual([{ player: 4, other: 5, blocked: true }]);
    },
  );

  it('makes tables that the audit is content with', async () => {
    await project(rows, 3);
    await client.query(
      `insert into journal select position, 1, sequence, at_ms, '', '' from projection`,
    );
    const broken = (await auditTables(client)).filter(finding => !finding.ok);
    expect(broken).toEqual([]);
  });

  it('may stop before and after every statement, and resumes to the same tables', {
    timeout: 120_000,
  }, async () => {
    await project(rows, 3);
    const whole = await contents();
    let stops = 0;
    for (let budget = 0; ; budget++) {
      await empty();
      if (await projectFor(budget)) break;
      stops++;
      await project(rows, 3);
      expect(await contents()).toEqual(whole);
    }
    expect(stops).toBeGreaterThan(20);
  });

  it('does not move tables that another projector moved', async () => {
    const other = await test.client();
    const reader = readerOf(rows, 1);
    const slow = await Projector.begin(test.database, other, reader, OPTIONS);
    await project(rows, 1_000);
    const moved = await contents();
    await expect(slow.step()).rejects.toThrow(RoundLostError);
    await other.query('rollback');
    expect(await contents()).toEqual(moved);
  });

  it('refuses a journal with a gap', async () => {
    const holed = rows.filter(row => row.position !== 4);
    await expect(project(holed, 1_000)).rejects.toThrow('position 4');
  });

  it('keeps a balance below zero out of the tables', async () => {
    const [claim, first] = rows as [JournalRow, JournalRow];
    await project([claim, first], 1);
    const before = await contents();
    const bad = rowsOf([{ sequence: 2, atMs: T0 + 9, facts: [balance('annCoins', -1)] }])[1];
    const broken = { ...(bad as JournalRow), position: 3 };
    await project([claim, first, broken], 1);
    const { projection: stand, ...tables } = await contents();
    expect(stand).toMatchObject([{ position: 3, sequence: 2 }]);
    expect({ ...tables, projection: before.projection }).toEqual(before);
    const { rows: aside } = await client.query(
      'delete from quarantine returning subject, sqlstate',
    );
    expect(aside).toEqual([{ subject: 'account 2', sqlstate: '23514' }]);
  });

  it('inserts an account whose number was passed over before', async () => {
    const facts = [transfer('annCoins', 'bobCoins', 5, 'transfer'), balance('bobCoins', 5)];
    await project(rows.slice(0, 5), 100);
    const late = rowsOf([
      { sequence: 5, atMs: T0 + 5, facts: [...facts, balance('annCoins', 4_995)] },
    ]);
    await client.query('delete from accounts where id = 2');
    await client.query('insert into accounts values (99, 9, $1, 0, 1, 0)', [COINS]);
    await project([...rows.slice(0, 5), { ...(late[1] as JournalRow), position: 6 }], 100);
    const { rows: found } = await client.query(
      'select id, available from accounts where asset = $1 order by id',
      [COINS],
    );
    expect(found).toEqual([
      { id: 0, available: -5_000 },
      { id: 2, available: 4_995 },
      { id: 5, available: 5 },
      { id: 99, available: 1 },
    ]);
  });

  it('removes what is projected and past its retention, but never the last row', async () => {
    await client.query(
      `insert into journal select i, 1, i, i * 100, '', '' from generate_series(1, 20) as i`,
    );
    await client.query(
      `insert into keys select i, 0, 0, 1, true, 'k', '', i * 100 from generate_series(1, 20) as i`,
    );
    await client.query(
      'update projection set position = 20, sequence = 20, at_ms = 2000, lived_ms = 2000',
    );
    const options = { ...OPTIONS, journalRetentionMs: 500, keyRetentionMs: 1_000 };
    const projector = await Projector.begin(test.database, client, readerOf([], 1), options);
    expect(await projector.prune()).toBe(false);
    const first = async (table: string, column: string) =>
      (await client.query(`select min(${column}) as min, count(*) as count from ${table}`)).rows[0];
    expect(await first('journal', 'position')).toEqual({ min: 15, count: 6 });
    expect(await first('keys', 'sequence')).toEqual({ min: 10, count: 11 });
    await client.query('update projection set at_ms = 1000000');
    const later = await Projector.begin(test.database, client, readerOf([], 1), options);
    await later.prune();
    expect(await first('journal', 'position')).toEqual({ min: 20, count: 1 });
    // Engine time went on, but nobody lived through it: keys stay.
    expect(await first('keys', 'sequence')).toEqual({ min: 10, count: 11 });
  });
});

/**
 * Projects until `budget` statements were sent, then loses the connection. True when it got
 * through.
 */
async function projectFor(budget: number): Promise<boolean> {
  const own = await test.client();
  let left = budget;
  const query = (first: unknown, ...rest: unknown[]): unknown => {
    if (left-- > 0) return Reflect.apply(own.query, own, [first, ...rest]);
    const lost = new Error('cut');
    const ended = own.end();
    // A COPY is told by its callback, everything else by its promise.
    if (first instanceof Object && 'callback' in first) {
      ended.then(() => (first.callback as (error: Error) => void)(lost));
      return first;
    }
    return ended.then(() => Promise.reject(lost));
  };
  const counted = { query } as unknown as Pick<pg.Client, 'query'>;
  try {
    const projector = await Projector.begin(test.database, counted, readerOf(rows, 3), OPTIONS);
    while (await projector.step());
    return true;
  } catch (error) {
    expect((error as Error).message).toBe('cut');
    return false;
  }
}
