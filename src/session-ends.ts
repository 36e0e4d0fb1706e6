// Which sessions the game has ended, kept in the table session_ends so that it survives every
// restart, and in memory so that no session.open waits for it. Every process asks the table for
// news once a second: no message can be lost, and a node that was cut off from the database learns
// of it when it is back. Invariant: a cut-off only ever moves later, is never forgotten while
// a token that it refuses could live, and there are SESSION_ENDS_MAX of them at most.

import { SESSION_ENDS_MAX } from '../protocol/limits.ts';
import type { Clock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { createPool, type Database } from './database/connection.ts';
import type { SessionEnds } from './gateway/session-ends.ts';

export interface KeptEndsOptions {
  readonly database: Database;
  readonly log: Log;
  /** What tokens are held against. */
  readonly clock: Clock;
  /** How long a token lives at most. */
  readonly tokenHoursMax: number;
}

const STATEMENT_TIMEOUT_MS = 5_000;
const LOOK_MS = 1_000;
/** Rows that have served are removed at the start, and then every so many looks. */
const PRUNE_EVERY = 600;
const HOUR_SECONDS = 3_600;
/** For clocks that are apart: a row stays so much longer than any token that it refuses. */
const MARGIN_SECONDS = HOUR_SECONDS;

interface Row {
  readonly player: string;
  readonly issued_from: number;
  readonly id: number;
}

const NEWEST = 'select coalesce(max(id), 0) as newest from realm.session_ends';
const AFTER = 'select player, issued_from, id from realm.session_ends where id > $1 order by id';
const PRUNE = 'delete from realm.session_ends where issued_from < $1';
/** One writer at a time, so that ids are committed in their order. */
const LOCK = 'lock table realm.session_ends in share row exclusive mode';
const COUNT = 'select count(*) as kept from realm.session_ends where player <> $1';
const KEEP = `insert into realm.session_ends as kept (player, issued_from) values ($1, $2)
  on conflict (player) do update
    set issued_from = greatest(kept.issued_from, excluded.issued_from), id = excluded.id
  returning issued_from, id`;

export class KeptEnds implements SessionEnds {
  readonly #options: KeptEndsOptions;
  readonly #pool: ReturnType<typeof createPool>;
  readonly #issuedFrom = new Map<string, number>();
  /** The last row that is known here. */
  #newest = 0;
  #looks = 0;
  #isLooking = false;
  #timer: NodeJS.Timeout | null = null;
  #ended: (player: string, issuedFrom: number) => void = () => {};

  private constructor(options: KeptEndsOptions) {
    this.#options = options;
    const { database, log } = options;
    const bounds = { statementTimeoutMs: STATEMENT_TIMEOUT_MS, max: 1 };
    this.#pool = createPool(database, { name: 'session ends', ...bounds }, log);
  }

  /** Reads what is kept. */
  static async open(options: KeptEndsOptions): Promise<KeptEnds> {
    const ends = new KeptEnds(options);
    try {
      await ends.#look();
    } catch (error) {
      await ends.close();
      throw error;
    }
    ends.#timer = setInterval(() => void ends.#lookAgain(), LOOK_MS);
    return ends;
  }

  issuedFrom(player: string): number {
    return this.#issuedFrom.get(player) ?? 0;
  }

  onEnded(callback: (player: string, issuedFrom: number) => void): void {
    this.#ended = callback;
  }

  async end(player: string): Promise<number | null> {
    const issuedFrom = Math.floor(this.#options.clock.nowMs() / 1_000) + 1;
    const client = await this.#pool.connect();
    try {
      await client.query('begin');
      await client.query(LOCK);
      const { rows } = await client.query<{ kept: number }>(COUNT, [player]);
      if ((rows[0]?.kept ?? 0) >= SESSION_ENDS_MAX) {
        await client.query('rollback');
        client.release();
        return null;
      }
      const kept = await client.query<Row>(KEEP, [player, issuedFrom]);
      await client.query('commit');
      client.release();
      const from = (kept.rows[0] as Row).issued_from;
      this.#issuedFrom.set(player, from);
      return from;
    } catch (error) {
      // What became of it is not known, so the connection is given up with its transaction.
      client.release(true);
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#pool.end();
  }

  /** Rows that are new, or all of them when the database has fewer than it had. */
  async #look(): Promise<void> {
    if (this.#looks % PRUNE_EVERY === 0) await this.#prune();
    this.#looks += 1;
    const { rows } = await this.#pool.query<{ newest: number }>(NEWEST);
    const newest = rows[0]?.newest ?? 0;
    if (newest === this.#newest) return;
    const after = newest < this.#newest ? 0 : this.#newest;
    const news = await this.#pool.query<Row>(AFTER, [after]);
    for (const { player, issued_from } of news.rows) {
      if (issued_from < this.issuedFrom(player)) continue;
      this.#issuedFrom.set(player, issued_from);
      this.#ended(player, issued_from);
    }
    this.#newest = news.rows.at(-1)?.id ?? newest;
  }

  async #lookAgain(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#look();
    } catch {
      // A database that is away says nothing; the other parts say that it is.
    } finally {
      this.#isLooking = false;
    }
  }

  async #prune(): Promise<void> {
    const { clock, tokenHoursMax } = this.#options;
    const nowSeconds = Math.floor(clock.nowMs() / 1_000);
    const served = nowSeconds - tokenHoursMax * HOUR_SECONDS - MARGIN_SECONDS;
    await this.#pool.query(PRUNE, [served]);
    for (const [player, issuedFrom] of this.#issuedFrom) {
      if (issuedFrom < served) this.#issuedFrom.delete(player);
    }
  }
}
