// Sends the rows of a round to the database, statement by statement, and the fact that a row was
// refused back as what it is: a data error (row-error.ts). Whose transaction it is in is for the
// projector to say.

import type pg from 'pg';
import { type Database, prepared } from '../database/connection.ts';
import { copyIn } from '../database/copy.ts';
import type { Changes } from './changes.ts';
import { buildingRows } from './row-error.ts';
import type { Statement } from './table.ts';
import { writesFor } from './tables.ts';
import type { Target, Write } from './write.ts';

/** A round found the tables moved by somebody else, or was not committed. Begin anew. */
export class RoundLostError extends Error {
  override readonly name: string = 'RoundLostError';
}

export class RowWriter {
  readonly #database: Database;
  readonly #client: Pick<pg.Client, 'query'>;

  constructor(database: Database, client: Pick<pg.Client, 'query'>) {
    this.#database = database;
    this.#client = client;
  }

  /** `beforeLast` is called before the last statement is sent, which takes longest. */
  async write(changes: Changes, target: Target, beforeLast: () => void = () => {}): Promise<void> {
    const writes = buildingRows(() => writesFor(changes, target));
    for (const [index, write] of writes.entries()) {
      if (index === writes.length - 1) beforeLast();
      await this.#write(write);
    }
  }

  query(name: string, text: string, values: unknown[]): Promise<pg.QueryResult> {
    return this.#client.query({ ...prepared(this.#database, name, text), values });
  }

  async #write({ statement, otherwise }: Write): Promise<void> {
    if ((await this.#run(statement)) === statement.rows) return;
    if (otherwise === null) throw new RoundLostError(`${statement.name} left rows out.`);
    await this.#run(buildingRows(otherwise));
  }

  /** How many rows it wrote. */
  async #run(statement: Statement): Promise<number | null> {
    if (statement.kind === 'copy') return copyIn(this.#client, statement.text, statement.bytes);
    return (await this.query(statement.name, statement.text, [...statement.values])).rowCount;
  }
}

/** Where the tables stand once they have `changes` too. */
export function targetAfter(target: Target, changes: Changes): Target {
  let { accountMax } = target;
  for (const account of changes.accounts.keys()) if (account > accountMax) accountMax = account;
  return {
    accountMax,
    orderMax: Math.max(target.orderMax, changes.lastOrder),
    windowMax: Math.max(target.windowMax, changes.lastWindow),
    offerMax: Math.max(target.offerMax, changes.lastOffer),
    hasCopy: target.hasCopy,
  };
}
