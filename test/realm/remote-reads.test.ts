// Snapshots, reads and readiness of a node of a cluster, over channels in memory: nothing is shown
// from before a gap, and nothing is read before the tables show what the node was told.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReadRequest } from '../../src/gateway/port.ts';
import type { EndedWindow } from '../../src/reads/window-end.ts';
import { ordersOf, replyBatch } from '../support/fake-cluster.ts';
import { decodeEvent } from '../support/recording-sink.ts';
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
    stage.realm.windowSnapshots('alice', [4, 5], all => frames.push(...all), SOMEBODY);
    const ask = { kind: 'windows', player: 'alice', windows: [4, 5] };
    expect(stage.channel.asked).toEqual([{ n: 1, ask }]);
    const frame = snapshotFrame(3, 'window:5');
    stage.channel.answer({ epoch: 1, n: 1, answer: [null, frame] });
    expect(frames).toEqual([null, frame]);
  });
});

describe('a private snapshot', () => {
  it('is read when the leader listens for the player and the tables have caught up', async () => {
    stage.beat(0);
    const snapshot = stage.realm.privateSnapshot('alice', null);
    expect(stage.channel.asked).toEqual([{ n: 1, ask: { kind: 'listen', player: 'alice' } }]);
    await stage.pass(100);
    expect(stage.read).toEqual([]);
    stage.journalAt = 120;
    stage.channel.answer({ epoch: 1, n: 1, answer: 120 });
    await stage.pass(100);
    expect(stage.read).toEqual([]);
    stage.tablesAt = 120;
    await stage.pass(100);
    stage.channel.answer({ epoch: 1, n: 2, answer: 120 });
    await stage.pass(20);
    expect(await snapshot).toMatchObject({ position: 120, sequence: 7, data: EMPTY_ME });
    expect(stage.channel.told.at(-1)?.listening).toEqual([['alice', true]]);
  });

  it('comes when everything that it shows was announced here: no event of it follows', async () => {
    stage.beat(0);
    let isShown = false;
    const snapshot = stage.realm.privateSnapshot('alice', null).then(found => {
      isShown = true;
      return found;
    });
    stage.channel.answer({ epoch: 1, n: 1, answer: 100 });
    stage.tablesAt = 103;
    await stage.pass(20);
    expect(stage.read).toEqual(['alice']);
    // The leader has announced less than the tables show: it is asked again.
    stage.channel.answer({ epoch: 1, n: 2, answer: 102 });
    await stage.pass(20);
    expect(isShown).toBe(false);
    stage.channel.answer({ epoch: 1, n: 3, answer: 103 });
    await stage.pass(20);
    expect(isShown).toBe(true);
    expect(await snapshot).toMatchObject({ position: 103 });
  });

  it('fails when the leader does not announce what the tables show', async () => {
    stage.beat(0);
    const failed = expect(stage.realm.privateSnapshot('alice', null)).rejects.toThrow(
      'not announced',
    );
    stage.channel.answer({ epoch: 1, n: 1, answer: 100 });
    stage.tablesAt = 103;
    await stage.pass(2_100);
    await failed;
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
  it('shows the end of the journal as the database tells it, whatever was heard here', async () => {
    stage.journalAt = 130;
    const answer = stage.realm.read(wallet);
    await stage.pass(200);
    expect(stage.read).toEqual([]);
    stage.tablesAt = 130;
    await stage.pass(20);
    expect(await answer).toEqual({ outcome: 'ok', body: { at: 130 } });
  });

  it('of a restored realm waits for what is there, not for what was lost', async () => {
    stage.beat(0, { position: 500 });
    stage.channel.replies({ ...replyBatch(510, []), epoch: 1 });
    [stage.journalAt, stage.tablesAt] = [120, 120];
    const answer = stage.realm.read(wallet);
    await stage.pass(10);
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
    stage.journalAt = 500;
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

describe('a node that resumes a feed', () => {
  it('has everything of it that the journal had, or does not resume', async () => {
    stage.beat(0, { position: 100 });
    const [there, asks, fails] = [1, 2, 3].map(() => stage.realm.caughtUp('alice'));
    await stage.pass(10);
    expect(await there).toBe(true);
    expect([await asks, await fails]).toEqual([true, true]);
    stage.journalAt = 101;
    const later = stage.realm.caughtUp('alice');
    await stage.pass(10);
    expect(stage.channel.asked.at(-1)?.ask).toEqual({ kind: 'listen', player: 'alice' });
    stage.channel.answer({ epoch: 1, n: 1, answer: 101 });
    await stage.pass(10);
    expect(await later).toBe(true);
    stage.journalAt = 102;
    const unheard = stage.realm.caughtUp('alice');
    await stage.pass(2_200);
    expect(await unheard).toBe(false);
    stage.isTablesAway = true;
    const away = stage.realm.caughtUp('alice');
    await stage.pass(10);
    expect(await away).toBe(false);
  });
});

describe('orders of the leader', () => {
  it('are carried out when he is the one that is known here', () => {
    stage.beat(0);
    const shares = [['alice', 2]] as const;
    const kept = [['bob', 1]] as const;
    stage.channel.orders(ordersOf({ shares, kept }));
    stage.channel.orders(ordersOf({ epoch: 9, shares, kept }));
    const { sink } = stage;
    expect([sink.shares, sink.allShares, sink.closed]).toEqual([shares, [], kept]);
    stage.channel.orders(ordersOf({ count: 2, shares, isComplete: true }));
    expect([sink.shares, sink.allShares]).toEqual([shares, [shares]]);
  });

  it('to tell everything are followed, and nothing else begins anew', () => {
    stage.beat(0);
    stage.realm.presence('alice', 2);
    const failed = stage.realm.privateSnapshot('alice', null).catch(() => {});
    stage.channel.orders(ordersOf({ wantsPresence: true, wantsListening: true }));
    const whole = { piece: 'only', present: [['alice', 2]] };
    expect(stage.sender.presence.at(-1)).toMatchObject(whole);
    expect(stage.channel.told.at(-1)).toMatchObject({ listening: [['alice', true]] });
    expect(stage.sink.restarts).toBe(1);
    stage.realm.stop();
    return failed;
  });

  it('that did not come are asked for', async () => {
    stage.isHeard = false;
    stage.beat(0);
    stage.channel.orders(ordersOf({ count: 1 }));
    await stage.pass(500);
    expect(stage.channel.told.at(-1)).toMatchObject({ isBeat: true, wantsOrders: false });
    stage.channel.orders(ordersOf({ count: 3 }));
    await stage.pass(500);
    expect(stage.channel.told.at(-1)).toMatchObject({ isBeat: true, wantsOrders: true });
  });

  it('of a new leader need not be waited for: he is told everything', () => {
    stage.realm.presence('alice', 1);
    stage.beat(0, { epoch: 2 });
    expect(stage.channel.told.at(-1)).toMatchObject({ piece: 'only', listening: [] });
    const whole = { piece: 'only', present: [['alice', 1]] };
    expect(stage.sender.presence.at(-1)).toMatchObject(whole);
  });
});

describe('the end of a window that nobody announced', () => {
  it('is read once the tables show what the leader begins with', async () => {
    stage.beat(0, { position: 120 });
    stage.journalAt = 120;
    const [revision, manifest] = [0, null];
    const times = { armedAtMs: 1, expiresAtMs: 2 };
    const side = { assets: [], accepted: false, confirmed: false, present: true };
    const sides = ['alice', 'bob'].map(player => ({ player, ...side }));
    const window = { window: 4, status: 'cancelled', reason: 'timeout', revision, ...times };
    const data = { window: { ...window, sides, manifest }, manifest: null, receipt: null };
    stage.ended = { sequence: 77, data } as unknown as EndedWindow;
    const end = stage.realm.windowEnd('alice', 4);
    await stage.pass(100);
    expect(stage.read).toEqual([]);
    stage.tablesAt = 120;
    await stage.pass(100);
    expect(stage.read).toEqual(['alice 4']);
    const head = { channel: 'window:4', kind: 'snapshot', epoch: 1 };
    expect(decodeEvent((await end) as Uint8Array)).toMatchObject({
      ...{ ...head, sequence: 77, previousSequence: 77, data },
    });
    stage.ended = null;
    expect(await stage.realm.windowEnd('alice', 5)).toBeNull();
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
    expect((await waiting).outcome).toBe('unavailable');
  });
});

describe('the end of a node', () => {
  it('answers unknown to what waits, and tells the leader that it leaves', async () => {
    stage.beat(0);
    stage.submit(1);
    stage.realm.stop();
    expect(stage.inbox.replies).toMatchObject([{ id: 1, outcome: 'unknown' }]);
    expect(stage.channel.told.at(-1)).toMatchObject({ isLeaving: true, listening: [] });
    await stage.realm.drain();
  });
});
