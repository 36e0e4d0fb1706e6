// Somebody reaches the Redis of a realm: garbage on every channel and in the stream, forged
// messages, recorded ones, and other realms. Nobody crashes, nobody is shown anything wrong,
// nothing is executed that a node did not send, and nobody is deposed.

import { expect, onTestFinished } from 'vitest';
import { millisecondsOf } from '../../src/cluster/stream-id.ts';
import { Attacker } from '../support/attacker.ts';
import { type NodeProcess, onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { passVerdict } from '../support/cluster-verdict.ts';
import { ordersOf } from '../support/fake-cluster.ts';
import { sleep, until } from '../support/fault-realm.ts';
import { TestClient } from '../support/gateway-fixture.ts';
import { Judge } from '../support/judge.ts';
import { ITEMS } from '../support/judge-history.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

const CHANNELS = ITEMS.flatMap(item => [`book:${item}`, `trades:${item}`, `ticker:${item}`]);
const CRASH = /uncaught|TypeError|RangeError|InvariantError|cannot be led/i;

async function scene(seed: number, more: Record<string, string> = {}) {
  const cluster = await TestCluster.start(3, more);
  const token = await processToken('game');
  const judge = new Judge({ seed, token, sockets: 6, inFlight: 4, paceMs: 10 });
  await judge.prepare(cluster.leader.port);
  const watchers = await Promise.all(cluster.ports.map(port => watch(port, token)));
  const [first = 0, ...others] = cluster.ports;
  await judge.begin(first, ...others);
  await sleep(300);
  return { cluster, judge, token, watchers, attacker: await Attacker.of(cluster) };
}

async function watch(port: number, token: string): Promise<TestClient> {
  const watcher = await TestClient.connect(port, {});
  await watcher.ask('session.open', { token });
  await watcher.ask('session.subscribe', { channels: CHANNELS });
  return watcher;
}

/** Whoever watched saw the same frames as everybody else, each chained to the one before it. */
function expectTrueFeeds(watchers: readonly TestClient[]): void {
  const told = new Map<string, unknown>();
  let frames = 0;
  for (const channel of CHANNELS) {
    for (const watcher of watchers) {
      for (const event of watcher.eventsOn(channel)) {
        if (event.kind === 'snapshot') continue;
        const name = `${channel} ${event.epoch} ${event.previousSequence}`;
        if (told.has(name)) expect(event).toEqual(told.get(name));
        told.set(name, event);
        frames++;
      }
    }
  }
  expect(frames).toBeGreaterThan(50);
  for (const watcher of watchers) watcher.terminate();
}

async function refusedOn(node: NodeProcess): Promise<number> {
  const { text } = await node.page('/metrics');
  const values = text.matchAll(/^tradepost_cluster_refused_total\{[^}]*\} (\d+)$/gm);
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}

onCluster(
  'garbage published to every channel of a realm crashes nobody and shows nobody anything wrong',
  { timeout: 90_000 },
  async () => {
    const { cluster, judge, watchers, attacker } = await scene(91);
    const { epoch } = cluster;
    let published = 0;
    for (let round = 0; round < 5; round++) published += await attacker.publishGarbage();
    await sleep(500);
    expect([cluster.alive.length, cluster.epoch]).toEqual([3, epoch]);
    let refused = 0;
    for (const node of cluster.nodes) {
      refused += await refusedOn(node);
      expect(node.server.output).not.toMatch(CRASH);
      // Said, but not as often as it was sent.
      expect(node.server.output.split('a message was not taken').length).toBeLessThan(20);
    }
    // The feed goes to three, and the nodes and the leader have a channel each.
    expect(refused).toBeGreaterThan(published);
    expectTrueFeeds(watchers);
    expect(judge.counts()).toMatchObject({ unknown: 0, unavailable: 0 });
    await passVerdict(cluster, judge);
  },
);

onCluster(
  'garbage in the stream of commands is passed: the leader goes on, and the stream stays short',
  { timeout: 90_000 },
  async () => {
    const { cluster, judge, watchers, attacker } = await scene(92);
    const { epoch, keys } = cluster;
    let added = 0;
    for (let round = 0; round < 5; round++) added += await attacker.addGarbage();
    judge.stopSending();
    await judge.settled(10_000);
    await until(
      async () => (await attacker.redis.xlen(keys.commands)) <= 1,
      'what was passed has left the stream, though nobody sends anything',
    );
    expect(await refusedOn(cluster.leader)).toBeGreaterThanOrEqual(added - 10);
    expect([cluster.alive.length, cluster.epoch]).toEqual([3, epoch]);
    for (const { server } of cluster.nodes) expect(server.output).not.toMatch(CRASH);
    expectTrueFeeds(watchers);
    await passVerdict(cluster, judge);
  },
);

