// Taking over a realm, the same for a single server and for the leader of a cluster: claim the
// journal, which deposes whoever wrote before; let the tables catch up; load the engine; check it.
// What comes out may write, until somebody else claims.

import { wallClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { Config } from './config.ts';
import type { Database } from './database/connection.ts';
import { auditState } from './engine/audit.ts';
import { Engine } from './engine/engine.ts';
import { type Claim, DeposedError } from './journal/journal.ts';
import { PostgresJournal } from './journal/postgres-journal.ts';
import { Projection } from './projection/projection.ts';
import { checkBacklog, loadEngine, tablesStanding } from './recovery.ts';

export interface Leadership {
  readonly epoch: number;
  /** The position of the claim: everything before it is in the engine. */
  readonly position: number;
  /** Where the stream of commands goes on. */
  readonly offset: string;
  readonly engine: Engine;
  readonly journal: PostgresJournal;
  readonly projection: Projection;
  /** Lets the tables catch up, for a moment; then nothing is written here any more. */
  close(): Promise<void>;
}

const CATCH_UP_MS = 2_000;

/**
 * `claimTimeoutMs`: how long to wait for a database that is away, before somebody else should try.
 * @throws {DeposedError} when somebody else claimed while this one was loading.
 * @throws with a message for the operator when the journal or the tables are damaged.
 */
export async function takeLeadership(
  database: Database,
  config: Config,
  log: Log,
  claimTimeoutMs = Number.POSITIVE_INFINITY,
): Promise<Leadership> {
  await checkBacklog(database);
  const journal = new PostgresJournal(database, log);
  const { epoch, position, offset } = await claimWithin(journal, claimTimeoutMs);
  const standing = await tablesStanding(database);
  const projection = new Projection({
    database,
    position: standing.position,
    epoch,
    clock: wallClock,
    log,
    loop: {
      intervalMs: config.projectionIntervalMs,
      journalRetentionMs: config.journalRetentionMs,
      keyRetentionMs: config.rules.keyRetentionMs,
    },
  });
  let laterEpoch = 0;
  projection.onEpoch(later => {
    laterEpoch = later;
  });
  const close = async () => {
    await projection.stop(CATCH_UP_MS);
    await journal.close();
  };
  try {
    const engine = new Engine(config.rules);
    projection.notify(position);
    const caughtUp = projection.waitFor(position);
    caughtUp.catch(() => {});
    // When they lack nothing but the claim, which says nothing to an engine, it is loaded already
    // while the projection starts.
    if (standing.position < position - 1) await caughtUp;
    const loadedEpoch = await loadEngine(database, engine, log);
    assertSound(engine);
    await caughtUp;
    // Nobody listened to the projection yet: a claim that came after ours may have gone by.
    if (Math.max(laterEpoch, loadedEpoch) > epoch) {
      throw new DeposedError('Another writer claimed the realm while this one was starting.');
    }
    return { epoch, position, offset, engine, journal, projection, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function claimWithin(journal: PostgresJournal, timeoutMs: number): Promise<Claim> {
  if (timeoutMs === Number.POSITIVE_INFINITY) return journal.claim();
  const timer = setTimeout(() => void journal.close(), timeoutMs);
  try {
    return await journal.claim();
  } finally {
    clearTimeout(timer);
  }
}

function assertSound(engine: Engine): void {
  const broken = auditState(engine.state);
  if (broken.length === 0) return;
  throw new Error(
    `The tables are damaged, so the realm is not started. Run "npm run audit". ` +
      broken.join('; '),
  );
}
