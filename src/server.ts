// One server, from nothing to listening and back. The order matters: the folder and the database
// first; then the claim, which deposes whoever wrote before; then the engine is loaded; only then
// do sockets open, while the tables catch up. Stopping goes the other way round.

import type { Log } from './base/log.ts';
import { within } from './base/within.ts';
import { ClockWatch } from './clock-watch.ts';
import type { Config } from './config.ts';
import type { Engine } from './engine/engine.ts';
import type { Gateway } from './gateway/gateway.ts';
import { createGateway } from './gateway/gateway.ts';
import { createVerifier } from './identity.ts';
import { DeposedError } from './journal/journal.ts';
import { type Leadership, takeLeadership } from './leadership.ts';
import { pipelineObserver, registerClock, registerRealm } from './metrics.ts';
import { createReader, type Reader } from './reads/reader.ts';
import { Realm } from './realm/realm.ts';
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

/** Starts a server. Throws, with a message for the operator, when it can't. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { config, log } = options;
  const beganMs = performance.now();
  const store = await openStore(config, log);
  let watch: ClockWatch | null = null;
  try {
    watch = await ClockWatch.start(store.database, config, log);
    return await startOn({ store, watch }, options, beganMs);
  } catch (error) {
    watch?.stop();
    await store.close();
    throw error instanceof DeposedError ? new Error(deposedMessage(error)) : error;
  }
}

async function startOn(
  { store, watch }: { store: Store; watch: ClockWatch },
  options: ServerOptions,
  beganMs: number,
): Promise<Server> {
  const { config, log } = options;
  const { database } = store;
  const verifier = await createVerifier(config, watch.clock, log);
  const leadership = await takeLeadership(database, config, log);
  const { epoch, position, engine, journal, projection } = leadership;
  const { amountWordsLocale } = config;
  const reader = createReader({ database, log, amountWordsLocale });
  const gateway = createGateway({ config: config.gateway, verifier, clock: watch.clock, log });
  const parts = { leadership, reader, gateway, watch };
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
    realm.announcer.restore(leadership.history);
    // The first reader need not wait for a connection.
    await reader.standing();
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
  readonly leadership: Leadership;
  readonly reader: Reader;
  readonly gateway: Gateway;
  readonly watch: ClockWatch;
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
  const { leadership, reader, gateway, watch } = parts;
  await gateway.close('restarting');
  watch.stop();
  await leadership.close();
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
