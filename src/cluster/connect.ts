// One connection to wherever REDIS_URL leads: a server, the primary that sentinels name, or the
// primary of a Redis Cluster that owns the slot of the realm. All keys of a realm lie in one slot,
// so one plain connection is enough there too: it has one order, resends nothing and is watched as
// any other. A client that follows the cluster by itself sends again what a lost connection may
// have taken already, and changes the connection that listens without a word.

import { Redis, type RedisOptions } from 'ioredis';
import { StandaloneConnector } from 'ioredis/built/connectors/index.js';
import {
  type ClusterAddress,
  parseRedisUrl,
  type RedisHost,
  type SentinelAddress,
} from './redis-url.ts';

/** What may be said of a connection, but for how replies look: those are as they always were. */
type Settings = Omit<RedisOptions, 'replyMapping'>;

/** A server that does not answer this soon is passed over for the next one. */
const ASK_TIMEOUT_MS = 1_500;

/**
 * Opens a connection, which finds the primary anew each time it is opened.
 * @param key one of the realm, whose slot leads to the right primary of a Redis Cluster.
 */
export function connectRedis(url: string, key: string, options: Settings): Redis {
  const address = parseRedisUrl(url);
  if (address.kind === 'server') return new Redis(address.url, options);
  const { username, password, isTls } = address;
  const common: Settings = { ...options };
  if (username !== null) common.username = username;
  if (password !== null) common.password = password;
  if (isTls) common.tls = {};
  const own: Settings = address.kind === 'sentinel' ? sentinelOptions(address, options) : {};
  if (address.kind === 'cluster') own.Connector = connectorOf(address, key);
  return new Redis({ ...common, ...own });
}

function sentinelOptions(address: SentinelAddress, options: Settings): Settings {
  const { hosts, group, sentinelPassword, isTls } = address;
  const own: Settings = {
    sentinels: [...hosts],
    name: group,
    role: 'master',
    sentinelCommandTimeout: ASK_TIMEOUT_MS,
    enableTLSForSentinelMode: isTls,
  };
  if (options.retryStrategy !== undefined) {
    own.sentinelRetryStrategy = options.retryStrategy ?? (() => null);
  }
  if (sentinelPassword !== null) own.sentinelPassword = sentinelPassword;
  if (isTls) own.sentinelTLS = {};
  return own;
}

type Connector = NonNullable<Settings['Connector']>;
type Slots = [first: number, last: number, ...nodes: [host: string | null, port: number][]][];

/** Connects to whoever owns the slot of `key` when the connection is opened. */
function connectorOf({ hosts }: ClusterAddress, key: string): Connector {
  return class extends StandaloneConnector {
    readonly #options: Settings;
    /** Whom to ask: first what was given, and then all that were ever named. */
    readonly #known = [...hosts];

    constructor(options: unknown) {
      super(options as Settings);
      this.#options = options as Settings;
    }

    override async connect(tell: (type: string, error: Error) => void) {
      this.connecting = true;
      const { host, port } = await this.#find(tell);
      // It was disconnected meanwhile.
      if (!this.connecting) throw new Error('Connection is closed.');
      Object.assign(this.options, { host, port });
      return super.connect(tell);
    }

    async #find(tell: (type: string, error: Error) => void): Promise<RedisHost> {
      for (let attempts = 1; ; attempts++) {
        let failure = new Error('nobody owns the slot');
        for (const asked of [...this.#known]) {
          // Another one is asked first the next time: this one may know less than the others.
          this.#known.push(this.#known.shift() as RedisHost);
          try {
            const owner = await this.#ask(asked);
            if (owner !== null || !this.connecting) return owner ?? asked;
          } catch (error) {
            failure = error as Error;
          }
        }
        const what = new Error(`The Redis Cluster cannot be asked: ${failure.message}`);
        const waitMs = this.#options.retryStrategy?.(attempts);
        if (typeof waitMs !== 'number') throw what;
        tell('error', what);
        await new Promise(resolve => setTimeout(resolve, waitMs));
        if (!this.connecting) return hosts[0] as RedisHost;
      }
    }

    /** The owner of the slot, or null when this one knows none. */
    async #ask(asked: RedisHost): Promise<RedisHost | null> {
      const { username, password, tls } = this.#options;
      const own: Settings = { ...asked, ...QUESTION };
      if (username !== undefined) own.username = username;
      if (password !== undefined) own.password = password;
      if (tls !== undefined) own.tls = tls;
      const link = new Redis(own);
      let reason: Error | null = null;
      link.on('error', (error: Error) => {
        reason = error;
      });
      try {
        const [slot, slots] = await Promise.all([
          link.cluster('KEYSLOT', key),
          link.cluster('SLOTS') as Promise<unknown> as Promise<Slots>,
        ]);
        // An empty host is the one that was asked.
        const hostsOf = ([, , ...nodes]: Slots[number]) =>
          nodes.map(([host, port]) => ({ host: host || asked.host, port }));
        for (const found of slots.flatMap(hostsOf)) this.#learn(found);
        const range = slots.find(([first, last]) => first <= slot && slot <= last);
        return range === undefined ? null : (hostsOf(range)[0] ?? null);
      } catch (error) {
        // That it was closed says less than why.
        throw reason ?? error;
      } finally {
        link.disconnect();
      }
    }

    #learn({ host, port }: RedisHost): void {
      const isKnown = this.#known.some(one => one.host === host && one.port === port);
      if (!isKnown) this.#known.push({ host, port });
    }
  };
}

const QUESTION = {
  protocol: 2,
  connectTimeout: ASK_TIMEOUT_MS,
  commandTimeout: ASK_TIMEOUT_MS,
  enableReadyCheck: false,
  maxRetriesPerRequest: 0,
  retryStrategy: null,
} as const;
