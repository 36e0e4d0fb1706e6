// A window on a real server, from the sockets to the tables: what each player is shown while the
// other one goes and comes, and after the server itself was away.

import { expect } from 'vitest';
import type { WindowEvent, WindowSnapshot } from '../../protocol/events.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import { createFaultRealm, onPostgres } from '../support/fault-realm.ts';
import type { TestClient } from '../support/gateway-fixture.ts';
import { acknowledgementsOf, ask, enter, windowEvents } from '../support/players.ts';
import { startHere } from '../support/server-here.ts';
import { NO_WAITING } from '../support/server-process.ts';

async function watch(client: TestClient, window: number): Promise<WindowSnapshot> {
  const channel = `window:${window}`;
  await ask(client, 'session.subscribe', { channels: [channel] });
  const [frame] = await client.received(channel, 1);
  expect(frame?.kind).toBe('snapshot');
  return frame?.data as WindowSnapshot;
}

/** The events of the window that a client has got, once the last one is `last`. */
async function until(client: TestClient, window: number, last: string): Promise<WindowEvent[]> {
  const events = () => windowEvents(client, window);
  await client.until(() => events().at(-1)?.event === last);
  return events();
}

/** The window as the client knows it, once these of its sides are present. */
async function untilPresent(
  client: TestClient,
  window: number,
  present: readonly [boolean, boolean],
): Promise<WindowSnapshot['window']> {
  let known: WindowSnapshot['window'] | null = null;
  await client.until(() => {
    const frames = client.eventsOn(`window:${window}`).filter(({ kind }) => kind !== 'heartbeat');
    known = (frames.at(-1) as { data: WindowSnapshot }).data.window;
    return known.sides.every((side, at) => side.present === present[at]);
  });
  return known as unknown as WindowSnapshot['window'];
}

onPostgres('a player who is there for the first time is known, and can be invited', async () => {
  const realm = await createFaultRealm(NO_WAITING);
  let server = await startHere(realm.config());
  let alice = await enter(server, 'alice');
  const unknown = await alice.ask('windows.invite', { player: 'bob' });
  expect(unknown.body).toMatchObject({ code: 'PLAYER_UNAVAILABLE' });
  const bob = await enter(server, 'bob');
  await ask(alice, 'windows.invite', { player: 'bob' });
  bob.terminate();
  await server.stop();
  server = await startHere(realm.config());
  const { players } = server.engine.state;
  expect([players.find('alice') >= 0, players.find('bob') >= 0, players.count]).toEqual([
    true,
    true,
    4,
  ]);
  alice = await enter(server, 'alice');
  await ask(alice, 'windows.block', { player: 'bob' });
});

onPostgres('a window outlives its sockets and its server, and ends in one swap', async () => {
  const realm = await createFaultRealm(NO_WAITING);
  const config = realm.config();
  let server = await startHere(config);
  const game = await enter(server, 'game', 'service');
  await ask(game, 'items.define', { item: 'iron', kind: 'commodity' });
  await ask(game, 'wallet.grant', { player: 'alice', asset: 'coins', quantity: 100 });
  await ask(game, 'wallet.grant', { player: 'bob', asset: 'iron', quantity: 10 });
  let alice = await enter(server, 'alice');
  let bob = await enter(server, 'bob');
  const { window } = await ask(alice, 'windows.invite', { player: 'bob' });
  await watch(alice, window);
  expect((await bob.ask('session.subscribe', { channels: ['window:99'] })).body).toMatchObject({
    code: 'WINDOW_NOT_FOUND',
  });
  await ask(bob, 'windows.join', { window });
  const coins = [{ asset: 'coins', quantity: 40 }];
  await ask(alice, 'windows.put', { window, revision: 0, assets: coins });

  bob.terminate();
  expect((await until(alice, window, 'left')).at(-1)).toMatchObject({ player: 'bob' });
  bob = await enter(server, 'bob');
  await watch(bob, window);
  await untilPresent(bob, window, [true, true]);
  expect((await until(alice, window, 'returned')).map(({ event }) => event)).toEqual([
    'joined',
    'put',
    'left',
    'returned',
  ]);

  await server.stop();
  expect((await bob.ended).reason).toBe('restarting');
  server = await startHere(config);
  alice = await enter(server, 'alice');
  await watch(alice, window);
  const recovered = await untilPresent(alice, window, [true, false]);
  expect(recovered).toMatchObject({ status: 'open', revision: 1 });
  expect(recovered.sides[0].assets).toEqual([{ ...coins[0], location: 'main' }]);
  bob = await enter(server, 'bob');
  await watch(bob, window);
  await until(alice, window, 'returned');
  const iron = [{ asset: 'iron', quantity: 7 }];
  await ask(bob, 'windows.put', { window, revision: 1, assets: iron });
  const table = (await until(alice, window, 'put')).at(-1)?.window as WindowSnapshot['window'];
  const accept = { window, revision: 2, hash: tableHash(window, 2, table.sides) };
  await ask(alice, 'windows.accept', accept);
  await ask(bob, 'windows.accept', accept);
  const reviewed = (await until(bob, window, 'reviewed')).at(-1) as WindowEvent;
  expect(reviewed.manifest?.sides[0].assets).toMatchObject([{ digits: '40', words: 'forty' }]);
  for (const [player, client] of [['alice', alice] as const, ['bob', bob] as const]) {
    const acknowledge = acknowledgementsOf(reviewed, player);
    const { manifest } = reviewed.window as { manifest: string };
    await ask(client, 'windows.confirm', { window, manifest, acknowledge });
  }
  const ends = [
    (await until(alice, window, 'done')).at(-1),
    (await until(bob, window, 'done')).at(-1),
  ];
  expect(ends[0]).toEqual(ends[1]);
  expect(ends[0]?.receipt?.manifest).toBe(reviewed.window.manifest);
  const { balances } = await ask(alice, 'wallet.get', {});
  expect(balances).toEqual([
    { asset: 'coins', location: 'main', available: 60, held: 0 },
    { asset: 'iron', location: 'main', available: 7, held: 0 },
  ]);
  expect(server.engine.state.windows.size).toBe(0);
});
