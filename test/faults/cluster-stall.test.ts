// A node that has the lease, and whose Postgres falls silent while it loads, gives the lease up
// within seconds: it is kept by whoever gets on.

import { expect, onTestFinished } from 'vitest';
import { dropKeys, keysOf, NodeProcess, onCluster } from '../support/cluster-nodes.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { createFaultRealm, POSTGRES_URL, sleep, until } from '../support/fault-realm.ts';
import { anyRedisUrl } from '../support/redis-server.ts';
import { ServerProcess } from '../support/server-process.ts';

const PREPARES = /this node makes itself ready to lead/;
/** To notice it, twice to ask, and for the other one to load. */
const TAKEN_MS = 25_000;

onCluster(
  'a candidate whose Postgres falls silent while it loads leaves the lease to another',
  { timeout: 90_000 },
  async () => {
    const realm = await createFaultRealm({ LEASE_MS: '1000', LOG_LEVEL: 'info' });
    await (await ServerProcess.start(realm.environment)).kill('SIGTERM');
    const url = anyRedisUrl as string;
    onTestFinished(async () => dropKeys(await keysOf(realm), url));
    const environment = { ...realm.environment, REDIS_URL: url };
    const proxy = await FaultProxy.before(POSTGRES_URL);
    const holder = await realm.session();
    await holder.query('begin');
    await holder.query('lock table privacy in access exclusive mode');
    const silent = new NodeProcess({
      ...environment,
      ...{ NODE_NAME: 'silent', DATABASE_URL: proxy.url },
    });
    await silent.ready();
    await silent.server.until(() => PREPARES.test(silent.server.output), 'load', 20_000);
    await sleep(500);
    proxy.freeze();
    await holder.query('rollback');
    const frozenMs = performance.now();
    const other = new NodeProcess({ ...environment, NODE_NAME: 'other' });
    await until(() => other.epoch > 0, 'the other node leads', TAKEN_MS);
    expect(performance.now() - frozenMs).toBeLessThan(TAKEN_MS);
    expect(silent.epoch).toBe(0);
    expect(silent.isAlive).toBe(true);
    // And when it hears Postgres again it is as any other.
    proxy.comeBack();
    await until(async () => (await silent.page('/ready')).status === 200, 'it is ready', 20_000);
    await other.kill('SIGKILL');
    await until(() => silent.epoch > 0, 'it leads when it is its turn', 20_000);
  },
);
