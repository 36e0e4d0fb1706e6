// One node of a cluster, from nothing to listening and back: a gateway that speaks to whichever
// node leads, a candidate that may be it, or both. It needs a Postgres server and a Redis, and goes
// on by itself when either comes back.

import type { Log } from './base/log.ts';
import { within } from './base/within.ts';
import { Candidate } from './candidate.ts';
import { ClockWatch } from './clock-watch.ts';
import { RedisNodeChannel } from './cluster/channels.ts';
import { RedisCommandSender } from './cluster/command-sender.ts';
import { realmKeys } from './cluster/keys.ts';
import { type Links, openLinks } from './cluster/links.ts';
import type { Config } from './config.ts';
import { ConfigError } from './config-values.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { createVerifier } from './identity.ts';
import { pipelineObserver, registerClock, registerCluster, registerRealm } from './metrics.ts';
import { createReader, type Reader } from './reads/reader.ts';
import { RemoteRealm } from './realm/remote-realm.ts';
import { TablesWatch } from './realm/tables-watch.ts';
import { openStore, type Store } from './store.ts';

export interface ClusterNode {
  readonly name: string;
  readonly port: number;
  readonly store: Store;
  /** Milliseconds from the call to listening. */
  readonly startedInMs: number;
  /** The node that leads, as far as is known here; empty when none is heard. */
  readonly leader: string;
  stop(): Promise<void>;
}

export interface NodeOptions {
  readonly config: Config & { readonly redisUrl: string };
  readonly log: Log;
}

const DRAIN_MS = 5_000;
/** A command may be executed for so much of the time that its sender waits for the reply. */
const LIFE_SHARE = 1 / 2;
const BATCH_MAX = 512;
const STREAM_ENTRIES_MAX = 20_000;

/** Starts a node. Throws, with a message for the operator, when it can't. */
export async function startNode(options: NodeOptions): Promise<ClusterNode> {
  const { config, log } = options;
  if (config.databaseUrl === null) {
    throw new ConfigError('REDIS_URL needs DATABASE_URL: the nodes of a realm share a database.');
  }
  const beganMs = performance.now();
  const store = await openStore(config, log);
  const { database } = store;
  const watch = await ClockWatch.start(database, config, log);
  const { clock } = watch;
  const verifier = await createVerifier(config, clock, log);
  const { amountWordsLocale, nodeName: name } = config;
  const keys = realmKeys(config.realm);
  const links = openLinks(config.redisUrl, name, keys.commands, log);
  const reader = createReader({ database, log, amountWordsLocale });
  // A node that only leads has pages, but lets no socket in.
  const gatewayConfig =
    config.nodeRole === 'engine' ? { ...config.gateway, socketsMax: 0 } : config.gateway;
  const gateway = createGateway({ config: gatewayConfig, verifier, clock, log });
  const { commands, listening } = links;
  const sender = new RedisCommandSender({
    redis: commands,
    key: keys.commands,
    node: name,
    log,
    lifeMs: config.replyTimeoutMs * LIFE_SHARE,
    batchMax: BATCH_MAX,
    streamEntriesMax: STREAM_ENTRIES_MAX,
  });
  const realm = new RemoteRealm({
    name: config.realm,
    node: name,
    sender,
    channel: new RedisNodeChannel({ commands, listening, keys, node: name, log }),
    reader,
    tables: new TablesWatch(() => reader.standing()),
    sink: gateway,
    clock,
    log,
    pendingMax: config.waitingEntriesMax,
    replyTimeoutMs: config.replyTimeoutMs,
  });
  const cluster = registerCluster(gateway.registry, realm);
  const candidate = new Candidate({
    config,
    log,
    node: name,
    database,
    reader,
    links,
    keys,
    watch,
    observer: pipelineObserver(gateway.registry),
    lost: cluster.lost,
  });
  registerRealm(gateway.registry, () => candidate.realm);
  registerClock(gateway.registry, watch);
  const parts = { log, gateway, realm, sender, candidate, reader, links, store, watch };
  try {
    gateway.attach(realm);
    if (config.nodeRole !== 'gateway') candidate.start();
    const { port } = await gateway.listen(config.host, config.port);
    const startedInMs = performance.now() - beganMs;
    return {
      name,
      port,
      store,
      startedInMs,
      get leader() {
        return realm.leader;
      },
      stop: () => stopNode(parts),
    };
  } catch (error) {
    await stopNode(parts);
    throw error;
  }
}

interface Parts {
  readonly log: Log;
  readonly gateway: Gateway;
  readonly realm: RemoteRealm;
  readonly sender: RedisCommandSender;
  readonly candidate: Candidate;
  readonly reader: Reader;
  readonly links: Links;
  readonly store: Store;
  readonly watch: ClockWatch;
}

/**
 * A realm that is led here is served on, for sockets here too, until another node is ready for it.
 * Then what was taken is answered; then the realm is handed over; then the sockets close.
 */
async function stopNode(parts: Parts): Promise<void> {
  const { log, gateway, realm, sender, candidate, reader, links, store, watch } = parts;
  await candidate.retire();
  gateway.drain();
  if (!(await within(DRAIN_MS, realm.drain()))) {
    log.error(
      { waiting: realm.waiting },
      'The leader did not answer in time: outcomes are unknown.',
    );
  }
  await candidate.stop();
  realm.stop();
  await gateway.close('restarting');
  sender.close();
  links.close();
  watch.stop();
  await reader.close();
  await store.close();
}
