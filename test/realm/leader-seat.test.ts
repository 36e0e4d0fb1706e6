// Where the leader's realm meets the stream: what becomes of an entry, and what nodes are told.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answered, ReplyBatch } from '../../src/cluster/messages.ts';
import { DeposedError } from '../../src/journal/journal.ts';
import { settled } from '../support/fake-journal.ts';
import { EPOCH, grant, SeatStage } from '../support/seat-stage.ts';

let stage: SeatStage;

beforeEach(() => {
  stage = new SeatStage(1_000);
});

afterEach(() => stage.stop());

describe('an entry of the stream', () => {
  it('is taken behind the offset of the journal', () => {
    expect(stage.reader.startedAt).toBe('5-0');
  });

  it('is answered to its node when it is durable, with the position that holds it', async () => {
    await stage.quietly();
    stage.reader.entry('6-0', [grant(1), grant(2)]);
    stage.reader.entry('7-0', [grant(1)], { node: 'c' });
    await settled();
    expect(stage.replies()).toEqual([]);
    await stage.journal.commit();
    expect(stage.replies()).toMatchObject([
      { id: 1, outcome: 'ok', body: { balance: { available: 1 } } },
      { id: 2, outcome: 'ok', body: { balance: { available: 2 } } },
    ]);
    expect(stage.replies('c')).toMatchObject([{ id: 1, body: { balance: { available: 3 } } }]);
    const [first] = stage.channel.of<ReplyBatch>('replies');
    expect(first?.content).toMatchObject({ epoch: EPOCH, position: stage.realm.released });
  });

  it('is never split over two batches: the offset of a batch is exact', async () => {
    await stage.quietly();
    stage.reader.entry('6-0', [grant(1)]);
    await settled();
    stage.reader.entry('7-0', [grant(2), grant(3)]);
    stage.reader.entry('7-1', [grant(4)]);
    await settled();
    expect(stage.reader.released).not.toContain('6-0');
    await stage.journal.commit();
    await settled();
    expect(stage.reader.released.at(-1)).toBe('6-0');
    await stage.journal.commit();
    expect(stage.journal.offsets).toEqual(['6-0', '7-1']);
    expect(stage.reader.released.at(-1)).toBe('7-1');
  });
});

describe('a refusal', () => {
  it('of a late command leaves with a durable batch, and nothing was executed', async () => {
    await stage.quietly();
    stage.reader.entry('6-0', [grant(1, 100), grant(2, 100)], { isLate: true });
    await settled();
    expect(stage.replies()).toEqual([]);
    await stage.journal.commit();
    expect(stage.replies()).toMatchObject([
      { id: 1, outcome: 'unavailable', body: { code: 'SERVICE_UNAVAILABLE' } },
      { id: 2, outcome: 'unavailable' },
    ]);
    expect(stage.journal.offsets).toEqual(['6-0']);
    stage.reader.entry('7-0', [grant(3, 1)]);
    await settled();
    await stage.journal.commit();
    expect(stage.replies().at(-1)).toMatchObject({ body: { balance: { available: 1 } } });
  });

  it('of a leader that was deposed is never said: the next one may execute it', async () => {
    await stage.quietly();
    stage.reader.entry('6-0', [grant(1)], { isLate: true });
    await settled();
    await stage.journal.fail(new DeposedError('another'));
    stage.reader.entry('7-0', [grant(2)], { isLate: true });
    stage.reader.entry('8-0', [grant(3)]);
    await settled();
    expect([stage.replies(), stage.failures.length]).toEqual([[], 1]);
  });
});

describe('a full pipeline', () => {
  it('holds the next entry back until there is room', async () => {
    stage.realm.stop();
    await stage.seat.stop();
    stage = new SeatStage(4);
    await stage.quietly();
    expect(stage.reader.entry('6-0', [grant(1)])).toBeNull();
    await settled();
    const waits = stage.reader.entry('7-0', [grant(2), grant(3)]);
    let hasRoom = false;
    void waits?.then(() => {
      hasRoom = true;
    });
    await settled();
    expect([waits === null, hasRoom]).toEqual([false, false]);
    await stage.journal.commit();
    await settled();
    expect(hasRoom).toBe(true);
    await stage.journal.commit();
    expect(stage.replies().map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
  });

  it('does not hold up a realm that stops', async () => {
    stage.realm.stop();
    await stage.seat.stop();
    stage = new SeatStage(2);
    await stage.quietly();
    stage.reader.entry('6-0', [grant(1)]);
    await settled();
    const waits = stage.reader.entry('7-0', [grant(2)]);
    stage.realm.stop();
    await waits;
    expect(stage.replies()).toEqual([]);
  });
});

describe('what nodes ask', () => {
  it('is answered behind everything that was announced before', async () => {
    stage.channel.published.length = 0;
    stage.channel.question({ node: 'b', n: 1, ask: { kind: 'snapshot', channel: 'book:ore' } });
    stage.channel.question({
      node: 'c',
      n: 2,
      ask: { kind: 'window', player: 'alice', window: 1 },
    });
    await settled();
    expect(stage.channel.published.map(({ kind, node }) => [kind, node])).toEqual([
      ['answer', 'b'],
      ['answer', 'c'],
    ]);
    const [book, window] = stage.channel.of<Answered>('answer').map(({ content }) => content);
    expect(book).toMatchObject({ epoch: EPOCH, n: 1, answer: expect.any(Uint8Array) });
    expect(window).toEqual({ epoch: EPOCH, n: 2, answer: null });
  });

  it('is not answered when another leader goes on, and this one finds out', async () => {
    await stage.quietly();
    stage.channel.published.length = 0;
    stage.journalEnd = { head: stage.realm.released + 1, epoch: EPOCH + 1 };
    const window = { kind: 'window', player: 'alice', window: 1 } as const;
    stage.channel.question({ node: 'b', n: 1, ask: { kind: 'snapshot', channel: 'book:ore' } });
    stage.channel.question({ node: 'b', n: 2, ask: window });
    await settled();
    expect(stage.channel.of('answer')).toEqual([]);
    expect(stage.journal.isAppending).toBe(true);
    await stage.journal.fail(new DeposedError('another'));
    expect(stage.failures.length).toBe(1);
  });

  it('about the market is answered as in one process', async () => {
    const payload = { item: 'ore', location: 'main' };
    stage.channel.question({
      node: 'b',
      n: 1,
      ask: { kind: 'market', command: 'market.book', payload },
    });
    await settled();
    const [answered] = stage.channel.of<Answered>('answer');
    expect(answered?.content.answer).toMatchObject({ outcome: expect.any(String) });
  });

  it('to listen for is answered with the position, once the node is known', async () => {
    await stage.quietly();
    stage.channel.question({ node: 'b', n: 1, ask: { kind: 'listen', player: 'alice' } });
    expect(stage.channel.of('answer')).toEqual([]);
    const state = { isComplete: true, listening: [], present: [], isLeaving: false };
    stage.channel.state({ node: 'b', count: 1, ...state });
    stage.channel.question({ node: 'b', n: 2, ask: { kind: 'listen', player: 'alice' } });
    expect(stage.channel.of<Answered>('answer')[0]?.content).toEqual({
      epoch: EPOCH,
      n: 2,
      answer: stage.realm.released,
    });
    expect(stage.registry.listens('alice')).toBe(true);
  });
});

describe('a loss', () => {
  it('is counted, at least as one when it is not known how much it is', () => {
    stage.reader.lose({ node: 'b', batches: 3 });
    stage.reader.lose({ node: '', batches: 0 });
    expect(stage.lost).toBe(4);
  });
});
