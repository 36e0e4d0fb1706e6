// What a node has of its realm in Redis: who the realm is there, its names, how its messages are
// sealed and opened, and connections that were answered once.

import { Counter, type Registry } from 'prom-client';
import type { Log } from './base/log.ts';
import { Envelope } from './cluster/envelope.ts';
import { type RealmKeys, realmKeys } from './cluster/keys.ts';
import { type Links, openLinks } from './cluster/links.ts';
import { REACH_MIN_MS, reach } from './cluster/reach.ts';
import { REFUSALS, Refused } from './cluster/refused.ts';
import type { Config } from './config.ts';
import type { Database } from './database/connection.ts';
import { settleIdentity } from './realm-identity.ts';

export interface RealmRedis {
  readonly identity: string;
  readonly keys: RealmKeys;
  readonly envelope: Envelope;
  readonly refused: Refused;
  readonly links: Links;
}

export interface RealmRedisOptions {
  readonly config: Config & { readonly redisUrl: string };
  readonly database: Database;
  readonly registry: Registry;
  readonly log: Log;
}

/** @throws {UnreachableError} when Redis does not answer, or not to us, within START_WAIT_MS. */
export async function openRealmRedis(options: RealmRedisOptions): Promise<RealmRedis> {
  const { config, database, registry, log } = options;
  const { redisUrl, nodeName, redisSign: isSigned } = config;
  const { identity, secret } = await settleIdentity(database, log);
  const keys = realmKeys(config.realm, identity);
  const envelope = new Envelope({ identity, secret, isSigned });
  const counter = new Counter({
    name: 'tradepost_cluster_refused_total',
    help: 'Messages and stream entries that were not taken, by reason.',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of REFUSALS) counter.inc({ reason }, 0);
  const refused = new Refused(log, reason => counter.inc({ reason }));
  const waitMs = Math.max(REACH_MIN_MS, config.startWaitMs);
  const links = openLinks(redisUrl, nodeName, keys.commands, log);
  try {
    await reach(links.commands, redisUrl, { waitMs, log });
  } catch (error) {
    links.close();
    throw error;
  }
  return { identity, keys, envelope, refused, links };
}
