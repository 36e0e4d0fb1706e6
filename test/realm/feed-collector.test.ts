// What the leader announces in one turn is one message, counted; and when it has nothing to say it
// says that.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StepClock } from '../../src/base/clock.ts';
import type { FeedBatch } from '../../src/cluster/messages.ts';
import { FeedCollector, HEARTBEAT_MS } from '../../src/realm/feed-collector.ts';
import { NodeRegistry } from '../../src/realm/node-registry.ts';
import { FakeLeaderChannel, stateOf } from '../support/fake-cluster.ts';

let channel: FakeLeaderChannel;
let registry: NodeRegistry;
let collector: FeedCollector;
let position: number;

beforeEach(() => {
  vi.useFakeTimers();
  channel = new FakeLeaderChannel();
  registry = new NodeRegistry({ socketsPerPlayerMax: 5, presence: () => {}, order: () => {} });
  position = 10;
  collector = begin();
});

function begin(): FeedCollector {
  return new FeedCollector({
    channel,
    registry,
    epoch: 3,
    node: 'a',
    begin: '5-0',
    position: () => position,
    lagMs: () => 7,
    clock: new StepClock(50_000),
    standing: () => ({ isTaking: true, isReady: true }),
  });
}

afterEach(() => {
  collector.close();
  vi.useRealTimers();
});

const feeds = () => channel.of<FeedBatch>('feed').map(({ content }) => content);
const bytes = (n: number) => new Uint8Array([n]);

describe('the feed of a leader', () => {
  it('never tells of a position before what was announced up to there', async () => {
    collector.close();
    // Released by a timer that comes right before that of the heartbeat.
    setTimeout(() => {
      position = 11;
      collector.publishPrivate('alice', 9, { balances: [] } as never);
    }, HEARTBEAT_MS);
    collector = begin();
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS + 1);
    const [first] = feeds().filter(feed => feed.position === 11);
    expect(first?.private).toHaveLength(1);
  });

  it('has everything of one turn in one message, in its order', async () => {
    collector.publish('book:ore', bytes(1));
    collector.publish('trades:ore', bytes(2));
    collector.publishWindow(['alice', 'bob'], 4, bytes(3));
    collector.publishPrivate('alice', 9, { balances: [] } as never);
    collector.endWindow(2);
    expect(feeds()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(feeds()).toEqual([
      {
        epoch: 3,
        count: 1,
        position: 10,
        leader: 'a',
        begin: '5-0',
        lagMs: 7,
        nowMs: 50_000,
        clockSure: true,
        isTaking: true,
        isReady: true,
        isHeartbeat: false,
        published: [
          ['book:ore', bytes(1)],
          ['trades:ore', bytes(2)],
        ],
        windows: [[['alice', 'bob'], 4, bytes(3)]],
        ended: [2],
        private: [['alice', 9, { balances: [] }]],
      },
    ]);
  });

  it('is flushed on demand, and not sent twice', async () => {
    collector.publish('book:ore', bytes(1));
    collector.flush();
    collector.flush();
    collector.publish('book:ore', bytes(2));
    await vi.advanceTimersByTimeAsync(1);
    expect(feeds().map(({ count, published }) => [count, published.length])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  it('beats when nothing was said: with the count of the last message', async () => {
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
    collector.publish('book:ore', bytes(1));
    position = 11;
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
    expect(feeds().map(({ count, isHeartbeat, position: at }) => [count, isHeartbeat, at])).toEqual(
      [
        [0, true, 10],
        [1, false, 11],
        [1, true, 11],
      ],
    );
  });

  it('is silent never for longer than two beats', async () => {
    let heardAtMs = performance.now();
    let longestMs = 0;
    channel.publishFeed = () => {
      longestMs = Math.max(longestMs, performance.now() - heardAtMs);
      heardAtMs = performance.now();
    };
    for (let i = 0; i < 200; i++) {
      if (i % 7 === 0) collector.publish('book:ore', bytes(i));
      await vi.advanceTimersByTimeAsync(131);
    }
    expect(longestMs).toBeLessThanOrEqual(2 * HEARTBEAT_MS);
  });

  it('ends with the leadership', async () => {
    collector.publish('book:ore', bytes(1));
    collector.close();
    await vi.advanceTimersByTimeAsync(10 * HEARTBEAT_MS);
    expect(feeds()).toEqual([]);
  });

  it('has private events of those only whom some node listens to', () => {
    expect(collector.hasPrivateListeners()).toBe(false);
    registry.take(stateOf({ piece: 'only', listening: [['alice', true]] }), 0);
    expect(collector.hasPrivateListeners()).toBe(true);
    expect(['alice', 'bob'].map(player => collector.listensPrivately(player))).toEqual([
      true,
      false,
    ]);
    expect([collector.hasSubscribers(), collector.listensToWindow()]).toEqual([true, true]);
  });
});
