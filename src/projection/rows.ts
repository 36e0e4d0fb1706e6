// Reading tables at one moment, each from its beginning to its end: in pieces, so that memory stays
// bounded, the next piece being fetched while the last one is taken; and in slices, so that the
// thread stays free for others whatever the size of a table.

import type pg from 'pg';
import { Breath } from '../base/breath.ts';

/** What one turn of the event loop may have to parse: a few milliseconds' worth. */
const CHUNK_ROWS = 2_000;

export type Cells = readonly unknown[];

/** Everything that `work` reads is as of one moment. It writes nothing. */
export async function atOneMoment<Outcome>(
  client: pg.ClientBase,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  await client.query('begin transaction isolation level repeatable read read only');
  try {
    return await work();
  } finally {
    await client.query('rollback');
  }
}

/** Calls `take` with each row of `query`, as an array, in order. */
export async function each(
  client: pg.ClientBase,
  query: string,
  take: (cells: Cells) => void,
): Promise<void> {
  await client.query(`declare loading no scroll cursor for ${query}`);
  const fetch = () =>
    client.query<unknown[]>({ text: `fetch ${CHUNK_ROWS} from loading`, rowMode: 'array' });
  const breath = new Breath();
  let chunk = await fetch();
  while (chunk.rows.length > 0) {
    const ahead = chunk.rows.length === CHUNK_ROWS ? fetch() : null;
    ahead?.catch(() => {});
    for (const cells of chunk.rows) {
      take(cells);
      if (breath.isDue) await breath.take();
    }
    if (ahead === null) break;
    chunk = await ahead;
  }
  await client.query('close loading');
}
