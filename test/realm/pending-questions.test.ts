// What a node has asked the leader: answered once, asked again while it matters, given up when a
// reader cannot wait longer.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ask } from '../../src/cluster/messages.ts';
import { RefusedError } from '../../src/cluster/refused.ts';
import { PendingQuestions } from '../../src/realm/pending-questions.ts';
import { FakeNodeChannel } from '../support/fake-cluster.ts';

const SNAPSHOT: Ask = { kind: 'snapshot', channel: 'book:ore' };
const BOOK: Ask = { kind: 'market', command: 'market.book', payload: { item: 'ore' } };

const frame = (byte = 1) => new Uint8Array([byte]);
const answered = (said: string) => ({ outcome: 'ok', body: { said } });

const somebody = (isWaiting = () => true) => ({ on: {}, isWaiting });

let channel: FakeNodeChannel;
let questions: PendingQuestions;

beforeEach(() => {
  vi.useFakeTimers();
  channel = new FakeNodeChannel();
  questions = new PendingQuestions(channel);
});

afterEach(() => {
  vi.useRealTimers();
});

function pass(ms: number): void {
  vi.advanceTimersByTime(ms);
  questions.sweep(performance.now());
}

const settle = (n: number, answer: unknown) => questions.settle({ epoch: 1, n, answer });

describe('a question for a snapshot', () => {
  it('is asked once for all who want it, and answered to each', () => {
    const heard: unknown[] = [];
    for (const name of ['a', 'b', 'c']) {
      questions.askUntilAnswered(SNAPSHOT, answer => heard.push([name, answer]), somebody());
    }
    expect(channel.asked).toEqual([{ n: 1, ask: SNAPSHOT }]);
    settle(1, frame());
    settle(1, frame());
    expect(heard).toEqual([
      ['a', frame()],
      ['b', frame()],
      ['c', frame()],
    ]);
  });

  it('is another one for another channel, and after its answer', () => {
    questions.askUntilAnswered(SNAPSHOT, () => {}, somebody());
    questions.askUntilAnswered({ kind: 'snapshot', channel: 'book:oak' }, () => {}, somebody());
    settle(1, frame());
    questions.askUntilAnswered(SNAPSHOT, () => {}, somebody());
    expect(channel.asked.map(({ n }) => n)).toEqual([1, 2, 3]);
  });

  it('is asked again every second, and never given up', () => {
    const heard: unknown[] = [];
    questions.askUntilAnswered(SNAPSHOT, answer => heard.push(answer), somebody());
    for (let i = 0; i < 100; i++) pass(100);
    expect(channel.asked.length).toBe(11);
    expect(heard).toEqual([]);
    settle(11, frame(2));
    expect(heard).toEqual([frame(2)]);
  });

  it('is not asked again when nobody waits for it any more, and nobody hears its answer', () => {
    const heard: string[] = [];
    let isGone = false;
    const gone = somebody(() => !isGone);
    questions.askUntilAnswered(SNAPSHOT, () => heard.push('gone'), gone);
    questions.askUntilAnswered({ kind: 'snapshot', channel: 'book:oak' }, () => {}, gone);
    questions.askUntilAnswered(SNAPSHOT, () => heard.push('there'), somebody());
    pass(1_000);
    expect(channel.asked.slice(2).map(({ n }) => n)).toEqual([3, 4]);
    isGone = true;
    pass(1_000);
    questions.askAgain();
    expect(channel.asked.slice(4).map(({ ask }) => ask)).toEqual([SNAPSHOT, SNAPSHOT]);
    settle(4, frame(4));
    settle(6, frame());
    expect(heard).toEqual(['there']);
  });

  it('has one place for whoever asks for the same again, however long the outage is', () => {
    const heard: string[] = [];
    const one = somebody();
    for (const time of ['first', 'second', 'third']) {
      questions.askUntilAnswered(SNAPSHOT, () => heard.push(time), one);
    }
    expect(channel.asked).toHaveLength(1);
    settle(1, frame());
    expect(heard).toEqual(['third']);
  });

  it('takes only the answer to what it asked last: an older one is from before a gap', () => {
    const heard: unknown[] = [];
    questions.askUntilAnswered(SNAPSHOT, answer => heard.push(answer), somebody());
    questions.askAgain();
    settle(1, frame(1));
    expect(heard).toEqual([]);
    settle(2, frame(2));
    expect(heard).toEqual([frame(2)]);
  });
});

describe('an answer of another kind than was asked for', () => {
  it.each([
    [SNAPSHOT, [null, 'frame', 7, {}]],
    [
      { kind: 'windows', player: 'alice', windows: [1, 2] },
      ['frame', 7, {}, null, [], [null], [null, 'frame'], [null, null, null]],
    ],
    [{ kind: 'listen', player: 'alice' }, [null, 1.5, '7', {}]],
    [BOOK, [null, 7, {}, { outcome: 'ok' }, { outcome: 'fine', body: {} }]],
  ] as [Ask, unknown[]][])('to %j is not heard, and who waits waits on', (ask, answers) => {
    const heard: unknown[] = [];
    questions.askUntilAnswered(ask, answer => heard.push(answer), somebody());
    for (const answer of answers) expect(() => settle(1, answer)).toThrow(RefusedError);
    pass(1_000);
    expect([heard, channel.asked.length]).toEqual([[], 2]);
  });
});

describe('a question of a reader', () => {
  it('is one of its own, and has no answer when none comes in two seconds', async () => {
    const [one, other] = [questions.ask(BOOK), questions.ask(BOOK)];
    expect(channel.asked).toHaveLength(2);
    settle(2, answered('book'));
    pass(1_999);
    settle(3, answered('too: it was asked again'));
    expect(await one).toEqual(answered('too: it was asked again'));
    expect(await other).toEqual(answered('book'));
    const late = questions.ask(BOOK);
    pass(2_000);
    expect(await late).toBeUndefined();
  });

  it('is answered with nothing when the node ends', async () => {
    const asked = questions.ask(BOOK);
    let isHeard = false;
    const hear = () => {
      isHeard = true;
    };
    questions.askUntilAnswered(SNAPSHOT, hear, somebody());
    questions.close();
    expect(await asked).toBeUndefined();
    expect(isHeard).toBe(false);
  });
});
