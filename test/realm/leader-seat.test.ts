// Where the leader's realm meets the stream: a real realm over a journal that commits when told to,
// entries off a stream in memory, and the replies as a node gets them.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StepClock } from '../../src/base/clock.ts';
import type { Answered, ReplyBatch, SentCommand } from '../../src/cluster/messages.ts';
import { Engine } from '../../src/engine/engine.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import type { Batch } from '../../src/journal/journal.ts';
import { DeposedError } from '../../src/journal/journal.ts';
import { FeedCollector } from '../../src/realm/feed-collector.ts';
import { LeaderSeat } from '../../src/realm/leader-seat.ts';
import { NodeRegistry } from '../../src/realm/node-registry.ts';
import { Realm } from '../../src/realm/realm.ts';
import { decodeReply, FakeLeaderChannel, FakeReader, type Reply } from '../support/fake-cluster.ts';
import { FakeJournal, settled } from '../support/fake-journal.ts';
import { quiet } from '../support/postgres.ts';

const EPOCH = 4;

class NotingJournal extends FakeJournal {
  readonly offsets: (string | undefined)[] = [];

  override append(batch: Batch): Promise<number> {
    this.offsets.push(batch.offset);
    return super.append(batch);
  }
}

let journal: NotingJournal;
let channel: FakeLeaderChannel;
let reader: FakeReader;
let registry: NodeRegistry;
let realm: Realm;
let seat: LeaderSeat;
let lost: number;
let failures: unknown[];
let engine: Engine;

beforeEach(() => begin(1_000));

afterEach(async () => {
  realm.stop();
  await seat.stop();
});

function begin(waitingEntriesMax: number): void {
  engine = new Engine(DEFAULT_RULES);
  journal = new NotingJournal();
  channel = new FakeLeaderChannel();
  reader = new FakeReader();
  lost = 0;
  failures = [];
  const order = () => {};
  registry = new NodeRegistry({ socketsPerPlayerMax: 5, presence: () => {}, order });
  const collector = new FeedCollector({
    ...{ channel, registry, epoch: EPOCH, node: 'a', begin: '5-0', position },
    lagMs: () => 0,
    clock: new StepClock(),
  });
  realm = new Realm({
    name: 'main',
    epoch: EPOCH,
    position: 1,
    offset: '5-0',
    engine,
    journal,
    projection: {
      lagMs: 0,
      isFailing: false,
      notify: () => {},
      waitFor: async () => {},
      onEpoch: () => {},
      onBroken: () => {},
    },
    reader: {
      answer: () => Promise.reject(new Error('Nobody reads tables here.')),
      privateSnapshot: () => Promise.reject(new Error('Nobody reads tables here.')),
    },
    sink: collector,
    clock: new StepClock(),
    limits: {
      waitingEntriesMax,
      waitingBytesMax: 10_000_000,
      replyTimeoutMs: 10_000,
      projectionLagMaxMs: 10_000,
    },
    feedIntervalMs: 10,
    amountWordsLocale: 'en-US',
    observer: { appended: () => {} },
    durable: offset => seat.durable(offset),
    failed: error => failures.push(error),
  });
  const count = (batches: number) => {
    lost += batches;
  };
  seat = new LeaderSeat({ realm, reader, channel, registry, collector, log: quiet, lost: count });
  realm.start();
  seat.start('5-0');
}

function position(): number {
  return realm.released;
}

function grant(n: number, quantity = 1): SentCommand {
  const payload = { player: 'alice', asset: 'coins', quantity };
  return { n, player: 'game', key: null, command: 'wallet.grant', payload };
}

/** Everything that nodes were told of their commands. */
function replies(node = 'b'): Reply[] {
  return channel
    .of<ReplyBatch>('replies')
    .filter(one => one.node === node)
    .flatMap(({ content: { frames, places } }) => {
      const found: Reply[] = [];
      for (let i = 0; i < places.length; i += 3) {
        found.push(decodeReply(frames.slice(places[i + 1], places[i + 2])));
        expect(found.at(-1)?.id).toBe(places[i]);
      }
      return found;
    });
}

/** Lets the first tick of the realm become durable, so that a test begins with a quiet one. */
async function quietly(): Promise<void> {
  await settled();
  while (journal.isAppending) {
    await journal.commit();
    await settled();
  }
  journal.offsets.length = 0;
}

