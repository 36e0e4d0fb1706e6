import { describe, expect, test } from 'vitest';
import { encodeEvent } from '../../protocol/codec.ts';
import { type Fixture, sleep, startGateway, type TestClient } from '../support/gateway-fixture.ts';

const PLAYERS = ['alice', 'bob'] as const;

/** A gateway whose realm has window 1 of alice and bob. */
async function startWithWindow(
  config: NonNullable<Parameters<typeof startGateway>[0]>['config'] = {},
): Promise<Fixture> {
  const fixture = await startGateway({ config });
  fixture.realm.windowPlayers.set(1, PLAYERS);
  return fixture;
}

/** What the realm does after a decision: the next event of a window. */
function publish({ gateway, realm }: Fixture, window = 1): void {
  const previous = realm.sequence;
  realm.sequence += 1;
  const at = realm.sequence;
  const frame = encodeEvent(`window:${window}`, realm.epoch, at, previous, 'event', { at });
  gateway.publishWindow(PLAYERS, window, frame);
}

async function listening(fixture: Fixture, player: string): Promise<TestClient> {
  const client = await fixture.enter(player);
  const reply = await client.ask('session.subscribe', { channels: ['window:1'] });
  expect(reply.body).toEqual({ channels: ['window:1'] });
  return client;
}

