// One node of a cluster, from nothing to listening and back: a gateway that speaks to whichever
// node leads, a candidate that may be it, or both. It needs a Postgres server and a Redis, and goes
// on by itself when either comes back. It has its port before it does anything that others notice.

import { FollowingClock, wallClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { within } from './base/within.ts';
import { Candidate } from './candidate.ts';
import { ClockWatch } from './clock-watch.ts';
import { RedisNodeChannel } from './cluster/channels.ts';
import { RedisCommandSender } from './cluster/command-sender.ts';
import type { Links } from './cluster/links.ts';
import type { Config } from './config.ts';
import { ConfigError } from './config-values.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { createVerifier } from './identity.ts';
import { pipelineObserver, registerClock, registerCluster, registerRealm } from './metrics.ts';
import { createReader, type Reader } from './reads/reader.ts';
import { RemoteRealm } from './realm/remote-realm.ts';
import { TablesWatch } from './realm/tables-watch.ts';
import { watchIdentity } from './realm-identity.ts';
import { openRealmRedis, type RealmRedis } from './realm-redis.ts';
import { KeptEnds } from './session-ends.ts';
import { openStore, type Store } from './store.ts';

export interface ClusterNode {
  readonly name: string;
  readonly port: number;
  /** Where operators look. */
  readonly opsPort: number;
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
  /** Takes the realm, the first time that it is to lead, from a living writer outside too. */
  readonly takeover?: boolean;
  /** The node can't go on and has closed its sockets. The message tells what to do. */
  readonly failed: (message: string) => void;
}

const DRAIN_MS = 5_000;
/** A command may be executed for so much of the time that its sender waits for the reply. */
const LIFE_SHARE = 1 / 2;
const BATCH_MAX = 512;
const STREAM_ENTRIES_MAX = 20_000;
const RENAMED =
  'The realm has a new identity, so the other nodes are heard no more. Start this node again.';

/**
 * Starts a node.
 * @throws {ListenError} when it cannot have its port: then nothing else was touched.
 * @throws with a message for the operator otherwise.
 */
export async function startNode(options: NodeOptions): Promise<ClusterNode> {
  const { config, log } = options;
  if (config.databaseUrl === null) {
    throw new ConfigError('REDIS_URL needs DATABASE_URL: the nodes of a realm share a database.');
  }
  const beganMs = performance.now();
  const clock = new FollowingClock(wallClock);
  const verifier = await createVerifier(config, clock, log);
  // A node that only leads has pages, but lets no socket in.
  const gatewayConfig =
    config.nodeRole === 'engine' ? { ...config.gateway, socketsMax: 0 } : config.gateway;
  const gateway = createGateway({ config: gatewayConfig, verifier, clock, log });
  let store: Store | null = null;
  let watch: ClockWatch | null = null;
  let ends: KeptEnds | null = null;
  try {
    const { port } = await gateway.listen(config.host, config.port);
    const { port: opsPort } = await gateway.listenOps(config.ops.host, config.ops.port);
    store = await openStore(config, log, config.startWaitMs);
    watch = await ClockWatch.start(store.database, config, log);
    clock.follow(watch.clock);
    const { registry } = gateway;
    const { database } = store;
    ends = await KeptEnds.open({ database, log, clock, tokenHoursMax: config.tokenHoursMax });
    const redis = await openRealmRedis({ config, database, registry, log });
    const parts = joinCluster({ store, watch, ends, gateway, redis }, options);
    const { realm } = parts;
    return {
      name: config.nodeName,
      port,
      opsPort,
      store,
      startedInMs: performance.now() - beganMs,
      get leader() {
        return realm.leader;
      },
      stop: () => stopNode(parts),
    };
  } catch (error) {
    watch?.stop();
    await gateway.close('restarting');
    await ends?.close();
    await store?.close();
    throw error;
  }
}

interface Opened {
  readonly store: Store;
  readonly watch: ClockWatch;
  readonly ends: KeptEnds;
  readonly gateway: Gateway;
  readonly redis: RealmRedis;
}

/** From now on the node serves, and leads when it is its turn. */
function joinCluster(opened: Opened, options: NodeOptions): Parts {
  const { store, watch, ends, gateway, redis } = opened;
  const { config, log, takeover = false } = options;
  const { database } = store;
  const { clock } = watch;
  const { registry } = gateway;
  const { amountWordsLocale, nodeName: name } = config;
  const reader = createReader({ database, log, amountWordsLocale });
  const tables = new TablesWatch(wants => reader.standing(wants));
  const { keys, envelope, refused, links } = redis;
  const { commands, listening } = links;
  const both = { node: name, envelope, log };
  const sender = new RedisCommandSender({
    ...both,
    redis: commands,
    key: keys.commands,
    nothing: keys.nothing,
    lifeMs: Math.ceil(config.replyTimeoutMs * LIFE_SHARE),
    batchMax: BATCH_MAX,
    streamEntriesMax: STREAM_ENTRIES_MAX,
  });
  const realm = new RemoteRealm({
    name: config.realm,
    node: name,
    sender,
    channel: new RedisNodeChannel({ ...both, commands, listening, keys, refused }),
    reader,
    tables,
    sink: gateway,
    clock,
    log,
    pendingMax: config.waitingEntriesMax,
    replyTimeoutMs: config.replyTimeoutMs,
  });
  const cluster = registerCluster(registry, realm);
  const candidate = new Candidate({
    config,
    log,
    node: name,
    database,
    reader,
    tables,
    redis,
    watch,
    observer: pipelineObserver(registry),
    lost: cluster.lost,
    isLed: () => realm.leader !== '',
    takeover,
  });
  registerRealm(registry, () => candidate.realm);
  registerClock(registry, watch);
  const unwatch = watchIdentity(database, redis.identity, () => {
    log.fatal(RENAMED);
    void gateway.close('restarting').finally(() => options.failed(RENAMED));
  });
  gateway.attach(realm, ends);
  if (config.nodeRole !== 'gateway') candidate.start();
  return { log, gateway, realm, sender, candidate, reader, links, store, watch, ends, unwatch };
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
  readonly unwatch: () => void;
  readonly watch: ClockWatch;
  readonly ends: KeptEnds;
}

/**
 * A realm that is led here is served on, for sockets here too, until another node is ready for it.
 * Then what was taken is answered; then the realm is handed over; then the sockets close.
 */
async function stopNode(parts: Parts): Promise<void> {
  const { log, gateway, realm, sender, candidate, reader, links, store, unwatch } = parts;
  unwatch();
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
  parts.watch.stop();
  await reader.close();
  await parts.ends.close();
  await store.close();
}
