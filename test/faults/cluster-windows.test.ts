// A node dies with a trade window open on it: the partner sees the player leave; he comes back on
// another node and goes on where they were, or stays away and everybody has his own again.

import { expect } from 'vitest';
import type { WindowView } from '../../protocol/direct.ts';
import type { WindowEvent } from '../../protocol/events.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import { type NodeProcess, onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { expectSound } from '../support/cluster-verdict.ts';
import type { TestClient } from '../support/gateway-fixture.ts';
import { acknowledgementsOf, ask, enter, windowEvents } from '../support/players.ts';
import { NO_WAITING } from '../support/server-process.ts';

const RULES = { ...NO_WAITING, WINDOW_GRACE_MS: '2000' };
/** The leader takes a node for gone after three seconds; then the grace begins. */
const NOTICED_MS = 8_000;

/** The window after this has happened to it, as the client was told. */
async function after(client: TestClient, window: number, what: string): Promise<WindowEvent> {
  const find = () => windowEvents(client, window).findLast(({ event }) => event === what);
  await client.until(() => find() !== undefined, NOTICED_MS);
  return find() as WindowEvent;
}

async function open(alice: TestClient, bob: TestClient): Promise<number> {
  const { window } = await ask(alice, 'windows.invite', { player: 'bob' });
  await ask(bob, 'windows.join', { window });
  for (const client of [alice, bob]) {
    await ask(client, 'session.subscribe', { channels: [`window:${window}`] });
    await client.received(`window:${window}`, 1);
  }
  return window;
}

async function close(alice: TestClient, bob: TestClient, table: WindowView): Promise<void> {
  const { window, revision, sides } = table;
  const accept = { window, revision, hash: tableHash(window, revision, sides) };
  await ask(alice, 'windows.accept', accept);
  await ask(bob, 'windows.accept', accept);
  const reviewed = await after(bob, window, 'reviewed');
  for (const [player, client] of [['alice', alice] as const, ['bob', bob] as const]) {
    const manifest = reviewed.manifest?.manifest ?? '';
    const acknowledge = acknowledgementsOf(reviewed, player);
    await ask(client, 'windows.confirm', { window, manifest, acknowledge });
  }
  const [one, other] = [await after(alice, window, 'done'), await after(bob, window, 'done')];
  expect(one).toEqual(other);
}

onCluster(
  'a window outlives the node of a player, when he comes back within the grace to another one',
  { timeout: 90_000 },
  async () => {
    const cluster = await TestCluster.start(3, RULES);
    const { leader } = cluster;
    const [near, far] = cluster.followers as [NodeProcess, NodeProcess];
    const game = await enter(leader, 'game', 'service');
    await ask(game, 'items.define', { item: 'iron', kind: 'commodity' });
    await ask(game, 'wallet.grant', { player: 'alice', asset: 'coins', quantity: 100 });
    await ask(game, 'wallet.grant', { player: 'bob', asset: 'iron', quantity: 10 });
    const alice = await enter(near, 'alice');
    let bob = await enter(far, 'bob');
    const window = await open(alice, bob);
    const coins = [{ asset: 'coins', quantity: 40 }];
    await ask(alice, 'windows.put', { window, revision: 0, assets: coins });

    await far.kill('SIGKILL');
    expect((await after(alice, window, 'left')).player).toBe('bob');
    bob = await enter(leader, 'bob');
    await ask(bob, 'session.subscribe', { channels: [`window:${window}`] });
    expect((await after(alice, window, 'returned')).player).toBe('bob');
    const iron = [{ asset: 'iron', quantity: 7 }];
    await ask(bob, 'windows.put', { window, revision: 1, assets: iron });
    await alice.until(() => lastTable(alice, window).revision === 2);
    await close(alice, bob, lastTable(alice, window));

    // Once more, and this time bob stays away.
    const back = await cluster.replace(far);
    await cluster.heard();
    bob.terminate();
    bob = await enter(back, 'bob');
    const second = await open(alice, bob);
    await ask(bob, 'windows.put', {
      ...{ window: second, revision: 0, assets: [{ asset: 'iron', quantity: 3 }] },
    });
    await back.kill('SIGKILL');
    await after(alice, second, 'left');
    const end = await after(alice, second, 'cancelled');
    expect(end.window).toMatchObject({ status: 'cancelled', reason: 'disconnected' });
    const { balances } = await ask(await enter(near, 'bob'), 'wallet.get', {});
    expect(balances.sort((one, other) => one.asset.localeCompare(other.asset))).toEqual([
      { asset: 'coins', location: 'main', available: 40, held: 0 },
      { asset: 'iron', location: 'main', available: 3, held: 0 },
    ]);
    await cluster.stop();
    await expectSound(cluster.realm);
  },
);

onCluster(
  'a player who is there for the first time, on any node, is known, to every later leader too',
  { timeout: 90_000 },
  async () => {
    const cluster = await TestCluster.start(3, RULES);
    const [near, far] = cluster.followers as [NodeProcess, NodeProcess];
    const alice = await enter(near, 'alice');
    const invite = (player: string) => alice.ask('windows.invite', { player });
    expect((await invite('bob')).body).toMatchObject({ code: 'PLAYER_UNAVAILABLE' });
    await enter(far, 'bob');
    await expect.poll(async () => (await invite('bob')).outcome, { timeout: 5_000 }).toBe('ok');
    const block = { player: 'nobody' };
    const refused = await alice.ask('windows.block', block);
    expect(refused.body).toMatchObject({ code: 'PLAYER_NOT_FOUND', details: block });
    await cluster.leader.kill('SIGKILL');
    await cluster.heard();
    await expect
      .poll(async () => (await alice.ask('windows.block', { player: 'bob' })).outcome)
      .toBe('ok');
    await cluster.stop();
    await expectSound(cluster.realm);
  },
);

function lastTable(client: TestClient, window: number): WindowView {
  const frames = client.eventsOn(`window:${window}`).filter(({ kind }) => kind !== 'heartbeat');
  return (frames.at(-1) as { data: WindowEvent }).data.window;
}
