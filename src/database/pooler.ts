// Whether a session of ours is one session of the server. With a pooler in transaction or statement
// mode it is not: each database transaction may run in another one, so what a session was told
// (settings, prepared statements, advisory locks) is lost, and is passed on to strangers. A realm
// needs sessions; it is refused at the start, before anything is written.

import type pg from 'pg';
import { connect, type Database, discard } from './connection.ts';

const SECOND = { name: 'probe', statementTimeoutMs: 5_000 };
const ANSWER_MS = 10_000;
/** However a pooler chooses among its connections, one of a few attempts gets another one. */
const ATTEMPTS = 5;
const PROTOCOL_VIOLATION = '08P01';

/** The database is reached through a pooler that does not keep sessions. */
export class PoolerError extends Error {
  override readonly name = 'PoolerError';

  constructor(seen: string) {
    super(
      `DATABASE_URL leads to a pooler that does not keep sessions (${seen}), as PgBouncer with ` +
        'pool_mode = transaction. Tradepost needs sessions of its own, about 16 a process: set ' +
        'pool_mode = session and a pool_size that is large enough, or give the address of the ' +
        'Postgres server itself.',
    );
  }
}

/**
 * Compares the sessions of the server behind `first` and behind a second connection.
 * @throws {PoolerError} when a connection has no session of its own, or a second one gets no answer
 *   while the first one is open.
 */
export async function refusePooler(first: pg.Client, database: Database): Promise<void> {
  const second: { client: pg.Client | null } = { client: null };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new PoolerError('a second connection got no answer while the first one was open');
    timer = setTimeout(reject, ANSWER_MS, error);
  });
  try {
    await Promise.race([probe(first, database, second), late]);
  } finally {
    clearTimeout(timer);
    if (second.client !== null) discard(second.client);
  }
}

async function probe(
  first: pg.Client,
  database: Database,
  second: { client: pg.Client | null },
): Promise<void> {
  const own = await session(first);
  const other = await connect(database, SECOND, () => {});
  second.client = other;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if ((await session(other)) === own) throw new PoolerError('two connections have one session');
    await beginOn(other);
    // In a database transaction a connection keeps what it has, so the first one must get another.
    if ((await session(other)) === own) throw new PoolerError('two connections have one session');
    if ((await session(first)) !== own) throw new PoolerError('a connection changes its session');
    await other.query('commit');
  }
}

async function session(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

async function beginOn(client: pg.Client): Promise<void> {
  try {
    await client.query('begin');
  } catch (error) {
    const isRefused = (error as { code?: unknown }).code === PROTOCOL_VIOLATION;
    throw isRefused ? new PoolerError('it refuses database transactions') : error;
  }
}
