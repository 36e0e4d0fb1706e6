// The channels of windows when they are shown anew: several at one moment, and those that ended
// while nobody said so.

import { expect, test } from 'vitest';
import { encodeEvent } from '../../protocol/codec.ts';
import { type Fixture, startGateway, type TestClient } from '../support/gateway-fixture.ts';

const PLAYERS = ['alice', 'bob'] as const;

/** A gateway whose realm has windows 1 and 2 of alice and bob; alice listens to them. */
async function listening(): Promise<{ fixture: Fixture; alice: TestClient }> {
  const fixture = await startGateway({ config: { heartbeatIntervalMs: 300 } });
  for (const window of [1, 2]) fixture.realm.windowPlayers.set(window, PLAYERS);
  const alice = await fixture.enter('alice');
  await alice.ask('session.subscribe', { channels: ['window:1', 'window:2'] });
  return { fixture, alice };
}

function publish({ gateway, realm }: Fixture, window: number): void {
  const previous = realm.sequence;
  realm.sequence += 1;
  const at = realm.sequence;
  const frame = encodeEvent(`window:${window}`, realm.epoch, at, previous, 'event', { at });
  gateway.publishWindow(PLAYERS, window, frame);
}

test('two windows at once are of one moment: none is shown older than an event', async () => {
  const { fixture, alice } = await listening();
  const { realm } = fixture;
  const asked: (readonly number[])[] = [];
  const { windowSnapshots } = realm;
  realm.windowSnapshots = (player, windows, deliver) => {
    asked.push(windows);
    // The answer takes a while, and something happens to the first window meanwhile.
    publish(fixture, 1);
    setTimeout(() => windowSnapshots.call(realm, player, windows, deliver), 20);
  };
  await alice.ask('session.resync', { channels: ['window:1', 'window:2'] });
  expect(asked).toEqual([[1, 2]]);
  const events = await alice.received('window:1', 3);
  expect(events.map(({ sequence }) => sequence)).toEqual([100, 101, 101]);
  expect((await alice.received('window:2', 2)).at(-1)).toMatchObject({ sequence: 101 });
});

test('a window that ended unannounced shows its end, and its channel is over', async () => {
  const { fixture, alice } = await listening();
  const { gateway, realm } = fixture;
  realm.windowPlayers.delete(1);
  realm.sequence = 150;
  realm.windowEnd = async (player, window) =>
    player === 'alice' && window === 1 ? realm.windowFrame(1, 'done') : null;
  gateway.restart();
  const [, end] = await alice.received('window:1', 2);
  expect(end).toMatchObject({
    ...{ kind: 'snapshot', sequence: 150, data: { window: { status: 'done' } } },
  });
  await expect.poll(() => gateway.listensToWindow(1)).toBe(false);
  expect(gateway.listensToWindow(2)).toBe(true);
  const left = await alice.ask('session.unsubscribe', { channels: ['window:1', 'window:2'] });
  expect(left.body).toEqual({ channels: ['window:2'] });
});

test('the end that cannot be found out yet is waited for, and looked for again', async () => {
  const { fixture, alice } = await listening();
  const { gateway, realm } = fixture;
  realm.windowPlayers.delete(1);
  let tries = 0;
  realm.windowEnd = async () => {
    tries++;
    if (tries < 2) throw new Error('The tables are behind the journal.');
    return realm.windowFrame(1, 'cancelled');
  };
  gateway.restart();
  gateway.restart();
  expect(gateway.listensToWindow(1)).toBe(true);
  await alice.until(() => alice.eventsOn('window:1').some(({ data }) => isOver(data)));
  expect(tries).toBe(2);
  await expect.poll(() => gateway.listensToWindow(1)).toBe(false);
});

function isOver(data: unknown): boolean {
  return (data as { window?: { status: string } } | null)?.window?.status === 'cancelled';
}
