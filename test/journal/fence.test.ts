// Who may write: the writer of the last row alone, and only what will be on disk. What a database
// loses when it is restored is not written over.

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inSchema } from '../../src/database/realm-client.ts';
import {
  APPEND,
  FIND,
  type Found,
  NotDurableError,
  resolveAppend,
} from '../../src/journal/fence.ts';
import { type Batch, DeposedError, RowsLostError } from '../../src/journal/journal.ts';
import {
  digestOf,
  JournalClosedError,
  PostgresJournal,
} from '../../src/journal/postgres-journal.ts';
import { onPgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import {
  openTestDatabase,
  quiet,
  serverAt,
  serverUrl,
  type TestDatabase,
} from '../support/postgres.ts';
import { recordingLog } from '../support/recording-log.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

let test: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
});
afterAll(() => test.close());

function journalOn(database = test.database, log = quiet): PostgresJournal {
  const journal = new PostgresJournal(database, log);
  onTestFinished(() => journal.close());
  return journal;
}

/** A journal of its claim at 1 and batches at 2 to `last`, and who wrote it. */
async function written(last: number): Promise<PostgresJournal> {
  await client.query('delete from realm.journal');
  const journal = journalOn();
  await journal.claim();
  for (let position = 2; position <= last; position++) await journal.append(batch(position));
  return journal;
}

const batch = (sequence: number): Batch => ({
  sequence,
  atMs: sequence * 10,
  facts: Uint8Array.of(sequence),
});

/** The database is what it was when the journal ended at `last`. */
const loseAfter = (last: number) =>
  client.query('delete from realm.journal where position > $1', [last]);

async function positions(): Promise<number[]> {
  const { rows } = await client.query<{ position: number }>(
    'select position from realm.journal order by position',
  );
  return rows.map(row => row.position);
}

