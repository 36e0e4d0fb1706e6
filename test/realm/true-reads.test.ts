// A read is answered from a snapshot that shows the end of the journal as it was when the read
// came, or not at all. The database here is a few numbers that the test moves.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InvariantError } from '../../src/base/assert.ts';
import type { ReadRequest } from '../../src/gateway/port.ts';
import { TrueReads } from '../../src/realm/true-reads.ts';
import { testKey } from '../support/test-key.ts';

const request = { command: 'wallet.get', payload: {}, player: 'ann', role: 'standard' } as const;

let head: number;
/** What the tables show, and what they are thought to show by who waits for them. */
let shown: number;
let thought: number | null;
let isAway: boolean;
/** An answer is set aside. */
let isSetAside: boolean;
/** The bounds that snapshots were asked for with. */
let bounds: number[];
let reads: TrueReads;

beforeEach(() => {
  vi.useFakeTimers();
  [head, shown, thought, isAway, bounds] = [10, 10, null, false, []];
  isSetAside = false;
  const read = async (atLeast: number) => {
    if (isAway) throw new Error('away');
    bounds.push(atLeast);
    return shown >= atLeast ? shown : null;
  };
  reads = new TrueReads(
    {
      answer: async (_request, atLeast) => {
        const at = await read(atLeast);
        return at === null ? null : { outcome: 'ok', body: { at } };
      },
      privateSnapshot: async (_player, _from, atLeast) => {
        const position = await read(atLeast);
        if (position === null) return null;
        const part = { sequence: position, data: {} as never, next: null, databaseMs: 1 };
        return { position, ...part };
      },
      windowEnd: async (_player, _window, atLeast) =>
        (await read(atLeast)) === null ? null : { ended: null },
      lookUpKeys: async (_questions, atLeast) => {
        const at = await read(atLeast);
        if (at === null) return null;
        const nothing = { floor: null, watermark: null, answered: null };
        return { recalled: isSetAside ? null : [{ sequence: at, ...nothing }] };
      },
    },
    {
      standing: async () => {
        if (isAway) throw new Error('away');
        return { head, epoch: 1, position: thought ?? shown, quarantined: 0 };
      },
      waitFor: async (position, timeoutMs) => {
        const untilMs = performance.now() + timeoutMs;
        while ((thought ?? shown) < position) {
          if (performance.now() >= untilMs) return false;
          await new Promise(resolve => setTimeout(resolve, 1));
        }
        return true;
      },
    },
  );
});

afterEach(() => vi.useRealTimers());

async function outcome(answer: Promise<unknown>, ms: number): Promise<unknown> {
  let result: unknown = 'waits';
  void answer.then(
    found => {
      result = found;
    },
    (error: Error) => {
      result = error.message;
    },
  );
  await vi.advanceTimersByTimeAsync(ms);
  return result;
}

const ask = () => reads.answer(request as ReadRequest);

describe('a read of the tables', () => {
  it('sees the end of the journal as it was when the read came', async () => {
    head = 12;
    const answer = ask();
    expect(await outcome(answer, 50)).toBe('waits');
    // What comes later need not be waited for.
    [shown, head] = [12, 99];
    expect(await outcome(answer, 50)).toEqual({ outcome: 'ok', body: { at: 12 } });
    expect(bounds).toEqual([12]);
  });

  it('is not answered by tables that fell back without anybody noticing', async () => {
    [shown, thought] = [7, 10];
    const answer = ask();
    expect(await outcome(answer, 100)).toBe('waits');
    shown = 10;
    expect(await outcome(answer, 50)).toEqual({ outcome: 'ok', body: { at: 10 } });
  });

  it('waits for a database that is back in a moment', async () => {
    isAway = true;
    const answer = ask();
    expect(await outcome(answer, 1_000)).toBe('waits');
    isAway = false;
    expect(await outcome(answer, 50)).toEqual({ outcome: 'ok', body: { at: 10 } });
  });

  it('of a restored database asks for its end anew, and not for what was lost', async () => {
    head = 20;
    const answer = ask();
    await outcome(answer, 10);
    [head, shown] = [6, 6];
    expect(await outcome(answer, 5_050)).toMatchObject({ outcome: 'unavailable' });
    expect(await outcome(ask(), 10)).toEqual({ outcome: 'ok', body: { at: 6 } });
  });

  it.each([
    ['the tables are too late', () => (head = 99)],
    ['the database is away', () => (isAway = true)],
    ['the tables fell back', () => ([shown, thought] = [1, 10])],
  ])('is unavailable, never old, while %s', async (_, happens) => {
    happens();
    expect(await outcome(ask(), 4_900)).toBe('waits');
    expect(await outcome(ask(), 5_050)).toMatchObject({ outcome: 'unavailable' });
  });

  it('does not hide that a rule is broken', async () => {
    const broken = new TrueReads(
      {
        answer: () => Promise.reject(new InvariantError('a rule')),
        privateSnapshot: () => Promise.reject(new InvariantError('a rule')),
        windowEnd: () => Promise.reject(new InvariantError('a rule')),
        lookUpKeys: () => Promise.reject(new InvariantError('a rule')),
      },
      {
        standing: async () => ({ head, epoch: 1, position: 10, quarantined: 0 }),
        waitFor: async () => true,
      },
    );
    expect(await outcome(broken.answer(request as ReadRequest), 10)).toMatch('a rule');
  });
});

describe('a lookup of keys', () => {
  const question = [{ player: 'game', key: testKey('k') }];

  it('waits for tables that show what is in the journal', async () => {
    head = 12;
    setTimeout(() => (shown = 12), 1_000);
    expect(await outcome(reads.recall(question), 900)).toBe('waits');
    expect(await outcome(reads.recall(question), 500)).toMatchObject([{ sequence: 12 }]);
  });

  it('says that it can not be known, at once when an answer is set aside', async () => {
    isSetAside = true;
    expect(await outcome(reads.recall(question), 10)).toMatch('can not say');
    [isSetAside, isAway] = [false, true];
    expect(await outcome(reads.recall(question), 5_050)).toMatch('behind the journal');
  });
});

describe('a private snapshot', () => {
  it('is read under the same rule, and says where it stands', async () => {
    head = 12;
    const snapshot = reads.privateSnapshot('ann', null);
    expect(await outcome(snapshot, 50)).toBe('waits');
    shown = 13;
    expect(await outcome(snapshot, 50)).toMatchObject({ position: 13 });
  });

  it('fails when it cannot be true in time', async () => {
    head = 99;
    expect(await outcome(reads.privateSnapshot('ann', null), 5_050)).toMatch('behind the journal');
  });
});
