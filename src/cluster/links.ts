// The connections of a node to Redis. Each has one use, so that none waits behind another:
// `commands` for what is sent, `listening` for what is published, `lease` for who leads, and while
// the node leads one for the blocking read of the stream. Nothing waits for a connection that is
// down, and nothing is sent twice: what fails is told, and whoever sent it decides. A connection
// that nobody told us is gone is noticed by its silence and opened anew; the one that listens asks
// now and then to be answered.

import type { Redis } from 'ioredis';
import type { Log } from '../base/log.ts';
import { connectRedis } from './connect.ts';

const CONNECT_TIMEOUT_MS = 2_000;
const COMMAND_TIMEOUT_MS = 1_500;
/** Longest wait of a blocking read; its timeout is this and a grace. */
export const BLOCK_MS = 1_000;
const BLOCK_GRACE_MS = 1_000;
/** A connection that owes an answer and says nothing for this long is gone. */
const SILENCE_MAX_MS = 2_500;
const PING_INTERVAL_MS = 1_000;
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 1_000;

type LinkUse = 'commands' | 'reading' | 'listening' | 'lease';

export interface Links {
  readonly commands: Redis;
  readonly listening: Redis;
  /** A word about who leads must not wait behind megabytes of the feed. */
  readonly lease: Redis;
  /** A connection of its own for one reader of the stream, who disconnects it. */
  openReading(): Redis;
  close(): void;
}

/** @param key one of the realm: on a Redis Cluster its slot says which server they lead to. */
export function openLinks(url: string, node: string, key: string, log: Log): Links {
  const open = (use: LinkUse) => {
    const own = { connectionName: nameOf(node, use), reconnectOnError };
    const link = connectRedis(url, key, { ...COMMON, ...OWN[use], ...own });
    let wasReady = use === 'reading';
    link.on('ready', () => {
      wasReady = true;
    });
    link.on('error', (error: Error) => {
      const said = { use, error: error.message };
      // Why a node cannot begin is said in one line: see reach.ts.
      if (wasReady) log.warn(said, 'redis');
      else log.debug(said, 'redis');
    });
    return link;
  };
  const reconnectOnError = (error: Error) => {
    const isElsewhere = ELSEWHERE.test(error.message);
    // Who listens is not told: it would wait for news at a server that gets none.
    if (isElsewhere && listening.status === 'ready') listening.disconnect(true);
    return isElsewhere;
  };
  const commands = open('commands');
  const listening = open('listening');
  const lease = open('lease');
  const pinging = setInterval(() => {
    if (listening.status === 'ready') listening.ping().catch(() => {});
  }, PING_INTERVAL_MS);
  return {
    commands,
    listening,
    lease,
    openReading: () => open('reading'),
    close: () => {
      clearInterval(pinging);
      commands.disconnect();
      listening.disconnect();
      lease.disconnect();
    },
  };
}

/** This server is not, or not any more, the primary of the realm's keys. It took nothing. */
const ELSEWHERE = /^(MOVED|READONLY|CLUSTERDOWN)\b|-READONLY/;

const COMMON = {
  protocol: 2,
  connectTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SILENCE_MAX_MS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  // What was on its way when a connection is lost fails at once: see autoResendUnfulfilledCommands.
  maxRetriesPerRequest: 0,
  retryStrategy: (attempts: number) => {
    const ceilingMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(attempts, 10));
    return RETRY_MIN_MS + Math.random() * ceilingMs;
  },
} as const;

/** A reply that never comes must not be waited for (see ioredis pull request 2194). */
const OWN = {
  commands: { commandTimeout: COMMAND_TIMEOUT_MS },
  lease: { commandTimeout: COMMAND_TIMEOUT_MS },
  // A read may wait until its connection is open: it changes nothing, and a new leader is in haste.
  reading: { blockingTimeout: BLOCK_MS + BLOCK_GRACE_MS, enableOfflineQueue: true },
  listening: { autoResubscribe: false },
} as const;

function nameOf(node: string, use: LinkUse): string {
  return `tradepost:${node}:${use}`;
}

/**
 * What is sent from now on to the end of this turn leaves in one write: system calls, here and at
 * Redis, cost more than all else that a small message needs.
 */
export function oneWrite({ stream }: Redis): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
