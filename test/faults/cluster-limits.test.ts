// What a player may have and spend is bounded over all nodes together: his sockets, his budget and
// his one window, wherever he connects and whoever leads. When the leader is killed, the next one
// learns it from the nodes, and what a dead node took part in is given back.

import { expect } from 'vitest';
import { CLOSES } from '../../protocol/closes.ts';
import type { Reply } from '../../protocol/codec.ts';
import type { Budget } from '../../protocol/commands/session.ts';
import { DEFAULT_GATEWAY_CONFIG } from '../../src/gateway/config.ts';
import { type NodeProcess, onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { expectSound } from '../support/cluster-verdict.ts';
import { sleep, until } from '../support/fault-realm.ts';
import type { TestClient } from '../support/gateway-fixture.ts';
import { ask, enter } from '../support/players.ts';

const { socketsPerPlayerMax, limits } = DEFAULT_GATEWAY_CONFIG;
const STANDARD = limits.standard as NonNullable<typeof limits.standard>;
const REFILL_PER_MS = STANDARD.perMinute / 60_000;
/** More than his whole burst. */
const ASKED = STANDARD.burst + 10;
/** A silent node is taken for gone after three seconds. */
const TOLD_MS = 12_000;
/** Whatever was on its way between two nodes has arrived. */
const SETTLED_MS = 1_000;
const PING_MS = 50;

/** How many commands his node would take of him at once now; asking costs nothing. */
async function remaining(client: TestClient): Promise<number> {
  const { budget } = await client.ask('session.ping', {});
  return (budget as NonNullable<Budget>).remaining;
}

/** Resolves when his node grants a player who has spent nothing so many commands at once. */
function granted(client: TestClient, commands: number): Promise<void> {
  const isGranted = async () => {
    await sleep(PING_MS);
    return (await remaining(client)) === commands;
  };
  return until(isGranted, `a node grants ${commands} commands`, TOLD_MS);
}

/** Asks more than he may, one command after another, and returns the answers. */
async function burst(client: TestClient): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let n = 0; n < ASKED; n++) replies.push(await client.ask('wallet.get', {}));
  return replies;
}

/** Through both at once: in sum his budget and what is refilled meanwhile, no more and no less. */
async function expectOneBudget(one: TestClient, other: TestClient): Promise<void> {
  const beganAtMs = performance.now();
  const replies = (await Promise.all([burst(one), burst(other)])).flat();
  const refilled = (performance.now() - beganAtMs) * REFILL_PER_MS;
  const accepted = replies.filter(({ outcome }) => outcome === 'ok').length;
  expect(accepted).toBeGreaterThanOrEqual(STANDARD.burst);
  expect(accepted).toBeLessThanOrEqual(STANDARD.burst + Math.ceil(refilled));
  for (const { outcome, body } of replies) {
    if (outcome === 'ok') continue;
    expect(body).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
    expect(body.retryAfterMs).toBeGreaterThan(0);
  }
}

const REPLACED = { code: CLOSES.replaced.code, reason: 'replaced' };

async function expectReplaced(client: TestClient): Promise<void> {
  await client.until(() => !client.isOpen, TOLD_MS);
  expect(await client.ended).toEqual(REPLACED);
}

/** How many sockets are open when all that was ordered has been done. */
async function left(sockets: readonly TestClient[]): Promise<number> {
  await sleep(SETTLED_MS);
  return sockets.filter(({ isOpen }) => isOpen).length;
}

onCluster(
  'a socket too many closes the oldest, on whichever node that is, and after a leader died too',
  { timeout: 90_000 },
  async () => {
    const cluster = await TestCluster.start(3);
    const [near, far] = cluster.followers as [NodeProcess, NodeProcess];
    const sockets: TestClient[] = [];
    for (let n = 0; n < socketsPerPlayerMax; n++) sockets.push(await enter(near, 'alice'));
    sockets.push(await enter(far, 'alice'));
    await expectReplaced(sockets.shift() as TestClient);
    // Two at once are two too many, not three.
    sockets.push(...(await Promise.all([enter(far, 'alice'), enter(far, 'alice')])));
    await expectReplaced(sockets.shift() as TestClient);
    await expectReplaced(sockets.shift() as TestClient);
    expect(await left(sockets)).toBe(socketsPerPlayerMax);

    const { epoch, leader } = cluster;
    await leader.kill();
    await cluster.leaderAfter(epoch);
    await cluster.heard();
    sockets.push(await enter(far, 'alice'));
    await until(() => sockets.some(({ isOpen }) => !isOpen), 'one had to go', TOLD_MS);
    const closed = sockets.filter(({ isOpen }) => !isOpen);
    expect(await Promise.all(closed.map(({ ended }) => ended))).toEqual([REPLACED]);
    expect(await left(sockets)).toBe(socketsPerPlayerMax);
    await cluster.stop();
  },
);

