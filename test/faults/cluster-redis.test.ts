// Redis is never the record. Killed, emptied, frozen, or cut off in one direction, under load: no
// acknowledged command is lost, none has two effects, and the cluster goes on by itself. The same
// holds on Valkey, where it is installed.

import { expect, onTestFinished } from 'vitest';
import { onOwnRedis, onValkey, TestCluster } from '../support/cluster-nodes.ts';
import { passVerdict } from '../support/cluster-verdict.ts';
import { sleep, until } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { DIRECTIONS, OneWayProxy } from '../support/one-way-proxy.ts';
import { connectRedis, OwnRedis } from '../support/redis-server.ts';
import { processToken } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

const RECOVERY_MS = 20_000;
const LOST = 'commands left the stream before they were read';

interface Scene {
  readonly redis: OwnRedis;
  readonly cluster: TestCluster;
  readonly judge: Judge;
  /** Does something to Redis under load, and waits until commands are decided again. */
  suffer(what: string, fault: () => Promise<unknown>): Promise<void>;
}

async function scene(
  seed: number,
  before: (redis: OwnRedis) => Promise<string>,
  program?: string,
): Promise<Scene> {
  const redis = await OwnRedis.start([], program === undefined ? {} : { program });
  const cluster = await TestCluster.start(3, {}, await before(redis));
  const token = await processToken('game');
  const judge = new Judge({ seed, token, sockets: 6, inFlight: 4, paceMs: 10 });
  await judge.prepare(cluster.leader.port);
  const [first = 0, ...others] = cluster.ports;
  await judge.begin(first, ...others);
  const report: string[] = [];
  onTestFinished(() => console.log(`Decided again after\n  ${report.join('\n  ')}`));
  const suffer = async (what: string, fault: () => Promise<unknown>) => {
    await sleep(300);
    await fault();
    const healedAtMs = performance.now();
    // The others may all wait for answers that were lost.
    await judge.join(cluster.leader.port, 1);
    await until(() => judge.decidedAtMs > healedAtMs, `it goes on after ${what}`, RECOVERY_MS);
    report.push(`${what}: ${Math.round(judge.decidedAtMs - healedAtMs)} ms`);
    await cluster.heard();
  };
  return { redis, cluster, judge, suffer };
}

/** Does harm to a server of the test's own in all ways but cutting links. */
function suffers(program?: string) {
  return async () => {
    const { redis, cluster, judge, suffer } = await scene(61, async ({ url }) => url, program);
    await suffer('Redis emptied', () => redis.ask(link => link.flushall()));
    await suffer('Redis killed and started at once', async () => {
      await redis.kill();
      await redis.begin();
    });
    await suffer('Redis killed, and away for two seconds', async () => {
      await redis.kill();
      await sleep(2_000);
      const socket = await JudgeSocket.open(cluster.leader.port, await processToken('game'));
      const grant = { player: 'nobody', asset: 'coins', quantity: 1 };
      const refused = await socket.ask('wallet.grant', grant, { key: testKey('while-away') });
      expect(refused.outcome).toBe('unavailable');
      socket.destroy();
      await redis.begin();
    });
    await suffer('Redis frozen for less than the lease', async () => {
      redis.signal('SIGSTOP');
      await sleep(500);
      redis.signal('SIGCONT');
    });
    await suffer('Redis frozen for three seconds', async () => {
      redis.signal('SIGSTOP');
      await sleep(3_000);
      redis.signal('SIGCONT');
    });
    await suffer('Redis emptied twice', async () => {
      await redis.ask(link => link.flushall());
      await sleep(200);
      await redis.ask(link => link.flushall());
    });
    console.log(JSON.stringify(judge.counts()));
    // Each of them is sent again by its key for the verdict.
    expect(judge.counts().unknown).toBeGreaterThan(0);
    await passVerdict(cluster, judge);
  };
}

onOwnRedis(
  'Redis killed, started again empty, emptied and frozen costs no acknowledged command',
  { timeout: 120_000 },
  suffers(),
);

onValkey(
  'Valkey killed, started again empty, emptied and frozen costs no acknowledged command',
  { timeout: 120_000 },
  suffers('valkey-server'),
);

onOwnRedis(
  'links to Redis that are cut in one direction, or that nobody tells are gone, come back',
  { timeout: 120_000 },
  async () => {
    let proxy = null as unknown as OneWayProxy;
    const { cluster, judge, suffer } = await scene(62, async ({ port }) => {
      proxy = await OneWayProxy.before(port);
      return `redis://127.0.0.1:${proxy.port}`;
    });
    for (const direction of DIRECTIONS) {
      await suffer(`every link held for three seconds ${direction}`, async () => {
        proxy.hold(direction);
        await sleep(3_000);
        proxy.heal();
      });
    }
    await suffer('every link forgotten', async () => proxy.forget());
    console.log(JSON.stringify(judge.counts()));
    await passVerdict(cluster, judge);
  },
);

