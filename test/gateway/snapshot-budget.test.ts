// What a player is sent as snapshots, however he asks for it: paid by size, put together, late
// rather than never.

import { describe, expect, test } from 'vitest';
import type { MeSnapshot } from '../../protocol/events.ts';
import { ByteBudget, OPEN_BYTES } from '../../src/gateway/snapshot-budget.ts';
import { sleep, startGateway, type TestClient } from '../support/gateway-fixture.ts';

const channels = ['book:ore'];
/** A snapshot of about 20 KB. */
const LARGE = { bids: Array.from({ length: 2_000 }, (_, i) => [1_000_000 + i, 7, 1]), asks: [] };
const rates = { snapshotBytesPerSecond: 32 * 1024, snapshotBytesBurst: 128 * 1024 };

/** So many points of answers at once, and in a minute; see answer-budget.test.ts. */
function answersOf(answersPerMinute: number) {
  const limit = { perMinute: 60_000, burst: 1_000, inFlight: 50, answersPerMinute };
  return { limits: { guest: limit, standard: limit, premium: limit, service: null } };
}

function snapshotsOf(client: TestClient, channel = 'book:ore'): number {
  return client.eventsOn(channel).filter(({ kind }) => kind === 'snapshot').length;
}

describe('the budget', () => {
  test('is spent beforehand, and made up for by waiting', () => {
    const budget = new ByteBudget({ snapshotBytesPerSecond: 1_000, snapshotBytesBurst: 5_000 });
    const spender = { fullAtMs: 0 };
    const waits = [0, 0, 0].map(() => {
      const waitMs = budget.waitMs(spender, 1_000);
      budget.charge(spender, 4_000, 1_000);
      return waitMs;
    });
    // Of 5,000 bytes 8,000 were spent, then 12,000.
    expect(waits).toEqual([0, 0, 3_001]);
    expect(budget.waitMs(spender, 1_000 + 7_001)).toBe(0);
    expect(budget.waitMs(spender, 1_000 + 12_000)).toBe(0);
  });

  test('is full again after a quiet time, and never more than full', () => {
    const budget = new ByteBudget({ snapshotBytesPerSecond: 1_000, snapshotBytesBurst: 5_000 });
    const spender = { fullAtMs: 0 };
    budget.charge(spender, 5_000, 1_000_000);
    expect(budget.waitMs(spender, 1_000_000)).toBe(1);
    budget.charge(spender, 5_000, 2_000_000);
    expect(budget.waitMs(spender, 2_000_000)).toBe(1);
  });
});

describe('session.resync in a loop', () => {
  test('brings no more than the budget, whatever is asked for', async () => {
    const { enter, realm } = await startGateway({ config: rates });
    realm.snapshotData = () => LARGE;
    const client = await enter('eve');
    await client.ask('session.subscribe', { channels });
    const asked = 100;
    for (let i = 0; i < asked; i++) client.tell('session.resync', { channels });
    await client.until(() => client.replies.length >= asked);
    const large = snapshotsOf(client);
    expect(large).toBeGreaterThanOrEqual(5);
    // 128 KiB at once, and one more that was paid for afterwards.
    expect(large).toBeLessThanOrEqual(9);
    // What waits is one snapshot, which comes by itself.
    await client.until(() => snapshotsOf(client) === large + 1, 3_000);
    await sleep(1_500);
    expect(snapshotsOf(client)).toBe(large + 1);
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
  });

  test('makes the realm build no snapshot that is not sent', async () => {
    const { enter, realm } = await startGateway({ config: rates });
    let built = 0;
    realm.snapshotData = () => {
      built += 1;
      return LARGE;
    };
    const client = await enter('eve');
    await client.ask('session.subscribe', { channels });
    for (let i = 0; i < 100; i++) client.tell('session.resync', { channels });
    await client.until(() => client.replies.length >= 100);
    await sleep(50);
    expect(built).toBe(snapshotsOf(client));
  });

  test('is one budget for all sockets of a player, and none of another', async () => {
    const { enter, realm } = await startGateway({ config: rates });
    realm.snapshotData = () => LARGE;
    const [one, two, bob] = [await enter('eve'), await enter('eve'), await enter('bob')];
    for (const client of [one, two, bob]) await client.ask('session.subscribe', { channels });
    for (const client of [one, two]) {
      for (let i = 0; i < 20; i++) await client.ask('session.resync', { channels });
    }
    expect(snapshotsOf(one) + snapshotsOf(two)).toBeLessThanOrEqual(10);
    const before = snapshotsOf(bob);
    await bob.ask('session.resync', { channels });
    await bob.until(() => snapshotsOf(bob) === before + 1, 50);
  });

  test('is nothing that the game server waits for', async () => {
    const { enter, realm } = await startGateway({ config: rates });
    realm.snapshotData = () => LARGE;
    const game = await enter('game', 'service');
    await game.ask('session.subscribe', { channels });
    for (let i = 0; i < 50; i++) await game.ask('session.resync', { channels });
    expect(snapshotsOf(game)).toBe(51);
  });

  test('of `me` reads the tables as often as it is paid for, as an answer', async () => {
    const { enter, realm } = await startGateway({ config: answersOf(1_000) });
    const balance = { asset: 'ore', location: 'main', available: 1, held: 0 };
    const balances = Array.from({ length: 500 }, () => balance);
    const data: MeSnapshot = { balances, orders: [], offers: [], windows: [], more: false };
    let reads = 0;
    realm.readPrivate = async () => {
      reads += 1;
      return { sequence: realm.sequence, data, next: null, databaseMs: 1 };
    };
    const client = await enter('eve');
    await client.ask('session.subscribe', { channels: ['me'] });
    for (let i = 0; i < 100; i++) {
      await client.ask('session.resync', { channels: ['me'] });
      await sleep(2);
    }
    const sent = snapshotsOf(client, 'me');
    // Of a thousand points three quarters at once; each costs about twenty.
    expect(sent).toBeGreaterThanOrEqual(20);
    expect(sent).toBeLessThanOrEqual(60);
    expect(reads).toBe(sent);
    await client.until(() => snapshotsOf(client, 'me') === sent + 1, 5_000);
  });
});

