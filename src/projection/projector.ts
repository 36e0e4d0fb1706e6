// Applies the journal to the tables, in order, a round at a time. A round is one database
// transaction: it moves the projection's position from where it was found to where it will be, and
// writes what lies between. Whatever ends a round early leaves everything as it was, and two
// projectors at once can't both move the same position, so it may be stopped at any instruction.
// A round that the tables refuse for what is in it is done again in halves; of a single row that is
// refused, the facts at fault are set aside (sieve.ts), and the rest goes in.

import type pg from 'pg';
import { assert } from '../base/assert.ts';
import type { Database } from '../database/connection.ts';
import { LIVED_STEP_MAX_MS } from '../engine/lived-time.ts';
import type { JournalReader, JournalRow } from '../journal/journal.ts';
import { Changes, type Lived } from './changes.ts';
import { KeyTrim } from './key-trim.ts';
import { forgetSettled, type Notice, Quarantine } from './quarantine.ts';
import { isDataError } from './row-error.ts';
import { RoundLostError, RowWriter, targetAfter } from './row-writer.ts';
import { Sieve } from './sieve.ts';
import { TradeFold } from './trade-fold.ts';
import type { Target } from './write.ts';

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
  /** Whether keys are removed that are not needed; left out, as in an audit: none are. */
  readonly trimsKeys?: boolean;
  /** So many trades are folded together: see trade-fold.ts. */
  readonly foldTrades?: number;
  /** As in the rules of the realm; their default when left out. */
  readonly livedStepMaxMs?: number;
}

/** A run of journal rows, and where the tables stand with them. */
interface Prepared {
  readonly rows: readonly JournalRow[];
  readonly changes: Changes;
  readonly next: Standing;
}

type Source = Pick<pg.Client, 'query'>;

const STANDING = `select position, epoch, sequence, at_ms as "atMs", lived_ms as "livedMs",
  last_order as "lastOrder", last_trade as "lastTrade", last_window as "lastWindow",
  last_offer as "lastOffer" from realm.projection`;

const ADVANCE = `update realm.projection set position = $2, epoch = $3, sequence = $4, at_ms = $5,
  last_order = $6, last_trade = $7, last_window = $8, last_offer = $9, lived_ms = $10
  where position = $1 and epoch = $11`;

