// One server, from nothing to listening and back. The order matters: the folder and the database
// first; then the claim, which deposes whoever wrote before; then the tables catch up and the
// engine is loaded; only then do sockets open. Stopping goes the other way round.

import { wallClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import type { Config } from './config.ts';
import { auditState } from './engine/audit.ts';
import { Engine } from './engine/engine.ts';
import type { Gateway } from './gateway/gateway.ts';
import { createGateway } from './gateway/gateway.ts';
import { createVerifier } from './identity.ts';
import { DeposedError } from './journal/journal.ts';
import { PostgresJournal } from './journal/postgres-journal.ts';
import { pipelineObserver, registerRealm } from './metrics.ts';
import { Projection } from './projection/projection.ts';
import { createReader, type Reader } from './reads/reader.ts';
import { Realm } from './realm/realm.ts';
import { checkBacklog, loadEngine, tablesStanding } from './recovery.ts';
import { openStore, type Store } from './store.ts';

export interface Server {
  readonly port: number;
  readonly store: Store;
  readonly engine: Engine;
  readonly epoch: number;
  /** Milliseconds from the call to listening. */
  readonly startedInMs: number;
  /**
   * Takes no new commands, lets what was taken become durable and visible, closes every socket with
   * the restart code. Resolves within 10 s, whatever the database does.
   */
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly config: Config;
  readonly log: Log;
  /** The server can't go on and has closed its sockets. The message tells what to do. */
  readonly failed: (message: string) => void;
}

const DRAIN_MS = 5_000;
const CATCH_UP_MS = 2_000;

/** Starts a server. Throws, with a message for the operator, when it can't. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { config, log } = options;
  const beganMs = performance.now();
  const store = await openStore(config, log);
  try {
    return await startOn(store, options, beganMs);
  } catch (error) {
    await store.close();
    throw error instanceof DeposedError ? new Error(deposedMessage(error)) : error;
  }
}

async function startOn(store: Store, options: ServerOptions, beganMs: number): Promise<Server> {
  const { config, log } = options;
  const { database } = store;
  await checkBacklog(database);
  const journal = new PostgresJournal(database, log);
  const { epoch, position } = await journal.claim();
  const projection = new Projection({
    database,
    position: (await tablesStanding(database)).position,
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
  const reader = createReader({ database, log, amountWordsLocale: config.amountWordsLocale });
  const gateway = createGateway({
    config: config.gateway,
    verifier: await createVerifier(config, log),
    clock: wallClock,
    log,
  });
  const engine = new Engine(config.rules);
  const parts = { journal, projection, reader, gateway };
  try {
    projection.notify(position);
    await projection.waitFor(position);
    const loadedEpoch = await loadEngine(database, engine, log);
    assertSound(engine);
    // Nobody listened to the projection yet: a claim that came after ours may have gone by.
    if (Math.max(laterEpoch, loadedEpoch) > epoch) {
      throw new DeposedError('Another writer claimed the realm while this one was starting.');
    }
    const realm = new Realm({
      name: config.realm,
      epoch,
      position,
      engine,
      journal,
      projection,
      reader,
      sink: gateway,
      clock: wallClock,
      limits: config,
      feedIntervalMs: config.feedIntervalMs,
      amountWordsLocale: config.amountWordsLocale,
      observer: pipelineObserver(gateway.registry),
      failed: error => giveUp(error, parts, options),
    });
    registerRealm(gateway.registry, realm);
    realm.announcer.restore(await reader.marketHistory(wallClock.nowMs()));
    realm.start();
    gateway.attach(realm);
    const { port } = await gateway.listen(config.host, config.port);
    const startedInMs = performance.now() - beganMs;
    const stop = () => stopAll(realm, parts, store, log);
    return { port, store, engine, epoch, startedInMs, stop };
  } catch (error) {
    await closeParts(parts);
    throw error;
  }
}

interface Parts {
  readonly journal: PostgresJournal;
  readonly projection: Projection;
  readonly reader: Reader;
  readonly gateway: Gateway;
}

function assertSound(engine: Engine): void {
  const broken = auditState(engine.state);
  if (broken.length === 0) return;
  throw new Error(
    `The tables are damaged, so the realm is not started. Run "npm run audit". ` +
      broken.join('; '),
  );
}

async function stopAll(realm: Realm, parts: Parts, store: Store, log: Log): Promise<void> {
  const { gateway } = parts;
  gateway.drain();
  if (!(await within(DRAIN_MS, realm.drain()))) {
    log.error('The database did not take the last batch in time: its outcome is unknown.');
  }
  realm.stop();
  await gateway.close('restarting');
  await closeParts(parts);
  await store.close();
}

async function closeParts(parts: Parts): Promise<void> {
  const { journal, projection, reader, gateway } = parts;
  await gateway.close('restarting');
  await projection.stop(CATCH_UP_MS);
  await journal.close();
  await reader.close();
}

/** The realm is not ours any more, or is broken: close every socket and say so. */
function giveUp(error: unknown, parts: Parts, options: ServerOptions): void {
  const { log, failed } = options;
  const message =
    error instanceof DeposedError
      ? deposedMessage(error)
      : `Stopped, for nothing more can be decided here: run "npm run audit". ${String(error)}`;
  log.fatal({ error: error instanceof Error ? error.stack : String(error) }, message);
  void parts.gateway.close('restarting').finally(() => failed(message));
}

function deposedMessage(error: DeposedError): string {
  return `Deposed: ${error.message} This process has stopped; nothing it acknowledged is lost.`;
}

/** Whether `work` ended within `ms`. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>(resolve => {
    timer = setTimeout(resolve, ms, false);
  });
  const isDone = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return isDone;
}