onCluster(
  'two nodes together grant a player one budget, and the one he stays on all of it when he leaves',
  { timeout: 90_000 },
  async () => {
    const cluster = await TestCluster.start(3);
    const [near, far] = cluster.followers as [NodeProcess, NodeProcess];
    const half = STANDARD.burst / 2;
    const [alice, aliceFar] = [await enter(near, 'alice'), await enter(far, 'alice')];
    for (const client of [alice, aliceFar]) await granted(client, half);
    await expectOneBudget(alice, aliceFar);

    const [bob, bobFar] = [await enter(near, 'bob'), await enter(far, 'bob')];
    for (const client of [bob, bobFar]) await granted(client, half);
    // He has spent something, so the far node remembers him; its half does not stay all the same.
    for (let n = 0; n < 2; n++) await ask(bobFar, 'wallet.get', {});
    bobFar.close();
    await granted(bob, STANDARD.burst);
    bob.close();
    await granted(await enter(far, 'bob'), STANDARD.burst);

    // The leader dies, and with it one of carol's nodes, but none of dave's.
    const { epoch, leader } = cluster;
    const [carol, dave] = [await enter(near, 'carol'), await enter(near, 'dave')];
    await enter(leader, 'carol');
    const daveFar = await enter(far, 'dave');
    for (const client of [carol, dave, daveFar]) await granted(client, half);
    await leader.kill();
    await cluster.leaderAfter(epoch);
    await cluster.heard();
    await granted(carol, STANDARD.burst);
    await sleep(SETTLED_MS);
    for (const client of [dave, daveFar]) await granted(client, half);
    await expectOneBudget(dave, daveFar);
    await cluster.stop();
  },
);

onCluster(
  'a player has one window, whichever node he invites or joins through, and whoever leads',
  { timeout: 90_000 },
  async () => {
    const cluster = await TestCluster.start(3);
    const [near, far] = cluster.followers as [NodeProcess, NodeProcess];
    const game = await enter(near, 'game', 'service');
    for (const player of ['alice', 'bob', 'carol']) {
      await ask(game, 'wallet.grant', { player, asset: 'coins', quantity: 1 });
    }
    const [alice, bob, carol] = [
      await enter(near, 'alice'),
      await enter(near, 'bob'),
      await enter(far, 'carol'),
    ];
    const { window: invitation } = await ask(carol, 'windows.invite', { player: 'alice' });
    const { window } = await ask(alice, 'windows.invite', { player: 'bob' });
    await ask(bob, 'windows.join', { window });
    const aliceFar = await enter(far, 'alice');
    const expectOne = async () => {
      for (const [command, payload] of [
        ['windows.invite', { player: 'carol' }],
        ['windows.join', { window: invitation }],
      ] as const) {
        const { outcome, body } = await aliceFar.ask(command, payload);
        expect([outcome, body]).toMatchObject([
          'rejected',
          { code: 'ALREADY_TRADING', details: { window } },
        ]);
      }
      const { body } = await carol.ask('windows.invite', { player: 'bob' });
      expect(body).toMatchObject({ code: 'ALREADY_TRADING', details: { window: invitation } });
    };
    await expectOne();

    const { epoch, leader } = cluster;
    await leader.kill();
    await cluster.leaderAfter(epoch);
    await cluster.heard();
    await expectOne();
    await ask(alice, 'windows.cancel', { window });
    await ask(aliceFar, 'windows.join', { window: invitation });
    await cluster.stop();
    await expectSound(cluster.realm);
  },
);