onOwnRedis(
  'a leader whose links are cut in one direction is replaced, and comes back as a gateway',
  { timeout: 120_000 },
  async () => {
    const redis = await OwnRedis.start();
    const cluster = await TestCluster.start(2, {}, redis.url);
    const proxy = await OneWayProxy.before(redis.port);
    const apart = cluster.spawn('n3', { REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
    cluster.nodes.push(apart);
    await apart.ready();
    const token = await processToken('game');
    const judge = new Judge({ seed: 63, token, sockets: 6, inFlight: 4, paceMs: 10 });
    await judge.prepare(cluster.leader.port);
    const [first = 0, ...others] = cluster.ports;
    await judge.begin(first, ...others);
    for (const direction of DIRECTIONS) {
      await leadBy(cluster, apart);
      const { epoch } = cluster;
      proxy.hold(direction);
      const next = await cluster.leaderAfter(epoch);
      expect(next).not.toBe(apart);
      const ledAtMs = performance.now();
      await until(() => judge.decidedAtMs > ledAtMs, 'commands are decided elsewhere');
      proxy.heal();
      await cluster.heard();
    }
    console.log(JSON.stringify(judge.counts()));
    await passVerdict(cluster, judge);
  },
);

/** Empties the lease until this very node has got it. */
async function leadBy(cluster: TestCluster, node: TestCluster['leader']): Promise<void> {
  const { lease } = cluster.keys;
  const redis = connectRedis(cluster.redisUrl);
  try {
    for (const { epoch } = cluster; cluster.leader !== node; ) {
      await redis.set(lease, node.name, 'PX', 1_000);
      await until(() => cluster.epoch > epoch, 'the lease is passed on', RECOVERY_MS);
    }
  } finally {
    redis.disconnect();
  }
}

onOwnRedis(
  'a stream that was trimmed before it was read is told aloud, and skipped by nobody in silence',
  { timeout: 60_000 },
  async () => {
    const redis = await OwnRedis.start();
    const quick = { REPLY_TIMEOUT_MS: '3000', LEASE_MS: '3000' };
    const cluster = await TestCluster.start(2, quick, redis.url);
    const token = await processToken('game');
    const { leader, epoch } = cluster;
    const [other] = cluster.followers;
    const socket = await JudgeSocket.open(other?.port ?? 0, token);
    const { commands } = cluster.keys;
    const grant = { player: 'ann', asset: 'coins', quantity: 1 };
    const give = (name: string) => socket.ask('wallet.grant', grant, { key: testKey(name) });
    expect((await give('first')).outcome).toBe('ok');

    // The first goes out to the read that waits for it; the second stays in the stream.
    const trimmed = async (key: string) => {
      for (const sent of [`taken-${key}`, key]) {
        const before = await redis.ask(link => link.xlen(commands));
        answers.set(sent, give(sent));
        await until(
          async () => (await redis.ask(link => link.xlen(commands))) > before,
          'the command is in the stream',
        );
      }
      await redis.ask(link => link.xtrim(commands, 'MAXLEN', 0));
    };
    const answers = new Map<string, ReturnType<typeof give>>();
    leader.signal('SIGSTOP');
    await trimmed('lost');
    leader.signal('SIGCONT');
    expect((await answers.get('lost'))?.outcome).toBe('unknown');
    await until(() => leader.server.output.includes(LOST), 'the leader says that it lost some');
    expect(await leader.metric('tradepost_stream_lost_total')).toBeGreaterThan(0);
    expect((await socket.ask('keys.get', { key: testKey('lost') })).body).toEqual({
      status: 'free',
    });
    expect((await give('lost')).body).toMatchObject({ balance: { available: 3 } });

    const current = cluster.leader;
    current.signal('SIGSTOP');
    await trimmed('also-lost');
    await current.kill('SIGKILL');
    const next = await cluster.leaderAfter(Math.max(epoch, current.epoch));
    expect((await answers.get('also-lost'))?.outcome).toBe('unknown');
    await until(() => next.server.output.includes(LOST), 'the new leader says that some are lost');
    expect(await next.metric('tradepost_stream_lost_total')).toBeGreaterThan(0);
    expect((await give('also-lost')).body).toMatchObject({ balance: { available: 4 } });
    socket.destroy();
  },
);
