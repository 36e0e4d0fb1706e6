// A node whose Redis cannot be used ends, with exit code 1 and one clear line; at once when that
// cannot change, else after START_WAIT_MS. One that was used and is lost is waited for. And a realm
// that gets a new identity has its nodes end.

import { expect } from 'vitest';
import { onCluster, onOwnRedis, TestCluster } from '../support/cluster-nodes.ts';
import { createFaultRealm, until } from '../support/fault-realm.ts';
import { freePort, OwnRedis } from '../support/redis-server.ts';
import { ServerProcess } from '../support/server-process.ts';

onCluster('a node whose Redis is not there says so and ends', { timeout: 60_000 }, async () => {
  const { environment } = await createFaultRealm({ LOG_LEVEL: 'info' });
  const port = await freePort();
  const url = `redis://bob:hush@127.0.0.1:${port}`;
  const beganMs = performance.now();
  const server = new ServerProcess({ ...environment, REDIS_URL: url, START_WAIT_MS: '0' });
  expect(await server.exit).toEqual({ code: 1, signal: null });
  expect(performance.now() - beganMs).toBeLessThan(20_000);
  const refused = `connect ECONNREFUSED 127.0.0.1:${port}`;
  const lines = server.output.trim().split('\n');
  expect(lines.pop()).toBe(`REDIS_URL: the Redis at 127.0.0.1:${port} cannot be used: ${refused}.`);
  expect(lines.every(line => line.includes(`Redis at 127.0.0.1:${port} is away`))).toBe(true);
});

onOwnRedis('a node whose password is wrong says so and ends', { timeout: 60_000 }, async () => {
  const { environment } = await createFaultRealm({ LOG_LEVEL: 'error' });
  const { port } = await OwnRedis.start(['--requirepass', 'right'], { login: ':right@' });
  const url = `redis://:hush@127.0.0.1:${port}`;
  const server = new ServerProcess({ ...environment, REDIS_URL: url });
  expect(await server.exit).toEqual({ code: 1, signal: null });
  expect(server.output).toMatch(/^REDIS_URL: [^\n]*WRONGPASS[^\n]*\. Look at its password\.\n$/);
  expect(server.output).not.toMatch('hush');
});

onCluster('nodes end when their realm gets a new identity', { timeout: 60_000 }, async () => {
  const cluster = await TestCluster.start(2);
  const before = await cluster.identity();
  const renewal = new ServerProcess(cluster.realm.environment, ['identity', '--new']);
  expect((await renewal.exit).code).toBe(0);
  const after = await cluster.identity();
  expect([renewal.output, before === after]).toEqual([`${after}\n`, false]);
  for (const { server } of cluster.nodes) {
    expect(await server.exit).toEqual({ code: 1, signal: null });
    expect(server.output).toMatch('The realm has a new identity');
  }
  const next = cluster.spawn('n3');
  await next.ready();
  await until(async () => (await next.page('/ready')).status === 200, 'it leads', 20_000);
});
