// The data structures of the engine against slow, obvious ones, on random sequences of operations.

import { decode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BookSide } from '../../src/engine/book-side.ts';
import { ExpiryQueue } from '../../src/engine/expiry-queue.ts';
import type { DecidedFact, EngineOutput } from '../../src/engine/fact.ts';
import { Keys } from '../../src/engine/keys.ts';
import { Order } from '../../src/engine/order.ts';
import { testKey } from '../support/test-key.ts';

function orderOf(id: number, terms: Partial<ConstructorParameters<typeof Order>[0]> = {}): Order {
  return new Order({
    id,
    side: 'buy',
    player: 2,
    asset: 1,
    location: 0,
    price: 100,
    quantity: 10,
    feeBps: 0,
    timeInForce: 'gtc',
    postOnly: false,
    expiresAtMs: 0,
    createdAtMs: 0,
    ...terms,
  });
}

/** What a side shows, best first: each level with the orders in its queue. */
function shown(side: BookSide): [price: number, quantity: number, ids: number[]][] {
  const levels: [number, number, number[]][] = [];
  for (let level = side.best; level !== null; level = level.worse) {
    const ids: number[] = [];
    for (let order = level.oldest; order !== null; order = order.newer) ids.push(order.id);
    expect(level.orders).toBe(ids.length);
    levels.push([level.price, level.quantity, ids]);
  }
  return levels;
}

/** The same from a plain array in the order of resting. */
function naive(orders: readonly Order[], sign: 1 | -1): ReturnType<typeof shown> {
  const prices = [...new Set(orders.map(order => order.price))].sort((a, b) => sign * (b - a));
  return prices.map(price => {
    const queue = orders.filter(order => order.price === price);
    const quantity = queue.reduce((sum, order) => sum + order.remaining, 0);
    return [price, quantity, queue.map(order => order.id)];
  });
}

const step = fc.record({
  act: fc.constantFrom('rest', 'rest', 'remove', 'reduce', 'requeue'),
  price: fc.integer({ min: 1, max: 40 }),
  pick: fc.nat(),
});

describe('one side of a book', () => {
  test.each(['buy', 'sell'] as const)('is a sorted array of queues, %s', of => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), steps => {
        const side = new BookSide(of, 1, 0);
        const resting: Order[] = [];
        steps.forEach(({ act, price, pick }, index) => {
          const at = resting.length === 0 ? -1 : pick % resting.length;
          const order = resting[at];
          if (act === 'rest' || order === undefined) {
            const fresh = orderOf(index + 1, { side: of, price });
            resting.push(fresh);
            side.rest(fresh);
          } else if (act === 'reduce') {
            if (order.remaining > 1) side.reduce(order, 1 + (pick % (order.remaining - 1)));
          } else {
            side.remove(order);
            resting.splice(at, 1);
            if (act === 'requeue') {
              order.price = price;
              resting.push(order);
              side.rest(order);
            }
          }
          expect(shown(side)).toEqual(naive(resting, of === 'buy' ? 1 : -1));
          expect(side.level(price)?.price ?? null).toBe(
            resting.some(one => one.price === price) ? price : null,
          );
        });
      }),
      { numRuns: 200 },
    );
  });

  test('keeps its order over thousands of levels, more than one chunk holds', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 1e9 }), { minLength: 900, maxLength: 1_500 }),
        fc.nat(),
        (prices, seed) => {
          const side = new BookSide('sell', 1, 0);
          const orders = prices.map((price, index) => orderOf(index + 1, { side: 'sell', price }));
          for (const order of orders) side.rest(order);
          const kept = orders.filter((order, index) => {
            const stays = (index * 7 + seed) % 3 !== 0;
            if (!stays) side.remove(order);
            return stays;
          });
          expect(shown(side)).toEqual(naive(kept, -1));
          for (const { price, level } of kept) expect(side.level(price)).toBe(level);
          for (const order of kept) side.remove(order);
          expect(side.best).toBeNull();
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('the expiry queue', () => {
  test('gives up what is due, earliest first, by number at the same time', () => {
    const operation = fc.record({
      act: fc.constantFrom('add', 'add', 'add', 'remove', 'due'),
      atMs: fc.integer({ min: 1, max: 30 }),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 150 }), operations => {
        const queue = new ExpiryQueue<Order>();
        const waiting: Order[] = [];
        operations.forEach(({ act, atMs, pick }, index) => {
          const at = waiting.length === 0 ? -1 : pick % waiting.length;
          const order = waiting[at];
          if (act === 'add') {
            // Numbers that do not rise with the order of adding.
            const fresh = orderOf(((index * 37) % 151) + 1, { expiresAtMs: atMs });
            waiting.push(fresh);
            queue.add(fresh);
          } else if (act === 'remove' && order !== undefined) {
            waiting.splice(at, 1);
            queue.remove(order);
          } else if (act === 'due') {
            const next = queue.due(atMs);
            if (next !== null) {
              waiting.splice(waiting.indexOf(next), 1);
              queue.remove(next);
              const isFirst = waiting.every(
                one =>
                  one.expiresAtMs > next.expiresAtMs ||
                  (one.expiresAtMs === next.expiresAtMs && one.id > next.id),
              );
              expect(isFirst).toBe(true);
              expect(next.expiresAtMs).toBeLessThanOrEqual(atMs);
            } else {
              expect(waiting.every(one => one.expiresAtMs > atMs)).toBe(true);
            }
          }
          expect(queue.size).toBe(waiting.length);
          expect(queue.nextAtMs).toBe(
            Math.min(Number.POSITIVE_INFINITY, ...waiting.map(one => one.expiresAtMs)),
          );
        });
      }),
      { numRuns: 300 },
    );
  });
});

