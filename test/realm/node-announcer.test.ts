// What a node tells of itself: differences at once and counted, the whole when it is wanted, and a
// beat twice a second, which costs the same however many players are here.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PIECE_PLAYERS_MAX } from '../../src/cluster/messages.ts';
import { BEAT_MS, NodeAnnouncer } from '../../src/realm/node-announcer.ts';
import { NodeRegistry } from '../../src/realm/node-registry.ts';
import { FakeNodeChannel, FakeSender } from '../support/fake-cluster.ts';
import { testEnvelope } from '../support/redis.ts';

let channel: FakeNodeChannel;
let sender: FakeSender;
let announcer: NodeAnnouncer;
let beats: number[];

beforeEach(() => {
  vi.useFakeTimers();
  channel = new FakeNodeChannel();
  sender = new FakeSender();
  beats = [];
  const beaten = (count: number) => beats.push(count);
  announcer = new NodeAnnouncer({ node: 'b', channel, sender, beaten });
});

afterEach(() => {
  announcer.close();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** So many players are here, and their private feeds are live. */
function enter(players: number): void {
  for (let n = 0; n < players; n++) {
    announcer.present(`player-${n}`, 1);
    announcer.listening(`player-${n}`, true);
  }
}

describe('a node tells', () => {
  it('who came and went at once, behind the commands that were sent before', () => {
    announcer.present('alice', 1);
    const accept = { command: 'windows.accept', payload: {}, key: null };
    sender.send({ player: 'alice', sender: 'player', ...accept });
    announcer.present('alice', 0);
    expect(sender.presence).toEqual([
      { count: 1, piece: 'change', present: [['alice', 1]], behind: 0 },
      { count: 2, piece: 'change', present: [['alice', 0]], behind: 1 },
    ]);
  });

  it('the listeners of one turn in one message, the last word on each', async () => {
    announcer.listening('alice', true);
    announcer.listening('bob', true);
    announcer.listening('bob', false);
    expect(channel.told).toEqual([]);
    await pass(1);
    const listening = [
      ['alice', true],
      ['bob', false],
    ];
    expect(channel.told).toMatchObject([{ count: 1, isBeat: false, piece: 'change', listening }]);
    await pass(BEAT_MS - 10);
    expect(channel.told).toHaveLength(1);
  });

  it('a beat twice a second, with how far it has told who is here, and nothing again', async () => {
    enter(3);
    await pass(10 * BEAT_MS);
    const told = channel.told.slice(1);
    expect(told).toHaveLength(10);
    for (const one of told) {
      expect(one).toMatchObject({ isBeat: true, piece: 'change', listening: [], presence: 3 });
    }
    expect(beats).toEqual(told.map(({ count }) => count));
    expect(sender.presence).toHaveLength(3);
  });

  it('counts without a hole, whatever it tells', async () => {
    announcer.tellListening();
    enter(2);
    await pass(3_000);
    announcer.tellListening();
    announcer.close();
    expect(channel.told.map(({ count }) => count)).toEqual(channel.told.map((_, i) => i + 1));
  });

  it('everything in pieces of a bounded size, with what has just changed in it', async () => {
    enter(2 * PIECE_PLAYERS_MAX + 1);
    sender.presence.length = 0;
    announcer.tellListening();
    announcer.tellPresence();
    await pass(10);
    const sizes = [PIECE_PLAYERS_MAX, PIECE_PLAYERS_MAX, 1];
    const pieces = ['first', 'next', 'last'];
    expect(channel.told.map(({ piece }) => piece)).toEqual(pieces);
    expect(channel.told.map(({ listening }) => listening.length)).toEqual(sizes);
    expect(sender.presence.map(({ piece }) => piece)).toEqual(pieces);
    expect(sender.presence.map(({ present }) => present.length)).toEqual(sizes);
  });

  it('that it leaves when it ends', () => {
    announcer.present('alice', 1);
    announcer.close();
    expect(channel.told.at(-1)).toMatchObject({ isLeaving: true, listening: [] });
  });

  it('that orders are missing once, with the next beat', async () => {
    announcer.missOrders();
    await pass(2 * BEAT_MS);
    expect(channel.told.map(({ wantsOrders }) => wantsOrders)).toEqual([true, false]);
  });
});

describe('who is here', () => {
  it('is told as a whole by the next beat when it could not be told', async () => {
    announcer.present('alice', 1);
    sender.hasRoom = false;
    announcer.present('bob', 1);
    announcer.present('alice', 0);
    await pass(BEAT_MS);
    expect(sender.presence).toHaveLength(1);
    sender.hasRoom = true;
    announcer.present('cid', 1);
    expect(sender.presence).toHaveLength(1);
    await pass(BEAT_MS);
    const present = [
      ['bob', 1],
      ['cid', 1],
    ];
    expect(sender.presence.slice(1)).toMatchObject([{ piece: 'only', present }]);
    announcer.present('cid', 0);
    expect(sender.presence.slice(2)).toMatchObject([{ piece: 'change', present: [['cid', 0]] }]);
  });

  it('is told as a whole by the next beat when an entry of it may be lost', async () => {
    announcer.present('alice', 1);
    sender.failPresence();
    await pass(1_000);
    expect(sender.presence.slice(1)).toMatchObject([{ piece: 'only', present: [['alice', 1]] }]);
  });
});

it('10,000 players who stay cost less than 400 bytes a second', async () => {
  enter(10_000);
  await pass(1);
  channel.told.length = 0;
  await pass(60_000);
  const envelope = testEnvelope();
  const sizes = channel.told.map(state => envelope.seal('x:leader', 'state', state).length);
  expect(sizes.length).toBe(120);
  expect(sizes.reduce((sum, size) => sum + size, 0) / 60).toBeLessThan(400);
  expect(sender.presence).toHaveLength(10_000);
});

describe('leader and node together', () => {
  it.each([[[0]], [[1]], [[2, 3]], [[0, 2, 4]]])(
    'agree in the end when messages %j are lost, of either kind',
    async lost => {
      const registry = new NodeRegistry({
        socketsPerPlayerMax: 5,
        presence: () => {},
        order: (_, { wantsListening, wantsPresence }) => {
          if (wantsListening) announcer.tellListening();
          if (wantsPresence) announcer.tellPresence();
        },
      });
      let index = 0;
      channel.tell = state => {
        if (!lost.includes(index++)) registry.take(state, performance.now());
      };
      const { tellPresence } = sender;
      sender.tellPresence = (piece, present) => {
        const isTold = tellPresence.call(sender, piece, present);
        const told = sender.presence.at(-1);
        const isLost = lost.includes(index++);
        if (told !== undefined && !isLost) registry.takePresence('b', told, performance.now());
        return isTold;
      };
      announcer.tellListening();
      announcer.tellPresence();
      announcer.present('alice', 1);
      await pass(1);
      announcer.present('bob', 1);
      announcer.listening('bob', true);
      await pass(1);
      announcer.present('alice', 0);
      for (let second = 0; second < 6; second++) {
        await pass(1_000);
        expect(registry.sweep(performance.now())).toEqual([]);
      }
      expect(['alice', 'bob'].map(player => registry.isPresent(player))).toEqual([false, true]);
      expect(registry.listens('bob')).toBe(true);
    },
  );
});
