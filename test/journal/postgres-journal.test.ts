import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/connection.ts';
import { type Batch, DeposedError } from '../../src/journal/journal.ts';
import {
  digestOf,
  JournalClosedError,
  PostgresJournal,
} from '../../src/journal/postgres-journal.ts';
import { PostgresJournalReader } from '../../src/journal/postgres-reader.ts';
import {
  openTestDatabase,
  quiet,
  serverAt,
  serverUrl,
  type TestDatabase,
} from '../support/postgres.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

let test: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
});
afterAll(() => test.close());

function journalOn(database: Database = test.database): PostgresJournal {
  const journal = new PostgresJournal(database, quiet);
  onTestFinished(() => journal.close());
  return journal;
}

async function clear(): Promise<void> {
  await client.query('delete from journal');
}

const batch = (sequence: number, ...facts: number[]): Batch => ({
  sequence,
  atMs: sequence * 10,
  facts: Uint8Array.from(facts),
});

/** The rows: position, the how-manieth leadership of those that are there, sequence. */
const stored = async () => {
  const { rows } = await client.query(
    `select position, dense_rank() over (order by epoch) as leadership, sequence
     from journal order by position`,
  );
  return rows.map(row => [row.position, row.leadership, row.sequence]);
};

describe('the journal in Postgres', () => {
  it('gives batches positions without a gap, after the claim', async () => {
    await clear();
    const journal = journalOn();
    const { epoch, ...claim } = await journal.claim();
    expect(claim).toEqual({ position: 1, offset: '' });
    expect(await journal.append(batch(3, 1, 2))).toBe(2);
    expect(await journal.append(batch(5, 3))).toBe(3);
    expect(journal.reachable).toBe(true);
    const rows = await new PostgresJournalReader(client).readAfter(1, 1_000);
    const row = (...facts: number[]) => ({
      epoch,
      writer: expect.any(Buffer),
      facts: Buffer.from(facts),
      digest: digestOf(Uint8Array.from(facts)),
    });
    expect(rows).toEqual([
      { position: 2, sequence: 3, atMs: 30, ...row(1, 2) },
      { position: 3, sequence: 5, atMs: 50, ...row(3) },
    ]);
    expect(rows[1]?.writer).toEqual(rows[0]?.writer);
  });

  it('is read in pieces of bounded size, of one row at least', async () => {
    await clear();
    const journal = journalOn();
    await journal.claim();
    for (let i = 1; i <= 4; i++) await journal.append(batch(i, 1, 2, 3, 4));
    const reader = new PostgresJournalReader(client);
    const positions = async (after: number, bytes: number) =>
      (await reader.readAfter(after, bytes)).map(row => row.position);
    expect(await positions(1, 8)).toEqual([2, 3]);
    expect(await positions(1, 1)).toEqual([2]);
    expect(await positions(3, 1_000)).toEqual([4, 5]);
    expect(await positions(5, 1_000)).toEqual([]);
  });

  it('lets the later of two claims write, and deposes the earlier one for good', async () => {
    await clear();
    const old = journalOn();
    const first = await old.claim();
    await old.append(batch(1, 1));
    const next = journalOn();
    const second = await next.claim();
    expect(second).toMatchObject({ position: 3, offset: '' });
    expect(second.epoch).toBeGreaterThan(first.epoch);
    await expect(old.append(batch(2, 2))).rejects.toThrow(DeposedError);
    await expect(old.append(batch(2, 2))).rejects.toThrow(DeposedError);
    expect(await next.append(batch(2, 9))).toBe(4);
    expect(await stored()).toEqual([
      [1, 1, 0],
      [2, 1, 1],
      [3, 2, 1],
      [4, 2, 2],
    ]);
  });

  it('tells a claim where the stream of commands goes on, behind other claims too', async () => {
    await clear();
    const first = journalOn();
    await first.claim();
    await first.append({ ...batch(1, 1), offset: '1700-0' });
    await first.append({ ...batch(2, 2), offset: '1700-4' });
    expect((await journalOn().claim()).offset).toBe('1700-4');
    const third = journalOn();
    expect((await third.claim()).offset).toBe('1700-4');
    await third.append({ ...batch(3, 3), offset: '1801-0' });
    expect((await journalOn().claim()).offset).toBe('1801-0');
  });

  it('gives every claimant of a race an epoch of its own; the last one alone goes on', async () => {
    await clear();
    const journals = Array.from({ length: 5 }, () => journalOn());
    const claims = await Promise.all(journals.map(journal => journal.claim()));
    const epochs = claims.map(claim => claim.epoch);
    expect(new Set(epochs).size).toBe(5);
    const appended = await Promise.allSettled(journals.map(journal => journal.append(batch(1, 7))));
    const winners = appended.flatMap(({ status }, i) =>
      status === 'fulfilled' ? [epochs[i]] : [],
    );
    expect(winners).toEqual([Math.max(...epochs)]);
  });

  it('deposes a writer that slept while others wrote and pruned what it would hit', async () => {
    await clear();
    const sleeper = journalOn();
    await sleeper.claim();
    const next = journalOn();
    await next.claim();
    for (let i = 1; i <= 3; i++) await next.append(batch(i, i));
    await client.query('delete from journal where position < 5');
    await expect(sleeper.append(batch(1, 1))).rejects.toThrow(DeposedError);
    expect(await stored()).toEqual([[5, 1, 3]]);
  });

  it('ends the wait of an append when it is closed', async () => {
    const nowhere = serverAt('postgres://postgres@127.0.0.1:1/test');
    const journal = journalOn({ ...test.database, address: nowhere });
    const claiming = journal.claim();
    const refused = expect(claiming).rejects.toThrow(JournalClosedError);
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(journal.reachable).toBe(false);
    await journal.close();
    await refused;
  });
});

