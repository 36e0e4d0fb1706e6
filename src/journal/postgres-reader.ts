// Reads the journal from Postgres, in order and in pieces of bounded size. Sizes are read without
// the facts themselves, so a bound costs nothing.

import type pg from 'pg';
import type { JournalReader, JournalRow } from './journal.ts';

const ROWS_MAX = 4_096;

/**
 * As it is stored: the digest tells whether the facts are what was written, the writer by whom they
 * were; empty when a version wrote them that did not say.
 */
export type StoredRow = JournalRow & { readonly digest: Buffer; readonly writer: Buffer };

const READ_AFTER = `select position, epoch, writer, sequence, at_ms as "atMs", digest, facts from (
    select *, sum(octet_length(facts)) over (order by position) - octet_length(facts) as before
    from (
      select * from realm.journal where position > $1 order by position limit ${ROWS_MAX}
    ) as next
  ) as sized where before < $2 order by position`;

export class PostgresJournalReader implements JournalReader {
  readonly #source: Pick<pg.ClientBase, 'query'>;

  /** `source` is a connection or a pool. */
  constructor(source: Pick<pg.ClientBase, 'query'>) {
    this.#source = source;
  }

  async readAfter(position: number, bytesMax: number): Promise<StoredRow[]> {
    const { rows } = await this.#source.query<StoredRow>(READ_AFTER, [position, bytesMax]);
    return rows;
  }
}
