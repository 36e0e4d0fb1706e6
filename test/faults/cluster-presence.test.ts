// Who is there, told through the stream: a player who changes nodes has not left, and whoever says
// something and goes has said it before they went.

import { expect } from 'vitest';
import type { WindowView } from '../../protocol/direct.ts';
import type { WindowEvent } from '../../protocol/events.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import { type NodeProcess, onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { expectSound } from '../support/cluster-verdict.ts';
import { sleep } from '../support/fault-realm.ts';
import type { TestClient } from '../support/gateway-fixture.ts';
import { ask, enter, windowEvents } from '../support/players.ts';
import { NO_WAITING } from '../support/server-process.ts';

const MOVES = 100;

/** Two players at a table with coins on it; alice listens to it. */
async function atTable(alice: TestClient, bob: TestClient, game: TestClient): Promise<number> {
  await ask(game, 'wallet.grant', { player: 'alice', asset: 'coins', quantity: 100 });
  const { window } = await ask(alice, 'windows.invite', { player: 'bob' });
  await ask(bob, 'windows.join', { window });
  await ask(alice, 'session.subscribe', { channels: [`window:${window}`] });
  await alice.received(`window:${window}`, 1);
  const assets = [{ asset: 'coins', quantity: 5 }];
  await ask(alice, 'windows.put', { window, revision: 0, assets });
  await alice.until(() => lastTable(alice, window).revision === 1);
  return window;
}

function lastTable(client: TestClient, window: number): WindowView {
  const frames = client.eventsOn(`window:${window}`).filter(({ kind }) => kind !== 'heartbeat');
  return (frames.at(-1) as { data: WindowEvent }).data.window;
}

onCluster(
  'a player who changes nodes a hundred times has not left once',
  { timeout: 90_000 },
  async () => {
    const cluster = await TestCluster.start(2, { ...NO_WAITING, WINDOW_AWAY_AFTER_MS: '2000' });
    const { leader } = cluster;
    const [follower] = cluster.followers as [NodeProcess];
    const game = await enter(leader, 'game', 'service');
    const alice = await enter(leader, 'alice');
    let bob = await enter(follower, 'bob');
    const window = await atTable(alice, bob, game);
    for (let move = 0; move < MOVES; move++) {
      const node = move % 2 === 0 ? leader : follower;
      const before = bob;
      const closesFirst = move % 4 < 2;
      if (closesFirst) before.close();
      bob = await enter(node, 'bob');
      if (!closesFirst) before.close();
      await sleep(10);
    }
    await sleep(3_000);
    const events = windowEvents(alice, window).map(({ event }) => event);
    const left = events.filter(event => event === 'left').length;
    console.log(`${left} times "left" in ${MOVES} moves between two nodes`);
    expect([left, lastTable(alice, window).sides[1].present]).toEqual([0, true]);
    // And whoever is really gone has left.
    bob.close();
    await alice.until(() => !lastTable(alice, window).sides[1].present, 10_000);
    await cluster.stop();
    await expectSound(cluster.realm);
  },
);

onCluster(
  'whoever accepts and goes has accepted before they went: nobody sees them there and accepted',
  { timeout: 90_000 },
  async () => {
    const cluster = await TestCluster.start(2, NO_WAITING);
    const { leader } = cluster;
    const [follower] = cluster.followers as [NodeProcess];
    const game = await enter(leader, 'game', 'service');
    const alice = await enter(leader, 'alice');
    let bob = await enter(follower, 'bob');
    const window = await atTable(alice, bob, game);
    const { revision, sides } = lastTable(alice, window);
    const hash = tableHash(window, revision, sides);
    for (let round = 0; round < 20; round++) {
      const seen = windowEvents(alice, window).length;
      bob.tell('windows.accept', { window, revision, hash });
      bob.close();
      await alice.until(() => windowEvents(alice, window).length >= seen + 2, 10_000);
      await sleep(50);
      const events = windowEvents(alice, window).slice(seen);
      expect([round, ...events.map(({ event }) => event)]).toEqual([round, 'accepted', 'left']);
      expect(lastTable(alice, window).sides[1]).toMatchObject({ accepted: false, present: false });
      bob = await enter(follower, 'bob');
      await alice.until(() => lastTable(alice, window).sides[1].present, 10_000);
    }
    await cluster.stop();
    await expectSound(cluster.realm);
  },
);
