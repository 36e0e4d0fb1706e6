// One server, from nothing to serving and back. The order matters: the port first, so that a server
// that cannot have it harms nobody; then the folder or the database; then the hold on the realm,
// which a living writer does not give away; then the engine is loaded; then the claim, which
// deposes whoever wrote before; only then sockets are let in, while the tables catch up. Stopping
// goes the other way round.

import { FollowingClock, wallClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { within } from './base/within.ts';
import { ClockWatch } from './clock-watch.ts';
import type { Config } from './config.ts';
import { RealmHold } from './database/realm-hold.ts';
import type { Engine } from './engine/engine.ts';
import type { Gateway } from './gateway/gateway.ts';
import { createGateway } from './gateway/gateway.ts';
import { createVerifier } from './identity.ts';
import { DeposedError, RowsLostError } from './journal/journal.ts';
import { type Leadership, takeLeadership } from './leadership.ts';
import { pipelineObserver, registerClock, registerRealm } from './metrics.ts';
import { createReader, type Reader } from './reads/reader.ts';
import { Realm } from './realm/realm.ts';
import { TablesWatch } from './realm/tables-watch.ts';
import { KeptEnds } from './session-ends.ts';
import { openStore, type Store } from './store.ts';

export interface Server {
  readonly port: number;
  /** Where operators look. */
  readonly opsPort: number;
  readonly store: Store;
  readonly engine: Engine;
  readonly epoch: number;
  /** Milliseconds from the call to the first socket that is let in. */
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
  /** Takes the realm from a living writer too, which stops it. */
  readonly takeover?: boolean;
  /**
   * The server can't go on and has closed its sockets: another one was given the realm, or
   * something is broken. The message tells what to do.
   */
  readonly failed: (message: string, why: 'deposed' | 'broken') => void;
}

const DRAIN_MS = 5_000;

/**
 * Starts a server.
 * @throws {ListenError} when it cannot have its port: then nothing else was touched.
 * @throws {RealmHeldError} when a living writer has the realm, {@link FolderHeldError} the folder.
 * @throws {DeposedError} when another writer took the realm in the same moment.
 * @throws with a message for the operator otherwise.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { config, log } = options;
  const beganMs = performance.now();
  const clock = new FollowingClock(wallClock);
  const verifier = await createVerifier(config, clock, log);
  const gateway = createGateway({ config: config.gateway, verifier, clock, log });
  let store: Store | null = null;
  let watch: ClockWatch | null = null;
  let ends: KeptEnds | null = null;
  try {
    const { port } = await gateway.listen(config.host, config.port);
    const { port: opsPort } = await gateway.listenOps(config.ops.host, config.ops.port);
    store = await openStore(config, log, config.startWaitMs);
    watch = await ClockWatch.start(store.database, config, log);
    clock.follow(watch.clock);
    const { database } = store;
    ends = await KeptEnds.open({ database, log, clock, tokenHoursMax: config.tokenHoursMax });
    const { realm, parts } = await lead({ store, watch, ends, gateway }, options);
    return {
      port,
      opsPort,
      store,
      engine: parts.leadership.engine,
      epoch: realm.epoch,
      startedInMs: performance.now() - beganMs,
      stop: () => stopAll(realm, parts, log),
    };
  } catch (error) {
    watch?.stop();
    await gateway.close('restarting');
    await ends?.close();
    await store?.close();
    throw error instanceof DeposedError ? new DeposedError(deposedMessage(error)) : error;
  }
}

interface Opened {
  readonly store: Store;
  readonly watch: ClockWatch;
  readonly ends: KeptEnds;
  readonly gateway: Gateway;
}

/** Takes the realm over and lets sockets in. */
async function lead(
  { store, watch, ends, gateway }: Opened,
  options: ServerOptions,
): Promise<{ realm: Realm; parts: Parts }> {
  const { config, log } = options;
  const { database } = store;
  const hold = await holdRealm(store, options);
  const leadership = await takeLeadership(database, config, log, { hold });
  const { epoch, position, engine, journal, projection } = leadership;
  const { amountWordsLocale } = config;
  const reader = createReader({ database, log, amountWordsLocale });
  // The tables are filled here: whoever waits for them tells the projection.
  const tables = new TablesWatch(() => reader.standing(false));
  const parts = { store, watch, ends, leadership, reader, tables, gateway };
  try {
    const clock = await watch.engineClock(engine.state.nowMs);
    const realm = new Realm({
      name: config.realm,
      epoch,
      position,
      engine,
      journal,
      projection,
      reader,
      tables,
      sink: gateway,
      clock,
      limits: config,
      feedIntervalMs: config.feedIntervalMs,
      amountWordsLocale,
      observer: pipelineObserver(gateway.registry),
      failed: error => giveUp(error, parts, options),
    });
    registerRealm(gateway.registry, () => realm);
    registerClock(gateway.registry, watch);
    await realm.announcer.begin(leadership.past);
    // The first reader need not wait for a connection.
    await tables.standing();
    realm.start();
    gateway.attach(realm, ends);
    return { realm, parts };
  } catch (error) {
    tables.close();
    await leadership.close();
    await reader.close();
    throw error;
  }
}

/** Null on the embedded database: whoever has its folder has the realm. */
async function holdRealm({ database }: Store, options: ServerOptions): Promise<RealmHold | null> {
  if (database.address.kind === 'embedded') return null;
  const { log, takeover: isForced = false } = options;
  const hold = new RealmHold(database, log);
  await hold.take({ cluster: '', isForced, waiting: text => log.warn(text) });
  return hold;
}

interface Parts extends Opened {
  readonly leadership: Leadership;
  readonly reader: Reader;
  readonly tables: TablesWatch;
}

async function stopAll(realm: Realm, parts: Parts, log: Log): Promise<void> {
  const { store, watch, ends, leadership, reader, tables, gateway } = parts;
  gateway.drain();
  if (!(await within(DRAIN_MS, realm.drain()))) {
    log.error('The database did not take the last batch in time: its outcome is unknown.');
  }
  realm.stop();
  await gateway.close('restarting');
  watch.stop();
  tables.close();
  await leadership.close();
  await reader.close();
  await ends.close();
  await store.close();
}

/** The realm is not ours any more, or is broken: close every socket and say so. */
function giveUp(error: unknown, parts: Parts, options: ServerOptions): void {
  const { log, failed } = options;
  const isDeposed = error instanceof DeposedError;
  const message = whyStopped(error);
  log.fatal({ error: error instanceof Error ? error.stack : String(error) }, message);
  const { gateway, leadership } = parts;
  const left = Promise.all([gateway.close('restarting'), leadership.hold?.release()]);
  void left.finally(() => failed(message, isDeposed ? 'deposed' : 'broken'));
}

function whyStopped(error: unknown): string {
  if (error instanceof DeposedError) return deposedMessage(error);
  if (error instanceof RowsLostError) return error.message;
  return `Stopped, for nothing more can be decided here: run "npm run audit". ${String(error)}`;
}

function deposedMessage(error: DeposedError): string {
  return `Deposed: ${error.message} This process has stopped; nothing it acknowledged is lost.`;
}
