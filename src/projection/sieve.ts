// Finds the facts of one journal row that the tables refuse, and sets exactly those aside: what is
// refused as a whole is tried in halves, in the order of the facts, down to single ones. It works
// inside of the database transaction of the round, behind savepoints, so that either all of the row
// is in the tables or in the quarantine, or nothing of it.

import type pg from 'pg';
import { decodeRecords, type StoredRecord } from '../journal/fact-reader.ts';
import type { JournalRow } from '../journal/journal.ts';
import { Changes } from './changes.ts';
import type { Notice, Quarantine } from './quarantine.ts';
import { isDataError } from './row-error.ts';
import { type RowWriter, targetAfter } from './row-writer.ts';
import type { Target } from './write.ts';

export class Sieve {
  readonly #client: Pick<pg.Client, 'query'>;
  readonly #writer: RowWriter;
  readonly #quarantine: Quarantine;
  readonly #notices: Notice[] = [];
  #position = 0;
  #target: Target;

  constructor(parts: {
    readonly client: Pick<pg.Client, 'query'>;
    readonly writer: RowWriter;
    readonly quarantine: Quarantine;
    /** Where the tables stand before the row. */
    readonly target: Target;
  }) {
    this.#client = parts.client;
    this.#writer = parts.writer;
    this.#quarantine = parts.quarantine;
    this.#target = parts.target;
  }

  /** Writes what can be written of a row, and gives what was set aside. */
  async pass({ position, facts }: JournalRow): Promise<Notice[]> {
    this.#position = position;
    await this.#pass(decodeRecords(facts));
    return this.#notices;
  }

  async #pass(records: readonly StoredRecord[]): Promise<void> {
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
  async #attempt(records: readonly StoredRecord[]): Promise<unknown> {
    const changes = new Changes();
    for (const { sequence, atMs, step, fact } of records)
      changes.put({ sequence, atMs }, step, fact);
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
