// Finds the facts of one journal row that the tables refuse, and sets exactly those aside: what is
// refused as a whole is tried in halves, in the order of the facts, down to single ones. It works
// inside of the database transaction of the round, behind savepoints, so that either all of the row
// is in the tables or in the quarantine, or nothing of it.

import type pg from 'pg';
import { livedAfter } from '../engine/lived-time.ts';
import { decodeRecords } from '../journal/fact-reader.ts';
import type { JournalRow } from '../journal/journal.ts';
import { Changes, type Lived } from './changes.ts';
import type { LivedRecord, Notice, Quarantine } from './quarantine.ts';
import { isDataError } from './row-error.ts';
import { type RowWriter, targetAfter } from './row-writer.ts';
import type { Target } from './write.ts';

export class Sieve {
  readonly #client: Pick<pg.Client, 'query'>;
  readonly #writer: RowWriter;
  readonly #quarantine: Quarantine;
  readonly #lived: Lived;
  readonly #notices: Notice[] = [];
  #position = 0;
  #target: Target;

  constructor(parts: {
    readonly client: Pick<pg.Client, 'query'>;
    readonly writer: RowWriter;
    readonly quarantine: Quarantine;
    /** Where the tables stand before the row. */
    readonly lived: Lived;
    readonly target: Target;
  }) {
    this.#client = parts.client;
    this.#writer = parts.writer;
    this.#quarantine = parts.quarantine;
    this.#lived = parts.lived;
    this.#target = parts.target;
  }

  /** Writes what can be written of a row, and gives what was set aside. */
  async pass({ position, facts }: JournalRow): Promise<Notice[]> {
    this.#position = position;
    let { atMs: beforeMs, livedMs } = this.#lived;
    const records = decodeRecords(facts).map(record => {
      livedMs = livedAfter(livedMs, beforeMs, record.atMs, this.#lived.livedStepMaxMs);
      beforeMs = record.atMs;
      return { ...record, livedMs };
    });
    await this.#pass(records);
    return this.#notices;
  }

  async #pass(records: readonly LivedRecord[]): Promise<void> {
    const error = await this.#attempt(records);
    if (error === null) return;
    const [first] = records;
    if (records.length === 1 && first !== undefined) {
      this.#notices.push(await this.#quarantine.put(this.#client, this.#position, first, error));
      return;
    }
    const middle = records.length >>> 1;
    await this.#pass(records.slice(0, middle));
    await this.#pass(records.slice(middle));
  }

  /** Null when the tables took them all; else why they took none. */
  async #attempt(records: readonly LivedRecord[]): Promise<unknown> {
    const changes = new Changes();
    for (const record of records) changes.put(record, record.step, record.fact);
    await this.#client.query('savepoint pass');
    try {
      await this.#writer.write(changes, this.#target);
    } catch (error) {
      if (!isDataError(error)) throw error;
      await this.#client.query('rollback to savepoint pass');
      await this.#client.query('release savepoint pass');
      return error;
    }
    await this.#client.query('release savepoint pass');
    await this.#quarantine.retold(this.#client, changes);
    this.#target = targetAfter(this.#target, changes);
    return null;
  }
}
