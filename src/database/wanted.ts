// How a process that waits for the tables tells the one that fills them: by a notification of the
// database, which needs no other link between the two. It only says "soon": who misses one is a
// little later. The embedded database has one process and needs none.

import type pg from 'pg';
import type { Database } from './connection.ts';

/** Where it is said how far the tables should come: the channels of a database are by realm. */
export function wantedChannel({ schema }: Database): string {
  return schema;
}

/** Tells `wanted` of positions that others wait for, as long as the connection lasts. */
export async function listenForWanted(
  client: pg.Client,
  database: Database,
  wanted: (position: number) => void,
): Promise<void> {
  client.on('notification', ({ payload }) => {
    const position = Number(payload);
    if (Number.isSafeInteger(position)) wanted(position);
  });
  await client.query(`listen "${wantedChannel(database)}"`);
}
