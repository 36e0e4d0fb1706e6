// The statements that write the journal, and what follows when one of them did not. A row goes in
// only when it is durable, and when the last row of the journal is the one that the same writer
// wrote before: so nobody writes after another one, and nobody writes over a hole. A writer never
// gives a position to two rows; position and writer name a row in all pasts that a database may be
// restored to.

import { DeposedError, RowsLostError } from './journal.ts';

/** In the statement itself: what a session was told before may be gone, with a pooler between. */
const DURABLE = `current_setting('synchronous_commit') <> 'off'`;

const LAST = 'select * from realm.journal order by position desc limit 1';

/**
 * Takes the realm over, whoever wrote the last row. The epoch is above that of the last row, and
 * above any that was lost with rows after it: those were made by the clock of the database too.
 */
export const CLAIM = `
  insert into realm.journal
    (position, epoch, writer, sequence, at_ms, digest, facts, stream_offset)
  select coalesce(position, 0) + 1,
    greatest(coalesce(epoch, 0) + 1, floor(extract(epoch from clock_timestamp()))::bigint),
    $1::bytea, coalesce(sequence, 0), coalesce(at_ms, 0), $2::bytea, $3::bytea,
    coalesce(stream_offset, '')
  from (values (1)) as one left join (${LAST}) as last on true
  where ${DURABLE}
  returning position, epoch, stream_offset as "offset"`;

/** The last row, if it is a claim of this writer: then its answer was lost, and it stands. */
export const OWN_CLAIM = `select position, epoch, stream_offset as "offset"
  from (${LAST}) as last where writer = $1`;

export const APPEND = `
  insert into realm.journal
    (position, epoch, writer, sequence, at_ms, digest, facts, stream_offset)
  select $1::bigint, $2::bigint, $3::bytea, $4::bigint, $5::bigint, $6::bytea, $7::bytea, $8::text
  from (select position, writer from realm.journal order by position desc limit 1) as last
  where last.position = $1::bigint - 1 and last.writer = $3::bytea and ${DURABLE}`;

/** What is there, of one moment, when an append did not go in. */
export interface Found {
  /** The setting `synchronous_commit` of the session. */
  readonly durability: string;
  /** The last position of the journal; null when it is empty. */
  readonly last: number | null;
  readonly writerBefore: Buffer | null;
  readonly writer: Buffer | null;
  readonly digest: Buffer | null;
}

/** {@link Found} around the position $1: always one row. */
export const FIND = `select current_setting('synchronous_commit') as durability,
    (select max(position) from realm.journal) as last, before.writer as "writerBefore",
    there.writer, there.digest
  from (values ($1::bigint)) as wanted (position)
  left join realm.journal as before on before.position = wanted.position - 1
  left join realm.journal as there on there.position = wanted.position`;

/**
 * The session does not wait for the disk, although it was told to: something else sets it.
 */
export class NotDurableError extends Error {
  override readonly name = 'NotDurableError';

  constructor() {
    super(
      'The session of the journal has synchronous_commit off, although it was told otherwise: ' +
        'nothing is acknowledged. Is there a pooler in transaction mode before the database of ' +
        'DATABASE_URL? Use its session mode, or the server itself.',
    );
  }
}

/**
 * What became of an append that did not go in, or whose outcome was lost. Returns when it is there.
 * @throws {DeposedError} {@link RowsLostError} {@link NotDurableError}
 */
export function resolveAppend(
  own: { readonly position: number; readonly writer: Buffer; readonly digest: Buffer },
  found: Found,
): void {
  const { position, writer } = own;
  const isOurs = found.writer?.equals(writer) === true && found.digest?.equals(own.digest) === true;
  if (isOurs) return;
  const last = found.last ?? 0;
  // A row before ours that was pruned meanwhile tells nothing, and there are later ones.
  const isBeforeLost =
    found.writerBefore === null ? last < position : !found.writerBefore.equals(writer);
  if (isBeforeLost) throw new RowsLostError(position - 1, last);
  if (last >= position) throw new DeposedError(`Another writer wrote position ${position}.`);
  if (found.durability === 'off') throw new NotDurableError();
  throw new Error(`The journal did not take position ${position}, which is free again.`);
}