/** In steps, since one large delete would hold up rounds. The last row is never removed. */
const PRUNE_ROWS_MAX = 2_000;
const PRUNE_JOURNAL = `delete from realm.journal where position in (
  select position from (
    select position, at_ms from realm.journal order by position limit ${PRUNE_ROWS_MAX}
  ) as oldest where position < $1 and at_ms < $2)`;

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
  readonly #client: Source;
  readonly #writer: RowWriter;
  readonly #journal: JournalReader;
  readonly #options: ProjectorOptions;
  readonly #quarantine: Quarantine;
  readonly #fold: TradeFold;
  readonly #trim: KeyTrim | null;
  /** What the tables have is below these. */
  #target: Target;
  #standing: Standing;
  /** The round after the one that is being written. */
  #ahead: Promise<Prepared | null> | null = null;
  #notices: Notice[] = [];

  private constructor(parts: {
    client: Source;
    writer: RowWriter;
    journal: JournalReader;
    options: ProjectorOptions;
    quarantine: Quarantine;
    fold: TradeFold;
    trim: KeyTrim | null;
    standing: Standing;
    target: Target;
  }) {
    this.#client = parts.client;
    this.#writer = parts.writer;
    this.#journal = parts.journal;
    this.#options = parts.options;
    this.#quarantine = parts.quarantine;
    this.#fold = parts.fold;
    this.#trim = parts.trim;
    this.#standing = parts.standing;
    this.#target = parts.target;
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
    const accounts = await client.query<{ max: number | null }>(
      'select max(id) from realm.accounts',
    );
    const target = {
      accountMax: accounts.rows[0]?.max ?? -1,
      orderMax: standing.lastOrder,
      windowMax: standing.lastWindow,
      offerMax: standing.lastOffer,
      hasCopy: database.address.kind === 'server',
    };
    const { trimsKeys = false, foldTrades } = options;
    const trim = trimsKeys ? new KeyTrim({ database, client }) : null;
    const fold = await TradeFold.begin({ database, client, trades: foldTrades });
    const quarantine = await Quarantine.read(client);
    const writer = new RowWriter(database, client);
    const parts = { client, writer, journal, options, quarantine, fold, trim, standing, target };
    return new Projector(parts);
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** What the tables could not take and nobody has settled. */
  get quarantine(): Quarantine {
    return this.#quarantine;
  }

  /** The facts that were set aside since this was called last. */
  takeNotices(): Notice[] {
    const notices = this.#notices;
    this.#notices = [];
    return notices;
  }

  /** One round. False when the journal had nothing new. */
  async step(): Promise<boolean> {
    const ahead = await this.#ahead;
    this.#ahead = null;
    // What was made ready while the last round was written may lack what has come since.
    const prepared = ahead ?? (await this.#prepare(this.#standing));
    if (prepared === null) return false;
    await this.#apply(prepared, this.#options.readsAhead === true);
    await this.#trim?.follow(prepared.changes.forgotten.keys());
    if (!(await this.#fold.follow(prepared.next.lastTrade))) throw moved();
    return true;
  }

  /** Reads what comes after `standing` and sums it up; null when there is nothing. */
  async #prepare(standing: Standing): Promise<Prepared | null> {
    const rows = await this.#journal.readAfter(standing.position, this.#options.roundBytesMax);
    return rows.length === 0 ? null : sumUp(this.#lived(standing), rows);
  }

  /** Brings prepared rows into the tables; what they refuse of them goes into the quarantine. */
  async #apply(prepared: Prepared, readsAhead: boolean): Promise<void> {
    const { rows, changes, next } = prepared;
    const beforeLast = () => {
      // While the database does the last and longest statement, the next round is made ready.
      if (!readsAhead) return;
      this.#ahead = this.#prepare(next);
      // Whoever awaits it hears of an error; when the round itself fails, nobody does.
      this.#ahead.catch(() => {});
    };
    try {
      await this.#round(next, async () => {
        await this.#writer.write(changes, this.#target, beforeLast);
        await this.#quarantine.retold(this.#client, changes);
      });
    } catch (error) {
      if (!isDataError(error)) throw error;
      await this.#client.query('rollback');
      await this.#divide(rows, next);
    }
    this.#standing = next;
    this.#target = targetAfter(this.#target, changes);
  }

  /** Rows that the tables refused together: each half by itself, down to a single one. */
  async #divide(rows: readonly JournalRow[], next: Standing): Promise<void> {
    const [row] = rows;
    assert(row !== undefined, 'only what has rows is refused');
    if (rows.length === 1) {
      let notices: Notice[] = [];
      await this.#round(next, async () => {
        const parts = { client: this.#client, writer: this.#writer, target: this.#target };
        const lived = this.#lived(this.#standing);
        notices = await new Sieve({ ...parts, lived, quarantine: this.#quarantine }).pass(row);
      });
      this.#notices.push(...notices);
      return;
    }
    const middle = rows.length >>> 1;
    for (const half of [rows.slice(0, middle), rows.slice(middle)]) {
      await this.#apply(sumUp(this.#lived(this.#standing), half), false);
    }
  }

  #lived(standing: Standing): Standing & Lived {
    const { livedStepMaxMs = LIVED_STEP_MAX_MS } = this.#options;
    return { ...standing, livedStepMaxMs };
  }

  /** Removes a step's worth of what is past its retention. True when there may be more. */
  async prune(): Promise<boolean> {
    const { position, atMs, livedMs } = this.#standing;
    const { journalRetentionMs, keyRetentionMs } = this.#options;
    const rows = await this.#client.query(PRUNE_JOURNAL, [position, atMs - journalRetentionMs]);
    await forgetSettled(this.#client);
    const areMore = [
      rows.rowCount === PRUNE_ROWS_MAX,
      (await this.#trim?.prune(livedMs - keyRetentionMs)) === true,
      await this.#fold.prune(atMs),
      (await this.#trim?.walk()) === true,
    ];
    return areMore.includes(true);
  }

  /** One database transaction that moves the position to `next` and does `work`. */
  async #round(next: Standing, work: () => Promise<void>): Promise<void> {
    await this.#client.query('begin');
    const { position, epoch, sequence, atMs, livedMs } = next;
    const { lastOrder, lastTrade, lastWindow, lastOffer } = next;
    const ids = [lastOrder, lastTrade, lastWindow, lastOffer];
    const from = this.#standing;
    const values = [from.position, position, epoch, sequence, atMs, ...ids, livedMs, from.epoch];
    const advanced = await this.#writer.query('advance', ADVANCE, values);
    if (advanced.rowCount !== 1) throw moved();
    await work();
    // A database transaction that failed answers a commit with a rollback, and with no error.
    const { command } = await this.#client.query('commit');
    if (command !== 'COMMIT') throw new RoundLostError('The round was rolled back.');
  }
}

/** @throws {InvariantError} when a row is missing. */
function sumUp(standing: Standing & Lived, rows: readonly JournalRow[]): Prepared {
  const changes = new Changes(standing);
  for (const [i, row] of rows.entries()) {
    const expected = standing.position + 1 + i;
    assert(row.position === expected, `the journal has position ${expected}`);
    changes.add(row);
  }
  const next = standingAfter(standing, rows.at(-1) as JournalRow, changes);
  return { rows, changes, next };
}

function moved(): TablesMovedError {
  return new TablesMovedError('Another projector moved the tables.');
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
