// One read, one moment: all its statements see the same snapshot of the database, and the position
// that the tables have in that very snapshot says whether it may be answered from it. What was
// known of the tables before is not trusted: they fall back when the database crashes, for the
// projector does not wait for the disk.

import type pg from 'pg';
import type { Source } from './source.ts';

const BEGIN = `begin isolation level repeatable read;
  select position from realm.projection`;

/** Somebody else wrote the same row meanwhile: with a new snapshot it goes. */
const SERIALIZATION_FAILURE = '40001';

/**
 * What `read` finds, or null when the tables do not show `atLeast`, and when a new snapshot is
 * needed for another reason: then it is for the caller to try again.
 */
export async function readAt<Found>(
  pool: pg.Pool,
  atLeast: number,
  read: (source: Source, position: number) => Promise<Found>,
): Promise<Found | null> {
  const client = await pool.connect();
  try {
    const position = positionOf(await client.query(BEGIN));
    const found = position >= atLeast ? await read(client, position) : null;
    // What a read writes (windows.report) is answered once it is committed.
    const { command } = await client.query('commit');
    if (command !== 'COMMIT') throw new Error('The read was rolled back.');
    client.release();
    return found;
  } catch (error) {
    client.release(true);
    if ((error as { code?: unknown }).code === SERIALIZATION_FAILURE) return null;
    throw error;
  }
}

/** Of the answers to both statements, that of the second. */
function positionOf(answers: unknown): number {
  const [, { rows }] = answers as [unknown, pg.QueryResult<{ position: number }>];
  const [row] = rows;
  if (row === undefined) throw new Error('The projection has no position.');
  return row.position;
}
