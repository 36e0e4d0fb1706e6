// Several servers of Redis of a test's own that belong together: a primary, its replica and the
// sentinel that watches them, or a Redis Cluster. They change the primary soon after it is gone.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from './fault-realm.ts';
import { connectRedis, freePort, OwnRedis, REDIS_PROGRAM } from './redis-server.ts';

const DOWN_AFTER_MS = 500;
const READY_MS = 20_000;
const HOST = '127.0.0.1';
const SLOTS = 16_384;

export interface RedisGroup {
  /** For REDIS_URL. */
  readonly url: string;
  /** Who has the keys, and who takes its place. */
  readonly primary: OwnRedis;
  readonly replica: OwnRedis;
}

const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** A primary and a replica that a sentinel watches. */
export async function startSentinel(): Promise<RedisGroup> {
  const primary = await OwnRedis.start();
  const replica = await OwnRedis.start(['--replicaof', HOST, `${primary.port}`, ...QUICK_SYNC]);
  await until(() => isSynced(replica), 'the replica follows', READY_MS);
  const port = await runSentinel(primary.port);
  const sentinel = connectRedis(`redis://${HOST}:${port}`);
  onTestFinished(() => sentinel.disconnect());
  const knowsReplica = async () => {
    const known = (await sentinel.call('SENTINEL', 'REPLICAS', 'main')) as string[][];
    return known.some(fields => fields[fields.indexOf('master-link-status') + 1] === 'ok');
  };
  await until(knowsReplica, 'the sentinel knows the replica', READY_MS);
  return { url: `redis+sentinel://${HOST}:${port}/main`, primary, replica };
}

async function runSentinel(primaryPort: number): Promise<number> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'tradepost-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  const settings = [
    `port ${port}`,
    `bind ${HOST}`,
    `dir ${folder}`,
    `sentinel monitor main ${HOST} ${primaryPort} 1`,
    `sentinel down-after-milliseconds main ${DOWN_AFTER_MS}`,
    'sentinel failover-timeout main 5000',
  ];
  writeFileSync(file, `${settings.join('\n')}\n`);
  const child = spawn(REDIS_PROGRAM, [file, '--sentinel'], { stdio: 'ignore' });
  living.add(child);
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    living.delete(child);
    rmSync(folder, { recursive: true, force: true });
  });
  await until(() => answersAt(port), 'the sentinel answers', READY_MS);
  return port;
}

/** Three primaries that share the slots, and a replica of the one that has `key`. */
export async function startRedisCluster(key: string): Promise<RedisGroup> {
  const servers = await Promise.all([1, 2, 3, 4].map(() => startMember()));
  const [first, , , replica] = servers as [OwnRedis, OwnRedis, OwnRedis, OwnRedis];
  const primaries = servers.slice(0, 3);
  const share = Math.ceil(SLOTS / primaries.length);
  for (const [n, one] of primaries.entries()) {
    const range = [n * share, Math.min((n + 1) * share, SLOTS) - 1];
    await one.ask(link => link.call('CLUSTER', 'ADDSLOTSRANGE', ...range));
    await one.ask(link => link.call('CLUSTER', 'SET-CONFIG-EPOCH', n + 1));
  }
  for (const one of servers.slice(1)) {
    const busPort = await busPortOf(one);
    await first.ask(link => link.call('CLUSTER', 'MEET', HOST, one.port, busPort));
  }
  const everybody = async () =>
    (await Promise.all(servers.map(one => infoOf(one)))).every(
      info => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:4'),
    );
  await until(everybody, 'the cluster is whole', READY_MS);
  const slot = await first.ask(link => link.cluster('KEYSLOT', key));
  const primary = primaries[Math.floor(slot / share)] as OwnRedis;
  const id = (await primary.ask(link => link.call('CLUSTER', 'MYID'))) as string;
  await replica.ask(link => link.call('CLUSTER', 'REPLICATE', id));
  await until(() => isSynced(replica), 'the replica follows', READY_MS);
  const isKnown = async () => {
    const told = servers.map(one => one.ask(link => link.cluster('NODES')));
    return (await Promise.all(told)).every(nodes => String(nodes).includes(`slave ${id}`));
  };
  await until(isKnown, 'everybody knows the replica', READY_MS);
  const seeds = servers.filter(one => one !== primary).map(({ port }) => `${HOST}:${port}`);
  return { url: `redis+cluster://${seeds.join(',')}`, primary, replica };
}

async function startMember(): Promise<OwnRedis> {
  const own = ['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`];
  const quick = ['--cluster-node-timeout', `${DOWN_AFTER_MS}`, ...QUICK_SYNC];
  return OwnRedis.start([...own, ...quick]);
}

const QUICK_SYNC = ['--repl-diskless-sync-delay', '0'];

async function busPortOf(server: OwnRedis): Promise<string> {
  const found = await server.ask(link => link.config('GET', 'cluster-port'));
  return (found as string[])[1] as string;
}

const infoOf = (server: OwnRedis) =>
  server.ask(link => link.call('CLUSTER', 'INFO') as Promise<string>);

async function isSynced(server: OwnRedis): Promise<boolean> {
  return (await server.ask(link => link.info('replication'))).includes('master_link_status:up');
}

async function answersAt(port: number): Promise<boolean> {
  const link = connectRedis(`redis://${HOST}:${port}`);
  try {
    return (await link.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    link.disconnect();
  }
}
