// The hold of a node on the realm. Nodes of one cluster take it from each other, for their lease
// says whose turn it is, and the one before may be frozen. Of any other writer that lives (a single
// server, a cluster on another Redis) they take it only when that was asked for, else they wait.

import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Log } from './base/log.ts';
import { agreeOnCluster } from './cluster/cluster-id.ts';
import type { RealmKeys } from './cluster/keys.ts';
import { RealmHeldError, type RealmHold } from './database/realm-hold.ts';

export interface NodeHoldOptions {
  readonly hold: RealmHold;
  readonly redis: Redis;
  readonly keys: RealmKeys;
  readonly log: Log;
  /** Takes the realm from a living writer outside of the cluster too. */
  readonly isForced: boolean;
  /** Whether this node is still the one to lead. */
  readonly isWanted: () => boolean;
  /** It waits for a writer outside of the cluster. Called once, if at all. */
  readonly heldOff: () => void;
}

const RETRY_MS = 1_000;

/** Takes the hold. Resolves once it is had, or is not wanted any more. */
export async function holdForCluster(options: NodeHoldOptions): Promise<void> {
  const { hold, redis, keys, log, isForced, isWanted, heldOff } = options;
  const cluster = await agreeOnCluster(redis, keys, randomBytes(8).toString('hex'));
  let isHeldOff = false;
  while (isWanted()) {
    try {
      const say = (text: string) => (isHeldOff ? log.debug(text) : log.warn(text));
      return await hold.take({ cluster, isForced, waiting: say });
    } catch (error) {
      if (!(error instanceof RealmHeldError)) throw error;
      if (!isHeldOff) {
        heldOff();
        log.error(`${error.message}. Until then this node waits, and is not ready.`);
      }
      isHeldOff = true;
    }
    await new Promise(resolve => setTimeout(resolve, RETRY_MS));
  }
}
