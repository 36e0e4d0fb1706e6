import { describe, expect, test } from 'vitest';
import { encodeEvent, encodeReply } from '../../protocol/codec.ts';
import { eventSequence, replyOutcome } from '../../protocol/frame-head.ts';
import { OUTCOMES } from '../../protocol/rejects.ts';
import { assertGatewayConfig, DEFAULT_GATEWAY_CONFIG } from '../../src/gateway/config.ts';
import { GatewayMetrics } from '../../src/gateway/metrics.ts';
import { Pending } from '../../src/gateway/pending.ts';
import { loadUws, UwsUnavailableError } from '../../src/gateway/uws.ts';

const guest = { perMinute: 0, burst: 1, inFlight: 1, answersPerMinute: 1 };
const NUMBERS = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];

describe('the head of a frame', () => {
  test('has the sequence of an event, whatever the width of its numbers', () => {
    for (const channel of ['me', 'book:ore', `book:${'x'.repeat(64)}@${'y'.repeat(64)}`]) {
      for (const epoch of NUMBERS) {
        for (const sequence of NUMBERS) {
          const frame = encodeEvent(channel, epoch, sequence, 1, 'delta', {});
          expect(eventSequence(frame)).toBe(sequence);
        }
      }
    }
  });

  test('has the outcome of a reply, whatever the width of its id', () => {
    for (const id of NUMBERS.filter(number => number < 2 ** 32)) {
      for (const [number, outcome] of OUTCOMES.entries()) {
        const frame = encodeReply(id, outcome, { a: 1 });
        const arena = new Uint8Array([1, 2, 3, ...frame]);
        expect(replyOutcome(arena, 3)).toBe(number);
      }
    }
  });
});

describe('commands that await their replies', () => {
  test('are found in order and out of it, beyond any capacity', () => {
    const pending = new Pending();
    const waiting: number[] = [];
    let next = 0;
    // A fixed walk that grows, wraps around and takes from everywhere.
    for (let step = 0; step < 5_000; step++) {
      if (step % 7 < 4) {
        pending.add(next, next % 50, next * 2);
        waiting.push(next++);
      } else {
        const [id] = waiting.splice((step * 31) % waiting.length, 1) as [number];
        expect(pending.take(id)).toBe(true);
        expect([pending.command, pending.arrivedAtMs]).toEqual([id % 50, id * 2]);
      }
      expect(pending.size).toBe(waiting.length);
    }
    for (const id of waiting) expect(pending.take(id)).toBe(true);
    expect(pending.take(0)).toBe(false);
  });

  test('of two with one id the older is found first', () => {
    const pending = new Pending();
    pending.add(7, 1, 10);
    pending.add(7, 2, 20);
    pending.take(7);
    expect(pending.arrivedAtMs).toBe(10);
    pending.take(7);
    expect(pending.arrivedAtMs).toBe(20);
  });
});

describe('latency', () => {
  test('falls into the buckets whose bounds it does not pass', async () => {
    const zero = () => 0;
    const metrics = new GatewayMetrics({
      sockets: zero,
      sessions: zero,
      unopened: zero,
      addresses: zero,
      waitingSnapshots: zero,
      players: zero,
      bufferedBytes: zero,
    });
    for (const ms of [0, 0.128, 0.129, 0.256, 1, 100, 5_000]) metrics.engineReply(0, 0, ms);
    const text = await metrics.registry.metrics();
    metrics.stop();
    const counts = [...text.matchAll(/command_seconds_bucket\{le="([^"]+)"\} (\d+)/g)].map(
      ([, le, count]) => [Number(le === '+Inf' ? Number.POSITIVE_INFINITY : le), Number(count)],
    );
    for (const [bound, count] of counts as [number, number][]) {
      const within = [0, 0.128, 0.129, 0.256, 1, 100, 5_000].filter(ms => ms / 1000 <= bound);
      expect(count, `le ${bound}`).toBe(within.length);
    }
    expect(text).toContain('tradepost_command_seconds_sum 5.1015');
  });
});

describe('the config', () => {
  test('is fine as it stands', () => {
    expect(() => assertGatewayConfig(DEFAULT_GATEWAY_CONFIG)).not.toThrow();
  });

  test.each([
    ['an idle timeout that ends the process', { idleTimeoutSeconds: 7 }],
    ['a bound of nothing', { readsInFlightMax: 0 }],
    ['a fraction', { sweepMs: 1.5 }],
    ['public data beyond private', { publicBytesMax: 2_000_000 }],
    ['drops before the close', { backpressureBytesMax: 1024 * 1024 }],
    ['readers that stall for no time', { stallTimeoutMs: 0 }],
    ['an origin with a path', { origins: ['https://good.com/'] }],
    ['a rate of nothing', { limits: { ...DEFAULT_GATEWAY_CONFIG.limits, guest } }],
  ])('is refused with %s', (_name, change) => {
    expect(() => assertGatewayConfig({ ...DEFAULT_GATEWAY_CONFIG, ...change })).toThrow();
  });
});

describe('loading uWebSockets.js', () => {
  test('takes the older package when the newer one has no build', () => {
    const tried: string[] = [];
    const loaded = loadUws(name => {
      tried.push(name);
      if (name === 'uWebSockets.js') throw new Error('no build');
      return { App: 1 };
    });
    expect(loaded).toEqual({ App: 1 });
    expect(tried).toEqual(['uWebSockets.js', 'uws-20.51']);
  });

  test('explains itself when neither loads', () => {
    const load = () => {
      throw new Error('GLIBC_2.38 not found');
    };
    expect(() => loadUws(load)).toThrow(UwsUnavailableError);
    expect(() => loadUws(load)).toThrow(/Node v\d+.*\n.*GLIBC_2.38 not found[\s\S]*What to do/);
  });
});
