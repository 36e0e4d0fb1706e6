// A second start on a realm that is served: it takes nothing from a writer that lives, whatever
// makes it start and however often, unless it is told to. And it does not wait for one that died.

import { afterEach, expect, onTestFinished } from 'vitest';
import { RealmHold } from '../../src/database/realm-hold.ts';
import {
  dropKeys,
  keysOf,
  NodeProcess,
  onCluster,
  onOwnRedis,
  TestCluster,
} from '../support/cluster-nodes.ts';
import {
  createFaultRealm,
  type FaultRealm,
  onPostgres,
  sleep,
  until,
} from '../support/fault-realm.ts';
import { quiet } from '../support/postgres.ts';
import { anyRedisUrl, freePort, OwnRedis } from '../support/redis-server.ts';
import { type Environment, EXIT, ServerProcess, TAKEOVER } from '../support/server-process.ts';

const DEPOSED = /^Deposed: /m;
const HELD = /^The realm is held by .* nothing was claimed\./m;
const WAITS = /Waiting for a sign of life from it/;

async function claims({ sql }: FaultRealm): Promise<number> {
  const [row] = await sql<{ claims: number }>(
    'select count(distinct epoch)::int as claims from journal',
  );
  return row?.claims ?? 0;
}

async function isReady(server: { page(path: string): Promise<{ status: number }> }) {
  return (await server.page('/ready')).status === 200;
}

/** Starts a server again and again, as a supervisor does. */
class Supervised {
  readonly exits: (number | null)[] = [];
  current: ServerProcess;
  #isOver = false;

  constructor(environment: Environment) {
    this.current = new ServerProcess(environment);
    living.add(this);
    void this.#run(environment);
  }

  end(): void {
    this.#isOver = true;
  }

  async #run(environment: Environment): Promise<void> {
    for (;;) {
      const { code } = await this.current.exit;
      if (this.#isOver) return;
      this.exits.push(code);
      await sleep(50);
      this.current = new ServerProcess(environment);
    }
  }
}

const living = new Set<Supervised>();
afterEach(() => {
  for (const one of living) one.end();
  living.clear();
});

onPostgres(
  'a server whose port is taken says so, and the one that has it is not touched',
  { timeout: 30_000 },
  async () => {
    const realm = await createFaultRealm({ PORT: `${await freePort()}` });
    const first = await ServerProcess.start(realm.environment);
    for (const args of [['start'], TAKEOVER]) {
      const second = new ServerProcess(realm.environment, args);
      expect(await second.exit).toEqual({ code: EXIT.port, signal: null });
      expect(second.output).toBe(
        `Cannot listen on 127.0.0.1:${first.port}: another process has this port. Stop it, or ` +
          'set PORT (0 takes any free one). Nothing else was touched.\n',
      );
    }
    expect(await isReady(first)).toBe(true);
    expect(await claims(realm)).toBe(1);
  },
);

onPostgres(
  'a node whose port is taken says so too, before it joins the cluster',
  { timeout: 30_000 },
  async () => {
    const realm = await createFaultRealm({ PORT: `${await freePort()}` });
    await ServerProcess.start(realm.environment);
    // No Redis is there: a node that had gone on would not have ended.
    const node = new ServerProcess({ ...realm.environment, REDIS_URL: 'redis://127.0.0.1:1' });
    expect(await node.exit).toEqual({ code: EXIT.port, signal: null });
    expect(node.output).toMatch(/^Cannot listen on /);
  },
);

onPostgres(
  'of two supervised servers one serves all the time, and the other one when it is gone',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm();
    const first = new Supervised(realm.environment);
    await first.current.ready();
    const serving = first.current;
    const second = new Supervised(realm.environment);
    const isServed = async () => {
      expect(await isReady(serving)).toBe(true);
      return second.exits.length > 2;
    };
    await until(isServed, 'the second one was started again and again', 30_000);
    expect(await claims(realm)).toBe(1);
    expect(first.exits).toEqual([]);
    expect(new Set(second.exits)).toEqual(new Set([EXIT.held]));
    first.end();
    await serving.kill();
    await until(async () => (await claims(realm)) === 2, 'the second one leads');
  },
);

onPostgres(
  'a server that was deposed and is started again leaves the realm to the one that lives',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm();
    const deposed = new Supervised(realm.environment);
    await deposed.current.ready();
    const second = await ServerProcess.start(realm.environment, TAKEOVER);
    await until(() => deposed.exits.length > 2, 'it was started again and again', 20_000);
    expect(deposed.exits.slice(0, 3)).toEqual([EXIT.deposed, EXIT.held, EXIT.held]);
    expect(await isReady(second)).toBe(true);
    expect(await claims(realm)).toBe(2);
    // And has it when that one stops in order.
    await second.kill('SIGTERM');
    await until(async () => (await claims(realm)) === 3, 'it leads again');
  },
);

