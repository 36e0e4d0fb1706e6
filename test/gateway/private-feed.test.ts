import { describe, expect, test } from 'vitest';
import { decodeServerFrame, type ServerEvent } from '../../protocol/codec.ts';
import type { MeSnapshot } from '../../protocol/events.ts';
import { createLog } from '../../src/base/log.ts';
import { SampledLog } from '../../src/base/sampled-log.ts';
import { Player } from '../../src/gateway/players.ts';
import { PrivateFeed } from '../../src/gateway/private-feed.ts';
import { emptyEvent as event, sleep } from '../support/gateway-fixture.ts';

const EMPTY: MeSnapshot = { balances: [], orders: [], offers: [], windows: [] };

class Reader {
  readonly events: ServerEvent[] = [];
  overruns = 0;

  sendPrivate(frame: Uint8Array): void {
    this.events.push(decodeServerFrame(frame) as ServerEvent);
  }

  sendSnapshot(frame: Uint8Array): void {
    this.sendPrivate(frame);
  }

  overrun(): void {
    this.overruns += 1;
  }

  /** `snapshot@100 105<100 ...`: kinds, sequences, and what each one follows. */
  get story(): string {
    return this.events
      .map(({ kind, sequence, previousSequence }) =>
        kind === 'event' ? `${sequence}<${previousSequence}` : `${kind}@${sequence}`,
      )
      .join(' ');
  }
}

type Snapshot = { sequence: number; data: MeSnapshot };

function feedWith(bounds = { resumeEventsMax: 10, resumeBytesMax: 10_000 }) {
  const reads: { resolve: (sequence: number) => void; reject: (error: Error) => void }[] = [];
  const feed = new PrivateFeed(new Player('alice'), {
    epoch: 7,
    bounds,
    log: new SampledLog(createLog('silent')),
    read: () =>
      new Promise<Snapshot>((resolve, reject) => {
        reads.push({ resolve: sequence => resolve({ sequence, data: EMPTY }), reject });
      }),
  });
  const publish = (...sequences: number[]) => {
    for (const sequence of sequences) feed.publish(sequence, event(sequence), 1);
  };
  /** Answers the oldest read and lets the feed go on. */
  const answer = async (sequence: number) => {
    reads.shift()?.resolve(sequence);
    await sleep(0);
  };
  return { feed, reads, publish, answer };
}

