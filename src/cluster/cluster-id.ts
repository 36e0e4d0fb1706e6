// What the nodes of one cluster have in common: they share a Redis, and so the lease that decides
// among them. Nodes on another Redis are another cluster, though they may have the same database. A
// Redis that was emptied is another cluster too.

import type { Redis } from 'ioredis';
import type { RealmKeys } from './keys.ts';

/** KEYS id. ARGV a proposal. */
const AGREE = `redis.call('set', KEYS[1], ARGV[1], 'nx')
  return redis.call('get', KEYS[1])`;

/** The id that the nodes have agreed on; `proposed` when there is none yet. */
export async function agreeOnCluster(
  redis: Redis,
  keys: Pick<RealmKeys, 'cluster'>,
  proposed: string,
): Promise<string> {
  return (await redis.eval(AGREE, 1, keys.cluster, proposed)) as string;
}