const RETENTION_MS = 100_000;

function decided(player: number, key: string, digest: number, body: object): DecidedFact {
  const record = body as DecidedFact['body'];
  return { kind: 'decided', player, key, digest, ok: true, service: false, body: record };
}

describe('the keys', () => {
  test('are all that were decided above the greatest one that was forgotten', () => {
    const use = fc.record({
      player: fc.integer({ min: 2, max: 4 }),
      order: fc.integer({ min: 0, max: 20 }),
      pass: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(
        fc.array(use, { maxLength: 300 }),
        fc.integer({ min: 1, max: 40 }),
        (uses, max) => {
          const bounds = { perPlayerMax: max, perServiceMax: max, retentionMs: RETENTION_MS };
          const keys = new Keys(bounds);
          const restored = new Keys(bounds);
          const known = new Map<string, number>();
          let nowMs = 0;
          uses.forEach(({ player, order, pass }, digest) => {
            nowMs += pass * 1_000;
            const key = testKey('k', order);
            const name = `${player} ${key}`;
            const watermark = keys.watermark(player);
            const isForgotten = watermark !== null && key <= watermark;
            expect(keys.isForgotten(player, key)).toBe(isForgotten);
            const found = keys.find(player, key);
            expect(found < 0 ? undefined : keys.digest(found)).toBe(
              isForgotten ? undefined : known.get(name),
            );
            const output: EngineOutput[] = [];
            if (found < 0 && !isForgotten) {
              const fact = decided(player, key, digest, { digest });
              keys.add(fact, nowMs);
              restored.add(fact, nowMs);
              known.set(name, digest);
              keys.bound(player, false, nowMs, output);
            }
            keys.prune(nowMs, output);
            for (const fact of output) {
              if (fact.kind === 'forgotten') restored.restoreForgotten(fact.player, fact.key);
            }
            expect([...keys.records()]).toEqual([...restored.records()]);
            for (const { player, key, digest, body } of keys.records()) {
              expect(known.get(`${player} ${key}`)).toBe(digest);
              expect(body).toEqual({ digest });
              expect(keys.isForgotten(player, key)).toBe(false);
            }
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  test('are found again among thousands, each with the answer of its own', () => {
    const keys = new Keys({ perPlayerMax: 500, perServiceMax: 500, retentionMs: RETENTION_MS });
    for (let number = 0; number < 5_000; number += 1) {
      const player = 2 + (number % 7);
      keys.add(decided(player, testKey('k', number), number, { number }), 0);
      keys.bound(player, false, 1e9, []);
    }
    let count = 0;
    for (let number = 0; number < 5_000; number += 1) {
      const found = keys.find(2 + (number % 7), testKey('k', number));
      expect(found >= 0 || keys.isForgotten(2 + (number % 7), testKey('k', number))).toBe(true);
      if (number >= 1_500) expect(found).toBeGreaterThanOrEqual(0);
      if (found < 0) continue;
      expect(keys.body(found)).toEqual({ number });
      count++;
    }
    expect(keys.count).toBe(count);
    expect(count).toBeLessThanOrEqual(7 * (500 + 31));
  });

  test('keep answers of any size, each as its command was told it', () => {
    const sizes = [10, 300_000, 20, 700_000, 1_000, ...new Array<number>(600).fill(990)];
    const keys = new Keys({ perPlayerMax: 1e6, perServiceMax: 1e6, retentionMs: RETENTION_MS });
    for (const [number, size] of sizes.entries()) {
      const body = { number, text: 'x'.repeat(size) };
      const { bytes, start, end } = keys.add(decided(2, testKey('k', number), 0, body), 0);
      expect(decode(bytes.subarray(start, end))).toEqual(body);
    }
    for (const [number, size] of sizes.entries()) {
      const found = keys.find(2, testKey('k', number));
      expect(keys.body(found)).toEqual({ number, text: 'x'.repeat(size) });
    }
  });
});
