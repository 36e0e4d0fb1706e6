import { describe, expect, test } from 'vitest';
import { encodeEvent } from '../../protocol/codec.ts';
import { type Fixture, startGateway } from '../support/gateway-fixture.ts';

/** What the realm does after a decision: the next delta of a channel. */
function publish(fixture: Fixture, channel: string, data: unknown = { bids: [], asks: [] }): void {
  const { gateway, realm } = fixture;
  const previous = realm.sequence;
  realm.sequence += 1;
  const frame = encodeEvent(channel, realm.epoch, realm.sequence, previous, 'delta', data);
  gateway.publish(channel, frame);
}

describe('public channels', () => {
  test('a subscription begins with a snapshot and goes on without a gap', async () => {
    const fixture = await startGateway();
    const client = await fixture.enter('alice');
    const reply = await client.ask('session.subscribe', { channels: ['book:ore', 'ticker:ore'] });
    expect(reply.body).toEqual({ channels: ['book:ore', 'ticker:ore'] });
    for (let i = 0; i < 5; i++) publish(fixture, 'book:ore');
    const events = await client.received('book:ore', 6);
    expect(events.map(event => event.kind)).toEqual([
      'snapshot',
      ...['delta', 'delta', 'delta', 'delta', 'delta'],
    ]);
    for (let i = 1; i < events.length; i++) {
      expect(events[i]?.previousSequence).toBe(events[i - 1]?.sequence);
    }
    expect(client.eventsOn('ticker:ore')).toHaveLength(1);
  });

  test('what others are sent just before a snapshot is not sent to the newcomer', async () => {
    const fixture = await startGateway();
    const first = await fixture.enter('alice');
    await first.ask('session.subscribe', { channels: ['book:ore'] });
    fixture.realm.snapshotData = channel => {
      publish(fixture, channel);
      return { bids: [], asks: [] };
    };
    const newcomer = await fixture.enter('bob');
    await newcomer.ask('session.subscribe', { channels: ['book:ore'] });
    await newcomer.ask('session.ping', {});
    expect(newcomer.eventsOn('book:ore').map(event => event.kind)).toEqual(['snapshot']);
    expect((await first.received('book:ore', 2)).map(event => event.kind)).toEqual([
      'snapshot',
      'delta',
    ]);
  });

  test('every subscriber gets every frame, others get none', async () => {
    const fixture = await startGateway();
    const clients = [];
    for (let i = 0; i < 20; i++) {
      const client = await fixture.enter(`player${i}`);
      await client.ask('session.subscribe', { channels: ['trades:ore'] });
      clients.push(client);
    }
    const other = await fixture.enter('other');
    await other.ask('session.subscribe', { channels: ['trades:wood'] });
    for (let i = 0; i < 10; i++) publish(fixture, 'trades:ore', { trades: [] });
    for (const client of clients) await client.received('trades:ore', 11);
    await other.ask('session.ping', {});
    expect(other.events.map(event => event.channel)).toEqual(['trades:wood']);
  });

  test('subscribing twice sends one snapshot; leaving ends frames and interest', async () => {
    const fixture = await startGateway();
    const client = await fixture.enter('alice');
    expect(fixture.gateway.hasSubscribers('book:ore')).toBe(false);
    await client.ask('session.subscribe', { channels: ['book:ore', 'book:ore'] });
    await client.ask('session.subscribe', { channels: ['book:ore'] });
    expect(fixture.gateway.hasSubscribers('book:ore')).toBe(true);
    const left = await client.ask('session.unsubscribe', { channels: ['book:ore', 'book:wood'] });
    expect(left.body).toEqual({ channels: ['book:ore'] });
    expect(fixture.gateway.hasSubscribers('book:ore')).toBe(false);
    publish(fixture, 'book:ore');
    await client.ask('session.ping', {});
    expect(client.eventsOn('book:ore')).toHaveLength(1);
  });

  test('the last subscriber who disconnects ends the interest', async () => {
    const fixture = await startGateway();
    const [alice, bob] = [await fixture.enter('alice'), await fixture.enter('bob')];
    await alice.ask('session.subscribe', { channels: ['book:ore'] });
    await bob.ask('session.subscribe', { channels: ['book:ore', 'book:wood'] });
    bob.terminate();
    await alice.until(() => !fixture.gateway.hasSubscribers('book:wood'));
    expect(fixture.gateway.hasSubscribers('book:ore')).toBe(true);
    alice.terminate();
    await alice.until(() => !fixture.gateway.hasSubscribers('book:ore'));
  });

  test('session.resync sends fresh snapshots of what the socket has', async () => {
    const fixture = await startGateway();
    const client = await fixture.enter('alice');
    await client.ask('session.subscribe', { channels: ['book:ore'] });
    publish(fixture, 'book:ore');
    const reply = await client.ask('session.resync', { channels: ['book:ore', 'book:wood'] });
    expect(reply.body).toEqual({ channels: ['book:ore'] });
    const events = await client.received('book:ore', 3);
    expect(events[2]).toMatchObject({ kind: 'snapshot', sequence: fixture.realm.sequence });
  });

  test('a silent channel gets heartbeats at the sequence it stands at', async () => {
    const fixture = await startGateway({ config: { heartbeatIntervalMs: 150 } });
    const client = await fixture.enter('alice');
    await client.ask('session.subscribe', { channels: ['book:ore', 'me'] });
    publish(fixture, 'book:ore');
    const events = await client.received('book:ore', 3);
    const at = fixture.realm.sequence;
    expect(events[2]).toMatchObject({
      kind: 'heartbeat',
      epoch: 7,
      sequence: at,
      previousSequence: at,
      data: null,
    });
    const own = await client.received('me', 2);
    expect(own[1]).toMatchObject({ kind: 'heartbeat', sequence: own[0]?.sequence });
  });

  test.each([
    '#',
    '*',
    'me:bob',
    'private:bob',
    'book:',
    'book:../admin',
    'book:ore@main',
    'book:Ore',
    'book:sword#1',
    'x'.repeat(160),
  ])('%s is no channel', async channel => {
    const { enter, gateway } = await startGateway();
    const client = await enter('alice');
    const reply = await client.ask('session.subscribe', { channels: ['book:ore', channel] });
    expect(reply.body).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { path: 'payload.channels.1' },
    });
    expect(gateway.hasSubscribers('book:ore')).toBe(false);
  });

  test('beyond the bound of one socket: LIMIT_REACHED, and nothing is subscribed', async () => {
    const { enter, gateway } = await startGateway({ config: { subscriptionsPerSocketMax: 3 } });
    const client = await enter('alice');
    await client.ask('session.subscribe', { channels: ['me', 'book:a', 'book:b'] });
    const reply = await client.ask('session.subscribe', { channels: ['book:c', 'book:d'] });
    expect(reply.body).toMatchObject({
      code: 'LIMIT_REACHED',
      details: { limit: 'subscriptionsPerSocket', max: 3 },
    });
    expect(gateway.hasSubscribers('book:c')).toBe(false);
    const fits = await client.ask('session.subscribe', { channels: ['book:b', 'book:c'] });
    expect(fits.outcome).toBe('ok');
  });

  test('an exception of a snapshot costs that socket alone', async () => {
    const { enter, realm } = await startGateway();
    const [victim, other] = [await enter('alice'), await enter('bob')];
    realm.snapshotData = () => {
      throw new Error('a bug');
    };
    victim.tell('session.subscribe', { channels: ['book:ore'] });
    expect((await victim.ended).code).toBe(1006);
    expect((await other.ask('session.ping', {})).outcome).toBe('ok');
  });
});