describe('an entry of the stream', () => {
  it('is taken behind the offset of the journal', () => {
    expect(reader.startedAt).toBe('5-0');
  });

  it('is answered to its node when it is durable, with the position that holds it', async () => {
    await quietly();
    reader.entry('6-0', [grant(1), grant(2)]);
    reader.entry('7-0', [grant(1)], { node: 'c' });
    await settled();
    expect(replies()).toEqual([]);
    await journal.commit();
    expect(replies()).toMatchObject([
      { id: 1, outcome: 'ok', body: { balance: { available: 1 } } },
      { id: 2, outcome: 'ok', body: { balance: { available: 2 } } },
    ]);
    expect(replies('c')).toMatchObject([{ id: 1, body: { balance: { available: 3 } } }]);
    const [first] = channel.of<ReplyBatch>('replies');
    expect(first?.content).toMatchObject({ epoch: EPOCH, position: realm.released });
  });

  it('is never split over two batches: the offset of a batch is exact', async () => {
    await quietly();
    reader.entry('6-0', [grant(1)]);
    await settled();
    reader.entry('7-0', [grant(2), grant(3)]);
    reader.entry('7-1', [grant(4)]);
    await settled();
    expect(reader.released).not.toContain('6-0');
    await journal.commit();
    await settled();
    expect(reader.released.at(-1)).toBe('6-0');
    await journal.commit();
    expect(journal.offsets).toEqual(['6-0', '7-1']);
    expect(reader.released.at(-1)).toBe('7-1');
  });
});

describe('a refusal', () => {
  it('of a late command leaves with a durable batch, and nothing was executed', async () => {
    await quietly();
    reader.entry('6-0', [grant(1, 100), grant(2, 100)], { isLate: true });
    await settled();
    expect(replies()).toEqual([]);
    await journal.commit();
    expect(replies()).toMatchObject([
      { id: 1, outcome: 'unavailable', body: { code: 'SERVICE_UNAVAILABLE' } },
      { id: 2, outcome: 'unavailable' },
    ]);
    expect(journal.offsets).toEqual(['6-0']);
    reader.entry('7-0', [grant(3, 1)]);
    await settled();
    await journal.commit();
    expect(replies().at(-1)).toMatchObject({ body: { balance: { available: 1 } } });
  });

  it('of a leader that was deposed is never said: the next one may execute it', async () => {
    await quietly();
    reader.entry('6-0', [grant(1)], { isLate: true });
    await settled();
    await journal.fail(new DeposedError('another'));
    reader.entry('7-0', [grant(2)], { isLate: true });
    reader.entry('8-0', [grant(3)]);
    await settled();
    expect([replies(), failures.length]).toEqual([[], 1]);
  });
});

describe('a full pipeline', () => {
  it('holds the next entry back until there is room', async () => {
    realm.stop();
    await seat.stop();
    begin(4);
    await quietly();
    expect(reader.entry('6-0', [grant(1)])).toBeNull();
    await settled();
    const waits = reader.entry('7-0', [grant(2), grant(3)]);
    let hasRoom = false;
    void waits?.then(() => {
      hasRoom = true;
    });
    await settled();
    expect([waits === null, hasRoom]).toEqual([false, false]);
    await journal.commit();
    await settled();
    expect(hasRoom).toBe(true);
    await journal.commit();
    expect(replies().map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
  });

  it('does not hold up a realm that stops', async () => {
    realm.stop();
    await seat.stop();
    begin(2);
    await quietly();
    reader.entry('6-0', [grant(1)]);
    await settled();
    const waits = reader.entry('7-0', [grant(2)]);
    realm.stop();
    await waits;
    expect(replies()).toEqual([]);
  });
});

describe('what nodes ask', () => {
  it('is answered behind everything that was announced before', () => {
    channel.published.length = 0;
    channel.question({ node: 'b', n: 1, ask: { kind: 'snapshot', channel: 'book:ore' } });
    channel.question({ node: 'c', n: 2, ask: { kind: 'window', player: 'alice', window: 1 } });
    expect(channel.published.map(({ kind, node }) => [kind, node])).toEqual([
      ['answer', 'b'],
      ['answer', 'c'],
    ]);
    const [book, window] = channel.of<Answered>('answer').map(({ content }) => content);
    expect(book).toMatchObject({ epoch: EPOCH, n: 1, answer: expect.any(Uint8Array) });
    expect(window).toEqual({ epoch: EPOCH, n: 2, answer: null });
  });

  it('about the market is answered as in one process', async () => {
    const payload = { item: 'ore', location: 'main' };
    channel.question({ node: 'b', n: 1, ask: { kind: 'market', command: 'market.book', payload } });
    await settled();
    const [answered] = channel.of<Answered>('answer');
    expect(answered?.content.answer).toMatchObject({ outcome: expect.any(String) });
  });

  it('to listen for is answered with the position, once the node is known', async () => {
    await quietly();
    channel.question({ node: 'b', n: 1, ask: { kind: 'listen', player: 'alice' } });
    expect(channel.of('answer')).toEqual([]);
    const state = { isComplete: true, listening: [], present: [], isLeaving: false };
    channel.state({ node: 'b', count: 1, ...state });
    channel.question({ node: 'b', n: 2, ask: { kind: 'listen', player: 'alice' } });
    expect(channel.of<Answered>('answer')[0]?.content).toEqual({
      epoch: EPOCH,
      n: 2,
      answer: realm.released,
    });
    expect(registry.listens('alice')).toBe(true);
  });
});

describe('a loss', () => {
  it('is counted, at least as one when it is not known how much it is', () => {
    reader.lose({ node: 'b', batches: 3 });
    reader.lose({ node: '', batches: 0 });
    expect(lost).toBe(4);
  });
});
