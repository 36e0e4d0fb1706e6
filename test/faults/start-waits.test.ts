// A server that is started while its Postgres or Redis is away waits for it and says so, is not
// ready meanwhile, and serves when it comes; for as long as START_WAIT_MS says. What waiting does
// not mend ends it at once.

import { expect } from 'vitest';
import { dropKeys, keysOf, onCluster, onOwnRedis } from '../support/cluster-nodes.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import {
  createFaultRealm,
  onPostgres,
  POSTGRES_URL,
  sleep,
  until,
} from '../support/fault-realm.ts';
import { anyRedisUrl, freePort, OwnRedis } from '../support/redis-server.ts';
import { EXIT, ServerProcess } from '../support/server-process.ts';

const TIMEOUT = { timeout: 60_000 };

/** What `/ready` answers at a port at which perhaps nobody listens yet: 0. */
async function readyAt(port: number): Promise<number> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ready`)).status;
  } catch {
    return 0;
  }
}

for (const absence of ['refuses', 'says nothing'] as const) {
  onPostgres(`a server that starts while Postgres ${absence} waits for it`, TIMEOUT, async () => {
    const proxy = await FaultProxy.before(POSTGRES_URL);
    const { environment } = await createFaultRealm({ DATABASE_URL: proxy.url });
    const port = await freePort();
    if (absence === 'refuses') proxy.goAway();
    else proxy.freeze();
    const server = new ServerProcess({ ...environment, PORT: `${port}` });
    await until(async () => (await readyAt(port)) === 503, 'it is not ready', 10_000);
    await server.until(() => /Postgres at .* is away \(/.test(server.output), 'say it', 10_000);
    await sleep(1_000);
    expect([server.hasEnded, await readyAt(port)]).toEqual([false, 503]);
    proxy.comeBack();
    await server.ready();
    expect((await server.page('/ready')).status).toBe(200);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });
}

onPostgres('a server that waits for Postgres waits no longer than it should', TIMEOUT, async () => {
  const proxy = await FaultProxy.before(POSTGRES_URL);
  proxy.goAway();
  const { environment } = await createFaultRealm({ START_WAIT_MS: '1500' });
  const beganMs = performance.now();
  const server = new ServerProcess({ ...environment, DATABASE_URL: proxy.url });
  expect(await server.exit).toEqual({ code: EXIT.failed, signal: null });
  expect(performance.now() - beganMs).toBeGreaterThan(1_500);
  expect(server.output).toMatch(/Postgres at [^\n]* is away: [^\n]*START_WAIT_MS=1500/);
});

onPostgres('a server that waits for Postgres stops when it is asked to', TIMEOUT, async () => {
  const proxy = await FaultProxy.before(POSTGRES_URL);
  proxy.goAway();
  const { environment } = await createFaultRealm();
  const server = new ServerProcess({ ...environment, DATABASE_URL: proxy.url });
  await server.until(() => server.output.includes('is away'), 'wait', 10_000);
  expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});

onPostgres('a database or a user that there is not ends a start at once', TIMEOUT, async () => {
  const { environment } = await createFaultRealm({ START_WAIT_MS: '50000' });
  const [nowhere, nobody] = [new URL(POSTGRES_URL), new URL(POSTGRES_URL)];
  nowhere.pathname = '/no_such_database';
  nobody.username = 'no_such_user';
  for (const [url, says] of [
    [nowhere, 'database "no_such_database" does not exist'],
    [nobody, 'no_such_user'],
  ] as const) {
    const beganMs = performance.now();
    const server = new ServerProcess({ ...environment, DATABASE_URL: url.href });
    expect(await server.exit).toEqual({ code: EXIT.failed, signal: null });
    expect(performance.now() - beganMs).toBeLessThan(15_000);
    expect(server.output).toMatch(says);
    expect(server.output).not.toMatch('away');
  }
});

onOwnRedis('a node that starts while Redis is away waits for it', TIMEOUT, async () => {
  const redis = await OwnRedis.start();
  await redis.kill();
  const realm = await createFaultRealm({ REDIS_URL: redis.url });
  const port = await freePort();
  const node = new ServerProcess({ ...realm.environment, PORT: `${port}` });
  await node.until(() => /Redis at .* is away \(/.test(node.output), 'say it', 15_000);
  // Longer than it was ever waited for.
  await sleep(6_000);
  expect([node.hasEnded, await readyAt(port)]).toEqual([false, 503]);
  await redis.begin();
  await until(async () => (await readyAt(port)) === 200, 'it is ready', 20_000);
});

onCluster('a node that starts while Postgres is away waits for it', TIMEOUT, async () => {
  const proxy = await FaultProxy.before(POSTGRES_URL);
  const url = anyRedisUrl as string;
  const realm = await createFaultRealm({ DATABASE_URL: proxy.url, REDIS_URL: url });
  proxy.goAway();
  const port = await freePort();
  const node = new ServerProcess({ ...realm.environment, PORT: `${port}` });
  await node.until(() => /Postgres at .* is away \(/.test(node.output), 'say it', 15_000);
  expect(await readyAt(port)).toBe(503);
  proxy.comeBack();
  await until(async () => (await readyAt(port)) === 200, 'it is ready', 20_000);
  await node.kill('SIGTERM');
  await dropKeys(await keysOf(realm), url);
});
