// The Redis of the tests: REDIS_URL when it is set, else 127.0.0.1:6379 when that answers, else
// none, and what needs one is skipped by name. Every test has a realm of its own there, so that
// tests share a server and nobody empties it.

import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { Envelope } from '../../src/cluster/envelope.ts';
import { type RealmKeys, realmKeys } from '../../src/cluster/keys.ts';
import { type Links, openLinks } from '../../src/cluster/links.ts';
import { type Refusal, Refused } from '../../src/cluster/refused.ts';
import { quiet } from './postgres.ts';

const LOCAL_URL = 'redis://127.0.0.1:6379';
const ANSWER_MS = 2_000;

/** Null: skip by `describe.skipIf(redisUrl === null)`, with {@link NO_REDIS} in the title. */
export const redisUrl = await findRedis();

export const NO_REDIS = redisUrl === null ? ' (skipped: no Redis answers)' : '';

async function findRedis(): Promise<string | null> {
  const wanted = process.env.REDIS_URL;
  if (wanted === undefined || wanted === '') {
    return (await answers(LOCAL_URL)) ? LOCAL_URL : null;
  }
  if (await answers(wanted)) return wanted;
  throw new Error('The Redis of REDIS_URL does not answer.');
}

async function answers(url: string): Promise<boolean> {
  const link = new Redis(url, {
    lazyConnect: true,
    connectTimeout: ANSWER_MS,
    retryStrategy: () => null,
  });
  link.on('error', () => {});
  try {
    await link.connect();
    return (await link.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    link.disconnect();
  }
}

/** Who the realms of the tests are. */
export const TEST_IDENTITY = '00112233445566778899aabbccddeeff';
const TEST_SECRET = Buffer.from('the secret of the realms of tests');

/** Seals and opens messages of the tests' realms; another identity is another database. */
export function testEnvelope(
  more: { isSigned?: boolean; identity?: string; secret?: Uint8Array } = {},
): Envelope {
  return new Envelope({ identity: TEST_IDENTITY, secret: TEST_SECRET, isSigned: true, ...more });
}

/** Keeps the reasons for which something was not taken. */
export function testRefused(log = quiet): { refused: Refused; reasons: Refusal[] } {
  const reasons: Refusal[] = [];
  return { refused: new Refused(log, reason => reasons.push(reason)), reasons };
}

let count = 0;

/** A realm that no other test has; its keys are gone when the test is over. */
export function testKeys(): { realm: string; keys: RealmKeys } {
  const realm = `test_${process.pid}_${Date.now()}_${++count}`;
  const keys = realmKeys(realm, TEST_IDENTITY);
  onTestFinished(async () => {
    const link = new Redis(redisUrl ?? LOCAL_URL);
    await link.del(keys.commands, keys.lease, keys.successor, keys.asked, keys.ready);
    link.disconnect();
  });
  return { realm, keys };
}

/** Connections of a node that are ready, and closed when the test is over. */
export async function testLinks(
  node: string,
  url = redisUrl ?? LOCAL_URL,
  key = 'test',
): Promise<Links> {
  const links = openLinks(url, node, key, quiet);
  onTestFinished(() => links.close());
  await Promise.all([links.commands, links.listening].map(readyOf));
  return links;
}

/** Resolves when a connection may be used. */
export async function readyOf(link: Redis): Promise<void> {
  while (link.status !== 'ready') await new Promise(resolve => setTimeout(resolve, 2));
}

/** Waits until `holds`, or fails with `what`. */
export async function until(holds: () => boolean, what: string, timeoutMs = 5_000): Promise<void> {
  const endsAtMs = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > endsAtMs) throw new Error(`It took too long: ${what}.`);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
}
