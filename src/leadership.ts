// Taking over a realm, the same for a single server and for the leader of a cluster: an engine is
// loaded and checked, now or beforehand, while somebody else may lead; then the journal is claimed,
// which deposes whoever wrote, and the last rows are followed up to the claim. So nobody is deposed
// by a start that fails or takes long. What comes out may write, until somebody else claims. The
// tables catch up afterwards: they are given nothing that was not found whole before.

import { monotonicClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { Config } from './config.ts';
import type { Database } from './database/connection.ts';
import type { RealmHold } from './database/realm-hold.ts';
import type { Engine } from './engine/engine.ts';
import { type Claim, DeposedError } from './journal/journal.ts';
import { PostgresJournal } from './journal/postgres-journal.ts';
import { loadSound, type Preparation } from './preparation.ts';
import { Projection } from './projection/projection.ts';
import type { MarketPast } from './realm/market-past.ts';
import { damagedAt, Recovery } from './recovery.ts';

export interface Leadership {
  readonly epoch: number;
  /** The position of the claim: everything before it is in the engine. */
  readonly position: number;
  /** Where the stream of commands goes on. */
  readonly offset: string;
  readonly engine: Engine;
  readonly journal: PostgresJournal;
  readonly projection: Projection;
  /** What the feed starts from. */
  readonly past: MarketPast;
  /** Null on the embedded database. */
  readonly hold: RealmHold | null;
  /** Lets the tables catch up, for a moment; then nothing is written here any more. */
  close(): Promise<void>;
}

export interface TakeoverOptions {
  /** The hold on the realm; it is released when the leadership ends or fails. */
  readonly hold?: RealmHold | null;
  /** How long to wait for a database that is away, before somebody else should try. */
  readonly claimTimeoutMs?: number;
  /** An engine that was made ready beforehand. */
  readonly preparation?: Preparation | null;
  /** Throws when the journal must not be claimed any more. Asked right before. */
  readonly assertWanted?: () => void;
}

const CATCH_UP_MS = 2_000;

/**
 * @throws {RealmHeldError} when somebody else took the realm while this one was loading.
 * @throws {DeposedError} when somebody else claimed it in the same moment.
 * @throws with a message for the operator when the journal or the tables are damaged.
 */
export async function takeLeadership(
  database: Database,
  config: Config,
  log: Log,
  options: TakeoverOptions = {},
): Promise<Leadership> {
  const { hold = null, claimTimeoutMs = Number.POSITIVE_INFINITY, preparation = null } = options;
  const journal = new PostgresJournal(database, log);
  let recovery: Recovery | null = null;
  try {
    recovery = (await preparation?.take()) ?? null;
    const [isOfUse] = await Promise.all([isFollowing(recovery, log), hold?.confirm()]);
    if (recovery === null || !isOfUse) {
      recovery?.close();
      recovery = new Recovery(database, config.rules, log);
      await loadSound(recovery, database);
      await hold?.confirm();
    }
    options.assertWanted?.();
    const claim = await claimWithin(journal, claimTimeoutMs);
    await recovery.follow(claim.position);
    await checkAtClaim(recovery, claim);
    hold?.claimed(claim.epoch);
    return lead({ database, config, log, journal, claim, recovery, hold });
  } catch (error) {
    preparation?.drop();
    await journal.close();
    await hold?.release();
    throw error;
  } finally {
    recovery?.close();
  }
}

/** Whether what was made ready has what was written by now, and can be gone on with. */
async function isFollowing(recovery: Recovery | null, log: Log): Promise<boolean> {
  try {
    await recovery?.follow();
    return true;
  } catch (error) {
    log.warn({ error: String(error) }, 'the engine that was prepared is not used');
    return false;
  }
}

/** The engine has the journal up to the claim, and nobody has written anything behind that. */
async function checkAtClaim(recovery: Recovery, { position, epoch }: Claim): Promise<void> {
  const { standing } = recovery;
  if (standing.position < position) throw damagedAt(standing.position + 1, 'is missing');
  if (standing.epoch < epoch) {
    throw damagedAt(position, 'is missing, though the tables have seen it');
  }
  if (standing.epoch > epoch || (await recovery.hasMore())) {
    throw new DeposedError('Another writer claimed the realm while this one was starting.');
  }
}

interface Taken {
  readonly database: Database;
  readonly config: Config;
  readonly log: Log;
  readonly journal: PostgresJournal;
  readonly claim: Claim;
  readonly recovery: Recovery;
  readonly hold: RealmHold | null;
}

function lead({ database, config, log, journal, claim, recovery, hold }: Taken): Leadership {
  const { epoch, position, offset } = claim;
  const { engine, past } = recovery;
  recovery.resume();
  const projection = new Projection({
    database,
    position: recovery.tablesPosition,
    quarantined: recovery.quarantined,
    epoch,
    clock: monotonicClock,
    log,
    loop: {
      intervalMs: config.projectionIntervalMs,
      journalRetentionMs: config.journalRetentionMs,
      keyRetentionMs: config.rules.keyRetentionMs,
      trimsKeys: true,
      livedStepMaxMs: config.rules.livedStepMaxMs,
    },
  });
  projection.notify(position);
  const close = async () => {
    // The next writer need not wait until the tables have caught up here.
    await Promise.all([projection.stop(CATCH_UP_MS), hold?.release()]);
    await journal.close();
  };
  return { epoch, position, offset, engine, journal, projection, past, hold, close };
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
