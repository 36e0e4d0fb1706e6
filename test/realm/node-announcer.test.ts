// What a node tells of itself: changes at once, everything now and then, and nothing twice.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NodeAnnouncer } from '../../src/realm/node-announcer.ts';
import { NodeRegistry } from '../../src/realm/node-registry.ts';
import { FakeNodeChannel } from '../support/fake-cluster.ts';

let channel: FakeNodeChannel;
let announcer: NodeAnnouncer;

beforeEach(() => {
  vi.useFakeTimers();
  channel = new FakeNodeChannel();
  announcer = new NodeAnnouncer(channel, 'b');
});

afterEach(() => {
  announcer.close();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a node tells', () => {
  it('the changes of one turn in one message, the last word on each player', async () => {
    announcer.present('alice', 1);
    announcer.present('alice', 2);
    announcer.present('bob', 1);
    announcer.listening('bob', true);
    announcer.present('bob', 0);
    expect(channel.told).toEqual([]);
    await pass(1);
    expect(channel.told).toEqual([
      {
        node: 'b',
        count: 1,
        isComplete: false,
        isLeaving: false,
        present: [
          ['alice', 2],
          ['bob', 0],
        ],
        listening: [['bob', true]],
      },
    ]);
    await pass(500);
    expect(channel.told).toHaveLength(1);
  });

  it('something every second, and everything every fifth time', async () => {
    announcer.present('alice', 1);
    await pass(10_000);
    const [first, ...beats] = channel.told;
    expect(first?.present).toEqual([['alice', 1]]);
    expect(beats.map(({ isComplete }) => isComplete)).toEqual(
      Array.from({ length: 10 }, (_, index) => index % 5 === 0),
    );
    for (const { isComplete, present } of beats) {
      expect(present).toEqual(isComplete ? [['alice', 1]] : []);
    }
  });

  it('counts without a hole, whatever it tells', async () => {
    announcer.tellAll();
    announcer.present('alice', 1);
    await pass(3_000);
    announcer.tellAll();
    announcer.close();
    expect(channel.told.map(({ count }) => count)).toEqual(channel.told.map((_, i) => i + 1));
  });

  it('everything with what has just changed in it, and that once', async () => {
    announcer.present('alice', 1);
    announcer.listening('alice', true);
    announcer.tellAll();
    await pass(10);
    expect(channel.told).toMatchObject([
      { isComplete: true, present: [['alice', 1]], listening: [['alice', true]] },
    ]);
  });

  it('nobody is here when it ends', () => {
    announcer.present('alice', 1);
    announcer.close();
    expect(channel.told.at(-1)).toMatchObject({ isLeaving: true, present: [], listening: [] });
  });
});

describe('leader and node together', () => {
  it.each([[[0]], [[1]], [[2, 3]], [[0, 2, 4]]])(
    'agree in the end when messages %j are lost',
    async lost => {
      const registry = new NodeRegistry({
        socketsPerPlayerMax: 5,
        presence: () => {},
        order: (_, { wantsState }) => {
          if (wantsState) announcer.tellAll();
        },
      });
      let index = 0;
      channel.tell = state => {
        if (!lost.includes(index++)) registry.take(state, performance.now());
      };
      announcer.present('alice', 1);
      await pass(1);
      announcer.present('bob', 1);
      announcer.listening('bob', true);
      await pass(1);
      announcer.present('alice', 0);
      await pass(1_100);
      expect(['alice', 'bob'].map(player => registry.isPresent(player))).toEqual([false, true]);
      expect(registry.listens('bob')).toBe(true);
      expect(registry.sweep(performance.now())).toEqual([]);
    },
  );
});
