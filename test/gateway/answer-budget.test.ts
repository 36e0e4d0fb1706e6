// What was answered is paid by what it was: kilobytes and milliseconds of the database. And
// nobody's reads keep the database from the reads of others.

import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/gateway/port.ts';
import { charge, pointsOf, type Rate, waitFor } from '../../src/gateway/rate-limit.ts';
import { type Fixture, sleep, startGateway, type TestClient } from '../support/gateway-fixture.ts';

/** Ten points a second, 600 at once. */
const rate: Rate = { intervalMs: 100, burst: 600 };

describe('the budget of answers', () => {
  test('counts a point for a kilobyte and one for a millisecond of the database', () => {
    expect(pointsOf(2_048, 0)).toBe(2);
    expect(pointsOf(0, 7.5)).toBe(7.5);
    expect(pointsOf(1_024, 1)).toBe(2);
  });

  test('is paid afterwards: it may owe something, and whoever owes waits exactly so long', () => {
    const spender = { fullAtMs: 0 };
    expect(waitFor(spender, rate, 1, 1_000)).toBe(0);
    charge(spender, rate, 700, 1_000);
    expect(waitFor(spender, rate, 1, 1_000)).toBe(101 * 100);
    expect(waitFor(spender, rate, 1, 11_000)).toBe(100);
    expect(waitFor(spender, rate, 1, 11_100)).toBe(0);
    // What is owed is not forgotten by waiting for less.
    charge(spender, rate, 100, 11_100);
    expect(waitFor(spender, rate, 1, 11_100)).toBe(10_000);
  });

  test('can be asked for a part of it that should be left', () => {
    const spender = { fullAtMs: 0 };
    charge(spender, rate, 500, 0);
    expect(waitFor(spender, rate, 100, 0)).toBe(0);
    expect(waitFor(spender, rate, 150, 0)).toBe(5_000);
  });
});

const POINTS = 100;
const limit = { perMinute: 60_000, burst: 1_000, inFlight: 50, answersPerMinute: POINTS };
const config = {
  limits: { guest: limit, standard: limit, premium: { ...limit, inFlight: 200 }, service: null },
};

function costs(fixture: Fixture, databaseMs: number, bytes = 10): void {
  const body = { load: 'x'.repeat(bytes) };
  fixture.realm.answerRead = async () => ({ outcome: 'ok', body, databaseMs });
}

async function readUntilRefused(client: TestClient) {
  for (let taken = 0; ; taken++) {
    const reply = await client.ask('wallet.get', {});
    if (reply.outcome !== 'ok') return { taken, reply };
  }
}

