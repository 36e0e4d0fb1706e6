// Real servers on a machine whose clock is set: ahead for a moment or for good, back, before a
// start. Nothing comes due early, nothing stands still, no key is executed twice.

import { expect, test } from 'vitest';
import { onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { createFaultRealm, onPostgres, sleep, until } from '../support/fault-realm.ts';
import { type Answered, JudgeSocket } from '../support/judge-socket.ts';
import { expectGreenAudit } from '../support/outside.ts';
import {
  type Environment,
  processToken,
  ServerProcess,
  temporaryFolder,
} from '../support/server-process.ts';
import { SkewedClock } from '../support/skewed-clock.ts';
import { testKey } from '../support/test-key.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MONTH_MS = 30 * DAY_MS;
const CONFIRM_MS = 5_000;
const QUICK: Environment = { CLOCK_CONFIRM_MS: `${CONFIRM_MS}` };
const KEYED = { key: testKey('once') };
const GRANT = { player: 'ann', asset: 'coins', quantity: 7 } as const;

interface Page {
  page(path: string): Promise<{ status: number; text: string }>;
}

/** Ann has ore listed and an offer open; both end in an hour. A key was used. */
async function trade(port: number): Promise<JudgeSocket> {
  const socket = await JudgeSocket.open(port, await processToken('ann'));
  await ok(socket.ask('items.define', { item: 'ore', kind: 'commodity' }));
  await ok(socket.ask('wallet.grant', { player: 'ann', asset: 'ore', quantity: 50 }));
  await ok(socket.ask('wallet.grant', { player: 'bob', asset: 'coins', quantity: 50 }));
  await ok(socket.ask('wallet.grant', GRANT, KEYED));
  await list(socket, HOUR_MS);
  const give = [{ asset: 'ore', quantity: 1 }];
  const expiresAtMs = (await serverTime(socket)) + HOUR_MS;
  const want = [{ asset: 'coins', quantity: 1 }];
  await ok(socket.ask('offers.create', { to: 'bob', give, want, expiresAtMs }));
  return socket;
}

async function ok(answer: Promise<Answered | null>): Promise<Answered> {
  const answered = await answer;
  expect(answered).toMatchObject({ outcome: 'ok' });
  return answered as Answered;
}

async function serverTime(socket: JudgeSocket): Promise<number> {
  return Number((await ok(socket.ask('session.ping', {}))).body.serverTimeMs);
}

/** Lists ore for so long, by the time of the server; returns the listing. */
async function list(socket: JudgeSocket, lifeMs: number): Promise<number> {
  const expiresAtMs = (await serverTime(socket)) + lifeMs;
  const listing = { item: 'ore', quantity: 5, price: 7, timeInForce: 'gtd', expiresAtMs } as const;
  return Number((await ok(socket.ask('listings.create', listing))).body.listing);
}

async function openListings(socket: JudgeSocket): Promise<number[]> {
  const { body } = await ok(socket.ask('listings.mine', {}));
  return (body.listings as { id: number }[]).map(({ id }) => id);
}

async function openOffers(socket: JudgeSocket): Promise<number> {
  const { body } = await ok(socket.ask('offers.mine', {}));
  return (body.offers as unknown[]).length;
}

async function isReady(page: Page): Promise<boolean> {
  return (await page.page('/ready')).status === 200;
}

/** What the key was answered with is answered again: the grant was made once. */
async function expectOnce(socket: JudgeSocket): Promise<void> {
  const again = await ok(socket.ask('wallet.grant', GRANT, KEYED));
  expect(again.body).toMatchObject({ balance: { available: GRANT.quantity } });
  const { body } = await ok(socket.ask('wallet.get', { player: 'ann' }));
  const coins = (body.balances as { asset: string }[]).filter(({ asset }) => asset === 'coins');
  expect(coins).toMatchObject([{ available: GRANT.quantity }]);
}

/** A new folder takes its time on a machine that is busy. */
async function startEmbedded(environment: Environment): Promise<ServerProcess> {
  const server = new ServerProcess(environment);
  await server.ready().catch(() => server.ready());
  return server;
}

/** The clock is 30 days ahead for three seconds. */
async function jump(server: ServerProcess, clock: SkewedClock): Promise<void> {
  const socket = await trade(server.port);
  const soon = await list(socket, 1_500);
  clock.set(MONTH_MS);
  await until(async () => !(await isReady(server)), 'the server is not ready');
  expect(JSON.parse((await server.page('/ready')).text)).toMatchObject({ clockSure: false });
  const refused = await socket.ask('wallet.grant', { ...GRANT, quantity: 1 });
  expect(refused).toMatchObject({ outcome: 'unavailable', body: { code: 'SERVICE_UNAVAILABLE' } });
  expect(String(refused?.body.message)).toContain('clock');
  await sleep(3_000);
  // Time went on meanwhile, as much as passed.
  expect(await openListings(socket)).toEqual([1]);
  expect(soon).toBe(2);
  clock.set(0);
  await until(() => isReady(server), 'the server is ready again');
  expect([await openListings(socket), await openOffers(socket)]).toEqual([[1], 1]);
  await expectOnce(socket);
  expect(Math.abs((await serverTime(socket)) - Date.now())).toBeLessThan(2_000);
  expect((await server.page('/metrics')).text).toContain('tradepost_clock_jumps_total 1');
  expect(server.output.match(/the clock of this machine jumped ahead/g)).toHaveLength(1);
  expect(server.output.match(/the clock of this machine came back/g)).toHaveLength(1);
  socket.destroy();
}

onPostgres(
  'a clock that is 30 days ahead for 3 seconds makes nothing due and forgets no key',
  { timeout: 120_000 },
  async () => {
    const realm = await createFaultRealm(QUICK);
    const clock = await SkewedClock.make();
    const server = await ServerProcess.start({ ...realm.environment, ...clock.environment });
    await jump(server, clock);
    expect((await server.kill('SIGTERM')).code).toBe(0);
    await expectGreenAudit(realm.environment);
  },
);

test('nor does one that the database on the same machine goes by as well', {
  timeout: 120_000,
}, async () => {
  const clock = await SkewedClock.make();
  const folder = await temporaryFolder();
  const environment = { DATA_DIR: folder, ...QUICK, ...clock.environment };
  await jump(await startEmbedded(environment), clock);
});

test('a machine that slept has its time back within moments, and no key is forgotten by that', {
  timeout: 120_000,
}, async () => {
  const clock = await SkewedClock.make();
  const environment = { DATA_DIR: await temporaryFolder(), ...QUICK, ...clock.environment };
  const server = await startEmbedded(environment);
  const socket = await trade(server.port);
  const beganMs = performance.now();
  clock.set(MONTH_MS);
  await until(async () => !(await isReady(server)), 'the server is not ready');
  await until(() => isReady(server), 'the server is ready again', 2 * CONFIRM_MS);
  const tookMs = performance.now() - beganMs;
  expect(tookMs).toBeGreaterThan(CONFIRM_MS);
  expect(tookMs).toBeLessThan(CONFIRM_MS + 4_000);
  await until(async () => (await openListings(socket)).length === 0, 'the listing has expired');
  await until(async () => (await openOffers(socket)) === 0, 'the offer has expired');
  await expectOnce(socket);
  socket.destroy();
  // The step was a mistake: the clock is set right, and the server started again.
  await server.kill('SIGKILL');
  clock.set(0);
  const next = await startEmbedded(environment);
  expect(next.output).toContain('the journal is ahead of the clocks');
  const again = await JudgeSocket.open(next.port, await processToken('ann'));
  expect((await serverTime(again)) - Date.now()).toBeGreaterThan(MONTH_MS - HOUR_MS);
  await expectOnce(again);
  // Nothing stands still until the clocks have caught up.
  const soon = await list(again, 1_000);
  expect(await openListings(again)).toEqual([soon]);
  await until(async () => (await openListings(again)).length === 0, 'the listing has expired');
  again.destroy();
});

onPostgres(
  'a clock that is set back a day stops nothing, and neither does a start meanwhile',
  { timeout: 120_000 },
  async () => {
    const realm = await createFaultRealm(QUICK);
    const clock = await SkewedClock.make();
    const environment = { ...realm.environment, ...clock.environment };
    const server = await ServerProcess.start(environment);
    const socket = await trade(server.port);
    clock.set(-DAY_MS);
    await list(socket, 1_000);
    await until(async () => (await openListings(socket)).length === 1, 'one has expired');
    expect(await isReady(server)).toBe(true);
    const late = await list(socket, 4_000);
    expect(await openListings(socket)).toEqual([late, 1]);
    await server.kill('SIGKILL');
    const next = await ServerProcess.start(environment);
    const again = await JudgeSocket.open(next.port, await processToken('ann'));
    await until(async () => (await openListings(again)).length === 1, 'one more has expired');
    expect([await openListings(again), await openOffers(again)]).toEqual([[1], 1]);
    expect(Math.abs((await serverTime(again)) - Date.now())).toBeLessThan(5_000);
    await expectOnce(again);
    again.destroy();
  },
);

onPostgres(
  'a server that starts with a clock 30 days ahead goes by the clock of the database',
  { timeout: 120_000 },
  async () => {
    const realm = await createFaultRealm(QUICK);
    const first = await ServerProcess.start(realm.environment);
    (await trade(first.port)).destroy();
    await first.kill('SIGKILL');
    const clock = await SkewedClock.make(MONTH_MS);
    const server = await ServerProcess.start({ ...realm.environment, ...clock.environment });
    expect(await isReady(server)).toBe(true);
    expect(server.output).toContain('that of this machine is ahead');
    const socket = await JudgeSocket.open(server.port, await processToken('ann'));
    expect([await openListings(socket), await openOffers(socket)]).toEqual([[1], 1]);
    expect(Math.abs((await serverTime(socket)) - Date.now())).toBeLessThan(5_000);
    await expectOnce(socket);
    expect((await server.page('/metrics')).text).toContain('tradepost_clock_wrong 1');
    socket.destroy();
  },
);

onCluster(
  'a leader whose clock is wrong leads by the right time, and a jump is seen on every node',
  { timeout: 120_000 },
  async () => {
    const cluster = await TestCluster.start(1, QUICK);
    const socket = await trade(cluster.leader.port);
    const clock = await SkewedClock.make(MONTH_MS);
    const wrong = cluster.spawn('wrong', clock.environment);
    cluster.nodes.push(wrong);
    await wrong.ready();
    await cluster.heard();
    const [first] = cluster.nodes;
    const { epoch } = cluster;
    socket.destroy();
    await first?.kill('SIGKILL');
    expect(await cluster.leaderAfter(epoch)).toBe(wrong);
    const third = cluster.spawn('third');
    cluster.nodes.push(third);
    await third.ready();
    await cluster.heard();
    for (const node of [wrong, third]) {
      const there = await JudgeSocket.open(node.port, await processToken('ann'));
      expect([await openListings(there), await openOffers(there)]).toEqual([[1], 1]);
      expect(Math.abs((await serverTime(there)) - Date.now())).toBeLessThan(5_000);
      await expectOnce(there);
      there.destroy();
    }
    clock.set(2 * MONTH_MS);
    await until(async () => !(await isReady(third)), 'the third node is not ready');
    const there = await JudgeSocket.open(third.port, await processToken('ann'));
    const refused = await there.ask('wallet.grant', GRANT);
    expect(refused).toMatchObject({ outcome: 'unavailable' });
    clock.set(MONTH_MS);
    await until(() => isReady(third), 'the third node is ready again');
    await expectOnce(there);
    there.destroy();
  },
);
