// What a remembered key takes, in the worst patterns: measured by the structure's own count of its
// bytes, and by what the process has for it.

import { expect, test } from 'vitest';
import type { DecidedFact } from '../../src/engine/fact.ts';
import { Keys } from '../../src/engine/keys.ts';
import { testKey } from '../support/test-key.ts';

const KEYS = 60_000;
const BYTES_MAX = 200;
/** Pages that are begun, whatever there is in them. */
const FIXED_BYTES = 4.5 * 1024 * 1024;
const BOUNDS = { perPlayerMax: 1_024, perServiceMax: 1_024, retentionMs: 1e9 };

/** The answer to a purchase. */
function answerTo(number: number): DecidedFact['body'] {
  return { quantity: 2, total: 240, fee: 0, trades: [{ trade: number, price: 120 }] };
}

function decided(player: number, number: number): DecidedFact {
  const key = testKey('k', number);
  const body = answerTo(number);
  return { kind: 'decided', player, key, digest: 2 ** 50 + number, ok: true, service: false, body };
}

function add(keys: Keys, player: number, number: number): void {
  keys.add(decided(player, number), 0);
  keys.bound(player, false, 1e12, []);
}

function measured(fill: (keys: Keys) => void): { keys: Keys; processBytes: number } {
  const before = process.memoryUsage().arrayBuffers;
  const keys = new Keys(BOUNDS);
  fill(keys);
  return { keys, processBytes: process.memoryUsage().arrayBuffers - before };
}

function bytesPerKey(keys: Keys): number {
  return (keys.bytes - FIXED_BYTES) / keys.count;
}

test('a key takes at most 200 bytes when many players have as many as they may', () => {
  const { keys, processBytes } = measured(keys => {
    for (let n = 0; n < 2 * KEYS; n++) add(keys, n % 60, n);
  });
  expect(keys.count).toBeGreaterThan(KEYS);
  expect(processBytes).toBeLessThan(FIXED_BYTES + keys.count * BYTES_MAX);
  expect(bytesPerKey(keys)).toBeLessThan(BYTES_MAX);
});

test('a key takes at most 200 bytes when every player has one', () => {
  const { keys } = measured(keys => {
    for (let n = 0; n < KEYS; n++) add(keys, n, n);
  });
  expect(keys.count).toBe(KEYS);
  expect(bytesPerKey(keys)).toBeLessThan(BYTES_MAX);
});

test('one slow key among a flood holds no page: of each 4,000 keys one stays', () => {
  const { keys } = measured(keys => {
    // The flood is forgotten as it comes; the slow ones are of players who never come back.
    for (let n = 0; n < 4 * KEYS; n++) add(keys, n % 4_000 === 0 ? 1_000 + n / 4_000 : 7, n);
  });
  expect(keys.count).toBeLessThan(60 + 1_100);
  expect(keys.bytes).toBeLessThan(FIXED_BYTES + keys.count * BYTES_MAX);
  for (let n = 0; n < 4 * KEYS; n += 40_000) {
    const found = keys.find(1_000 + n / 4_000, testKey('k', n));
    expect(keys.body(found)).toEqual(answerTo(n));
  }
});

test('memory falls when keys are forgotten: one of twenty stays', () => {
  const keys = new Keys(BOUNDS);
  for (let n = 0; n < KEYS; n++) keys.add(decided(n % 1_000, n), 0);
  for (let player = 0; player < 1_000; player++) {
    if (player % 20 !== 0) keys.restoreForgotten(player, testKey('k', KEYS));
  }
  expect(keys.count).toBe(KEYS / 20);
  expect(bytesPerKey(keys)).toBeLessThan(BYTES_MAX);
  for (const { key, player } of keys.records()) expect(keys.isForgotten(player, key)).toBe(false);
});

test('who sends answers of any size does not have more memory than others', () => {
  const keys = new Keys(BOUNDS);
  const text = 'x'.repeat(20_000);
  for (let n = 0; n < 3_000; n++) {
    keys.add({ ...decided(2, n), body: { text } }, 0);
    keys.bound(2, false, 1e12, []);
  }
  expect(keys.answerBytes).toBeLessThan(BOUNDS.perPlayerMax * 256 + 64 * 256 + 1_000);
  expect(keys.count).toBeGreaterThan(10);
});
