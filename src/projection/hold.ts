// Who writes the tables beside whom. Every projector holds the tables shared: what matters between
// projectors is the position that each round moves. A repair holds them alone, so that no server
// runs while it mends what an engine has in memory. Of a server in Postgres only: the folder of the
// embedded database has one holder anyway.

import type pg from 'pg';
import type { Database } from '../database/connection.ts';

/** For as long as the connection lasts. Waits for a repair to end. */
export async function holdShared(client: pg.ClientBase, database: Database): Promise<void> {
  await client.query('select pg_advisory_lock_shared(hashtextextended($1, 0))', [name(database)]);
}

/** For as long as the connection lasts; false while a projector runs. */
export async function holdAlone(client: pg.ClientBase, database: Database): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 0)) as held',
    [name(database)],
  );
  return rows[0]?.held === true;
}

function name({ schema }: Database): string {
  return `tradepost tables ${schema}`;
}
