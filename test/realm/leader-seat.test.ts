// Where the leader's realm meets the stream: what becomes of an entry, and what nodes are told.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tableHash } from '../../protocol/window-hash.ts';
import type { Answered, ReplyBatch, SentCommand } from '../../src/cluster/messages.ts';
import { DeposedError } from '../../src/journal/journal.ts';
import { stateOf } from '../support/fake-cluster.ts';
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
      ask: { kind: 'windows', player: 'alice', windows: [1, 2] },
    });
    await settled();
    expect(stage.channel.published.map(({ kind, node }) => [kind, node])).toEqual([
      ['answer', 'b'],
      ['answer', 'c'],
    ]);
    const [book, window] = stage.channel.of<Answered>('answer').map(({ content }) => content);
    expect(book).toMatchObject({ epoch: EPOCH, n: 1, answer: expect.any(Uint8Array) });
    expect(window).toEqual({ epoch: EPOCH, n: 2, answer: [null, null] });
  });

  it('is not answered when another leader goes on, and this one finds out', async () => {
    await stage.quietly();
    stage.channel.published.length = 0;
    stage.journalEnd = { head: stage.realm.released + 1, epoch: EPOCH + 1 };
    const windows = { kind: 'windows', player: 'alice', windows: [1] } as const;
    stage.channel.question({ node: 'b', n: 1, ask: { kind: 'snapshot', channel: 'book:ore' } });
    stage.channel.question({ node: 'b', n: 2, ask: windows });
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
    stage.channel.state(stateOf({ piece: 'only' }));
    stage.channel.question({ node: 'b', n: 2, ask: { kind: 'listen', player: 'alice' } });
    expect(stage.channel.of<Answered>('answer')[0]?.content).toEqual({
      epoch: EPOCH,
      n: 2,
      answer: stage.realm.released,
    });
    expect(stage.registry.listens('alice')).toBe(true);
  });
});

describe('who comes and goes', () => {
  const command = (n: number, player: string, name: string, payload: unknown) => {
    return { n, player, key: null, sender: 'player' as const, command: name, payload };
  };
  const here = (count: number, ...present: [player: string, sockets: number][]) => {
    return { count, piece: count === 1 ? ('only' as const) : ('change' as const), present };
  };

  /** A window of alice and bob with coins of alice on it, that may be accepted. */
  async function open(): Promise<() => object> {
    await stage.quietly();
    const { reader, engine, clock } = stage;
    const assets = [{ asset: 'coins', quantity: 1 }];
    reader.entry('6-0', [here(1, ['alice', 1], ['bob', 1]), grant(1)]);
    reader.entry('6-1', [command(2, 'alice', 'windows.invite', { player: 'bob' })]);
    reader.entry('6-2', [command(3, 'bob', 'windows.join', { window: 1 })]);
    reader.entry('6-3', [command(4, 'alice', 'windows.put', { window: 1, revision: 0, assets })]);
    clock.advance(engine.state.rules.direct.armAddedMs);
    await stage.quietly();
    const side = (player: string, lines: readonly object[]) => ({ player, assets: lines });
    const line = { asset: 'coins', location: 'main', quantity: 1 };
    const hash = tableHash(1, 1, [side('alice', [line]), side('bob', [])] as never);
    return () => command(5, 'bob', 'windows.accept', { window: 1, revision: 1, hash });
  }

  const bobsSide = () => stage.engine.state.windows.get(1)?.sides[1];

  it('comes in one order with the commands: who accepts and goes has gone', async () => {
    const accept = await open();
    stage.reader.entry('7-0', [accept() as SentCommand, here(2, ['bob', 0])]);
    expect(bobsSide()).toMatchObject({ accepted: true });
    expect(bobsSide()?.leavesAtMs).toBeGreaterThan(0);
    stage.clock.advance(stage.engine.state.rules.direct.awayAfterMs);
    await expect.poll(() => bobsSide()).toMatchObject({ accepted: false });
    expect(bobsSide()?.awayUntilMs).toBeGreaterThan(0);
  });

  it('is taken from an entry that came too late, too: it is the latest that is known', async () => {
    const accept = await open();
    stage.reader.entry('7-0', [accept() as SentCommand, here(2, ['bob', 0])], { isLate: true });
    expect(bobsSide()).toMatchObject({ accepted: false });
    expect(bobsSide()?.leavesAtMs).toBeGreaterThan(0);
  });

  it('is passed durably soon, once, so that the stream does not fill up with it', async () => {
    await open();
    stage.reader.entry('7-0', [here(2, ['bob', 0])]);
    stage.reader.entry('7-1', [here(3, ['bob', 1])]);
    const rows = stage.journal.rows.length;
    await expect.poll(() => stage.journal.isAppending, { timeout: 5_000 }).toBe(true);
    await stage.journal.commit();
    expect(stage.reader.released.at(-1)).toBe('7-1');
    await new Promise(resolve => setTimeout(resolve, 1_200));
    expect([stage.journal.isAppending, stage.journal.rows.length]).toEqual([false, rows + 1]);
  });

  it('to another node is not gone, whichever of the two is heard first', async () => {
    await open();
    stage.reader.entry('7-0', [here(2, ['bob', 0])]);
    stage.reader.entry('7-1', [here(1, ['bob', 1])], { node: 'c' });
    stage.reader.entry('7-2', [here(3, ['bob', 1])]);
    stage.reader.entry('7-3', [here(2, ['bob', 0])], { node: 'c' });
    await settled();
    stage.clock.advance(60_000);
    await stage.quietly();
    expect(bobsSide()).toMatchObject({ leavesAtMs: 0, awayUntilMs: 0 });
  });
});

describe('a loss', () => {
  it('is counted, at least as one when it is not known how much it is', () => {
    stage.reader.lose({ node: 'b', batches: 3 });
    stage.reader.lose({ node: '', batches: 0 });
    expect(stage.lost).toBe(4);
  });
});
