// Applies the journal to the tables, in order, a round at a time. A round is one database
// transaction: it moves the projection's position from where it was found to where it will be, and
// writes what lies between. Whatever ends a round early leaves everything as it was, and two
// projectors at once can't both move the same position, so it may be stopped at any instruction.

import type pg from 'pg';
import { assert } from '../base/assert.ts';
import { type Database, prepared } from '../database/connection.ts';
import { copyIn } from '../database/copy.ts';
import { LIVED_STEP_MAX_MS } from '../engine/lived-time.ts';
import type { JournalReader, JournalRow } from '../journal/journal.ts';
import { Changes } from './changes.ts';
import type { Statement } from './table.ts';
import { writesFor } from './tables.ts';
import type { Target, Write } from './write.ts';

/** How far the tables have come. */
export interface Standing {
  readonly position: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly atMs: number;
  /** For how long the realm had lived: see lived-time.ts of the engine. */
  readonly livedMs: number;
  readonly lastOrder: number;
  readonly lastTrade: number;
  readonly lastWindow: number;
  readonly lastOffer: number;
}

export interface ProjectorOptions {
  /** The journal is read on a connection of its own: so it can be while a round is written. */
  readonly readsAhead?: boolean;
  /** Facts read and applied in one round. */
  readonly roundBytesMax: number;
  /** Projected journal rows are kept this long. */
  readonly journalRetentionMs: number;
  /** In lived time. */
  readonly keyRetentionMs: number;
  /** As in the rules of the realm; their default when left out. */
  readonly livedStepMaxMs?: number;
}

/** A run of journal rows, and where the tables stand with them. */
interface Prepared {
  readonly changes: Changes;
  readonly next: Standing;
}

type Source = Pick<pg.Client, 'query'>;

const STANDING = `select position, epoch, sequence, at_ms as "atMs", lived_ms as "livedMs",
  last_order as "lastOrder", last_trade as "lastTrade", last_window as "lastWindow",
  last_offer as "lastOffer" from projection`;

const ADVANCE = `update projection set position = $2, epoch = $3, sequence = $4, at_ms = $5,
  last_order = $6, last_trade = $7, last_window = $8, last_offer = $9, lived_ms = $10
  where position = $1`;

/** In steps, since one large delete would hold up rounds. The last row is never removed. */
const PRUNE_ROWS_MAX = 2_000;
const PRUNE_KEYS_MAX = 20_000;
const PRUNE_JOURNAL = `delete from journal where position in (
  select position from (
    select position, at_ms from journal order by position limit ${PRUNE_ROWS_MAX}
  ) as oldest where position < $1 and at_ms < $2)`;
const PRUNE_KEYS = `delete from keys where sequence in (
  select sequence from (
    select sequence, lived_ms from keys order by sequence limit ${PRUNE_KEYS_MAX}
  ) as oldest where lived_ms < $1)`;

/** A round found the tables moved by somebody else, or was not committed. Begin anew. */
export class RoundLostError extends Error {
  override readonly name: string = 'RoundLostError';
}

/** Somebody else did the round, as when a leader goes while its successor begins: no harm done. */
export class TablesMovedError extends RoundLostError {
  override readonly name = 'TablesMovedError';
}

/** How far the tables have come, as `source` sees it. */
export async function readStanding(source: Source): Promise<Standing> {
  const [standing] = (await source.query<Standing>(STANDING)).rows;
  if (standing === undefined) throw new Error('The projection has no position.');
  return standing;
}

export class Projector {
  readonly #database: Database;
  readonly #client: Source;
  readonly #journal: JournalReader;
  readonly #options: ProjectorOptions;
  #standing: Standing;
  #accountMax: number;
  /** The round after the one that is being written. */
  #ahead: Promise<Prepared | null> | null = null;

  private constructor(parts: {
    database: Database;
    client: Source;
    journal: JournalReader;
    options: ProjectorOptions;
    standing: Standing;
    accountMax: number;
  }) {
    this.#database = parts.database;
    this.#client = parts.client;
    this.#journal = parts.journal;
    this.#options = parts.options;
    this.#standing = parts.standing;
    this.#accountMax = parts.accountMax;
  }