describe('a snapshot that waits', () => {
  test('is not sent to a socket that left its channel, or is gone', async () => {
    const { enter, realm, gateway } = await startGateway({ config: rates });
    realm.snapshotData = () => LARGE;
    const [client, other] = [await enter('eve'), await enter('eve')];
    for (let i = 0; i < 20; i++) {
      await client.ask('session.subscribe', { channels });
      await client.ask('session.unsubscribe', { channels });
    }
    await client.ask('session.subscribe', { channels });
    await other.ask('session.subscribe', { channels: ['book:wood'] });
    await client.ask('session.unsubscribe', { channels });
    other.terminate();
    await sleep(50);
    expect(await gateway.registry.metrics()).toMatch(/^tradepost_waiting_snapshots 0$/m);
    const sent = snapshotsOf(client);
    await sleep(1_500);
    expect(snapshotsOf(client)).toBe(sent);
  });

  test('comes in the order in which it was asked for, and every channel gets its own', async () => {
    const { enter, realm } = await startGateway({
      config: { snapshotBytesPerSecond: 64 * 1024, snapshotBytesBurst: 32 * 1024 },
    });
    realm.snapshotData = () => LARGE;
    const client = await enter('alice');
    const all = Array.from({ length: 6 }, (_, i) => `book:item${i}`);
    expect((await client.ask('session.subscribe', { channels: all })).outcome).toBe('ok');
    await client.until(() => all.every(name => snapshotsOf(client, name) === 1), 5_000);
    expect(client.events.map(({ channel }) => channel)).toEqual(all);
  });
});

describe('who pays', () => {
  test('is the budget of answers for a window, and the one of snapshots for a book', async () => {
    const { enter, realm } = await startGateway({ config: answersOf(5) });
    realm.snapshotData = () => LARGE;
    realm.windowPlayers.set(1, ['eve', 'bob']);
    const client = await enter('eve');
    await client.ask('session.subscribe', { channels: ['book:ore', 'window:1'] });
    for (let i = 0; i < 20; i++) {
      expect((await client.ask('session.resync', { channels })).outcome).toBe('ok');
    }
    let answer = await client.ask('session.resync', { channels: ['window:1'] });
    for (let i = 0; i < 150 && answer.outcome === 'ok'; i++) {
      answer = await client.ask('session.resync', { channels: ['window:1'] });
    }
    const { code, details } = answer.body;
    expect({ code, details }).toEqual({
      code: 'RATE_LIMIT_EXCEEDED',
      details: { budget: 'answers' },
    });
  });
});

describe('coming back in a loop', () => {
  test('is paid for by the player, and stops before anything is told of it', async () => {
    const { connect, token, realm } = await startGateway({
      config: { snapshotBytesPerSecond: 8 * 1024, snapshotBytesBurst: 10 * OPEN_BYTES },
    });
    const own = await token('eve');
    let opened = 0;
    for (let i = 0; i < 40; i++) {
      const client = await connect();
      const { outcome, body } = await client.ask('session.open', { token: own });
      if (outcome === 'ok') opened += 1;
      else expect(body).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
      client.terminate();
      await client.ended;
    }
    await sleep(20);
    expect(opened).toBeGreaterThanOrEqual(10);
    expect(opened).toBeLessThanOrEqual(12);
    expect(realm.presences.length).toBeLessThanOrEqual(2 * opened);
    const bob = await connect();
    expect((await bob.ask('session.open', { token: await token('bob') })).outcome).toBe('ok');
  });

  test('with a resume is paid for by what was missed', async () => {
    const { enter, connect, token, gateway, realm } = await startGateway({ config: rates });
    const client = await enter('eve');
    await client.ask('session.subscribe', { channels: ['me'] });
    await client.received('me', 1);
    const balance = { asset: 'ore', location: 'main', available: 1, held: 0 };
    const event = {
      ...{ atMs: 1, orders: [], trades: [], offers: [], windows: [] },
      balances: Array.from({ length: 400 }, () => balance),
    };
    gateway.publishPrivate('eve', realm.sequence + 1, event);
    await client.received('me', 2);
    const resume = { epoch: realm.epoch, sequence: realm.sequence };
    let resumed = 0;
    for (let i = 0; i < 20; i++) {
      const next = await connect();
      const answer = await next.ask('session.open', { token: await token('eve'), resume });
      if (answer.outcome === 'ok' && answer.body.resumed === true) resumed += 1;
      next.terminate();
      await next.ended;
    }
    expect(resumed).toBeGreaterThanOrEqual(2);
    expect(resumed).toBeLessThanOrEqual(7);
  });
});
