// From tables to a running engine, at a start.

import type { Log } from './base/log.ts';
import { type Database, withClient } from './database/connection.ts';
import type { Engine } from './engine/engine.ts';
import { loadRealm } from './projection/load.ts';
import { readStanding, type Standing } from './projection/projector.ts';

const CLIENT = { name: 'recovery', statementTimeoutMs: 10 * 60_000 };
const PROGRESS_EVERY_FACTS = 250_000;

/** Where the tables stand before the projector has caught up. */
export async function tablesStanding(database: Database): Promise<Standing> {
  return withClient(database, CLIENT, readStanding);
}

/** The first thing that is wrong with the journal rows that the tables lack, in their order. */
const FIRST_FAULT = `
  with standing as (select position from projection),
  ending as (select coalesce(max(position), 0) as position from journal),
  backlog as (
    select position, sha256(facts) = digest as is_whole,
      coalesce(lag(position) over (order by position), (select position from standing)) as before
    from journal where position > (select position from standing)
  ),
  faults as (
    select position, 'was changed after it was written' as fault from backlog where not is_whole
    union all
    select before + 1, 'is missing' from backlog where position <> before + 1
    union all
    select ending.position + 1, 'is missing, though the tables have seen it'
    from ending, standing where ending.position < standing.position
  )
  select position, fault from faults order by position limit 1`;

/**
 * Looks at what the tables have yet to be given, before they are given it.
 * @throws for the operator when journal rows are missing or are not what was written.
 */
export async function checkBacklog(database: Database): Promise<void> {
  const { rows } = await withClient(database, CLIENT, client =>
    client.query<{ position: number; fault: string }>(FIRST_FAULT),
  );
  const [found] = rows;
  if (found === undefined) return;
  throw new Error(
    `The journal is damaged: its position ${found.position} ${found.fault}. Before that is ` +
      'mended, no server starts and the tables are given nothing.',
  );
}

/**
 * Restores everything the engine remembers, and lets it go on from there.
 * @returns the epoch of the last journal row that the tables show.
 */
export async function loadEngine(database: Database, engine: Engine, log: Log): Promise<number> {
  let facts = 0;
  const standing = await withClient(database, CLIENT, client =>
    loadRealm(client, (fact, atMs) => {
      engine.restore(fact, atMs);
      if (++facts % PROGRESS_EVERY_FACTS === 0) log.info({ facts }, 'loading the realm');
    }),
  );
  engine.resume(standing);
  return standing.epoch;
}