  /**
   * Begins where the tables stand. After any error make a new one, on a new connection: what the
   * old one knew about the tables may no longer be so.
   */
  static async begin(
    database: Database,
    client: Source,
    journal: JournalReader,
    options: ProjectorOptions,
  ): Promise<Projector> {
    const standing = await readStanding(client);
    const accounts = await client.query<{ max: number | null }>('select max(id) from accounts');
    const accountMax = accounts.rows[0]?.max ?? -1;
    return new Projector({ database, client, journal, options, standing, accountMax });
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** One round. False when the journal had nothing new. */
  async step(): Promise<boolean> {
    const prepared = await (this.#ahead ?? this.#prepare(this.#standing));
    this.#ahead = null;
    if (prepared === null) return false;
    const { changes, next } = prepared;
    await this.#round(next, writesFor(changes, this.#target()));
    this.#standing = next;
    for (const account of changes.accounts.keys()) {
      if (account > this.#accountMax) this.#accountMax = account;
    }
    return true;
  }

  /** Reads what comes after `standing` and sums it up; null when there is nothing. */
  async #prepare(standing: Standing): Promise<Prepared | null> {
    const rows = await this.#journal.readAfter(standing.position, this.#options.roundBytesMax);
    const last = rows.at(-1);
    if (last === undefined) return null;
    const { livedStepMaxMs = LIVED_STEP_MAX_MS } = this.#options;
    const changes = new Changes({ ...standing, livedStepMaxMs });
    for (const [i, row] of rows.entries()) {
      const expected = standing.position + 1 + i;
      assert(row.position === expected, `the journal has position ${expected}`);
      changes.add(row);
    }
    return { changes, next: standingAfter(standing, last, changes) };
  }

  /** Removes a step's worth of what is past its retention. True when there may be more. */
  async prune(): Promise<boolean> {
    const { position, atMs, livedMs } = this.#standing;
    const { journalRetentionMs, keyRetentionMs } = this.#options;
    const rows = await this.#client.query(PRUNE_JOURNAL, [position, atMs - journalRetentionMs]);
    const keys = await this.#client.query(PRUNE_KEYS, [livedMs - keyRetentionMs]);
    return rows.rowCount === PRUNE_ROWS_MAX || keys.rowCount === PRUNE_KEYS_MAX;
  }

  #target(): Target {
    return {
      accountMax: this.#accountMax,
      orderMax: this.#standing.lastOrder,
      windowMax: this.#standing.lastWindow,
      offerMax: this.#standing.lastOffer,
      hasCopy: this.#database.address.kind === 'server',
    };
  }

  async #round(next: Standing, writes: readonly Write[]): Promise<void> {
    await this.#client.query('begin');
    const { position, epoch, sequence, atMs, livedMs } = next;
    const { lastOrder, lastTrade, lastWindow, lastOffer } = next;
    const ids = [lastOrder, lastTrade, lastWindow, lastOffer];
    const values = [this.#standing.position, position, epoch, sequence, atMs, ...ids, livedMs];
    const advanced = await this.#client.query({ ...this.#prepared('advance', ADVANCE), values });
    if (advanced.rowCount !== 1) throw new TablesMovedError('Another projector moved the tables.');
    for (const [index, write] of writes.entries()) {
      // While the database does the last and longest of them, the next round is made ready.
      if (index === writes.length - 1 && this.#options.readsAhead === true) {
        this.#ahead = this.#prepare(next);
        // Whoever awaits it hears of an error; when the round itself fails, nobody does.
        this.#ahead.catch(() => {});
      }
      await this.#write(write);
    }
    // A database transaction that failed answers a commit with a rollback, and with no error.
    const { command } = await this.#client.query('commit');
    if (command !== 'COMMIT') throw new RoundLostError('The round was rolled back.');
  }

  async #write({ statement, otherwise }: Write): Promise<void> {
    if ((await this.#run(statement)) === statement.rows) return;
    if (otherwise === null) throw new RoundLostError(`${statement.name} left rows out.`);
    await this.#run(otherwise());
  }

  /** How many rows it wrote. */
  async #run(statement: Statement): Promise<number | null> {
    if (statement.kind === 'copy') return copyIn(this.#client, statement.text, statement.bytes);
    const query = this.#prepared(statement.name, statement.text);
    return (await this.#client.query({ ...query, values: [...statement.values] })).rowCount;
  }

  #prepared(name: string, text: string): pg.QueryConfig {
    return prepared(this.#database, name, text);
  }
}

function standingAfter(standing: Standing, last: JournalRow, changes: Changes): Standing {
  return {
    position: last.position,
    epoch: last.epoch,
    sequence: last.sequence,
    atMs: last.atMs,
    livedMs: changes.livedMs,
    lastOrder: Math.max(standing.lastOrder, changes.lastOrder),
    lastTrade: Math.max(standing.lastTrade, changes.lastTrade),
    lastWindow: Math.max(standing.lastWindow, changes.lastWindow),
    lastOffer: Math.max(standing.lastOffer, changes.lastOffer),
  };
}
