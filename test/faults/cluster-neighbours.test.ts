// Two realms of one name on two databases that share a Redis, as production and its copy in staging
// do: neither sees, delays or deposes the other, whatever the number of the Redis database.

import { expect, onTestFinished } from 'vitest';
import { connect, type Database, discard } from '../../src/database/connection.ts';
import { NodeProcess, onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { passVerdict } from '../support/cluster-verdict.ts';
import { POSTGRES_URL, sleep, until } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { ITEMS } from '../support/judge-history.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

const OPTIONS = { name: 'test', statementTimeoutMs: 30_000 };

/** A database of its own on the server of the tests, gone when the test is over. */
async function otherDatabase(name: string): Promise<string> {
  const database: Database = { address: { kind: 'server', url: POSTGRES_URL }, schema: 'public' };
  const ask = async (text: string) => {
    const client = await connect(database, OPTIONS, () => {});
    await client.query(text);
    discard(client);
  };
  await ask(`create database "${name}"`);
  onTestFinished(() => ask(`drop database if exists "${name}" with (force)`));
  const url = new URL(POSTGRES_URL);
  url.pathname = `/${name}`;
  return url.href;
}

/** What a dump of the realm, restored in `url`, has of its identity. */
async function copyIdentity({ realm }: TestCluster, url: string): Promise<void> {
  const [row] = await realm.sql<Record<string, unknown>>('select * from realm_identity');
  const schema = `realm_${realm.name}`;
  const client = await connect({ address: { kind: 'server', url }, schema }, OPTIONS, () => {});
  await client.query(
    `update realm.realm_identity set identity = $1, secret = $2, system_identifier = $3,
       database_oid = $4, schema_oid = $5`,
    ['identity', 'secret', 'system_identifier', 'database_oid', 'schema_oid'].map(
      column => row?.[column],
    ),
  );
  discard(client);
}

onCluster(
  'two realms of one name on two databases share one Redis and never meet',
  { timeout: 90_000 },
  async () => {
    const production = await TestCluster.start(2);
    const { epoch } = production;
    const token = await processToken('game');
    const judge = new Judge({ seed: 97, token, sockets: 4, inFlight: 4, paceMs: 10 });
    await judge.prepare(production.leader.port);
    const url = await otherDatabase(`${production.realm.name}_copy`);
    const environment = { ...production.realm.environment, DATABASE_URL: url };
    const tables = new ServerProcess({ ...environment, LOG_LEVEL: 'silent' }, ['identity']);
    expect((await tables.exit).code).toBe(0);
    await copyIdentity(production, url);
    const redis = new URL(production.redisUrl);
    redis.pathname = '/1';
    const others = { REDIS_URL: redis.href, LEASE_MS: '1000', LOG_LEVEL: 'info' };
    const staging = new NodeProcess({ ...environment, ...others, NODE_NAME: 's1' });
    await staging.ready();
    await until(() => staging.epoch > 0, 'staging has a leader of its own', 20_000);
    expect(staging.server.output).toMatch('this database is a copy of another one');

    const heard: string[] = [];
    const socket = await JudgeSocket.open(staging.port, token, ({ channel, kind }) => {
      if (kind !== 'snapshot') heard.push(channel);
    });
    const begun = staging.epoch;
    const channels = ITEMS.map(item => `book:${item}`);
    expect((await socket.ask('session.subscribe', { channels })).outcome).toBe('ok');
    const [first = 0, ...more] = production.ports;
    await judge.begin(first, ...more);
    await sleep(1_500);
    const grant = { player: 'ann', asset: 'coins', quantity: 7 };
    expect((await socket.ask('wallet.grant', grant, { key: testKey('k') })).body).toMatchObject({
      balance: { available: 7 },
    });
    const elsewhere = await JudgeSocket.open(production.leader.port, token);
    expect((await elsewhere.ask('keys.get', { key: testKey('k') })).body).toEqual({
      status: 'free',
    });
    expect(heard).toEqual([]);
    expect([staging.epoch, production.epoch]).toEqual([begun, epoch]);
    expect(production.alive).toHaveLength(2);
    expect(await staging.metric('tradepost_leading')).toBe(1);
    for (const one of [socket, elsewhere]) one.destroy();
    expect((await staging.kill('SIGTERM')).code).toBe(0);
    expect(judge.counts()).toMatchObject({ unknown: 0, unavailable: 0 });
    await passVerdict(production, judge);
  },
);
