// Taking over a realm, the same for a single server and for the leader of a cluster: claim the
// journal, which deposes whoever wrote before; bring an engine to the claim, which is loaded and
// checked now, or was while another node led. What comes out may write, until somebody else claims.
// The tables catch up afterwards: they are given nothing that was not found whole before.

import { monotonicClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { Config } from './config.ts';
import type { Database } from './database/connection.ts';
import type { Engine } from './engine/engine.ts';
import { type Claim, DeposedError } from './journal/journal.ts';
import { PostgresJournal } from './journal/postgres-journal.ts';
import type { Preparation } from './preparation.ts';
import { Projection } from './projection/projection.ts';
import type { MarketPast } from './realm/announcer.ts';
import { checkBacklog, damagedAt, Recovery } from './recovery.ts';

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
  readonly history: MarketPast;
  /** Lets the tables catch up, for a moment; then nothing is written here any more. */
  close(): Promise<void>;
}

export interface TakeoverOptions {
  /** How long to wait for a database that is away, before somebody else should try. */
  readonly claimTimeoutMs?: number;
  /** An engine that was made ready while another one led. */
  readonly preparation?: Preparation | null;
}

const CATCH_UP_MS = 2_000;

/**
 * @throws {DeposedError} when somebody else claimed while this one was loading.
 * @throws with a message for the operator when the journal or the tables are damaged.
 */
export async function takeLeadership(
  database: Database,
  config: Config,
  log: Log,
  options: TakeoverOptions = {},
): Promise<Leadership> {
  const { claimTimeoutMs = Number.POSITIVE_INFINITY, preparation = null } = options;
  // What was prepared has found its rows whole as it took them.
  if (preparation === null) await checkBacklog(database);
  const journal = new PostgresJournal(database, log);
  try {
    const claim = await claimWithin(journal, claimTimeoutMs);
    const prepared = preparation === null ? null : await bringAlong(preparation, claim, log);
    const recovery =
      prepared ?? (await loadUntil(claim, new Recovery(database, config.rules, log)));
    return lead({ database, config, log, journal, claim, recovery });
  } catch (error) {
    preparation?.drop();
    await journal.close();
    throw error;
  }
}

/** Null when it is of no use: then an engine is loaded as if there had never been one. */
async function bringAlong(
  preparation: Preparation,
  claim: Claim,
  log: Log,
): Promise<Recovery | null> {
  const recovery = await preparation.take();
  if (recovery === null) return null;
  try {
    await recovery.follow(claim.position);
    await checkAtClaim(recovery, claim);
    return recovery;
  } catch (error) {
    if (error instanceof DeposedError) throw error;
    log.warn({ error: String(error) }, 'the engine that was prepared is not used');
    return null;
  } finally {
    recovery.close();
  }
}

async function loadUntil(claim: Claim, recovery: Recovery): Promise<Recovery> {
  try {
    await recovery.load(claim.position);
    recovery.assertSound();
    await checkAtClaim(recovery, claim);
    return recovery;
  } finally {
    recovery.close();
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
}

function lead({ database, config, log, journal, claim, recovery }: Taken): Leadership {
  const { epoch, position, offset } = claim;
  const { engine, history } = recovery;
  recovery.resume();
  const projection = new Projection({
    database,
    position: recovery.tablesPosition,
    epoch,
    clock: monotonicClock,
    log,
    loop: {
      intervalMs: config.projectionIntervalMs,
      journalRetentionMs: config.journalRetentionMs,
      keyRetentionMs: config.rules.keyRetentionMs,
      livedStepMaxMs: config.rules.livedStepMaxMs,
    },
  });
  projection.notify(position);
  const close = async () => {
    await projection.stop(CATCH_UP_MS);
    await journal.close();
  };
  return { epoch, position, offset, engine, journal, projection, history, close };
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
