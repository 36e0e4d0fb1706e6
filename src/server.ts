// One server, from nothing to listening and back. The order matters: the folder and the database
// first; then the claim, which deposes whoever wrote before; then the engine is loaded; only then
// do sockets open, while the tables catch up. Stopping goes the other way round.

import { wallClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { within } from './base/within.ts';
import type { Config } from './config.ts';
import type { Engine } from './engine/engine.ts';
import type { Gateway } from './gateway/gateway.ts';
import { createGateway } from './gateway/gateway.ts';
import { createVerifier } from './identity.ts';
import { DeposedError } from './journal/journal.ts';
import { type Leadership, takeLeadership } from './leadership.ts';
import { pipelineObserver, registerRealm } from './metrics.ts';
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
  const verifier = await createVerifier(config, log);
  const leadership = await takeLeadership(database, config, log);
  const { epoch, position, engine, journal, projection } = leadership;
  const { amountWordsLocale } = config;
  const reader = createReader({ database, log, amountWordsLocale });
  const gateway = createGateway({ config: config.gateway, verifier, clock: wallClock, log });
  const parts = { leadership, reader, gateway };
  try {
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
      amountWordsLocale,
      observer: pipelineObserver(gateway.registry),
      failed: error => giveUp(error, parts, options),
    });
    registerRealm(gateway.registry, () => realm);
    await realm.announcer.begin(leadership.past);
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
  const { leadership, reader, gateway } = parts;
  await gateway.close('restarting');
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
