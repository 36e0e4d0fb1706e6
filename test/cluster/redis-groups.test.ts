// Behind a Redis Sentinel and on a Redis Cluster: the lease, the stream and the channels go on by
// themselves when another server becomes the primary, and whoever listens is told that it may have
// missed something.

import { describe, expect, it, onTestFinished } from 'vitest';
import { RedisLeaderChannel, RedisNodeChannel } from '../../src/cluster/channels.ts';
import { RedisCommandReader } from '../../src/cluster/command-reader.ts';
import { RedisCommandSender } from '../../src/cluster/command-sender.ts';
import { realmKeys } from '../../src/cluster/keys.ts';
import { RedisLease } from '../../src/cluster/lease.ts';
import { onOwnRedis, TestCluster } from '../support/cluster-nodes.ts';
import { commandsOf } from '../support/fake-cluster.ts';
import { until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { quiet } from '../support/postgres.ts';
import { TEST_IDENTITY, testEnvelope, testLinks, testRefused } from '../support/redis.ts';
import { type RedisGroup, startRedisCluster, startSentinel } from '../support/redis-groups.ts';
import { connectRedis, hasOwnRedis, type OwnRedis } from '../support/redis-server.ts';
import { processToken } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

const WITHOUT = hasOwnRedis ? '' : ' (skipped: no redis-server is installed)';
const AGAIN_MS = 20_000;
const TEST_MS = 60_000;
const KEYS = realmKeys('groups', TEST_IDENTITY);

const after = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** Does `work` until `holds`. */
async function again(work: () => void, holds: () => boolean, what: string): Promise<void> {
  const endsAtMs = performance.now() + AGAIN_MS;
  while (!holds()) {
    if (performance.now() > endsAtMs) throw new Error(`It took too long: ${what}.`);
    work();
    await after(20);
  }
}

/** A leader and a node, and all that goes between them. */
async function openBench({ url }: RedisGroup) {
  const [ofLeader, ofNode] = [
    await testLinks('a', url, KEYS.commands),
    await testLinks('b', url, KEYS.commands),
  ];
  const { commands } = ofLeader;
  const { refused } = testRefused();
  const common = { key: KEYS.commands, envelope: testEnvelope(), refused, log: quiet };
  const lease = new RedisLease({
    ...{ redis: commands, keys: KEYS, node: 'a', log: quiet },
    lifeMs: 1_000,
  });
  const seen = { isHeld: false, interruptions: 0, feeds: [] as number[], questions: 0 };
  const seek = () => void lease.acquire().then(isHeld => (seen.isHeld = isHeld));
  lease.onLost(() => {
    seen.isHeld = false;
    seek();
  });
  seek();
  const sender = new RedisCommandSender({
    ...{ ...common, redis: ofNode.commands, node: 'b' },
    ...{ lifeMs: 5_000, batchMax: 100, streamEntriesMax: 10_000, nothing: KEYS.nothing },
  });
  const received: string[] = [];
  const reader = new RedisCommandReader({ ...common, commands, reading: ofLeader.openReading() });
  reader.start('', ({ batch }) => {
    received.push(...commandsOf(batch?.commands ?? []));
    return null;
  });
  const leader = new RedisLeaderChannel({ ...ofLeader, ...common, keys: KEYS, node: 'a' });
  const node = new RedisNodeChannel({ ...ofNode, ...common, keys: KEYS, node: 'b' });
  node.onFeed(({ count }) => seen.feeds.push(count));
  node.onInterrupted(() => seen.interruptions++);
  leader.onQuestion(() => seen.questions++);
  onTestFinished(async () => {
    lease.close();
    sender.close();
    await reader.stop();
  });
  let count = 0;
  const publish = () => {
    const nothing = { published: [], windows: [], ended: [], private: [] };
    count++;
    leader.publishFeed({
      ...{ epoch: 1, count, position: count, leader: 'a', begin: '', lagMs: 0 },
      ...{
        nowMs: 1,
        clockSure: true,
        isTaking: true,
        isReady: true,
        isHeartbeat: true,
        ...nothing,
      },
    });
  };
  const goesOn = async (name: string) => {
    const send = () =>
      sender.send({ player: 'alice', command: name, payload: {}, key: null, sender: 'player' });
    await again(send, () => received.includes(name), `${name}: a command arrives`);
    await again(
      () => {},
      () => seen.isHeld,
      `${name}: the lease is held`,
    );
    const { feeds, questions } = seen;
    const heard = feeds.length;
    await again(publish, () => feeds.length > heard, `${name}: the feed is heard`);
    const ask = () => node.ask({ kind: 'snapshot', channel: 'book:ore' });
    await again(ask, () => seen.questions > questions, `${name}: a question is heard`);
  };
  return { seen, received, goesOn };
}

/** False also when it does not answer: a server that changes its part cuts its connections. */
async function isA(role: 'master' | 'slave', server: OwnRedis): Promise<boolean> {
  try {
    const said = await server.ask(link => link.info('replication'));
    return said.includes(`role:${role}`);
  } catch {
    return false;
  }
}

/** Who has the lease, as the group itself says it. */
async function holderAt({ url }: RedisGroup): Promise<string | null> {
  const link = connectRedis(url, KEYS.commands);
  try {
    return await link.get(KEYS.lease);
  } finally {
    link.disconnect();
  }
}

async function goesOnAfter(group: RedisGroup, fault: () => Promise<unknown>): Promise<void> {
  const { seen, received, goesOn } = await openBench(group);
  await goesOn('before');
  const before = seen.interruptions;
  await fault();
  await until(() => isA('master', group.replica), 'the replica takes over', AGAIN_MS);
  await goesOn('after');
  await again(
    () => {},
    () => seen.interruptions > before,
    'the interruption is told',
  );
  await until(async () => (await holderAt(group)) === 'a', 'the group knows the holder');
  // In their order, and nothing of the old after the new.
  expect(received.lastIndexOf('before')).toBeLessThan(received.indexOf('after'));
  expect(seen.feeds).toEqual([...seen.feeds].sort((a, b) => a - b));
}

describe.skipIf(!hasOwnRedis)(`behind a sentinel${WITHOUT}`, () => {
  it('all goes on when the primary is killed', { timeout: TEST_MS }, async () => {
    const group = await startSentinel();
    await goesOnAfter(group, () => group.primary.kill());
  });

  it('all goes on when the primary is made a replica', { timeout: TEST_MS }, async () => {
    const group = await startSentinel();
    const sentinel = group.url.replace('+sentinel', '').replace('/main', '');
    const link = connectRedis(sentinel);
    onTestFinished(() => link.disconnect());
    await goesOnAfter(group, async () => {
      await link.call('SENTINEL', 'FAILOVER', 'main');
      // The sentinel lets the old one be for some seconds, and nodes stay there for as long.
      const isDemoted = () => isA('slave', group.primary);
      await until(isDemoted, 'the old one is a replica', AGAIN_MS);
    });
  });
});

describe.skipIf(!hasOwnRedis)(`on a Redis Cluster${WITHOUT}`, () => {
  it('all goes on when the primary of the realm is killed', { timeout: TEST_MS }, async () => {
    const group = await startRedisCluster(KEYS.commands);
    await goesOnAfter(group, () => group.primary.kill());
  });

  it('all goes on when the slot of the realm moves', { timeout: TEST_MS }, async () => {
    const group = await startRedisCluster(KEYS.commands);
    const failOver = () => group.replica.ask(link => link.call('CLUSTER', 'FAILOVER'));
    await goesOnAfter(group, failOver);
  });
});

async function answers(cluster: TestCluster): Promise<void> {
  const socket = await JudgeSocket.open(cluster.leader.port, await processToken('game'));
  onTestFinished(() => socket.destroy());
  const grant = { player: 'alice', asset: 'coins', quantity: 1 };
  const { outcome } = await socket.ask('wallet.grant', grant, { key: testKey('grant') });
  expect(outcome).toBe('ok');
}

onOwnRedis('a node behind a sentinel leads and answers', { timeout: TEST_MS }, async () => {
  const cluster = await TestCluster.start(1, {}, (await startSentinel()).url);
  await answers(cluster);
  await cluster.stop();
});

onOwnRedis('a node on a Redis Cluster leads and answers', { timeout: TEST_MS }, async () => {
  const cluster = await TestCluster.start(1, {}, (await startRedisCluster(KEYS.commands)).url);
  await answers(cluster);
  await cluster.stop();
});
