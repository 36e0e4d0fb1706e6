// A read sees everything that was acknowledged, or shown to anybody, before it began: on three
// nodes, whichever is asked, while leaders are killed and frozen, nodes are cut from Redis, and
// Redis and Postgres crash.

import { expect } from 'vitest';
import { Clients } from '../linear/clients.ts';
import { onCluster, onOwnRedis, TestCluster } from '../support/cluster-nodes.ts';
import { sleep } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { HURRIED } from '../support/judge-windows.ts';
import { DIRECTIONS, OneWayProxy } from '../support/one-way-proxy.ts';
import { OwnPostgres } from '../support/own-postgres.ts';
import { OwnRedis } from '../support/redis-server.ts';
import { processToken } from '../support/server-process.ts';

/** Nobody is held back, and windows outlive every fault. */
const UNHURRIED = {
  ...HURRIED,
  WINDOW_GRACE_MS: '600000',
  SOCKETS_PER_PLAYER_MAX: '20',
  LOG_LEVEL: 'info',
};
const READS = ['wallet.get', 'listings.get', 'market.book', 'windows.get'] as const;
const ENOUGH = 15;
const GRANTS = 100;

onCluster(
  'what one node has acknowledged is seen at another at once, and soon answered',
  { timeout: 60_000 },
  async () => {
    const cluster = await TestCluster.start(3, UNHURRIED);
    const token = await processToken('game');
    const sockets = await Promise.all(cluster.ports.map(port => JudgeSocket.open(port, token)));
    const tookMs: number[] = [];
    for (let n = 1; n <= GRANTS; n++) {
      const [writer, reader] = [sockets[n % 3], sockets[(n + 1 + (n % 2)) % 3]] as JudgeSocket[];
      const grant = { player: 'ann', asset: 'coins', quantity: 1 };
      await writer?.ask('wallet.grant', grant);
      const askedMs = performance.now();
      const wallet = await reader?.ask('wallet.get', { player: 'ann' });
      tookMs.push(performance.now() - askedMs);
      expect(wallet?.body.balances).toMatchObject([{ available: n }]);
    }
    tookMs.sort((one, other) => one - other);
    const [p50, p99] = [0.5, 0.99].map(share => tookMs[Math.floor(share * GRANTS)] as number);
    console.log(`wallet.get elsewhere: p50 ${p50?.toFixed(1)} ms, p99 ${p99?.toFixed(1)} ms`);
    expect(p50).toBeLessThan(30);
    for (const socket of sockets) socket.destroy();
  },
);

onOwnRedis(
  'no read shows the past: leaders killed and frozen, nodes cut off, Redis and Postgres crashed',
  { timeout: 150_000 },
  async () => {
    const [postgres, redis] = [await OwnPostgres.start(), await OwnRedis.start()];
    const cluster = await TestCluster.start(2, UNHURRIED, redis.url, postgres.url);
    const proxy = await OneWayProxy.before(redis.port);
    const apart = cluster.spawn('n3', { REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
    cluster.nodes.push(apart);
    await apart.ready();
    await cluster.heard();
    const clients = new Clients(72, () => cluster.ports.filter(port => port > 0));
    await clients.start();
    const go = async () => {
      for (const command of READS) await clients.more(command, ENOUGH, 25_000);
    };
    await go();
    for (const direction of DIRECTIONS) proxy.hold(direction);
    await sleep(2_000);
    proxy.heal();
    await go();
    const killed = cluster.leader;
    await killed.kill('SIGKILL');
    await go();
    await cluster.replace(killed);
    await go();
    const { leader: frozen, epoch } = cluster;
    frozen.signal('SIGSTOP');
    await cluster.leaderAfter(epoch);
    await clients.more('wallet.get', ENOUGH, 25_000);
    frozen.signal('SIGCONT');
    await go();
    await postgres.stop('SIGQUIT');
    await postgres.begin();
    await go();
    await redis.kill();
    await sleep(500);
    await redis.begin();
    await go();
    await clients.stop();
    console.log(JSON.stringify([...clients.counts]));
    expect(clients.judge()).toEqual([]);
    expect(clients.counts.get('snapshot coins')).toBeGreaterThan(10);
    expect(clients.counts.get('snapshot price')).toBeGreaterThan(10);
    expect(clients.counts.get('snapshot revision')).toBeGreaterThan(10);
  },
);
