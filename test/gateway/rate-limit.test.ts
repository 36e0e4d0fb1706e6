import { describe, expect, test } from 'vitest';
import { DEFAULT_TIER_LIMITS, type TierLimit } from '../../src/gateway/config.ts';
import { budgetOf, ratePerMinute, take } from '../../src/gateway/rate-limit.ts';
import { startGateway, type TestClient } from '../support/gateway-fixture.ts';

const GUEST = DEFAULT_TIER_LIMITS.guest as TierLimit;
const purchase = { listing: 1, quantity: 1 } as const;

describe('the token bucket', () => {
  const rate = ratePerMinute({ perMinute: 60, burst: 3, inFlight: 1, answersPerMinute: 1 });

  test('gives its burst at once, then one token per interval', () => {
    const spender = { fullAtMs: 0 };
    const waits = [0, 1, 2, 3].map(() => take(spender, rate, 1, 5_000.5));
    expect(waits).toEqual([0, 0, 0, 1_000]);
    expect(take(spender, rate, 1, 5_900)).toBe(101);
    expect(take(spender, rate, 1, 6_000.5)).toBe(0);
    expect(take(spender, rate, 1, 6_000.5)).toBe(1_000);
  });

  test('never holds more than its burst', () => {
    const spender = { fullAtMs: 0 };
    take(spender, rate, 1, 1_000);
    const waits = [0, 1, 2, 3].map(() => take(spender, rate, 1, 1_000_000));
    expect(waits).toEqual([0, 0, 0, 1_000]);
  });

  test('a refusal costs nothing', () => {
    const spender = { fullAtMs: 0 };
    for (let i = 0; i < 3; i++) take(spender, rate, 1, 1_000);
    for (let i = 0; i < 50; i++) take(spender, rate, 1, 1_500);
    expect(take(spender, rate, 1, 2_000)).toBe(0);
  });

  test('shows what is left and when it is full again', () => {
    const spender = { fullAtMs: 0 };
    expect(budgetOf(spender, rate, 100)).toEqual({ remaining: 3, refillMs: 0 });
    take(spender, rate, 1, 100);
    take(spender, rate, 1, 100);
    expect(budgetOf(spender, rate, 600)).toEqual({ remaining: 1, refillMs: 1_500 });
  });

  test('a smaller tier does not pay for the larger bucket it had', () => {
    const spender = { fullAtMs: 0 };
    const large = ratePerMinute({ perMinute: 60, burst: 1_000, inFlight: 1, answersPerMinute: 1 });
    for (let i = 0; i < 1_000; i++) take(spender, large, 1, 0);
    expect(take(spender, rate, 1, 0)).toBe(1_000);
  });
});

async function burst(client: TestClient, commands: number): Promise<number> {
  let taken = 0;
  for (let i = 0; i < commands; i++) {
    const reply = await client.ask('purchases.create', purchase);
    if (reply.outcome === 'ok') taken += 1;
    else expect(reply.body).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
  }
  return taken;
}

