// Nodes that load a realm do not depose each other: a node claims when its engine is ready and the
// lease is its own, and one that loses the lease while it loads has taken nothing from anybody.

import { expect, onTestFinished } from 'vitest';
import { manyListings } from '../../bench/many-listings.ts';
import { dropKeys, keysOf, NodeProcess, onCluster } from '../support/cluster-nodes.ts';
import { createFaultRealm, type FaultRealm, sleep, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { anyRedisUrl, connectRedis } from '../support/redis-server.ts';
import { type Environment, processToken, ServerProcess } from '../support/server-process.ts';

const PREPARES = /this node makes itself ready to lead/g;
const LOSSES = 4;
const LISTINGS = 100_000;

async function claims({ sql }: FaultRealm): Promise<number> {
  const [row] = await sql<{ claims: number }>(
    'select count(distinct epoch)::int as claims from journal',
  );
  return row?.claims ?? 0;
}

/** A realm with a listing, that a server made and left. */
async function stocked(environment: Environment): Promise<{ realm: FaultRealm; listing: number }> {
  const realm = await createFaultRealm({ ...environment, LOG_LEVEL: 'info' });
  const server = await ServerProcess.start(realm.environment);
  const game = await JudgeSocket.open(server.port, await processToken('game'));
  await game.ask('items.define', { item: 'ore', kind: 'commodity' });
  for (const player of ['ann', 'ben']) {
    await game.ask('wallet.grant', { player, asset: 'ore', quantity: 10_000_000 });
    await game.ask('wallet.grant', { player, asset: 'coins', quantity: 10_000_000 });
  }
  const { body } = await game.ask(
    'listings.create',
    { item: 'ore', quantity: 10, price: 100 },
    { player: 'ann' },
  );
  game.destroy();
  await server.kill('SIGTERM');
  return { realm, listing: body.listing as number };
}

function startNodes(realm: FaultRealm): NodeProcess[] {
  onTestFinished(async () => dropKeys(await keysOf(realm), anyRedisUrl as string));
  const environment = { ...realm.environment, REDIS_URL: anyRedisUrl as string };
  return ['a', 'b'].map(name => new NodeProcess({ ...environment, NODE_NAME: name }));
}

async function leads(nodes: readonly NodeProcess[]): Promise<NodeProcess> {
  await until(() => nodes.some(({ epoch }) => epoch > 0), 'a node leads', 30_000);
  return nodes.find(({ epoch }) => epoch > 0) as NodeProcess;
}

onCluster(
  'a node that loses its lease while it loads has claimed nothing, and goes on loading',
  { timeout: 90_000 },
  async () => {
    const { realm } = await stocked({ LEASE_MS: '1000' });
    const before = await claims(realm);
    const holder = await realm.session();
    await holder.query('begin');
    await holder.query('lock table privacy in access exclusive mode');
    const nodes = startNodes(realm);
    await Promise.all(nodes.map(node => node.ready()));
    const { lease, commands } = await keysOf(realm);
    const redis = connectRedis(anyRedisUrl as string, commands);
    const begun = () => nodes.filter(({ server }) => server.output.match(PREPARES) !== null);
    for (let loss = 0; loss < LOSSES; loss++) {
      await until(async () => (await redis.get(lease)) !== null, 'a node has the lease', 20_000);
      await until(() => begun().length > 0, 'a node loads');
      await sleep(200);
      await redis.del(lease);
    }
    expect(await claims(realm)).toBe(before);
    // By now the one whose lease was removed last knows it.
    await sleep(1_000);
    await holder.query('rollback');
    await leads(nodes);
    expect(await claims(realm)).toBe(before + 1);
    // What a node had begun to load it did not begin again.
    for (const { server } of nodes) {
      expect(server.output.match(PREPARES)?.length ?? 0).toBeLessThanOrEqual(1);
    }
    await sleep(1_000);
    expect(await claims(realm)).toBe(before + 1);
    redis.disconnect();
  },
);

onCluster(
  `of two nodes that start at once on ${LISTINGS} listings with a short lease one leads, at once`,
  { timeout: 120_000 },
  async () => {
    const { realm, listing } = await stocked({ LEASE_MS: '200' });
    for (const statement of manyListings(LISTINGS)) await realm.sql(statement);
    const before = await claims(realm);
    const nodes = startNodes(realm);
    await Promise.all(nodes.map(node => node.ready()));
    const leader = await leads(nodes);
    expect(await claims(realm)).toBe(before + 1);
    const game = await JudgeSocket.open(leader.port, await processToken('game'));
    const purchase = { listing, quantity: 1 };
    const bought = async () =>
      (await game.ask('purchases.create', purchase, { player: 'ben' })).outcome === 'ok';
    await until(bought, 'a purchase is acknowledged', 20_000);
    game.destroy();
  },
);