describe('a writer whose rows were lost', () => {
  it('stops when its last row is not there any more, and leaves the end as it is', async () => {
    const journal = await written(4);
    await loseAfter(3);
    const lost = journal.append(batch(5));
    await expect(lost).rejects.toThrow(RowsLostError);
    await expect(lost).rejects.toThrow(/wrote position 4, .*the journal ends at 3/);
    await expect(journal.append(batch(5))).rejects.toThrow(RowsLostError);
    expect(await positions()).toEqual([1, 2, 3]);
  });

  it('stops when many rows are gone, or all', async () => {
    for (const last of [1, 0]) {
      const journal = await written(6);
      await loseAfter(last);
      await expect(journal.append(batch(7))).rejects.toThrow(RowsLostError);
      expect(await positions()).toHaveLength(last);
    }
  });

  it('stops when another one has written over them, up to the row before its next', async () => {
    const journal = await written(4);
    await loseAfter(3);
    const next = journalOn();
    expect(await next.claim()).toMatchObject({ position: 4 });
    await expect(journal.append(batch(5))).rejects.toThrow(RowsLostError);
    expect(await next.append(batch(5))).toBe(5);
  });

  it('stops when another one has written beyond its next', async () => {
    const journal = await written(4);
    await loseAfter(2);
    const next = journalOn();
    await next.claim();
    for (let i = 0; i < 4; i++) await next.append(batch(9));
    await expect(journal.append(batch(5))).rejects.toThrow(RowsLostError);
    expect(await positions()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('is followed by epochs that were never given before', async () => {
    const epochs = new Set<number>();
    await client.query('delete from realm.journal');
    await journalOn().claim();
    for (let i = 0; i < 4; i++) {
      await loseAfter(1);
      // As long as a restore takes at the least.
      await new Promise(resolve => setTimeout(resolve, 1_000));
      epochs.add((await journalOn().claim()).epoch);
    }
    expect(epochs.size).toBe(4);
    const risen = [...epochs].sort((one, other) => one - other);
    expect([...epochs]).toEqual(risen);
  });
});

describe('the journal of a version that did not say who wrote', () => {
  it('is claimed, and the old writer is deposed', async () => {
    await client.query('delete from realm.journal');
    await client.query(
      `insert into realm.journal (position, epoch, sequence, at_ms, digest, facts)
       values (7, 3, 20, 200, $1, '')`,
      [digestOf(new Uint8Array(0))],
    );
    const journal = journalOn();
    const { epoch, position } = await journal.claim();
    expect(position).toBe(8);
    expect(epoch).toBeGreaterThan(3);
    expect(await journal.append(batch(21))).toBe(9);
  });
});

describe('an append', () => {
  const WRITER = Buffer.alloc(16, 7);

  async function appendWith(setting: string, schema = test.database.schema): Promise<number> {
    await client.query('delete from realm.journal');
    await client.query(
      `insert into realm.journal (position, epoch, writer, sequence, at_ms, digest, facts)
       values (1, 1, $1, 0, 0, '', '')`,
      [WRITER],
    );
    await client.query('begin');
    await client.query(`set local synchronous_commit to ${setting}`);
    const values = [2, 1, WRITER, 1, 1, digestOf(Uint8Array.of(1)), Uint8Array.of(1), ''];
    const { rowCount } = await client.query(inSchema(schema, APPEND), values);
    const { rows } = await client.query<Found>(FIND, [2]);
    await client.query('commit');
    const own = { position: 2, writer: WRITER, digest: digestOf(Uint8Array.of(1)) };
    if (rowCount === 0) resolveAppend(own, rows[0] as Found);
    return rowCount as number;
  }

  it('does not go in while the session would not wait for the disk, and says so', async () => {
    for (const setting of ['on', 'local', 'remote_write', 'remote_apply']) {
      expect(await appendWith(setting)).toBe(1);
    }
    await expect(appendWith('off')).rejects.toThrow(NotDurableError);
    expect(await positions()).toEqual([1]);
  });

  it('names its schema, whatever the search path is', async () => {
    await client.query('set search_path to pg_catalog');
    onTestFinished(async () => {
      await client.query(`set search_path to "${test.database.schema}"`);
    });
    expect(await appendWith('on')).toBe(1);
    await expect(appendWith('on', 'realm_of_others')).rejects.toThrow('realm_of_others.journal');
    await client.query('rollback');
  });
});

describe('what became of an append that did not go in', () => {
  const [own, other] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
  const [digest, another] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const none = { writer: null, digest: null };
  const ours = { writer: own, digest };
  const found = (last: number | null, writerBefore: Buffer | null, there: object): Found =>
    ({ durability: 'on', last, writerBefore, ...none, ...there }) as Found;

  it.each<[string, Found, 'committed' | (new (...parts: never[]) => Error)]>([
    ['ours is there', found(5, own, ours), 'committed'],
    ['ours is there, and others after it', found(9, own, ours), 'committed'],
    ['ours is there, and the one before it pruned', found(9, null, ours), 'committed'],
    ['another writer has the position', found(5, own, { writer: other, digest }), DeposedError],
    ['there are later rows alone', found(9, null, none), DeposedError],
    ['the row before is gone', found(3, null, none), RowsLostError],
    ['the journal is empty', found(null, null, none), RowsLostError],
    ['the row before is another one', found(4, other, none), RowsLostError],
    ['both are', found(5, other, { writer: other, digest: another }), RowsLostError],
    ['it was not durable', { ...found(4, own, none), durability: 'off' }, NotDurableError],
    ['the position is free again', found(4, own, none), Error],
  ])('%s', (_, around, outcome) => {
    const resolving = () => resolveAppend({ position: 5, writer: own, digest }, around);
    if (outcome === 'committed') resolving();
    else expect(resolving).toThrow(outcome);
  });
});

describe.skipIf(serverUrl === null)('a claim whose answer was lost (needs a server)', () => {
  it('is found again, and made once', async () => {
    await client.query('delete from realm.journal');
    const url = new URL(serverUrl as string);
    const port = url.port === '' ? 5432 : Number(url.port);
    const proxy = await TcpProxy.open({ host: url.hostname, port });
    onTestFinished(() => proxy.close());
    url.hostname = '127.0.0.1';
    url.port = `${proxy.port}`;
    for (const when of ['before', 'after'] as const) {
      const before = (await positions()).length;
      proxy.cutAt({ pattern: 'insert into', when });
      const journal = journalOn({ ...test.database, address: serverAt(url.href) });
      expect(await journal.claim()).toMatchObject({ position: before + 1 });
      expect(await positions()).toHaveLength(before + 1);
      await journal.append(batch(1));
    }
    expect(proxy.cuts).toBe(2);
  });
});

describe('through a pooler in transaction mode that was put there after the start', () => {
  /** A journal in each of two realms, on one session of the server. */
  async function shared() {
    const url = await startPgBouncer({ mode: 'transaction', poolSize: 1 });
    const other = await openTestDatabase();
    onTestFinished(() => other.close());
    await client.query('delete from realm.journal');
    const address = serverAt(url);
    const { log, lines } = recordingLog();
    const mine = journalOn({ ...test.database, address }, log);
    const theirs = journalOn({ ...other.database, address });
    return { mine, theirs, foreign: await other.client(), url, lines };
  }

  onPgBouncer(
    'every append goes to its own realm, though one session serves both',
    { timeout: 30_000 },
    async () => {
      const { mine, theirs, foreign } = await shared();
      await mine.claim();
      await theirs.claim();
      for (let sequence = 2; sequence <= 6; sequence++) {
        expect(await mine.append(batch(sequence))).toBe(sequence);
        expect(await theirs.append(batch(sequence))).toBe(sequence);
      }
      expect(await positions()).toEqual([1, 2, 3, 4, 5, 6]);
      const { rows } = await foreign.query('select count(*) as count from realm.journal');
      expect(rows).toEqual([{ count: 6 }]);
    },
  );

  onPgBouncer(
    'nothing is acknowledged that a neighbour has made less durable: it waits, and says why',
    { timeout: 30_000 },
    async () => {
      const { mine, url, lines } = await shared();
      await mine.claim();
      const neighbour = new pg.Client(url);
      await neighbour.connect();
      onTestFinished(() => neighbour.end());
      await neighbour.query('set synchronous_commit to off');
      const appending = expect(mine.append(batch(2))).rejects.toThrow(JournalClosedError);
      const said = () => lines.map(({ error }) => String(error)).join();
      await expect.poll(said).toContain('synchronous_commit off, although it was told otherwise');
      expect(mine.reachable).toBe(false);
      expect(await positions()).toEqual([1]);
      await mine.close();
      await appending;
    },
  );
});
