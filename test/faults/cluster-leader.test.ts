// The leader that does not die: one that is frozen past its lease and wakes up, and one that is
// asked to go. The first is not believed any more; the second leaves nothing behind unanswered,
// whatever happens to its successor meanwhile.

import { expect } from 'vitest';
import { type NodeProcess, onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { passVerdict } from '../support/cluster-verdict.ts';
import { sleep, until } from '../support/fault-realm.ts';
import { TestClient } from '../support/gateway-fixture.ts';
import { Judge } from '../support/judge.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { connectRedis } from '../support/redis-server.ts';
import { processToken } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

const FREEZES = 3;
const ROUNDS = 2;
const CHANNEL = 'book:ore';

async function start(seed: number): Promise<{ cluster: TestCluster; judge: Judge; token: string }> {
  const cluster = await TestCluster.start(3);
  const token = await processToken('game');
  const judge = new Judge({ seed, token, sockets: 6, inFlight: 4, paceMs: 10 });
  await judge.prepare(cluster.leader.port);
  return { cluster, judge, token };
}

async function load(cluster: TestCluster, judge: Judge): Promise<void> {
  const [first = 0, ...others] = cluster.ports;
  await judge.begin(first, ...others);
}

onCluster(
  'a leader that was frozen past its lease is deposed when it wakes, and nobody believes it',
  { timeout: 120_000 },
  async () => {
    const { cluster, judge, token } = await start(51);
    const watchers = await Promise.all(cluster.nodes.map(node => watch(node, token)));
    await load(cluster, judge);
    for (let freeze = 0; freeze < FREEZES; freeze++) {
      await sleep(200);
      const { leader, epoch } = cluster;
      const sleeper = await JudgeSocket.open(leader.port, token);
      leader.signal('SIGSTOP');
      const next = await cluster.leaderAfter(epoch);
      const elsewhere = await JudgeSocket.open(next.port, token);
      const grant = { player: `late-${freeze}`, asset: 'coins', quantity: 1 };
      const told = await elsewhere.ask('wallet.grant', grant, {
        key: testKey(`elsewhere-${freeze}`),
      });
      expect(told.outcome).toBe('ok');
      // What it finds when it wakes: the frozen leader could answer the first from what it knows.
      const again = sleeper.tell(1, 'wallet.grant', grant, { key: testKey(`elsewhere-${freeze}`) });
      const fresh = sleeper.tell(2, 'wallet.grant', grant, { key: testKey(`new-${freeze}`) });
      leader.signal('SIGCONT');
      expect((await again)?.body).toEqual(told.body);
      expect((await fresh)?.body).toMatchObject({ balance: { available: 2 } });
      await until(
        () => leader.server.output.includes(`"epoch":${epoch},"error"`),
        'the old leader says that it leads no more',
      );
      await cluster.heard();
      expect(await leader.metric('tradepost_leading')).toBe(cluster.leader === leader ? 1 : 0);
      elsewhere.destroy();
      sleeper.destroy();
    }
    for (const watcher of watchers) {
      const epochs = watcher.eventsOn(CHANNEL).map(event => event.epoch);
      expect(epochs).toEqual([...epochs].sort((one, other) => one - other));
      expect(epochs.at(-1)).toBe(cluster.epoch);
      watcher.terminate();
    }
    await passVerdict(cluster, judge);
    const rows = await cluster.realm.sql<{ epoch: number }>(
      'select epoch from journal order by position',
    );
    const epochs = rows.map(row => row.epoch);
    expect(epochs).toEqual([...epochs].sort((one, other) => one - other));
  },
);

async function watch(node: NodeProcess, token: string): Promise<TestClient> {
  const client = await TestClient.connect(node.port, {});
  await client.ask('session.open', { token });
  await client.ask('session.subscribe', { channels: [CHANNEL] });
  return client;
}

onCluster(
  'nodes that are restarted one by one under load fail no command and leave none unknown',
  { timeout: 120_000 },
  async () => {
    const { cluster, judge } = await start(52);
    const handovers: number[] = [];
    await load(cluster, judge);
    for (let round = 0; round < ROUNDS; round++) {
      for (const node of [...cluster.nodes]) {
        await sleep(200);
        const { leader, epoch } = cluster;
        judge.measureGaps();
        expect(await node.kill('SIGTERM')).toEqual({ code: 0, signal: null });
        if (node === leader) {
          await cluster.leaderAfter(epoch);
          const ledAtMs = performance.now();
          await until(() => judge.decidedAtMs > ledAtMs, 'commands are decided again');
          handovers.push(Math.round(judge.longestGapMs));
        }
        const { port } = await cluster.replace(node);
        await judge.join(port, 2);
      }
    }
    judge.stopSending();
    await judge.settled(20_000);
    handovers.sort((one, other) => one - other);
    console.log(`${handovers.length} hand-overs; ms without service: ${handovers.join(' ')}.`);
    console.log(JSON.stringify(judge.counts()));
    expect(judge.counts().unknown).toBe(0);
    // Whatever a node took it has answered before it closed its sockets.
    expect(await judge.decidedUnheard(cluster.leader.port)).toEqual([]);
    expect(handovers[handovers.length >> 1]).toBeLessThan(1_000);
    await passVerdict(cluster, judge);
  },
);

const PREPARES = 'this node makes itself ready to lead';
const READY = 'this node is ready to lead';
const PASSED = 'the lease was passed on';

/** The node that is next in line, and the one after it. */
async function inLine(cluster: TestCluster): Promise<[NodeProcess, NodeProcess]> {
  const { successor } = cluster.keys;
  const redis = connectRedis(cluster.redisUrl, successor);
  let name: string | null = null;
  await until(async () => {
    name = await redis.get(successor);
    return cluster.followers.some(node => node.name === name);
  }, 'a follower is the successor');
  redis.disconnect();
  const isNext = (node: NodeProcess) => node.name === name;
  const last = cluster.followers.find(node => !isNext(node));
  return [cluster.followers.find(isNext) as NodeProcess, last as NodeProcess];
}

const ENDS = [
  ['is killed', 'SIGKILL'],
  ['freezes', 'SIGSTOP'],
] as const;

for (const [what, signal] of ENDS) {
  onCluster(
    `a successor that ${what} while it loads is passed over, and nobody notices`,
    { timeout: 120_000 },
    async () => {
      const { cluster, judge } = await start(53);
      const { leader, epoch } = cluster;
      const [next, last] = await inLine(cluster);
      // What it has on its way itself is lost with it: that is another test's subject.
      await judge.begin(leader.port, last.port);
      await sleep(200);
      const holder = await cluster.realm.session();
      await holder.query('begin');
      await holder.query('lock table privacy in access exclusive mode');
      judge.measureGaps();
      leader.signal('SIGTERM');
      await until(() => next.server.output.includes(PREPARES), 'the successor loads');
      await sleep(100);
      expect(next.server.output).not.toContain(READY);
      next.signal(signal);
      await holder.query('rollback');
      expect(await cluster.leaderAfter(epoch)).toBe(last);
      expect(leader.server.output).toContain(PASSED);
      expect(await leader.server.exit).toEqual({ code: 0, signal: null });
      const ledAtMs = performance.now();
      await until(() => judge.decidedAtMs > ledAtMs, 'commands are decided again');
      expect(judge.longestGapMs).toBeLessThan(1_000);
      expect(judge.counts().unknown).toBe(0);
      next.signal('SIGCONT');
      await passVerdict(cluster, judge);
    },
  );
}

const MOMENTS = [
  ['when it is ready', READY],
  ['when it was passed the lease', PASSED],
] as const;

for (const [when, line] of MOMENTS) {
  onCluster(
    `a successor that is stopped itself ${when} leaves the realm to the next`,
    { timeout: 120_000 },
    async () => {
      const { cluster, judge } = await start(54);
      const { leader, epoch } = cluster;
      const [next, last] = await inLine(cluster);
      await load(cluster, judge);
      await sleep(200);
      const said = line === PASSED ? leader : next;
      leader.signal('SIGTERM');
      while (!said.server.output.includes(line)) await new Promise(setImmediate);
      next.signal('SIGTERM');
      expect(await next.server.exit).toEqual({ code: 0, signal: null });
      expect(await leader.server.exit).toEqual({ code: 0, signal: null });
      await until(() => last.epoch > epoch, 'the last node leads');
      const ledAtMs = performance.now();
      await until(() => judge.decidedAtMs > ledAtMs, 'commands are decided again');
      judge.stopSending();
      await judge.settled(20_000);
      expect(judge.counts().unknown).toBe(0);
      expect(await judge.decidedUnheard(last.port)).toEqual([]);
      await passVerdict(cluster, judge);
    },
  );
}
