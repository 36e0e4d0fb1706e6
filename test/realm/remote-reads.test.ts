// Snapshots, reads and readiness of a node of a cluster, over channels in memory: nothing is shown
// from before a gap, and nothing is read before the tables show what the node was told.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReadRequest } from '../../src/gateway/port.ts';
import { replyBatch } from '../support/fake-cluster.ts';
import { EMPTY_ME, RemoteStage, snapshotFrame } from '../support/remote-stage.ts';

const wallet = {
  command: 'wallet.get',
  payload: {},
  player: 'alice',
  role: 'standard',
} as ReadRequest;

const SOMEBODY = { on: {}, isWaiting: () => true };
let stage: RemoteStage;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new RemoteStage({ pendingMax: 3, replyTimeoutMs: 10_000 });
});

afterEach(() => {
  stage.realm.stop();
  vi.useRealTimers();
});

describe('a snapshot', () => {
  it('is the leader’s, asked again after a gap so that none from before is shown', () => {
    stage.beat(0);
    const frames: Uint8Array[] = [];
    stage.realm.snapshot('book:ore', bytes => frames.push(bytes), SOMEBODY);
    const first = stage.channel.asked.at(-1)?.n ?? 0;
    stage.feed(3);
    const second = stage.channel.asked.at(-1)?.n ?? 0;
    expect(second).toBeGreaterThan(first);
    stage.channel.answer({ epoch: 1, n: first, answer: snapshotFrame(1) });
    expect(frames).toEqual([]);
    stage.channel.answer({ epoch: 1, n: second, answer: snapshotFrame(2) });
    expect(frames).toEqual([snapshotFrame(2)]);
  });

  it('of a leader that is deposed is not taken', () => {
    stage.beat(0, { epoch: 2 });
    const frames: Uint8Array[] = [];
    stage.realm.snapshot('book:ore', bytes => frames.push(bytes), SOMEBODY);
    stage.channel.answer({ epoch: 1, n: 1, answer: snapshotFrame(1) });
    expect(frames).toEqual([]);
  });

  it('of a window that the player may not see is null', () => {
    stage.beat(0);
    const frames: (Uint8Array | null)[] = [];
    stage.realm.windowSnapshot('alice', 4, bytes => frames.push(bytes), SOMEBODY);
    const ask = { kind: 'window', player: 'alice', window: 4 };
    expect(stage.channel.asked).toEqual([{ n: 1, ask }]);
    stage.channel.answer({ epoch: 1, n: 1, answer: null });
    expect(frames).toEqual([null]);
  });
});

describe('a private snapshot', () => {
  it('is read when the leader listens for the player and the tables have caught up', async () => {
    stage.beat(0);
    const snapshot = stage.realm.privateSnapshot('alice', null);
    expect(stage.channel.asked).toEqual([{ n: 1, ask: { kind: 'listen', player: 'alice' } }]);
    await stage.pass(100);
    expect(stage.read).toEqual([]);
    stage.channel.answer({ epoch: 1, n: 1, answer: 120 });
    await stage.pass(100);
    expect(stage.read).toEqual([]);
    stage.tablesAt = 120;
    await stage.pass(100);
    expect(await snapshot).toMatchObject({ sequence: 7, data: EMPTY_ME });
    expect(stage.channel.told.at(-1)?.listening).toEqual([['alice', true]]);
  });

  it('fails when the leader does not answer, instead of leaving a gap', async () => {
    const snapshot = stage.realm.privateSnapshot('alice', null);
    const failed = expect(snapshot).rejects.toThrow('did not answer');
    await stage.pass(2_100);
    await failed;
    expect(stage.read).toEqual([]);
  });

  it('is wanted no more after unlisten', async () => {
    const failed = expect(stage.realm.privateSnapshot('alice', null)).rejects.toThrow();
    stage.realm.unlisten('alice');
    await stage.pass(1);
    expect(stage.channel.told.at(-1)?.listening).toEqual([['alice', false]]);
    await stage.pass(2_100);
    await failed;
  });
});