onPostgres(
  'a server that was killed is started again at once, however fresh its last sign of life',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm();
    for (let round = 0; round < 3; round++) {
      const server = await ServerProcess.start(realm.environment);
      await sleep(300);
      await server.kill();
      expect(server.output).not.toMatch(WAITS);
    }
    expect(await claims(realm)).toBe(3);
  },
);

onPostgres(
  'a frozen server is waited for, from here and from elsewhere, and then replaced',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm();
    const { database } = realm;
    const first = await ServerProcess.start(realm.environment);
    const waiting: string[] = [];
    const elsewhere = new RealmHold(database, quiet, { host: 'elsewhere', scope: '' });
    const take = () =>
      elsewhere.take({ cluster: '', isForced: false, waiting: text => waiting.push(text) });
    // Alive, it is not replaced.
    await expect(take()).rejects.toThrow(HELD);
    first.signal('SIGSTOP');
    const beganMs = performance.now();
    await take();
    expect(performance.now() - beganMs).toBeGreaterThan(3_000);
    expect(waiting.at(-1)).toMatch(WAITS);
    await elsewhere.release();
    const second = await ServerProcess.start(realm.environment);
    first.signal('SIGCONT');
    expect((await first.exit).code).toBe(EXIT.deposed);
    expect(first.output).toMatch(DEPOSED);
    second.signal('SIGSTOP');
    const third = await ServerProcess.start(realm.environment);
    expect(third.output).toMatch(WAITS);
    expect(await claims(realm)).toBe(3);
  },
);

onCluster(
  'a cluster waits for a single server that lives, is not ready, says so once, and then leads',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm({ LOG_LEVEL: 'info', LEASE_MS: '1000' });
    const single = await ServerProcess.start(realm.environment);
    const environment = { ...realm.environment, REDIS_URL: anyRedisUrl as string };
    onTestFinished(async () => dropKeys(await keysOf(realm), anyRedisUrl as string));
    const nodes = ['a', 'b'].map(name => new NodeProcess({ ...environment, NODE_NAME: name }));
    await Promise.all(nodes.map(node => node.ready()));
    const says = () => nodes.flatMap(({ server }) => server.output.match(WAITS_LINE) ?? []);
    await until(() => says().length > 0, 'a node says that it waits');
    await sleep(4_000);
    expect(says()).toHaveLength(1);
    expect(await isReady(single)).toBe(true);
    expect(await claims(realm)).toBe(1);
    for (const node of nodes) expect(await isReady(node)).toBe(false);
    // A node that waits stops in time.
    const [waiting, other] = nodes as [NodeProcess, NodeProcess];
    const stopping = performance.now();
    expect((await waiting.kill('SIGTERM')).code).toBe(0);
    expect(performance.now() - stopping).toBeLessThan(5_000);
    await single.kill('SIGTERM');
    await until(() => isReady(other), 'the other node leads', 15_000);
    expect(await claims(realm)).toBe(2);
  },
);

const WAITS_LINE = /held by a single server: .*Until then this node waits, and is not ready/g;

onCluster(
  'a single server leaves a living cluster alone, and takes the realm when it is told to',
  { timeout: 60_000 },
  async () => {
    const cluster = await TestCluster.start(2);
    const { realm } = cluster;
    const before = await claims(realm);
    const refused = new ServerProcess(realm.environment);
    expect(await refused.exit).toEqual({ code: EXIT.held, signal: null });
    expect(refused.output).toMatch(/^The realm is held by a node of a cluster: process \d+ on /m);
    expect(await claims(realm)).toBe(before);
    const single = await ServerProcess.start(realm.environment, TAKEOVER);
    const heldOff = () =>
      cluster.nodes.some(({ server }) => server.output.match(WAITS_LINE) !== null);
    await until(heldOff, 'a node waits for the single server');
    await sleep(2_000);
    expect(await isReady(single)).toBe(true);
    expect(await claims(realm)).toBe(before + 1);
    // And the cluster has it back when one of its nodes is told so.
    const forced = new ServerProcess(
      { ...cluster.nodes[0]?.environment, NODE_NAME: 'forced', REDIS_URL: cluster.redisUrl },
      TAKEOVER,
    );
    for (const node of cluster.nodes) await node.kill('SIGTERM');
    expect((await single.exit).code).toBe(EXIT.deposed);
    await forced.kill('SIGTERM');
    expect(await claims(realm)).toBe(before + 2);
  },
);

onOwnRedis(
  'nodes on two Redis servers and one database do not depose each other',
  { timeout: 60_000 },
  async () => {
    const cluster = await TestCluster.start(1);
    const { url } = await OwnRedis.start();
    const stray = cluster.spawn('stray', { REDIS_URL: url });
    await stray.ready();
    await until(
      () => /held by a node of a cluster/.test(stray.server.output),
      'the stray node waits',
    );
    await sleep(2_000);
    expect(await claims(cluster.realm)).toBe(1);
    expect(await isReady(stray)).toBe(false);
    await cluster.leader.kill();
    await until(() => isReady(stray), 'the stray node leads', 15_000);
  },
);
