import { describe, expect, test } from 'vitest';
import {
  emptyEvent as event,
  type Fixture,
  sleep,
  startGateway,
  type TestClient,
} from '../support/gateway-fixture.ts';

async function following(fixture: Fixture, player = 'alice'): Promise<TestClient> {
  const client = await fixture.enter(player);
  await client.ask('session.subscribe', { channels: ['me'] });
  await client.received('me', 1);
  return client;
}

async function resumed(
  fixture: Fixture,
  resume: { epoch: number; sequence: number },
  player = 'alice',
): Promise<{ client: TestClient; resumed: unknown }> {
  const client = await fixture.connect();
  const token = await fixture.token(player);
  const reply = await client.ask('session.open', { token, resume });
  return { client, resumed: reply.body.resumed };
}

describe('the private feed over sockets', () => {
  test('reaches all sockets of the player and nobody else', async () => {
    const fixture = await startGateway();
    const { gateway } = fixture;
    expect(gateway.hasPrivateListeners()).toBe(false);
    const [one, two] = [await following(fixture), await following(fixture)];
    const other = await following(fixture, 'bob');
    expect(gateway.hasPrivateListeners()).toBe(true);
    expect(gateway.listensPrivately('alice')).toBe(true);
    expect(gateway.listensPrivately('carol')).toBe(false);
    gateway.publishPrivate('alice', 105, event(1));
    gateway.publishPrivate('carol', 106, event(1));
    for (const client of [one, two]) {
      const events = await client.received('me', 2);
      expect(events[1]).toMatchObject({ kind: 'event', sequence: 105, previousSequence: 100 });
    }
    await other.ask('session.ping', {});
    expect(other.eventsOn('me')).toHaveLength(1);
  });

  test('is not resumed where it is not certain that all of it has come', async () => {
    const fixture = await startGateway();
    const first = await following(fixture);
    first.terminate();
    await first.ended;
    fixture.realm.isCaughtUp = false;
    const back = await resumed(fixture, { epoch: 7, sequence: 100 });
    expect(back.resumed).toBe(false);
    fixture.realm.isCaughtUp = true;
    const again = await resumed(fixture, { epoch: 7, sequence: 100 });
    expect(again.resumed).toBe(true);
  });

  test('what was missed while disconnected is replayed', async () => {
    const fixture = await startGateway();
    const first = await following(fixture);
    fixture.gateway.publishPrivate('alice', 105, event(1));
    await first.received('me', 2);
    first.terminate();
    await first.ended;
    fixture.gateway.publishPrivate('alice', 110, event(2));
    fixture.gateway.publishPrivate('alice', 111, event(3));
    const back = await resumed(fixture, { epoch: 7, sequence: 105 });
    expect(back.resumed).toBe(true);
    fixture.gateway.publishPrivate('alice', 112, event(4));
    const events = await back.client.received('me', 3);
    expect(events.map(({ sequence, previousSequence }) => [previousSequence, sequence])).toEqual([
      [105, 110],
      [110, 111],
      [111, 112],
    ]);
    // It follows already: no snapshot comes.
    await back.client.ask('session.subscribe', { channels: ['me'] });
    await back.client.ask('session.ping', {});
    expect(back.client.eventsOn('me').some(({ kind }) => kind === 'snapshot')).toBe(false);
  });

  test.each([
    ['the future', { epoch: 7, sequence: 9_999 }],
    ['another epoch', { epoch: 6, sequence: 100 }],
    ['too long ago', { epoch: 7, sequence: 1 }],
  ])('from %s there is no resume, and a subscription brings a snapshot', async (_name, from) => {
    const fixture = await startGateway();
    const first = await following(fixture);
    first.terminate();
    await first.ended;
    const back = await resumed(fixture, from);
    expect(back.resumed).toBe(false);
    await back.client.ask('session.subscribe', { channels: ['me'] });
    expect((await back.client.received('me', 1))[0]).toMatchObject({ kind: 'snapshot' });
  });

  test('another player cannot resume it', async () => {
    const fixture = await startGateway();
    await following(fixture);
    fixture.gateway.publishPrivate('alice', 105, event(1));
    const thief = await resumed(fixture, { epoch: 7, sequence: 100 }, 'mallory');
    expect(thief.resumed).toBe(false);
    await thief.client.ask('session.ping', {});
    expect(thief.client.events).toHaveLength(0);
  });

  test('after the grace the feed is forgotten', async () => {
    const fixture = await startGateway({ config: { resumeGraceMs: 100 } });
    const first = await following(fixture);
    first.terminate();
    await first.ended;
    await sleep(10);
    expect(fixture.gateway.listensPrivately('alice')).toBe(true);
    await first.until(() => !fixture.gateway.hasPrivateListeners());
    expect((await resumed(fixture, { epoch: 7, sequence: 100 })).resumed).toBe(false);
  });

  test('of too many feeds in grace the oldest is forgotten', async () => {
    const fixture = await startGateway({ config: { resumeFeedsMax: 2 } });
    for (const player of ['a', 'b', 'c']) {
      const client = await following(fixture, player);
      client.terminate();
      await client.ended;
      await sleep(5);
    }
    const live = ['a', 'b', 'c'].map(player => fixture.gateway.listensPrivately(player));
    expect(live).toEqual([false, true, true]);
  });

  test('unsubscribing ends it', async () => {
    const fixture = await startGateway();
    const client = await following(fixture);
    const left = await client.ask('session.unsubscribe', { channels: ['me'] });
    expect(left.body).toEqual({ channels: ['me'] });
    fixture.gateway.publishPrivate('alice', 105, event(1));
    await client.ask('session.ping', {});
    expect(client.eventsOn('me')).toHaveLength(1);
  });
});