describe('a read', () => {
  it.each([
    ['a reply', () => stage.channel.replies(replyBatch(130, []))],
    ['the feed', () => stage.feed(1, { position: 130 })],
    ['a heartbeat', () => stage.beat(0, { position: 130 })],
  ])('waits for the tables to show what %s told this node', async (_, tell) => {
    stage.beat(0);
    tell();
    const answer = stage.realm.read(wallet);
    await stage.pass(200);
    expect(stage.read).toEqual([]);
    stage.tablesAt = 130;
    await stage.pass(20);
    expect(await answer).toEqual({ outcome: 'ok', body: { at: 130 } });
  });

  it('of a restored realm waits for what its leader shows, not for what was lost', async () => {
    stage.beat(0, { position: 500 });
    stage.tablesAt = 500;
    await stage.pass(10);
    expect(await stage.realm.read(wallet)).toMatchObject({ outcome: 'ok' });
    // The database is restored; the last word of the former leader comes late.
    stage.tablesAt = 100;
    stage.beat(0, { epoch: 2, position: 120 });
    stage.channel.replies({ ...replyBatch(510, []), epoch: 1 });
    const answer = stage.realm.read(wallet);
    await stage.pass(100);
    expect(stage.read).toHaveLength(1);
    stage.tablesAt = 120;
    await stage.pass(100);
    expect(await answer).toEqual({ outcome: 'ok', body: { at: 120 } });
  });

  it('finds out how many facts the tables could not take', async () => {
    stage.quarantined = 3;
    stage.beat(0, { position: 100 });
    const answer = stage.realm.read(wallet);
    await stage.pass(20);
    expect(await answer).toMatchObject({ outcome: 'ok' });
    expect(stage.realm.readiness()).toMatchObject({ quarantined: 3 });
  });

  it('is unavailable when the tables are too late', async () => {
    stage.beat(0, { position: 500 });
    const answer = stage.realm.read(wallet);
    await stage.pass(5_100);
    expect(await answer).toMatchObject({ outcome: 'unavailable' });
    expect(stage.read).toEqual([]);
  });

  it('of the market is the leader’s to answer, and unavailable without one', async () => {
    stage.beat(0);
    const book = { ...wallet, command: 'market.book', payload: { item: 'ore' } } as ReadRequest;
    const [answered, unanswered] = [stage.realm.read(book), stage.realm.read(book)];
    expect(stage.channel.asked[0]?.ask).toEqual({
      kind: 'market',
      command: 'market.book',
      payload: { item: 'ore' },
    });
    stage.channel.answer({ epoch: 1, n: 1, answer: { outcome: 'ok', body: { bids: [] } } });
    expect(await answered).toEqual({ outcome: 'ok', body: { bids: [] } });
    await stage.pass(2_100);
    expect(await unanswered).toMatchObject({ outcome: 'unavailable' });
  });

  it('needs no leader when it is of the tables', async () => {
    const answer = stage.realm.read(wallet);
    await stage.pass(10);
    expect(await answer).toMatchObject({ outcome: 'ok' });
  });
});

describe('orders of the leader', () => {
  it('are carried out when he is the one that is known here', () => {
    stage.beat(0);
    const shares = [['alice', 2]] as const;
    const kept = [['bob', 1]] as const;
    const changed = { wantsState: false, shares, isComplete: false, kept };
    stage.channel.orders({ epoch: 1, ...changed });
    stage.channel.orders({ epoch: 9, ...changed });
    const { sink } = stage;
    expect([sink.shares, sink.allShares, sink.closed]).toEqual([shares, [], kept]);
    stage.channel.orders({ epoch: 1, ...changed, isComplete: true });
    expect([sink.shares, sink.allShares]).toEqual([shares, [shares]]);
  });

  it('to tell everything are followed, and the feed begins anew', () => {
    stage.beat(0);
    stage.realm.presence('alice', 2);
    stage.channel.orders({ epoch: 1, wantsState: true, shares: [], isComplete: false, kept: [] });
    expect(stage.channel.told.at(-1)).toMatchObject({ isComplete: true, present: [['alice', 2]] });
    expect(stage.sink.restarts).toBe(2);
  });

  it('of a new leader need not be waited for: he is told everything', () => {
    stage.realm.presence('alice', 1);
    stage.beat(0, { epoch: 2 });
    expect(stage.channel.told.at(-1)).toMatchObject({ isComplete: true, present: [['alice', 1]] });
  });
});

describe('readiness', () => {
  it.each([
    ['the leader is heard', () => {}, true],
    ['the connection to Redis is lost', () => (stage.channel.isConnected = false), false],
  ])('while %s', (_, happens, ready) => {
    stage.beat(0);
    happens();
    expect(stage.realm.readiness().ready).toBe(ready);
  });

  it('ends when the database does not answer, and is back with it', async () => {
    stage.isTablesAway = true;
    const answer = stage.realm.read({ ...wallet });
    stage.beat(0, { position: 200 });
    const waiting = stage.realm.read(wallet);
    for (let i = 0; i < 6; i++) {
      stage.beat(0, { position: 200 });
      await stage.pass(1_000);
    }
    expect(stage.realm.readiness()).toMatchObject({ databaseReachable: false, ready: false });
    stage.isTablesAway = false;
    stage.beat(0, { position: 200 });
    await stage.pass(200);
    expect(stage.realm.readiness()).toMatchObject({ databaseReachable: true, ready: true });
    expect((await answer).outcome).toBe('ok');
    expect((await waiting).outcome).toBe('unavailable');
  });
});

describe('the end of a node', () => {
  it('answers unknown to what waits, and tells the leader that it leaves', async () => {
    stage.beat(0);
    stage.submit(1);
    stage.realm.stop();
    expect(stage.inbox.replies).toMatchObject([{ id: 1, outcome: 'unknown' }]);
    expect(stage.channel.told.at(-1)).toMatchObject({ isLeaving: true, present: [] });
    await stage.realm.drain();
  });
});
