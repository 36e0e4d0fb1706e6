// Commands and the feed as a node of a cluster sees them, over channels in memory: what the node
// tells its sessions when messages come, do not come, come too late, or come from another leader.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { replyBatch } from '../support/fake-cluster.ts';
import { RemoteStage, snapshotFrame } from '../support/remote-stage.ts';
import { testKey } from '../support/test-key.ts';

const REPLY_TIMEOUT_MS = 10_000;
let stage: RemoteStage;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new RemoteStage({ pendingMax: 3, replyTimeoutMs: REPLY_TIMEOUT_MS });
});

afterEach(() => {
  stage.realm.stop();
  vi.useRealTimers();
});

describe('a command', () => {
  it('is refused while no leader is heard, and was not sent', async () => {
    expect(stage.submit(1)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    stage.beat(0);
    expect(stage.submit(2)).toBeNull();
    await stage.pass(3_100);
    expect(stage.submit(3)).toMatchObject({ message: expect.stringContaining('No node leads') });
    expect(stage.sender.sent.map(({ key }) => key)).toEqual([testKey('k2')]);
  });

  it('is refused while its reply could not be heard, and was not sent', () => {
    stage.beat(0);
    stage.channel.isConnected = false;
    expect(stage.submit(1)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(stage.sender.sent).toEqual([]);
  });

  it('is sent with everything the engine needs, and answered with the id of its client', () => {
    stage.beat(0);
    stage.submit(41);
    stage.submit(42);
    expect(stage.sender.sent).toMatchObject([
      {
        n: 1,
        player: 'game',
        key: testKey('k41'),
        command: 'wallet.grant',
        payload: { quantity: 1 },
      },
      { n: 2, key: testKey('k42') },
    ]);
    stage.channel.replies(
      replyBatch(101, [
        [2, 'ok', { two: 2 }],
        [1, 'rejected', { code: 'UNKNOWN_ASSET', message: 'x' }],
      ]),
    );
    expect(stage.inbox.replies).toMatchObject([
      { id: 42, outcome: 'ok', body: { two: 2 } },
      { id: 41, outcome: 'rejected' },
    ]);
  });

  it('is refused beyond the bound, and when the sender has no room', () => {
    stage.beat(0);
    for (const id of [1, 2, 3]) expect(stage.submit(id)).toBeNull();
    expect(stage.submit(4)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    stage.channel.replies(replyBatch(101, [[1, 'ok', {}]]));
    stage.sender.hasRoom = false;
    expect(stage.submit(5)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(stage.sender.sent).toHaveLength(3);
    expect(stage.realm.waiting).toBe(2);
  });

  it('without a reply is unknown at its deadline, whoever leads by then', async () => {
    stage.beat(0);
    stage.submit(1);
    for (let ms = 0; ms < REPLY_TIMEOUT_MS - 500; ms += 500) {
      await stage.pass(500);
      stage.beat(0, { epoch: 2 });
    }
    expect(stage.inbox.replies).toEqual([]);
    await stage.pass(600);
    expect(stage.inbox.replies).toMatchObject([{ id: 1, body: { code: 'OUTCOME_UNKNOWN' } }]);
  });

  it('that a former leader took and left unanswered is unknown once another leads', async () => {
    stage.beat(0);
    for (const id of [1, 2]) stage.submit(id);
    stage.sender.enter([1], '7-0');
    stage.sender.enter([2], '7-1');
    await stage.pass(1_000);
    stage.beat(0, { epoch: 2, begin: '7-0' });
    // A reply that was still on its way counts.
    await stage.pass(200);
    expect(stage.inbox.replies).toEqual([]);
    await stage.pass(150);
    expect(stage.inbox.replies).toMatchObject([{ id: 1, body: { code: 'OUTCOME_UNKNOWN' } }]);
    // The other one is the new leader's to execute.
    stage.channel.replies(replyBatch(101, [[2, 'ok', {}]]));
    expect(stage.inbox.replies).toMatchObject([{ id: 1 }, { id: 2, outcome: 'ok' }]);
  });

  it('whose batch never entered the stream is unavailable, and its key is free', () => {
    stage.beat(0);
    stage.submit(1);
    stage.sender.fail([1], 'unsent');
    expect(stage.inbox.replies).toMatchObject([{ id: 1, outcome: 'unavailable' }]);
  });
});

describe('the feed', () => {
  it('is passed on as it comes', () => {
    stage.beat(0);
    stage.feed(1, {
      published: [['book:ore', snapshotFrame(3)]],
      windows: [[['alice', 'bob'], 4, snapshotFrame(5, 'window:4')]],
      ended: [2],
      private: [['alice', 6, { balances: [] } as never]],
    });
    expect(stage.sink.frames).toMatchObject([{ channel: 'book:ore', sequence: 3 }]);
    expect(stage.sink.windowFrames).toMatchObject([{ players: ['alice', 'bob'], window: 4 }]);
    expect(stage.sink.endedWindows).toEqual([2]);
    expect(stage.sink.privately).toMatchObject([{ player: 'alice', sequence: 6 }]);
  });

  it('begins anew with its first message, and not while its count has no hole', () => {
    stage.beat(8);
    expect(stage.sink.restarts).toBe(1);
    stage.feed(9);
    stage.feed(10);
    stage.beat(10);
    stage.feed(11);
    expect(stage.sink.restarts).toBe(1);
  });

  it.each([
    ['a message is missing', () => stage.feed(10)],
    ['a heartbeat tells of a message that did not come', () => stage.beat(9)],
    ['the subscription was interrupted', () => stage.channel.interrupt()],
    ['another leader speaks', () => stage.feed(1, { epoch: 2 })],
  ])('begins anew when %s', (_, happens) => {
    stage.beat(8);
    happens();
    expect(stage.sink.restarts).toBe(2);
  });

  it('begins anew after a silence, although the count has no hole', async () => {
    stage.beat(8);
    await stage.pass(2_900);
    stage.beat(8);
    expect(stage.sink.restarts).toBe(1);
    await stage.pass(3_200);
    expect([stage.realm.leader, stage.realm.readiness().ready]).toEqual(['', false]);
    stage.beat(8);
    expect(stage.sink.restarts).toBe(2);
    expect([stage.realm.leader, stage.realm.readiness().ready]).toEqual(['a', true]);
  });

  it('shows how far the tables are behind, as the leader says', () => {
    stage.beat(0, { lagMs: 120 });
    expect(stage.realm.readiness().projectionLagMs).toBe(120);
  });

  it('tells engine time, which goes on here until the next word', async () => {
    expect(stage.realm.nowMs()).toBe(1_000);
    stage.beat(0, { nowMs: 50_000 });
    expect(stage.realm.nowMs()).toBe(50_000);
    await stage.pass(400);
    expect(stage.realm.nowMs()).toBe(50_400);
    // It travelled for a while; the first one did not.
    stage.beat(0, { nowMs: 50_100 });
    expect(stage.realm.nowMs()).toBe(50_400);
    stage.beat(0, { nowMs: 90_000_000 });
    expect(stage.realm.nowMs()).toBe(90_000_000);
    stage.beat(0, { nowMs: 80_000_000, epoch: 2 });
    expect(stage.realm.nowMs()).toBe(80_000_000);
  });

  it('is not ready while the clock of the leader is in doubt', () => {
    stage.beat(0, { clockSure: false, isTaking: false, isReady: false });
    expect(stage.realm.readiness()).toMatchObject({ clockSure: false, ready: false });
    expect(stage.submit(1)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    stage.beat(0, { clockSure: true });
    expect(stage.realm.readiness()).toMatchObject({ clockSure: true, ready: true });
  });

  it.each([
    ['the leader takes none', { isTaking: false, isReady: false }, true],
    ['nothing can be sent to the leader', {}, false],
  ])('is ready when a command would be taken, and only then: %s', (_why, told, hasRoom) => {
    stage.beat(0);
    expect(stage.realm.readiness()).toMatchObject({ refusal: null, ready: true });
    expect(stage.submit(1)).toBeNull();
    stage.beat(0, told);
    stage.sender.hasRoom = hasRoom;
    const refused = stage.submit(2);
    expect(refused).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    const { refusal, ready } = stage.realm.readiness();
    expect([refusal, ready]).toEqual([refused?.message, false]);
    stage.beat(0);
    stage.sender.hasRoom = true;
    expect(stage.realm.readiness()).toMatchObject({ refusal: null, ready: true });
    expect(stage.submit(3)).toBeNull();
  });

  it('is not ready while the leader cannot reach its database, though it takes commands', () => {
    stage.beat(0, { isReady: false });
    expect(stage.realm.readiness()).toMatchObject({ refusal: null, ready: false });
    expect(stage.submit(1)).toBeNull();
  });

  it('of a leader that is deposed says nothing here any more', () => {
    stage.beat(0, { epoch: 2, leader: 'c' });
    stage.feed(9, { epoch: 1, published: [['book:ore', snapshotFrame(9)]] });
    expect([stage.realm.epoch, stage.realm.leader, stage.sink.restarts]).toEqual([2, 'c', 1]);
    expect(stage.sink.frames).toEqual([]);
  });

  it('that comes again, as somebody recorded it, is not shown again and begins nothing', () => {
    const frame = snapshotFrame(3);
    stage.feed(1, { published: [['book:ore', frame]] });
    stage.feed(2);
    const { restarts } = stage.sink;
    stage.feed(1, { published: [['book:ore', frame]] });
    stage.feed(2, { published: [['book:ore', frame]] });
    stage.beat(1);
    stage.beat(2);
    stage.feed(3);
    expect([stage.sink.frames.length, stage.sink.restarts]).toEqual([1, restarts]);
  });

  it('passes on what came with the message behind a hole, after the restart', () => {
    stage.beat(0);
    let restartsBefore = -1;
    const { publish } = stage.sink;
    stage.sink.publish = (name, bytes) => {
      restartsBefore = stage.sink.restarts;
      publish.call(stage.sink, name, bytes);
    };
    stage.feed(5, { published: [['book:ore', snapshotFrame(3)]] });
    expect(restartsBefore).toBe(2);
  });
});