describe('the channel of a window', () => {
  test('begins with a snapshot and goes on, the same frames to all sockets of both', async () => {
    const fixture = await startWithWindow();
    expect(fixture.gateway.listensToWindow(1)).toBe(false);
    const clients = [
      await listening(fixture, 'alice'),
      await listening(fixture, 'alice'),
      await listening(fixture, 'bob'),
    ];
    expect(fixture.gateway.listensToWindow(1)).toBe(true);
    expect(fixture.gateway.listensToWindow(2)).toBe(false);
    for (let i = 0; i < 3; i++) publish(fixture);
    const all = [];
    for (const client of clients) all.push(await client.received('window:1', 4));
    expect(all[0]?.map(({ kind }) => kind)).toEqual(['snapshot', 'event', 'event', 'event']);
    expect(all[0]?.map(event => [event.previousSequence, event.sequence])).toEqual([
      [100, 100],
      [100, 101],
      [101, 102],
      [102, 103],
    ]);
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
  });

  test('reaches nobody who has not subscribed', async () => {
    const fixture = await startWithWindow();
    const client = await listening(fixture, 'alice');
    const others = [await fixture.enter('alice'), await fixture.enter('bob')];
    publish(fixture);
    await client.received('window:1', 2);
    for (const other of others) {
      await other.ask('session.ping', {});
      expect(other.events).toEqual([]);
    }
  });

  test('never reaches a player who is not one of the two', async () => {
    const fixture = await startWithWindow();
    const client = await listening(fixture, 'alice');
    const frame = encodeEvent('window:1', 7, 101, 100, 'event', {});
    fixture.gateway.publishWindow(['bob', 'carol'], 1, frame);
    await client.ask('session.ping', {});
    expect(client.eventsOn('window:1')).toHaveLength(1);
  });

  test('of others is refused as one that there is not, and so is the whole request', async () => {
    const fixture = await startWithWindow();
    const thief = await fixture.enter('carol');
    const channels = ['book:ore', 'window:1'];
    const refused = await thief.ask('session.subscribe', { channels });
    expect(refused).toMatchObject({ outcome: 'rejected', body: { code: 'WINDOW_NOT_FOUND' } });
    const none = await thief.ask('session.subscribe', { channels: ['window:2'] });
    expect(none.body).toEqual(refused.body);
    const service = await fixture.enter('game', 'service');
    expect((await service.ask('session.subscribe', { channels })).body).toEqual(refused.body);
    const resynced = await thief.ask('session.resync', { channels });
    expect(resynced.body).toEqual({ channels: [] });
    expect(fixture.gateway.hasSubscribers('book:ore')).toBe(false);
    publish(fixture);
    await thief.ask('session.ping', {});
    expect(thief.events).toEqual([]);
  });

  test.each(['window:', 'window:0', 'window:01', 'window:1 ', 'window:x', 'window:-1'])(
    '%s is no channel',
    async channel => {
      const { enter } = await startWithWindow();
      const client = await enter('alice');
      const reply = await client.ask('session.subscribe', { channels: [channel] });
      expect(reply.body).toMatchObject({ code: 'INVALID_REQUEST' });
    },
  );

  test('counts towards the subscriptions of its socket', async () => {
    const fixture = await startWithWindow({ subscriptionsPerSocketMax: 2 });
    const client = await fixture.enter('alice');
    await client.ask('session.subscribe', { channels: ['book:ore', 'window:1'] });
    const more = await client.ask('session.subscribe', { channels: ['book:wood'] });
    expect(more.body).toMatchObject({ code: 'LIMIT_REACHED', details: { max: 2 } });
    const same = await client.ask('session.subscribe', { channels: ['window:1', 'book:ore'] });
    expect(same.outcome).toBe('ok');
    await client.ask('session.unsubscribe', { channels: ['window:1'] });
    expect((await client.ask('session.subscribe', { channels: ['book:wood'] })).outcome).toBe('ok');
  });

  test('is waited for, in an outage, no more often than a socket may have channels', async () => {
    const fixture = await startWithWindow({ subscriptionsPerSocketMax: 2 });
    const client = await fixture.enter('alice');
    const unheard: (() => void)[] = [];
    fixture.realm.windowSnapshots = (_player, windows, deliver) => {
      unheard.push(() => deliver(windows.map(() => null)));
    };
    client.tell('session.subscribe', { channels: ['window:1', 'window:2'] });
    const refused = await client.ask('session.subscribe', { channels: ['window:3'] });
    expect(refused.body).toMatchObject({ code: 'LIMIT_REACHED', details: { max: 2 } });
    for (const hear of unheard.splice(0)) hear();
    client.tell('session.subscribe', { channels: ['window:3'] });
    await client.until(() => unheard.length === 1);
  });

  test('subscribing twice sends one snapshot; leaving ends frames and interest', async () => {
    const fixture = await startWithWindow();
    const client = await listening(fixture, 'alice');
    await client.ask('session.subscribe', { channels: ['window:1', 'window:1'] });
    const left = await client.ask('session.unsubscribe', { channels: ['window:1', 'window:2'] });
    expect(left.body).toEqual({ channels: ['window:1'] });
    expect(fixture.gateway.listensToWindow(1)).toBe(false);
    publish(fixture);
    await client.ask('session.ping', {});
    expect(client.eventsOn('window:1')).toHaveLength(1);
  });

  test('session.resync sends the window anew, to that socket alone', async () => {
    const fixture = await startWithWindow();
    const [client, other] = [await listening(fixture, 'alice'), await listening(fixture, 'bob')];
    publish(fixture);
    const reply = await client.ask('session.resync', { channels: ['window:1', 'window:2', 'me'] });
    expect(reply.body).toEqual({ channels: ['window:1'] });
    const events = await client.received('window:1', 3);
    expect(events[2]).toMatchObject({ kind: 'snapshot', sequence: fixture.realm.sequence });
    await other.ask('session.ping', {});
    expect(other.eventsOn('window:1')).toHaveLength(2);
  });

  test('a player who comes back subscribes again and has the window as it is', async () => {
    const fixture = await startWithWindow();
    const [first, partner] = [await listening(fixture, 'alice'), await listening(fixture, 'bob')];
    first.terminate();
    await first.ended;
    publish(fixture);
    await partner.received('window:1', 2);
    const back = await listening(fixture, 'alice');
    publish(fixture);
    const [snapshot, event] = await back.received('window:1', 2);
    expect(snapshot).toMatchObject({ kind: 'snapshot', sequence: 101 });
    expect(event).toMatchObject({ previousSequence: 101, sequence: 102 });
    expect((await partner.received('window:1', 3))[2]).toEqual(event);
  });

  test('gets heartbeats when it is silent, at the sequence it stands at', async () => {
    const fixture = await startWithWindow({ heartbeatIntervalMs: 150 });
    const client = await listening(fixture, 'alice');
    publish(fixture);
    const events = await client.received('window:1', 3);
    expect(events[2]).toMatchObject({
      kind: 'heartbeat',
      epoch: 7,
      sequence: 101,
      previousSequence: 101,
      data: null,
    });
  });

  test('the last socket that is closed ends the interest', async () => {
    const fixture = await startWithWindow();
    const [alice, bob] = [await listening(fixture, 'alice'), await listening(fixture, 'bob')];
    alice.terminate();
    await alice.ended;
    expect(fixture.gateway.listensToWindow(1)).toBe(true);
    bob.terminate();
    await bob.until(() => !fixture.gateway.listensToWindow(1));
  });

  test('ends when the realm says so: no frames, no heartbeats, no subscription', async () => {
    const fixture = await startWithWindow({
      subscriptionsPerSocketMax: 1,
      heartbeatIntervalMs: 50,
    });
    const clients = [await listening(fixture, 'alice'), await listening(fixture, 'bob')];
    publish(fixture);
    fixture.gateway.endWindow(1);
    expect(fixture.gateway.listensToWindow(1)).toBe(false);
    await sleep(50);
    for (const client of clients) {
      await client.ask('session.ping', {});
      const before = client.eventsOn('window:1').length;
      await sleep(150);
      expect((await client.ask('session.resync', { channels: ['window:1'] })).body).toEqual({
        channels: [],
      });
      expect(client.eventsOn('window:1')).toHaveLength(before);
      const next = await client.ask('session.subscribe', { channels: ['book:ore'] });
      expect(next.outcome).toBe('ok');
    }
    fixture.gateway.endWindow(1);
  });
});
