// The journal in Postgres: one connection, one insert per batch, and the fence in the statement
// (fence.ts). An insert that did not go in, or whose outcome was lost, is resolved by what is
// there: our row (same writer and digest) means committed, anything else that this writer must
// stop. Batches are borrowed, not copied: their bytes must stay as they are until it resolves.

import { createHash, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { assert } from '../base/assert.ts';
import type { Log } from '../base/log.ts';
import { connect, type Database, discard, prepared } from '../database/connection.ts';
import { BackOff } from './back-off.ts';
import {
  APPEND,
  CLAIM,
  FIND,
  type Found,
  NotDurableError,
  OWN_CLAIM,
  resolveAppend,
} from './fence.ts';
import { type Batch, type Claim, DeposedError, type Journal, RowsLostError } from './journal.ts';

const STATEMENT_TIMEOUT_MS = 30_000;
const UNIQUE_VIOLATION = '23505';
const WRITER_BYTES = 16;
const NO_FACTS = new Uint8Array(0);

/** The journal was closed while an append or a claim waited for the database. */
export class JournalClosedError extends Error {
  override readonly name = 'JournalClosedError';
}

type Insertion = Batch & { readonly position: number; readonly digest: Buffer };

export class PostgresJournal implements Journal {
  readonly #database: Database;
  readonly #log: Log;
  readonly #insert: pg.QueryConfig;
  /** Nobody else ever has it. */
  readonly #writer = randomBytes(WRITER_BYTES);
  readonly #backOff = new BackOff();
  #client: pg.Client | null = null;
  #epoch = 0;
  #position = 0;
  #isBusy = false;
  #isClosed = false;
  #ended: DeposedError | RowsLostError | null = null;
  #reachable = false;

  constructor(database: Database, log: Log) {
    this.#database = database;
    this.#log = log;
    this.#insert = prepared(database, 'journal_append', APPEND);
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  async claim(): Promise<Claim> {
    assert(this.#epoch === 0, 'a journal is claimed once');
    for (;;) {
      const claim = await this.#attempt(client => this.#claimRow(client));
      if (claim === null) continue;
      this.#epoch = claim.epoch;
      this.#position = claim.position;
      return claim;
    }
  }

  async append(batch: Batch): Promise<number> {
    assert(this.#epoch > 0, 'a journal is claimed before it is written');
    assert(!this.#isBusy, 'one append at a time');
    if (this.#ended !== null) throw this.#ended;
    this.#isBusy = true;
    try {
      const position = this.#position + 1;
      const row = { ...batch, position, digest: digestOf(batch.facts) };
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
        if (error instanceof DeposedError || error instanceof RowsLostError) {
          this.#ended = error;
          throw error;
        }
        this.#reachable = false;
        if (this.#isClosed) continue;
        this.#log.warn({ error: textOf(error) }, 'the journal waits for the database');
        await this.#backOff.wait();
      }
    }
  }

  /** Null when another claimant was faster. */
  async #claimRow(client: pg.Client): Promise<Claim | null> {
    const writer = this.#writer;
    const [own] = (await client.query<Claim>(OWN_CLAIM, [writer])).rows;
    if (own !== undefined) return own;
    try {
      const values = [writer, digestOf(NO_FACTS), NO_FACTS];
      const [claim] = (await client.query<Claim>(CLAIM, values)).rows;
      if (claim === undefined) throw new NotDurableError();
      return claim;
    } catch (error) {
      if (codeOfError(error) === UNIQUE_VIOLATION) return null;
      throw error;
    }
  }

  async #appendRow(client: pg.Client, row: Insertion): Promise<void> {
    if (await this.#insertRow(client, row)) return;
    const { rows } = await client.query<Found>(FIND, [row.position]);
    resolveAppend({ ...row, writer: this.#writer }, rows[0] as Found);
  }

  /** Whether the row went in. */
  async #insertRow(client: pg.Client, row: Insertion): Promise<boolean> {
    const { position, sequence, atMs, digest, facts, offset = '' } = row;
    const own = [position, this.#epoch, this.#writer];
    const values = [...own, sequence, atMs, digest, facts, offset];
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

/**
 * What is acknowledged must be on disk, whatever the server's default is. The statements that write
 * see for themselves whether it is so.
 */
async function beDurable(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ setting: string }>(
    `select current_setting('synchronous_commit') as setting`,
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
