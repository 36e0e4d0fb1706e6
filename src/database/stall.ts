// Tells work that takes long from work that has come to nothing: a database that is cut off says no
// word, and a statement over a large realm may be silent for minutes. Whoever waits for a statement
// asks, over a connection of its own, whether the server is at work on it. The embedded database is
// in this process: there is nothing to be cut off from.

import type pg from 'pg';
import { within } from '../base/within.ts';
import { type Database, soon, withClient } from './connection.ts';

/** The server is not at work for us, or cannot be asked. */
export class StalledError extends Error {
  override readonly name = 'StalledError';

  constructor() {
    super('Postgres says nothing more, and is not at work on what it was asked.');
  }
}

const CONNECTION = { name: 'watch', statementTimeoutMs: 3_000 };
const LOOK_MS = 500;
/** Without a sign of progress for so long, the server is asked. */
const IDLE_MS = 3_000;
/** How long it may take to answer that. */
const ANSWER_MS = 4_000;
/** So many answers in a row, with no progress in between, that it is not at work. */
const DOUBTS_MAX = 2;

const PID = soon('select pg_backend_pid() as pid');
/** A server that waits for us to read, or for our next statement, is not at work. */
const AT_WORK = `select count(*)::int as "count" from pg_stat_activity
  where pid = $1 and state = 'active' and wait_event_type is distinct from 'Client'`;

export class StallWatch {
  readonly #database: Database;
  /** The process of the server behind the connection; 0 for none that could be asked for. */
  readonly #pid: number;
  #progressAtMs = performance.now();

  private constructor(database: Database, pid: number) {
    this.#database = database;
    this.#pid = pid;
  }

  /** Watches what `client` is asked from now on. */
  static async of(database: Database, client: pg.ClientBase): Promise<StallWatch> {
    if (database.address.kind === 'embedded') return new StallWatch(database, 0);
    const { rows } = await client.query<{ pid: number }>(PID);
    return new StallWatch(database, rows[0]?.pid ?? 0);
  }

  /** Something has come. Cheap, but not free: not for each row. */
  progress(): void {
    this.#progressAtMs = performance.now();
  }

  /** The outcome of `work`. @throws {StalledError} when it has come to nothing, however it ends. */
  async during<Outcome>(work: Promise<Outcome>): Promise<Outcome> {
    if (this.#pid === 0) return work;
    this.progress();
    let isOver = false;
    const stalled = this.#stalled(() => isOver);
    try {
      return await Promise.race([work, stalled]);
    } finally {
      isOver = true;
    }
  }

  /** Rejects when it stalls; resolves never, or when nobody waits any more. */
  async #stalled(isOver: () => boolean): Promise<never> {
    let doubts = 0;
    let seenMs = this.#progressAtMs;
    for (;;) {
      await new Promise(resolve => setTimeout(resolve, LOOK_MS).unref());
      // Whoever raced has its outcome: this promise is forgotten.
      if (isOver()) return new Promise<never>(() => {});
      if (this.#progressAtMs !== seenMs) doubts = 0;
      seenMs = this.#progressAtMs;
      if (performance.now() - seenMs < IDLE_MS) continue;
      if (await this.#isAtWork()) this.progress();
      else if (++doubts >= DOUBTS_MAX && this.#progressAtMs === seenMs) throw new StalledError();
    }
  }

  async #isAtWork(): Promise<boolean> {
    let isAtWork = false;
    const asking = withClient(this.#database, CONNECTION, async client => {
      const { rows } = await client.query<{ count: number }>(AT_WORK, [this.#pid]);
      isAtWork = (rows[0]?.count ?? 0) > 0;
    });
    return (await within(ANSWER_MS, asking)) && isAtWork;
  }
}