describe.skipIf(serverUrl === null)('a journal whose connection is cut (needs a server)', () => {
  async function throughProxy(): Promise<{ proxy: TcpProxy; journal: PostgresJournal }> {
    await clear();
    const url = new URL(serverUrl as string);
    const port = url.port === '' ? 5432 : Number(url.port);
    const proxy = await TcpProxy.open({ host: url.hostname, port });
    onTestFinished(() => proxy.close());
    url.hostname = '127.0.0.1';
    url.port = `${proxy.port}`;
    const journal = journalOn({ ...test.database, address: serverAt(url.href) });
    return { proxy, journal };
  }

  /** In every append after the first, which also parses the statement. */
  const APPEND = 'journal_append';

  it.each(['before', 'after'] as const)(
    'appends once when it is cut %s the commit of an append',
    async when => {
      const { proxy, journal } = await throughProxy();
      await journal.claim();
      for (let i = 1; i <= 5; i++) {
        proxy.cutAt({ pattern: APPEND, when });
        expect(await journal.append(batch(i, i, i))).toBe(i + 1);
      }
      expect(proxy.cuts).toBe(5);
      const expected = [1, 2, 3, 4, 5].map(i => [i + 1, 1, i]);
      expect(await stored()).toEqual([[1, 1, 0], ...expected]);
    },
  );

  it('knows that it was deposed while the outcome of its append was unknown', async () => {
    const { proxy, journal } = await throughProxy();
    await journal.claim();
    proxy.cutAt({ pattern: APPEND, when: 'before' });
    proxy.delayMs = 20;
    const appending = journal.append(batch(1, 1));
    const deposed = expect(appending).rejects.toThrow(DeposedError);
    const rival = journalOn();
    await rival.claim();
    await deposed;
    expect(await rival.append(batch(1, 5))).toBe(3);
  });

  it('waits while the database is away, and goes on by itself', async () => {
    const { proxy, journal } = await throughProxy();
    await journal.claim();
    proxy.refuse();
    const appending = journal.append(batch(1, 1));
    await expect.poll(() => journal.reachable).toBe(false);
    proxy.allow();
    expect(await appending).toBe(2);
    expect(journal.reachable).toBe(true);
  });
});