describe('rate limits by tier', () => {
  test.each(['guest', 'standard', 'premium'] as const)('%s has its burst', async role => {
    const { enter } = await startGateway();
    const limit = DEFAULT_TIER_LIMITS[role]?.burst as number;
    const taken = await burst(await enter('alice', role), limit + 5);
    expect(taken).toBeGreaterThanOrEqual(limit);
    // Premium regains a token every 120 ms.
    expect(taken).toBeLessThanOrEqual(limit + 4);
  });

  test('the service role is unlimited', async () => {
    const { enter, realm } = await startGateway();
    const client = await enter('game', 'service');
    const ids = Array.from({ length: 2_000 }, () => client.tell('purchases.create', purchase));
    expect((await client.replyTo(ids.at(-1) as number)).outcome).toBe('ok');
    expect(realm.submitted).toHaveLength(2_000);
  });

  test('a refusal says when to try again, in the order of the reject codes', async () => {
    const { enter, realm, gateway } = await startGateway({
      config: {
        limits: {
          ...DEFAULT_TIER_LIMITS,
          guest: { ...GUEST, perMinute: 60, burst: 2, inFlight: 1 },
        },
      },
    });
    const client = await enter('alice', 'guest');
    realm.holding = true;
    client.tell('purchases.create', purchase);
    await client.until(() => realm.submitted.length === 1);
    gateway.drain();
    expect((await client.ask('purchases.create', purchase)).body).toMatchObject({
      code: 'TOO_MANY_IN_FLIGHT',
      details: { limit: 1 },
    });
    const { outcome, body } = await client.ask('purchases.create', purchase);
    expect(outcome).toBe('unavailable');
    expect(body).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
    expect(body.retryAfterMs).toBeGreaterThan(0);
    expect(body.retryAfterMs).toBeLessThanOrEqual(1_000);
  });

  test('all sockets of a player share one budget, also after he comes back', async () => {
    const { enter } = await startGateway();
    const [one, two] = [await enter('alice', 'guest'), await enter('alice', 'guest')];
    expect(await burst(one, 6)).toBe(6);
    expect(await burst(two, 6)).toBe(4);
    one.terminate();
    two.terminate();
    await Promise.all([one.ended, two.ended]);
    expect(await burst(await enter('alice', 'guest'), 2)).toBe(0);
    expect(await burst(await enter('bob', 'guest'), 2)).toBe(2);
  });

  test('who is on several nodes has his part of it here, until he is here alone', async () => {
    const { enter, gateway } = await startGateway();
    const [alice, bob] = [await enter('alice', 'guest'), await enter('bob', 'guest')];
    gateway.share('alice', 2);
    expect(await burst(alice, 10)).toBe(5);
    gateway.share('bob', 5);
    gateway.shareAll([['alice', 2]]);
    expect(await burst(bob, 10)).toBe(10);
    const carol = await enter('carol', 'guest');
    gateway.shareAll([['carol', 5]]);
    expect(await burst(carol, 10)).toBe(2);
  });

  test('replies carry the remaining budget for those who ask', async () => {
    const { connect, token } = await startGateway();
    const client = await connect();
    await client.ask('session.open', { token: await token('alice', 'guest'), budget: true });
    const first = await client.ask('purchases.create', purchase);
    const second = await client.ask('wallet.get', {});
    expect([first.budget?.remaining, second.budget?.remaining]).toEqual([9, 8]);
    expect((await client.ask('session.ping', {})).budget?.remaining).toBe(8);
    expect(client.replies[0]?.budget?.remaining).toBe(10);
  });
});

describe('the flood guard', () => {
  const config = { floodPerSecond: 10, floodBurst: 20 };

  test('session commands cost no budget but too many frames close the socket', async () => {
    const { enter } = await startGateway({ config });
    const client = await enter('alice');
    for (let i = 0; i < 15; i++) await client.ask('session.ping', {});
    expect((await client.ask('session.open', { token: 'a.b.c' })).outcome).toBe('invalid');
    for (let i = 0; i < 20; i++) client.tell('session.ping', {});
    expect(await client.ended).toEqual({ code: 4429, reason: 'flooding' });
  });

  test('pings of the transport count too', async () => {
    const { enter } = await startGateway({ config });
    const client = await enter('alice');
    for (let i = 0; i < 50; i++) client.ping();
    expect((await client.ended).code).toBe(4429);
  });

  test('strangers are guarded, the service role is not', async () => {
    const { connect, enter } = await startGateway({ config });
    const stranger = await connect();
    for (let i = 0; i < 50; i++) stranger.tell('session.ping', {});
    expect((await stranger.ended).code).toBe(4429);
    const game = await enter('game', 'service');
    for (let i = 0; i < 200; i++) await game.ask('session.ping', {});
  });
});
