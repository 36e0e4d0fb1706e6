// The journal in Postgres: one connection, one insert per batch, and the primary key as the fence.
// An insert that conflicts, or whose outcome was lost, is resolved by the row that is there: ours
// (same epoch and digest) means committed, anybody else's means deposed. Batches are borrowed, not
// copied: their bytes must stay as they are until the append resolves.

import { createHash } from 'node:crypto';
import type pg from 'pg';
import { assert } from '../base/assert.ts';
import type { Log } from '../base/log.ts';
import { connect, type Database, discard, prepared } from '../database/connection.ts';
import { BackOff } from './back-off.ts';
import { type Batch, type Claim, DeposedError, type Journal, type JournalRow } from './journal.ts';

const STATEMENT_TIMEOUT_MS = 30_000;
const UNIQUE_VIOLATION = '23505';
const NO_FACTS = new Uint8Array(0);

/** Nothing may stand behind the new row: pruning leaves room before the last row, never after. */
const INSERT = `insert into journal (position, epoch, sequence, at_ms, digest, facts, stream_offset)
  select $1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bytea, $6::bytea, $7::text
  where not exists (select from journal where position > $1::bigint)`;

const LAST = `select position, epoch, sequence, at_ms as "atMs", stream_offset as "offset"
  from journal
  order by position desc limit 1`;

/** The journal was closed while an append or a claim waited for the database. */
export class JournalClosedError extends Error {
  override readonly name = 'JournalClosedError';
}

type Last = Omit<JournalRow, 'facts'>;
type Insertion = JournalRow & { readonly digest: Buffer };

export class PostgresJournal implements Journal {
  readonly #database: Database;
  readonly #log: Log;
  readonly #insert: pg.QueryConfig;
  readonly #backOff = new BackOff();
  #client: pg.Client | null = null;
  #epoch = 0;
  #position = 0;
  #isBusy = false;
  #isClosed = false;
  #deposed: DeposedError | null = null;
  #reachable = false;

  constructor(database: Database, log: Log) {
    this.#database = database;
    this.#log = log;
    this.#insert = prepared(database, 'journal_append', INSERT);
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  async claim(): Promise<Claim> {
    assert(this.#epoch === 0, 'a journal is claimed once');
    for (;;) {
      const row = await this.#attempt(async client => {
        const last = (await client.query<Last>(LAST)).rows[0] ?? BEFORE_FIRST;
        const next = claimAfter(last);
        return (await this.#insertRow(client, next)) ? next : null;
      });
      if (row !== null) {
        this.#epoch = row.epoch;
        this.#position = row.position;
        return { epoch: row.epoch, position: row.position, offset: row.offset ?? '' };
      }
    }
  }

  async append(batch: Batch): Promise<number> {
    assert(this.#epoch > 0, 'a journal is claimed before it is written');
    assert(!this.#isBusy, 'one append at a time');
    if (this.#deposed !== null) throw this.#deposed;
    this.#isBusy = true;
    try {
      const position = this.#position + 1;
      const digest = digestOf(batch.facts);
      const row = { ...batch, position, epoch: this.#epoch, digest };
      await this.#attempt(client => this.#appendRow(client, row));
      this.#position = position;
      return position;
    } finally {
      this.#isBusy = false;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#backOff.wake();
    this.#drop();
  }

  /** Runs `work` on the connection, anew after each failure, until it succeeds. */
  async #attempt<Outcome>(work: (client: pg.Client) => Promise<Outcome>): Promise<Outcome> {
    for (;;) {
      if (this.#isClosed) throw new JournalClosedError('The journal is closed.');
      try {
        this.#client ??= await this.#connect();
        const outcome = await work(this.#client);
        this.#reachable = true;
        this.#backOff.reset();
        return outcome;
      } catch (error) {
        this.#drop();
        if (error instanceof DeposedError) {
          this.#deposed = error;
          throw error;
        }
        this.#reachable = false;
        if (this.#isClosed) continue;
        this.#log.warn({ error: textOf(error) }, 'the journal waits for the database');
        await this.#backOff.wait();
      }
    }
  }

  async #appendRow(client: pg.Client, row: Insertion): Promise<void> {
    if (await this.#insertRow(client, row)) return;
    const found = await client.query<{ epoch: number; digest: Buffer }>(
      'select epoch, digest from journal where position = $1',
      [row.position],
    );
    const [there] = found.rows;
    if (there?.epoch === row.epoch && there.digest.equals(row.digest)) return;
    throw new DeposedError(
      `Another writer holds this realm: ${row.position} is not free for epoch ${row.epoch}.`,
    );
  }

  /** Whether the row went in: false when its position, or a later one, is taken. */
  async #insertRow(client: pg.Client, row: Insertion): Promise<boolean> {
    const { position, epoch, sequence, atMs, digest, facts, offset = '' } = row;
    const values = [position, epoch, sequence, atMs, digest, facts, offset];
    try {
      return (await client.query({ ...this.#insert, values })).rowCount === 1;
    } catch (error) {
      if (codeOfError(error) === UNIQUE_VIOLATION) return false;
      throw error;
    }
  }

  async #connect(): Promise<pg.Client> {
    // The plan of the insert is kept from when the journal was empty: it must not be a plan that
    // reads all of it.
    const settings = { enable_seqscan: 'off' };
    const options = { name: 'journal', statementTimeoutMs: STATEMENT_TIMEOUT_MS, settings };
    const client = await connect(this.#database, options, (_, lost) => this.#lost(lost));
    if (this.#database.address.kind === 'server') await beDurable(client);
    return client;
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    this.#reachable = false;
  }

  #drop(): void {
    if (this.#client !== null) discard(this.#client);
    this.#client = null;
  }
}

const BEFORE_FIRST: Last = { position: 0, epoch: 0, sequence: 0, atMs: 0, offset: '' };

function claimAfter(last: Last): Insertion {
  const { sequence, atMs, offset = '' } = last;
  const facts = NO_FACTS;
  const digest = digestOf(facts);
  const [position, epoch] = [last.position + 1, last.epoch + 1];
  return { position, epoch, sequence, atMs, facts, digest, offset };
}

/** What is acknowledged must be on disk, whatever the server's default is. */
async function beDurable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ setting: string }>(
    `select setting from pg_settings where name = 'synchronous_commit'`,
  );
  if (rows[0]?.setting === 'off') await client.query('set synchronous_commit to on');
}

/** SHA-256: tells our row from another writer's, and a damaged one from a sound one. */
export function digestOf(facts: Uint8Array): Buffer {
  return createHash('sha256').update(facts).digest();
}

function codeOfError(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
