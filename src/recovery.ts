// From tables to a running engine, at a start.

import type { Log } from './base/log.ts';
import { connect, type Database, discard } from './database/connection.ts';
import type { Engine } from './engine/engine.ts';
import { loadRealm } from './projection/load.ts';
import { readStanding, type Standing } from './projection/projector.ts';

const LOAD_TIMEOUT_MS = 10 * 60_000;
const PROGRESS_EVERY_FACTS = 250_000;

/** Where the tables stand before the projector has caught up. */
export async function tablesStanding(database: Database): Promise<Standing> {
  return withClient(database, readStanding);
}

/**
 * Restores everything the engine remembers, and lets it go on from there.
 * @returns the epoch of the last journal row that the tables show.
 */
export async function loadEngine(database: Database, engine: Engine, log: Log): Promise<number> {
  let facts = 0;
  const standing = await withClient(database, client =>
    loadRealm(client, (fact, atMs) => {
      engine.restore(fact, atMs);
      if (++facts % PROGRESS_EVERY_FACTS === 0) log.info({ facts }, 'loading the realm');
    }),
  );
  engine.resume(standing);
  return standing.epoch;
}

type Client = Awaited<ReturnType<typeof connect>>;

async function withClient<Outcome>(
  database: Database,
  work: (client: Client) => Promise<Outcome>,
): Promise<Outcome> {
  let lost: Error | null = null;
  const options = { name: 'recovery', statementTimeoutMs: LOAD_TIMEOUT_MS };
  const client = await connect(database, options, error => {
    lost = error;
  });
  try {
    return await work(client);
  } catch (error) {
    throw lost ?? error;
  } finally {
    discard(client);
  }
}
