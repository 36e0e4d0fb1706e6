// One link of a node to Redis fails while the others go on: what is not announced to the node, or
// was committed and never announced, breaks the chain of who listens there.

import { expect } from 'vitest';
import type { ServerEvent } from '../../protocol/codec.ts';
import type { MeEvent, MeSnapshot, WindowEvent } from '../../protocol/events.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import { onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { expectSound } from '../support/cluster-verdict.ts';
import { sleep, until } from '../support/fault-realm.ts';
import type { TestClient } from '../support/gateway-fixture.ts';
import { acknowledgementsOf, ask, enter, windowEvents } from '../support/players.ts';
import { RedisLinkProxy } from '../support/redis-link-proxy.ts';
import { anyRedisUrl } from '../support/redis-server.ts';
import { NO_WAITING } from '../support/server-process.ts';

const ROUNDS = 5;
/** Longer than the leader waits for a node, and not a second more. */
const CUT_MS = 3_700;

/** What a client knows of its coins by `me`, and whether the chain let it believe in that. */
function coinsBy(events: readonly ServerEvent[]): { coins: number; isWhole: boolean } {
  let coins = 0;
  let at = -1;
  let isWhole = false;
  for (const { kind, sequence, previousSequence, data } of events) {
    const { balances } = (data ?? { balances: [] }) as MeEvent | MeSnapshot;
    if (kind === 'snapshot') isWhole = true;
    else if (at !== previousSequence) isWhole = false;
    at = sequence;
    for (const { asset, available } of balances) if (asset === 'coins') coins = available;
  }
  return { coins, isWhole };
}

onCluster(
  'private events that are not announced to a node which nobody hears are never passed over',
  { timeout: 120_000 },
  async () => {
    const proxy = await RedisLinkProxy.before(anyRedisUrl ?? '');
    const cluster = await TestCluster.start(1, NO_WAITING);
    const cut = cluster.spawn('n2', { REDIS_URL: proxy.url, HEARTBEAT_INTERVAL_MS: '500' });
    cluster.nodes.push(cut);
    await cut.ready();
    await cluster.heard();
    const game = await enter(cluster.leader, 'game', 'service');
    const alice = await enter(cut, 'alice');
    await ask(alice, 'session.subscribe', { channels: ['me'] });
    await alice.received('me', 1);
    let granted = 0;
    const grant = async () => {
      await ask(game, 'wallet.grant', { player: 'alice', asset: 'coins', quantity: 1 });
      granted++;
    };
    const told: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await grant();
      proxy.refuse('commands');
      const healAtMs = performance.now() + CUT_MS;
      while (performance.now() < healAtMs) {
        await grant();
        await sleep(100);
      }
      proxy.allow('commands');
      // Whatever was announced to the node by now is on its way no more.
      await sleep(1_500);
      const before = alice.eventsOn('me').length;
      await sleep(2_500);
      const events = alice.eventsOn('me');
      const { coins, isWhole } = coinsBy(events);
      const isClaimed = events.slice(before).some(({ kind }) => kind === 'heartbeat');
      told.push(`${coins} of ${granted}${isWhole && isClaimed ? ' as all there is' : ''}`);
      expect(coins === granted || !(isWhole && isClaimed)).toBe(true);
      await alice.until(() => coinsBy(alice.eventsOn('me')).coins === granted, 15_000);
    }
    console.log(`Shown four seconds after the link was back: ${told.join('; ')}`);
    await cluster.stop();
  },
);

async function review(alice: TestClient, bob: TestClient): Promise<[number, WindowEvent]> {
  const { window } = await ask(alice, 'windows.invite', { player: 'bob' });
  await ask(bob, 'windows.join', { window });
  for (const client of [alice, bob]) {
    await ask(client, 'session.subscribe', { channels: [`window:${window}`] });
    await client.received(`window:${window}`, 1);
  }
  const assets = [{ asset: 'coins', quantity: 5 }];
  await ask(alice, 'windows.put', { window, revision: 0, assets });
  const told = (event: string) => windowEvents(bob, window).findLast(one => one.event === event);
  await bob.until(() => told('put') !== undefined);
  const { sides } = (told('put') as WindowEvent).window;
  const accept = { window, revision: 1, hash: tableHash(window, 1, sides) };
  await ask(alice, 'windows.accept', accept);
  await ask(bob, 'windows.accept', accept);
  await bob.until(() => told('reviewed') !== undefined);
  return [window, told('reviewed') as WindowEvent];
}

onCluster(
  'a leader that commits the end of a window and dies before it says so keeps nobody waiting',
  { timeout: 90_000 },
  async () => {
    const proxy = await RedisLinkProxy.before(anyRedisUrl ?? '');
    const cluster = await TestCluster.start(1, { ...NO_WAITING, REDIS_URL: proxy.url });
    const first = cluster.leader;
    const other = cluster.spawn('n2', { REDIS_URL: anyRedisUrl ?? '' });
    cluster.nodes.push(other);
    await other.ready();
    await cluster.heard();
    const game = await enter(other, 'game', 'service');
    await ask(game, 'wallet.grant', { player: 'alice', asset: 'coins', quantity: 100 });
    const [alice, bob] = [await enter(other, 'alice'), await enter(other, 'bob')];
    const [window, reviewed] = await review(alice, bob);
    const manifest = reviewed.manifest?.manifest ?? '';
    const confirmation = (player: string) => {
      return { window, manifest, acknowledge: acknowledgementsOf(reviewed, player) };
    };
    await ask(alice, 'windows.confirm', confirmation('alice'));
    // The leader still reads the stream and writes the journal, and nobody hears of it.
    proxy.swallow('commands');
    bob.tell('windows.confirm', confirmation('bob'));
    const isDone = async () => {
      const sql = 'select 1 from windows where id = $1 and status = 3';
      return (await cluster.realm.sql(sql, [window])).length === 1;
    };
    await until(isDone, 'the end of the window is committed');
    await first.kill('SIGKILL');
    await until(() => other.epoch > first.epoch, 'the other node leads', 20_000);
    const ends = () =>
      alice
        .eventsOn(`window:${window}`)
        .map(({ data }) => data as WindowEvent | null)
        .filter(data => data?.window.status === 'done');
    await alice.until(() => ends().length > 0, 10_000);
    const [end] = ends();
    expect(end?.receipt).toMatchObject({ window, manifest });
    expect(end?.manifest?.manifest).toBe(manifest);
    // Its channel is over, and counts no more.
    const resynced = await ask(alice, 'session.resync', { channels: [`window:${window}`] });
    expect(resynced.channels).toEqual([]);
    await other.kill('SIGTERM');
    await expectSound(cluster.realm);
  },
);
