import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../src/base/clock.ts';
import { connect, createPool, type Database, discard } from '../../src/database/connection.ts';
import { type Embedded, startEmbedded } from '../../src/database/embedded.ts';
import { migrate } from '../../src/database/migrate.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import { PostgresJournal } from '../../src/journal/postgres-journal.ts';
import { Projection } from '../../src/projection/projection.ts';
import { getWallet } from '../../src/reads/wallet.ts';
import { sampleGroups } from '../support/facts.ts';
import { quiet } from '../support/postgres.ts';

const parent = mkdtempSync(join(tmpdir(), 'tradepost-embedded-'));
const folder = join(parent, 'data');
let embedded: Embedded;
let database: Database;

const options = { name: 'test', statementTimeoutMs: 10_000 };

async function start(): Promise<void> {
  embedded = await startEmbedded(folder, quiet);
  database = { address: embedded.address, schema: 'realm_test' };
  await migrate(database);
}

async function connection(): Promise<pg.Client> {
  const client = await connect(database, options, () => {});
  onTestFinished(() => discard(client));
  return client;
}

beforeAll(start);
afterAll(async () => {
  await embedded.close();
  rmSync(parent, { recursive: true, force: true });
});

describe('the embedded database', () => {
  it('says how safe it is', () => {
    expect(embedded.safety).toContain('not against a loss of power');
  });

  it('answers each of many connections with its own statement', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, connection));
    const asked = clients.map(async (client, at) => {
      for (let n = 0; n < 50; n++) {
        const { rows } = await client.query(`select $1::int + ${at} as sum`, [n]);
        expect(rows[0].sum).toBe(n + at);
      }
    });
    await Promise.all(asked);
  });

  it('keeps the session for a connection from the parsing of a statement to its end', async () => {
    const [slow, other] = [await connection(), await connection()];
    const wire = (slow as unknown as { connection: Wire }).connection;
    const rows: string[] = [];
    wire.removeAllListeners('dataRow');
    wire.on('dataRow', row => rows.push(row.fields[0]));
    wire.on('parseComplete', () => {});
    for (const name of ['parseComplete', 'rowDescription', 'commandComplete', 'readyForQuery']) {
      wire.removeAllListeners(name);
    }
    const parsed = new Promise<void>(resolve => wire.once('parseComplete', resolve));
    wire.parse({ text: `select 'mine' as answer`, name: '', types: [] });
    await parsed;
    let isAnswered = false;
    const asking = other.query('select $1::text as answer', ['yours']).then(result => {
      isAnswered = true;
      return result.rows;
    });
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(isAnswered).toBe(false);
    const ready = new Promise<void>(resolve => wire.once('readyForQuery', () => resolve()));
    wire.bind({ values: [] });
    wire.execute({ portal: '' });
    wire.sync();
    await ready;
    expect(rows).toEqual(['mine']);
    expect(await asking).toEqual([{ answer: 'yours' }]);
  });

  it('keeps the others waiting while a transaction is open, and undoes a lost one', async () => {
    const [first, second] = [await connection(), await connection()];
    await first.query('begin');
    await first.query('insert into players values ($1, $2)', [77, 'gone']);
    const counting = second.query('select count(*) as count from players where id = 77');
    discard(first);
    expect((await counting).rows).toEqual([{ count: 0 }]);
  });

  it('lets a pool of connections see the schema', async () => {
    const pool = createPool(database, { ...options, max: 3 }, quiet);
    onTestFinished(() => pool.end());
    const counts = await Promise.all(
      [1, 2, 3].map(() => pool.query('select count(*) as count from projection')),
    );
    expect(counts.map(({ rows }) => rows[0].count)).toEqual([1, 1, 1]);
  });

  it('carries journal, projection and reads, and keeps all of it over a restart', async () => {
    const journal = new PostgresJournal(database, quiet);
    const { epoch } = await journal.claim();
    const writer = new FactWriter();
    for (const { sequence, atMs, facts } of sampleGroups) {
      writer.group(sequence, atMs);
      for (const fact of facts) writer.fact(fact);
    }
    const position = await journal.append({ sequence: 10, atMs: 1e12, facts: writer.bytes });
    const common = { database, clock: wallClock, log: quiet };
    const projection = new Projection({ ...common, position: 0, epoch });
    projection.notify(position);
    await projection.waitFor(position);
    await projection.stop();
    await journal.close();
    await embedded.close();
    await start();
    const client = await connection();
    expect((await getWallet(client, 'ann', {})).balances).toHaveLength(3);
    const next = new PostgresJournal(database, quiet);
    expect((await next.claim()).epoch).toBeGreaterThan(epoch);
    await next.close();
  });

  it('reaches its socket by a shorter way when the path of the folder is too long', async () => {
    const long = join(parent, 'a-folder-with-a-long-name'.repeat(5));
    mkdirSync(long);
    const second = await startEmbedded(long, quiet);
    const { address } = second;
    const socketFolder = address.kind === 'embedded' ? address.socketFolder : '';
    expect(socketFolder.startsWith(long)).toBe(false);
    const client = await connect({ address, schema: 'public' }, options, () => {});
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    discard(client);
    await second.close();
    expect(existsSync(socketFolder)).toBe(false);
  });

  it('does not open a database that was made by half', async () => {
    const half = join(parent, 'half');
    mkdirSync(join(half, 'postgres.new.1'), { recursive: true });
    const second = await startEmbedded(half, quiet);
    expect(existsSync(join(half, 'postgres.new.1'))).toBe(false);
    await second.close();
  });
});

/** The protocol below the driver's queries. */
interface Wire {
  parse(statement: { text: string; name: string; types: number[] }): void;
  bind(what: { values: unknown[] }): void;
  execute(what: { portal: string }): void;
  sync(): void;
  on(event: string, listener: (message: { fields: string[] }) => void): void;
  once(event: string, listener: () => void): void;
  removeAllListeners(event: string): void;
}
