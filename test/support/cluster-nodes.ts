// A cluster of real processes on a realm of its own: three nodes, or as many as a test wants, with
// Redis and Postgres. A test asks it who leads, kills, freezes and restarts nodes, and in the end
// nothing of it is left, neither in Postgres nor in Redis.

import { onTestFinished } from 'vitest';
import { type RealmKeys, realmKeys } from '../../src/cluster/keys.ts';
import { createFaultRealm, type FaultRealm, POSTGRES_URL, until } from './fault-realm.ts';
import { anyRedisUrl, connectRedis, hasOwnRedis, isInstalled } from './redis-server.ts';
import { type Environment, type Exit, opsPortOf, pageOf, ServerProcess } from './server-process.ts';
import { skipping } from './skipping.ts';

const LEADS = /"epoch":(\d+),"tookMs":\d+,"msg":"this node leads the realm"/g;
const READY_MS = 30_000;
const LEADER_MS = 20_000;

/** What is quicker in tests than in life, so that they are not all waiting. */
const QUICK: Environment = { LEASE_MS: '1000', REPLY_TIMEOUT_MS: '6000', LOG_LEVEL: 'info' };

const noPostgres = POSTGRES_URL === '' ? 'no Postgres server answers' : null;
const noRedis = anyRedisUrl === null ? 'no Redis answers and no redis-server is installed' : null;
const noValkey = isInstalled('valkey-server') ? null : 'no valkey-server is installed';
const noServer = hasOwnRedis ? null : 'no redis-server is installed';

/** Tests that need Postgres and any Redis. */
export const onCluster = skipping(noPostgres ?? noRedis);
/** Tests that do harm to a Redis of their own. */
export const onOwnRedis = skipping(noPostgres ?? noServer);
/** The same on Valkey. */
export const onValkey = skipping(noPostgres ?? noValkey);

export class NodeProcess {
  readonly server: ServerProcess;
  readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
    this.server = new ServerProcess(environment);
  }

  async ready(): Promise<void> {
    await this.server.until(() => this.#line(/sockets +ws:\/\/\S+/) !== null, 'listen', READY_MS);
  }

  get name(): string {
    return this.#line(/Tradepost node (\S+) of/) ?? '';
  }

  get port(): number {
    return Number(this.#line(/sockets +ws:\/\/[^:]+:(\d+)\/ws/));
  }

  /** The epoch in which it led last, 0 when it never did. */
  get epoch(): number {
    return Number([...this.server.output.matchAll(LEADS)].at(-1)?.[1] ?? 0);
  }

  get isAlive(): boolean {
    return !this.server.hasEnded;
  }

  signal(name: NodeJS.Signals): void {
    this.server.signal(name);
  }

  kill(name: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    return this.server.kill(name);
  }

  /** As {@link ServerProcess.page}. */
  page(path: string): Promise<{ status: number; text: string }> {
    const port = path === '/metrics' ? (opsPortOf(this.server.output) ?? 0) : this.port;
    return pageOf(port, path);
  }

  /** The value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const { text } = await this.page('/metrics');
    const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(text);
    if (found === null) throw new Error(`There is no metric ${name}.`);
    return Number(found[1]);
  }

  #line(pattern: RegExp): string | null {
    const found = pattern.exec(this.server.output);
    return found === null ? null : (found[1] ?? found[0]);
  }
}

export class TestCluster {
  readonly realm: FaultRealm;
  nodes: NodeProcess[] = [];
  readonly redisUrl: string;
  /** What the realm has in Redis. */
  keys: RealmKeys = realmKeys('', '');
  readonly #environment: Environment;

  private constructor(realm: FaultRealm, environment: Environment, url: string) {
    this.realm = realm;
    this.redisUrl = url;
    this.#environment = environment;
  }

  /** Starts nodes, and waits until one of them leads and all of them hear it. */
  static async start(
    count: number,
    more: Environment = {},
    url: string = anyRedisUrl ?? '',
    databaseUrl = POSTGRES_URL,
  ): Promise<TestCluster> {
    const realm = await createFaultRealm({ ...QUICK, ...more }, databaseUrl);
    const environment = { ...realm.environment, REDIS_URL: url };
    const cluster = new TestCluster(realm, environment, url);
    onTestFinished(() => dropKeys(cluster.keys, url));
    cluster.nodes = Array.from({ length: count }, (_, n) => cluster.spawn(`n${n + 1}`));
    await Promise.all(cluster.nodes.map(node => node.ready()));
    cluster.keys = await keysOf(realm);
    await cluster.leaderAfter(0);
    await cluster.heard();
    return cluster;
  }

  /** Who the realm is in Redis. */
  async identity(): Promise<string> {
    const rows = await this.realm.sql<{ identity: string }>('select identity from realm_identity');
    return rows[0]?.identity ?? '';
  }

  get ports(): number[] {
    return this.alive.map(node => node.port);
  }

  get alive(): NodeProcess[] {
    return this.nodes.filter(node => node.isAlive);
  }

  get epoch(): number {
    return Math.max(...this.nodes.map(node => node.epoch));
  }

  get leader(): NodeProcess {
    const { epoch } = this;
    return this.nodes.find(node => node.epoch === epoch) as NodeProcess;
  }

  get followers(): NodeProcess[] {
    const { leader } = this;
    return this.alive.filter(node => node !== leader);
  }

  /** A node that is not one of `nodes` and may not listen yet. */
  spawn(name: string, more: Environment = {}): NodeProcess {
    return new NodeProcess({ ...this.#environment, NODE_NAME: name, ...more });
  }

  /** Puts a new process in the place of one that has ended, and waits until it listens. */
  async replace(node: NodeProcess): Promise<NodeProcess> {
    const next = new NodeProcess(node.environment);
    this.nodes[this.nodes.indexOf(node)] = next;
    await next.ready();
    return next;
  }

  /** Resolves when a node leads with a later epoch than this. */
  async leaderAfter(epoch: number): Promise<NodeProcess> {
    await until(() => this.epoch > epoch, `somebody leads after epoch ${epoch}`, LEADER_MS);
    return this.leader;
  }

  /** Resolves when every node hears the leader and can read. */
  async heard(): Promise<void> {
    const isReady = async (node: NodeProcess) => (await node.page('/ready')).status === 200;
    await until(
      async () => (await Promise.all(this.alive.map(isReady))).every(Boolean),
      'every node hears the leader',
      LEADER_MS,
    );
  }

  /** Ends all nodes in peace; each must say that it did. */
  async stop(): Promise<void> {
    for (const node of this.alive) {
      const { code } = await node.kill('SIGTERM');
      if (code !== 0) throw new Error(`${node.name} ended with ${code}:\n${node.server.output}`);
    }
  }
}

/** What a realm is called in Redis: its identity is in its tables. */
export async function keysOf({ name, sql }: FaultRealm): Promise<RealmKeys> {
  const rows = await sql<{ identity: string }>('select identity from realm_identity');
  return realmKeys(name, rows[0]?.identity ?? '');
}

/** Removes what a realm has left in Redis. */
export async function dropKeys(keys: RealmKeys, url: string): Promise<void> {
  const { commands, lease, successor, cluster } = keys;
  const redis = connectRedis(url, commands);
  try {
    await redis.del(commands, lease, successor, cluster);
  } catch {
    // A Redis of the test's own may be gone already, with everything in it.
  } finally {
    redis.disconnect();
  }
}
