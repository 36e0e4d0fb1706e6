import { describe, expect, test } from 'vitest';
import { decodeServerFrame, type ServerEvent } from '../../protocol/codec.ts';
import type { MeSnapshot } from '../../protocol/events.ts';
import { createLog } from '../../src/base/log.ts';
import { SampledLog } from '../../src/base/sampled-log.ts';
import { Player } from '../../src/gateway/players.ts';
import type { PrivatePart } from '../../src/gateway/port.ts';
import { PrivateFeed } from '../../src/gateway/private-feed.ts';
import { emptyEvent as event, sleep } from '../support/gateway-fixture.ts';

const EMPTY: MeSnapshot = { balances: [], orders: [], offers: [], windows: [], more: false };

class Reader {
  readonly events: ServerEvent[] = [];
  overruns = 0;

  sendPrivate(frame: Uint8Array): void {
    this.events.push(decodeServerFrame(frame) as ServerEvent);
  }

  sendAnswer(frame: Uint8Array): void {
    this.sendPrivate(frame);
  }

  /** While there is no room, what waits for it. */
  room = true;
  readonly waiting: (() => void)[] = [];

  whenReady(goOn: () => void): void {
    if (this.room) goOn();
    else this.waiting.push(goOn);
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

function feedWith(bounds = { resumeEventsMax: 10, resumeBytesMax: 10_000 }) {
  const reads: {
    from: readonly number[] | null;
    resolve: (sequence: number, next?: readonly number[]) => void;
    reject: (error: Error) => void;
  }[] = [];
  const feed = new PrivateFeed(new Player('alice'), {
    epoch: 7,
    bounds,
    log: new SampledLog(createLog('silent')),
    read: (_player, from) =>
      new Promise<PrivatePart>((resolve, reject) => {
        const part = { data: EMPTY, databaseMs: 1 };
        reads.push({
          from,
          resolve: (sequence, next) => resolve({ ...part, sequence, next: next ?? null }),
          reject,
        });
      }),
  });
  const publish = (...sequences: number[]) => {
    for (const sequence of sequences) feed.publish(sequence, event(sequence), 1);
  };
  /** Answers the oldest read and lets the feed go on. */
  const answer = async (sequence: number, next?: readonly number[]) => {
    reads.shift()?.resolve(sequence, next);
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

  test('sockets that come during a read share the next one, which is not older', async () => {
    const { feed, reads, publish, answer } = feedWith();
    const [first, ...others] = [new Reader(), new Reader(), new Reader()];
    feed.join(first as Reader);
    publish(105);
    for (const other of others) feed.join(other);
    expect(reads).toHaveLength(1);
    await answer(100);
    expect(first?.story).toBe('snapshot@100 105<100');
    expect(reads).toHaveLength(1);
    publish(107);
    await answer(106);
    for (const other of others) expect(other.story).toBe('snapshot@105 107<105');
    expect(first?.story).toBe('snapshot@100 105<100 107<105');
    expect(reads).toHaveLength(0);
  });

  test('who came during a read that failed gets the one that is tried again', async () => {
    const { feed, reads, answer } = feedWith();
    const [first, second, gone] = [new Reader(), new Reader(), new Reader()];
    feed.join(first);
    feed.join(second);
    feed.join(gone);
    feed.leave(gone);
    reads.shift()?.reject(new Error('away'));
    await sleep(300);
    await answer(100);
    expect([first.story, second.story, gone.story]).toEqual(['snapshot@100', 'snapshot@100', '']);
  });

  test('what a snapshot has already is not published behind it: no sequence falls', async () => {
    const { feed, publish, answer } = feedWith();
    const reader = new Reader();
    feed.join(reader);
    await answer(100);
    publish(99, 100, 101, 101, 98, 102);
    expect(reader.story).toBe('snapshot@100 101<100 102<101');
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

describe('a snapshot in parts', () => {
  test('each part has its place in the chain, and says where the next one is read', async () => {
    const { feed, reads, publish, answer } = feedWith();
    const reader = new Reader();
    feed.join(reader);
    await answer(100, [5]);
    expect(reads.map(({ from }) => from)).toEqual([[5]]);
    // The part that is read at 110 has 105 and 110 in it, and 120 not.
    publish(105, 110, 120);
    expect(reader.story).toBe('snapshot@100');
    await answer(110, [9]);
    expect(reader.story).toBe('snapshot@100 105<100 110<105 part@110 120<110');
    publish(130);
    await answer(140);
    publish(150);
    expect(reader.story).toBe(
      'snapshot@100 105<100 110<105 part@110 120<110 130<120 part@130 150<130',
    );
    expect(reads).toHaveLength(0);
  });

  test('the next part is read when there is room for it; events do not wait so long', async () => {
    const { feed, reads, publish, answer } = feedWith();
    const reader = new Reader();
    feed.join(reader);
    reader.room = false;
    await answer(100, [5]);
    publish(105);
    expect(reads).toHaveLength(0);
    expect(reader.story).toBe('snapshot@100 105<100');
    reader.waiting.shift()?.();
    publish(110);
    await answer(110);
    expect(reader.story).toBe('snapshot@100 105<100 110<105 part@110');
  });

  test('a part that is too old is read again, and what came meanwhile is not lost', async () => {
    const { feed, publish, answer } = feedWith();
    const reader = new Reader();
    feed.join(reader);
    await answer(100);
    publish(105);
    feed.join(reader);
    await answer(105, [5]);
    publish(110);
    await answer(104);
    publish(120);
    await sleep(300);
    expect(reader.story).toBe('snapshot@100 105<100 snapshot@105 110<105 120<110');
    await answer(120);
    publish(130);
    expect(reader.story).toBe('snapshot@100 105<100 snapshot@105 110<105 120<110 part@120 130<120');
  });

  test('a resync in the middle begins anew, and asking again reads nothing twice', async () => {
    const { feed, reads, answer } = feedWith();
    const reader = new Reader();
    feed.join(reader);
    await answer(100, [5]);
    for (let times = 0; times < 50; times++) feed.join(reader);
    expect(reads.map(({ from }) => from)).toEqual([[5], null]);
    reader.room = false;
    await answer(100, [9]);
    expect(reader.story).toBe('snapshot@100');
    await answer(100);
    expect(reader.story).toBe('snapshot@100 snapshot@100');
    for (let times = 0; times < 50; times++) feed.join(reader);
    expect([reads.length, reader.waiting.length]).toEqual([0, 1]);
  });

  test('who leaves in the middle of it is not waited for', async () => {
    const { feed, reads, answer } = feedWith();
    const reader = new Reader();
    feed.join(reader);
    reader.room = false;
    await answer(100, [5]);
    feed.leave(reader);
    expect(feed.deserted).toBe(true);
    reader.waiting.shift()?.();
    expect(reads).toHaveLength(0);
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
