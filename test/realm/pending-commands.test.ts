// Commands that await their replies: each gets one, with the id that its client gave it.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PendingCommands } from '../../src/realm/pending-commands.ts';
import { Inbox, replyBatch } from '../support/fake-cluster.ts';

const TIMEOUT_MS = 1_000;
let pending: PendingCommands;
let alice: Inbox;
let bob: Inbox;

beforeEach(() => {
  vi.useFakeTimers();
  pending = new PendingCommands(TIMEOUT_MS);
  alice = new Inbox();
  bob = new Inbox();
});

afterEach(() => {
  vi.useRealTimers();
});

function deliver(...replies: Parameters<typeof replyBatch>[1]): void {
  const { frames, places } = replyBatch(1, replies);
  pending.deliver(frames, places);
}

describe('a reply', () => {
  it.each([0, 1, 127, 128, 70_000, 0xffff_ffff])(
    'gets the id %i of the client for the number of the node',
    id => {
      pending.add(5, id, alice);
      deliver([5, 'ok', { trade: 7 }]);
      expect(alice.replies).toEqual([{ id, outcome: 'ok', body: { trade: 7 } }]);
    },
  );

  it('goes to its session, all of one batch in one piece', () => {
    pending.add(1, 10, alice);
    pending.add(2, 10, bob);
    pending.add(3, 11, alice);
    deliver(
      [1, 'ok', { a: 1 }],
      [2, 'rejected', { code: 'INSUFFICIENT_FUNDS', message: 'x' }],
      [3, 'ok', { a: 3 }],
    );
    expect(alice.replies.map(({ id, body }) => [id, body])).toEqual([
      [10, { a: 1 }],
      [11, { a: 3 }],
    ]);
    expect(bob.replies).toMatchObject([{ id: 10, outcome: 'rejected' }]);
    expect([alice.deliveries, bob.deliveries]).toEqual([1, 1]);
  });

  it('that comes twice, or for nobody, is not passed on', () => {
    pending.add(1, 10, alice);
    deliver([1, 'ok', {}], [9, 'ok', {}]);
    deliver([1, 'ok', {}]);
    expect(alice.replies).toHaveLength(1);
    expect(pending.size).toBe(0);
  });
});

describe('a command without a reply', () => {
  it('is unknown at its deadline, not before, and once', () => {
    pending.add(1, 10, alice);
    vi.advanceTimersByTime(TIMEOUT_MS - 1);
    pending.add(2, 11, alice);
    pending.sweep(performance.now());
    expect(alice.replies).toEqual([]);
    vi.advanceTimersByTime(1);
    pending.sweep(performance.now());
    expect(alice.replies).toMatchObject([
      { id: 10, outcome: 'unknown', body: { code: 'OUTCOME_UNKNOWN' } },
    ]);
    deliver([1, 'ok', {}]);
    expect(alice.replies).toHaveLength(1);
    expect(pending.size).toBe(1);
  });

  it.each([
    ['unsent', 'unavailable', 'SERVICE_UNAVAILABLE'],
    ['unknown', 'unknown', 'OUTCOME_UNKNOWN'],
  ] as const)('whose batch is %s is answered %s', (fate, outcome, code) => {
    pending.add(1, 10, alice);
    pending.add(2, 11, bob);
    pending.fail([1, 2, 3], fate);
    expect(alice.replies).toMatchObject([{ id: 10, outcome, body: { code } }]);
    expect(bob.replies).toMatchObject([{ id: 11, outcome, body: { code } }]);
  });

  it('is waited for no longer once its entry is given up, as are those before it alone', () => {
    for (const n of [1, 2, 3, 4]) pending.add(n, 10 + n, alice);
    pending.entered([1], '9-9');
    pending.entered([2], '10-0');
    pending.entered([3], '10-1');
    pending.giveUp('10-0', performance.now() + 100);
    vi.advanceTimersByTime(99);
    pending.sweep(performance.now());
    expect(alice.replies).toEqual([]);
    vi.advanceTimersByTime(1);
    pending.sweep(performance.now());
    expect(alice.replies.map(({ id, outcome }) => [id, outcome])).toEqual([
      [11, 'unknown'],
      [12, 'unknown'],
    ]);
    vi.advanceTimersByTime(TIMEOUT_MS);
    pending.sweep(performance.now());
    expect(pending.size).toBe(0);
  });

  it('is never given up after its deadline, nor by a realm without a stream', () => {
    pending.add(1, 10, alice);
    pending.entered([1], '10-0');
    pending.giveUp('', 0);
    pending.giveUp('10-0', performance.now() + 2 * TIMEOUT_MS);
    vi.advanceTimersByTime(TIMEOUT_MS - 1);
    pending.sweep(performance.now());
    expect(pending.size).toBe(1);
    vi.advanceTimersByTime(1);
    pending.sweep(performance.now());
    expect(pending.size).toBe(0);
  });

  it('is unknown when the node ends', () => {
    pending.add(1, 10, alice);
    pending.close();
    expect(alice.replies).toMatchObject([{ id: 10, outcome: 'unknown' }]);
  });
});

describe('a node that drains', () => {
  it('waits for the last reply, and for none when nothing is pending', async () => {
    await pending.drained();
    pending.add(1, 10, alice);
    pending.add(2, 11, alice);
    let isDrained = false;
    const drained = pending.drained().then(() => {
      isDrained = true;
    });
    deliver([1, 'ok', {}]);
    await Promise.resolve();
    expect(isDrained).toBe(false);
    pending.fail([2], 'unknown');
    await drained;
    expect(isDrained).toBe(true);
  });
});