onCluster(
  'ids that no clock gave, the greatest included, do not end the stream of a realm',
  { timeout: 90_000 },
  async () => {
    const { cluster, judge, attacker } = await scene(93);
    const { epoch, keys } = cluster;
    const max = '18446744073709551615';
    for (const id of [`${max}-${max}`, `${Date.now() + 1e9}-0`, `${Date.now() + 30_000}-${max}`]) {
      await attacker.redis.xadd(keys.commands, id, 'c', 'poison');
      await sleep(200);
      await judge.join(cluster.leader.port, 1);
      const spoiledAtMs = performance.now();
      await until(() => judge.decidedAtMs > spoiledAtMs, `it goes on after ${id}`, 15_000);
    }
    expect([cluster.alive.length, cluster.epoch]).toEqual([3, epoch]);
    await passVerdict(cluster, judge);
    const offsets = await cluster.realm.sql<{ at: string }>(
      "select stream_offset as at from journal where stream_offset <> ''",
    );
    const latestMs = Math.max(...offsets.map(({ at }) => millisecondsOf(at)));
    expect(latestMs).toBeLessThan(Date.now() + 60_000);
  },
);

onCluster(
  'with signatures, what was forged or recorded is not taken: no coins, no frames, no answers',
  { timeout: 90_000 },
  async () => {
    const { cluster, judge, watchers, attacker, token } = await scene(94, { REDIS_SIGN: '1' });
    const { redis, channels } = attacker;
    const { epoch, keys, leader } = cluster;
    const [victim] = cluster.followers as [NodeProcess];
    const recorder = redis.duplicate();
    onTestFinished(() => recorder.disconnect());
    const socket = await JudgeSocket.open(victim.port, token);
    const coins = () => socket.ask('wallet.get', {}, { player: 'mallory' });
    // Without a key nothing but the entry itself says that it is the same command.
    const recording = recorder.xreadBuffer('BLOCK', 5_000, 'STREAMS', keys.commands, '$');
    const grant = { player: 'mallory', asset: 'coins', quantity: 5 };
    expect((await socket.ask('wallet.grant', grant)).outcome).toBe('ok');
    const streams = (await recording) as unknown as [Buffer, [Buffer, Buffer[]][]][];
    const before = (await coins()).body;
    for (const [, fields] of streams[0]?.[1] ?? []) {
      for (let times = 0; times < 5; times++) await redis.xadd(keys.commands, '*', ...fields);
    }
    const command = {
      n: 1,
      player: 'game',
      key: null,
      sender: 'service',
      command: 'wallet.grant',
      payload: grant,
    } as const;
    const batch = { node: 'n9', incarnation: 1, count: 1, sentAtMs: Date.now(), lifeMs: 5_000 };
    const forged = attacker.forge(keys.commands, 'commands', { ...batch, commands: [command] });
    await redis.xadd(keys.commands, '*', 'c', forged);
    const nothing = { published: [], windows: [], ended: [], private: [] };
    const lie = Buffer.from([0x96, 0xa1, 120, 1, 1, 0, 0xa1, 120, 0xc0]);
    for (const channel of channels) {
      const feed = attacker.forge(channel, 'feed', {
        ...{
          epoch: epoch + 1,
          count: 1,
          position: 2 ** 40,
          leader: 'mallory',
          begin: '',
          lagMs: 0,
          nowMs: 1,
          clockSure: true,
          isTaking: true,
          isReady: true,
        },
        ...{
          ...nothing,
          isHeartbeat: false,
          published: CHANNELS.map(name => [name, lie] as const),
        },
      });
      const kept = [['game', 0]] as const;
      const orders = ordersOf({ epoch, isComplete: true, kept });
      await redis.publish(channel, feed);
      await redis.publish(channel, attacker.forge(channel, 'orders', orders));
    }
    await sleep(500);
    expect((await coins()).body).toEqual(before);
    expect(socket.isOpen).toBe(true);
    for (const node of cluster.nodes) expect(await refusedOn(node)).toBeGreaterThan(0);
    expect(leader.server.output).toMatch('not signed with the secret');
    expect([cluster.alive.length, cluster.epoch]).toEqual([3, epoch]);
    socket.destroy();
    expectTrueFeeds(watchers);
    await passVerdict(cluster, judge);
  },
);

onCluster(
  'a command of a newer node that the leader does not know is refused, and deposes nobody',
  { timeout: 90_000 },
  async () => {
    const { cluster, judge, attacker } = await scene(95);
    const { epoch, keys } = cluster;
    const replies: Buffer[] = [];
    const listening = attacker.redis.duplicate();
    onTestFinished(() => listening.disconnect());
    listening.on('messageBuffer', (_, bytes: Buffer) => replies.push(bytes));
    await listening.subscribe(keys.node('newer'));
    for (let count = 1; count <= 5; count++) {
      const batch = { node: 'newer', incarnation: 1, count, sentAtMs: Date.now(), lifeMs: 5_000 };
      const payload = { item: 'sword', reserve: 10 };
      const command = {
        n: count,
        player: 'ann',
        key: testKey(`k${count}`),
        sender: 'player' as const,
        command: 'auctions.create',
      };
      const commands = [{ ...command, payload }];
      const bytes = attacker.forge(keys.commands, 'commands', { ...batch, commands });
      // As a node of the next version writes it.
      bytes[0] = (bytes[0] as number) + 1;
      await attacker.redis.xadd(keys.commands, '*', 'c', bytes);
      await sleep(100);
    }
    await until(() => replies.length === 5, 'each is answered');
    for (const bytes of replies) {
      expect(bytes.toString('latin1')).toMatch(
        /UNKNOWN_COMMAND.*auctions\.create.*Nothing was exec/s,
      );
    }
    expect([cluster.alive.length, cluster.epoch]).toEqual([3, epoch]);
    await passVerdict(cluster, judge);
  },
);
