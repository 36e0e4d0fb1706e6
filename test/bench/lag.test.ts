// How the distance between two nodes is found from the frames that their subscribers get.

import { expect, test } from 'vitest';
import { type FrameReader, GAP } from '../../bench/audience.ts';
import { Lag } from '../../bench/lag.ts';
import { RawSocket } from '../../bench/raw-socket.ts';

const socket = new RawSocket({ chunk() {}, frame() {}, closed() {} });

/** Frames are a sequence and what a reader makes of them. */
const read: FrameReader = (_socket, chain, bytes) => {
  chain[0] = bytes[0] as number;
  return bytes.readInt8(1);
};

function subscriber(lag: Lag, node: 0 | 1) {
  const reader = lag.reader(node, read);
  const chain = new Float64Array(1);
  return (sequence: number, updates = 1) => {
    const bytes = Buffer.from([sequence, updates & 0xff]);
    return reader(socket, chain, bytes, 0, bytes.length);
  };
}

test('a frame counts when the last subscriber of both nodes has it', () => {
  const lag = new Lag(2);
  const [a, b, c, d] = [0, 0, 1, 1].map(node => subscriber(lag, node as 0 | 1));
  for (const one of [a, b, c]) one?.(1);
  expect(lag.frames).toBe(0);
  expect(lag.isComplete).toBe(false);
  expect(d?.(1)).toBe(1);
  expect(lag.frames).toBe(1);
  expect(lag.isComplete).toBe(true);
  expect(lag.last.totalCount).toBe(1);
});

test('snapshots are no frames, and gaps are handed on', () => {
  const lag = new Lag(1);
  const [a, b] = [subscriber(lag, 0), subscriber(lag, 1)];
  expect(a(1, 0)).toBe(0);
  expect(lag.isComplete).toBe(true);
  expect(a(3, GAP)).toBe(GAP);
  expect(b(3)).toBe(1);
  expect(lag.frames).toBe(1);
});

test('the distance is that of the arrivals, whichever node is first', async () => {
  const lag = new Lag(1);
  const [a, b] = [subscriber(lag, 0), subscriber(lag, 1)];
  b(1);
  await new Promise(resolve => setTimeout(resolve, 20));
  a(1);
  expect(lag.first.maxValue).toBeGreaterThanOrEqual(19_000);
  expect(lag.spread.maxValue).toBeGreaterThanOrEqual(lag.first.maxValue);
  lag.forget();
  expect(lag.frames).toBe(0);
});