describe('the chain of a private feed', () => {
  test('events before the snapshot are dropped, later ones follow it', async () => {
    const { feed, publish, answer } = feedWith();
    const reader = new Reader();
    feed.join(reader);
    publish(98, 105, 110);
    await answer(100);
    publish(112);
    expect(reader.story).toBe('snapshot@100 105<100 110<105 112<110');
  });

  test('a snapshot that covers all that came meanwhile', async () => {
    const { feed, publish, answer } = feedWith();
    const reader = new Reader();
    feed.join(reader);
    publish(98, 99);
    await answer(120);
    publish(130);
    expect(reader.story).toBe('snapshot@120 130<120');
  });

  test('a second socket gets a snapshot that fits into the chain of the first', async () => {
    const { feed, publish, answer } = feedWith();
    const [first, second] = [new Reader(), new Reader()];
    feed.join(first);
    await answer(100);
    publish(105);
    feed.join(second);
    publish(110, 120);
    // Read at 115: it has 110 in it, and 120 not.
    await answer(115);
    publish(130);
    expect(first.story).toBe('snapshot@100 105<100 110<105 120<110 130<120');
    expect(second.story).toBe('snapshot@110 120<110 130<120');
  });

  test('a second socket while nothing happens stands where the first one stands', async () => {
    const { feed, publish, answer } = feedWith();
    const [first, second] = [new Reader(), new Reader()];
    feed.join(first);
    await answer(100);
    publish(105);
    feed.join(second);
    await answer(500);
    publish(600);
    expect(second.story).toBe('snapshot@105 600<105');
    expect(first.story).toBe('snapshot@100 105<100 600<105');
  });

  test('sockets that come during a read share it', async () => {
    const { feed, reads, publish, answer } = feedWith();
    const [first, second] = [new Reader(), new Reader()];
    feed.join(first);
    publish(105);
    feed.join(second);
    expect(reads).toHaveLength(1);
    await answer(100);
    expect(second.story).toBe('snapshot@100 105<100');
    expect(first.story).toBe(second.story);
  });

  test('a resync replaces what the socket knew', async () => {
    const { feed, publish, answer } = feedWith();
    const reader = new Reader();
    feed.join(reader);
    await answer(100);
    feed.join(reader);
    publish(101);
    await answer(100);
    publish(102);
    expect(reader.story).toBe('snapshot@100 snapshot@100 101<100 102<101');
  });

  test('a snapshot older than the chain is read again', async () => {
    const { feed, reads, publish, answer } = feedWith();
    const [first, second] = [new Reader(), new Reader()];
    feed.join(first);
    await answer(100);
    publish(105);
    feed.join(second);
    await answer(104);
    expect(second.story).toBe('');
    await sleep(300);
    expect(reads).toHaveLength(1);
    await answer(105);
    expect(second.story).toBe('snapshot@105');
  });

  test('a read that fails is tried again', async () => {
    const { feed, reads, answer } = feedWith();
    const reader = new Reader();
    feed.join(reader);
    reads.shift()?.reject(new Error('away'));
    await sleep(300);
    await answer(100);
    expect(reader.story).toBe('snapshot@100');
  });

  test('more events than can be held back overrun those who wait, and nobody else', async () => {
    const { feed, publish, answer } = feedWith();
    const [live, waiting] = [new Reader(), new Reader()];
    feed.join(live);
    await answer(100);
    feed.join(waiting);
    publish(...Array.from({ length: 4_097 }, (_, i) => 101 + i));
    expect(waiting.overruns).toBe(1);
    expect(live.overruns).toBe(0);
    expect(live.events).toHaveLength(4_098);
  });

  test('who leaves hears nothing more, also from a read under way', async () => {
    const { feed, publish, answer } = feedWith();
    const [first, second] = [new Reader(), new Reader()];
    feed.join(first);
    await answer(100);
    feed.join(second);
    feed.leave(second);
    feed.leave(first);
    await answer(100);
    publish(101);
    expect(second.story).toBe('');
    expect(first.story).toBe('snapshot@100');
    expect(feed.deserted).toBe(true);
  });
});

describe('resuming', () => {
  async function left(bounds?: { resumeEventsMax: number; resumeBytesMax: number }) {
    const setup = feedWith(bounds);
    const gone = new Reader();
    setup.feed.join(gone);
    await setup.answer(100);
    setup.publish(105);
    setup.feed.leave(gone);
    setup.publish(110, 120);
    return setup;
  }
  const sequencesOf = (frames: readonly Uint8Array[] | null) =>
    frames?.map(frame => (decodeServerFrame(frame) as ServerEvent).sequence) ?? null;

  test.each([
    ['the snapshot', 100, [105, 110, 120]],
    ['an event', 105, [110, 120]],
    ['the latest event', 120, []],
    ['a sequence that was never sent', 107, null],
    ['the future', 121, null],
    ['nothing', 0, null],
  ])('from %s', async (_name, sequence, expected) => {
    const { feed, publish } = await left();
    const reader = new Reader();
    expect(sequencesOf(feed.resume(reader, 7, sequence))).toEqual(expected);
    publish(130);
    expect(reader.story).toBe(expected === null ? '' : '130<120');
  });

  test('not from another epoch', async () => {
    const { feed } = await left();
    expect(feed.resume(new Reader(), 6, 105)).toBeNull();
  });

  test('not before the first snapshot', () => {
    const { feed } = feedWith();
    feed.join(new Reader());
    expect(feed.resume(new Reader(), 7, 0)).toBeNull();
  });

  test('not from further back than what is kept, by number or by bytes', async () => {
    for (const bounds of [
      { resumeEventsMax: 2, resumeBytesMax: 10_000 },
      { resumeEventsMax: 10, resumeBytesMax: 130 },
    ]) {
      const { feed } = await left(bounds);
      expect(feed.resume(new Reader(), 7, 100)).toBeNull();
      expect(sequencesOf(feed.resume(new Reader(), 7, 105))).toEqual([110, 120]);
    }
  });
});