describe('who was answered too much', () => {
  test.each([
    ['time of the database', 30, 10],
    ['bytes', 0, 30 * 1_024],
  ])('waits, and is told for how long: %s', async (_name, databaseMs, bytes) => {
    const fixture = await startGateway({ config });
    costs(fixture, databaseMs, bytes);
    const client = await fixture.enter('greedy');
    const { taken, reply } = await readUntilRefused(client);
    expect(taken).toBe(4);
    expect(reply).toMatchObject({
      outcome: 'unavailable',
      body: { code: 'RATE_LIMIT_EXCEEDED', details: { budget: 'answers' } },
    });
    // 120 of 100 points: twenty are owed, and one is needed.
    const { retryAfterMs } = reply.body as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan((20 * 60_000) / POINTS);
    expect(retryAfterMs).toBeLessThan((23 * 60_000) / POINTS);
    expect(reply.body.message).toContain('retryAfterMs');
    // Neither other commands nor other sockets of the player get around it, nor snapshots.
    const other = await fixture.enter('greedy');
    for (const again of [
      await client.ask('purchases.create', { listing: 1, quantity: 1 }),
      await other.ask('wallet.get', {}),
      await other.ask('session.subscribe', { channels: ['book:ore'] }),
      await other.ask('session.resync', { channels: ['me'] }),
    ]) {
      expect(again.body).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
    }
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
    expect((await (await fixture.enter('modest')).ask('wallet.get', {})).outcome).toBe('ok');
  });

  test('has a part of the budget on each of several nodes', async () => {
    const fixture = await startGateway({ config });
    costs(fixture, 30);
    const client = await fixture.enter('greedy');
    fixture.gateway.share('greedy', 2);
    expect((await readUntilRefused(client)).taken).toBe(2);
  });

  test('the service role is not limited', async () => {
    const fixture = await startGateway({ config });
    costs(fixture, 1_000);
    const game = await fixture.enter('game', 'service');
    for (let i = 0; i < 20; i++) expect((await game.ask('wallet.get', {})).outcome).toBe('ok');
  });

  test('gets the parts of a snapshot as the budget allows, with some of it left', async () => {
    const fixture = await startGateway({ config });
    costs(fixture, 1);
    const data = { balances: [], orders: [], offers: [], windows: [] };
    fixture.realm.readPrivate = async (_player, from) => ({
      sequence: fixture.realm.sequence,
      data: { ...data, more: true },
      next: [(from?.[0] ?? 0) + 1],
      databaseMs: 20,
    });
    const client = await fixture.enter('rich');
    await client.ask('session.subscribe', { channels: ['me'] });
    await sleep(400);
    // Four cost 80 of 100 points: less than a quarter is left.
    expect(client.eventsOn('me').map(({ kind }) => kind)).toEqual([
      'snapshot',
      'part',
      'part',
      'part',
    ]);
    expect((await client.ask('wallet.get', {})).outcome).toBe('ok');
  });
});

describe('reads of one player', () => {
  test('ask the database two at a time, so that others wait for no more of them', async () => {
    const fixture = await startGateway({ config });
    const asked: string[] = [];
    const waiting: (() => void)[] = [];
    fixture.realm.answerRead = ({ player }) => {
      asked.push(player);
      return new Promise<Answer>(resolve => {
        waiting.push(() => resolve({ outcome: 'ok', body: {}, databaseMs: 0 }));
      });
    };
    const [greedy, modest] = [await fixture.enter('greedy'), await fixture.enter('modest')];
    const ids = Array.from({ length: 40 }, () => greedy.tell('wallet.get', {}));
    await greedy.ask('session.ping', {});
    const own = modest.tell('wallet.get', {});
    await modest.ask('session.ping', {});
    expect(asked).toEqual(['greedy', 'greedy', 'modest']);
    waiting.splice(2, 1)[0]?.();
    expect((await modest.replyTo(own)).outcome).toBe('ok');
    // All of them are answered in the end, two at a time.
    while (waiting.length > 0) {
      expect(waiting.length).toBeLessThanOrEqual(2);
      waiting.shift()?.();
      await sleep(1);
    }
    for (const id of ids) expect((await greedy.replyTo(id)).outcome).toBe('ok');
  });

  test('those that wait ask nothing any more when their socket is gone', async () => {
    const fixture = await startGateway({ config });
    const waiting: (() => void)[] = [];
    fixture.realm.answerRead = () =>
      new Promise<Answer>(resolve => {
        waiting.push(() => resolve({ outcome: 'ok', body: {} }));
      });
    const greedy = await fixture.enter('greedy');
    for (let i = 0; i < 40; i++) greedy.tell('wallet.get', {});
    await greedy.ask('session.ping', {});
    greedy.terminate();
    await greedy.ended;
    await sleep(50);
    for (const answer of waiting.splice(0)) answer();
    await sleep(50);
    expect(fixture.realm.reads).toHaveLength(2);
    // And nothing is left of them in what the player may have in flight.
    costs(fixture, 0);
    const again = await fixture.enter('greedy');
    const ids = Array.from({ length: 50 }, () => again.tell('wallet.get', {}));
    for (const id of ids) expect((await again.replyTo(id)).outcome).toBe('ok');
  });
});
