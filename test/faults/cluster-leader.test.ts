// The leader that does not die: one that is frozen past its lease and wakes up, and one that is
// asked to go. The first is not believed any more; the second leaves nothing behind unanswered.

import { expect } from 'vitest';
import { type NodeProcess, onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { passVerdict } from '../support/cluster-verdict.ts';
import { sleep, until } from '../support/fault-realm.ts';
import { TestClient } from '../support/gateway-fixture.ts';
import { Judge } from '../support/judge.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken } from '../support/server-process.ts';

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
      const told = await elsewhere.ask('wallet.grant', grant, { key: `elsewhere-${freeze}` });
      expect(told.outcome).toBe('ok');
      // What it finds when it wakes: the frozen leader could answer the first from what it knows.
      const again = sleeper.tell(1, 'wallet.grant', grant, { key: `elsewhere-${freeze}` });
      const fresh = sleeper.tell(2, 'wallet.grant', grant, { key: `new-${freeze}` });
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
