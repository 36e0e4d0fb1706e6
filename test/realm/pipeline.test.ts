// The pipeline over a journal that commits when told to: what leaves when, and what never does.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeServerFrame } from '../../protocol/codec.ts';
import { requestDigest } from '../../protocol/digest.ts';
import { StepClock } from '../../src/base/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Recalled } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import type { EngineRequest, ReplyTarget } from '../../src/gateway/port.ts';
import { DeposedError } from '../../src/journal/journal.ts';
import type { KeyQuestion } from '../../src/reads/key-lookup.ts';
import type { CommittedGroup } from '../../src/realm/announcer.ts';
import { LOOKUPS_MAX } from '../../src/realm/key-lookups.ts';
import { Pipeline } from '../../src/realm/pipeline.ts';
import { FakeJournal, settled } from '../support/fake-journal.ts';
import { testKey } from '../support/test-key.ts';

class Inbox implements ReplyTarget {
  readonly replies: { id: number | null; outcome: string; body: Record<string, unknown> }[] = [];

  deliver(arena: Uint8Array, replies: readonly number[]): void {
    for (let i = 0; i < replies.length; i += 3) {
      const frame = decodeServerFrame(arena.slice(replies[i + 1], replies[i + 2]));
      if (frame?.type !== 'reply') throw new Error('A reply frame was expected.');
      expect(frame.id).toBe(replies[i]);
      this.replies.push({ id: frame.id, outcome: frame.outcome, body: { ...frame.body } });
    }
  }
}

let clock: StepClock;
let engine: Engine;
let journal: FakeJournal;
let inbox: Inbox;
let committed: { position: number; groups: readonly CommittedGroup[] }[];
let failures: unknown[];
let pipeline: Pipeline;
let recall: (questions: readonly KeyQuestion[]) => Promise<readonly Recalled[]>;

beforeEach(() => {
  clock = new StepClock();
  engine = new Engine(DEFAULT_RULES);
  journal = new FakeJournal();
  inbox = new Inbox();
  committed = [];
  failures = [];
  recall = async () => [];
  open();
});

function open(): void {
  pipeline = new Pipeline({
    engine,
    journal,
    clock,
    limits: { waitingEntriesMax: 4, waitingBytesMax: 1_000_000, replyTimeoutMs: 1_000 },
    observer: { appended: () => {} },
    recall: questions => recall(questions),
    pauseMs: () => 0,
    committed: (position, groups) => committed.push({ position, groups: [...groups] }),
    failed: error => failures.push(error),
  });
}

let nextId = 1;

function grant(quantity: number, key: string | null = null): EngineRequest {
  const payload = { player: 'alice', asset: 'coins', quantity };
  return { id: nextId++, command: 'wallet.grant', payload, key, player: 'game', sender: 'service' };
}

function burn(quantity: number): EngineRequest {
  const payload = { player: 'alice', asset: 'coins', quantity };
  return {
    id: nextId++,
    command: 'wallet.burn',
    payload,
    key: null,
    player: 'game',
    sender: 'service',
  };
}

describe('a command of a service whose key is forgotten', () => {
  const key = (n: number) => testKey('k', n);
  const recalled = { sequence: 9_999, watermark: key(500), floor: null, answered: null };

  /** Grants with keys 1 to 100, of which those up to 90 are forgotten. */
  async function forget(): Promise<void> {
    engine = new Engine({ ...DEFAULT_RULES, keysPerServiceMax: 10 });
    open();
    for (let n = 1; n <= 100; n++) {
      pipeline.submit(grant(1, key(n)), inbox);
      await settled();
      await journal.commit();
    }
    inbox.replies.length = 0;
  }

  it('is looked up, many keys at once, and answered as before', async () => {
    await forget();
    const asked: string[][] = [];
    recall = async questions => {
      asked.push(questions.map(question => question.key));
      const answered = {
        digest: requestDigest('wallet.grant', grant(1).payload),
        ok: true,
        body: {},
      };
      return questions.map(() => ({ ...recalled, answered }));
    };
    for (const n of [3, 1, 2]) pipeline.submit(grant(1, key(n)), inbox);
    expect(pipeline.waiting).toBe(3);
    await settled();
    await settled();
    await journal.commit();
    expect(asked).toEqual([[key(3), key(1), key(2)]]);
    expect(inbox.replies.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok']);
    expect(pipeline.waiting).toBe(0);
  });

  it('is asked about again when the tables were too old, and then executed once', async () => {
    await forget();
    let times = 0;
    recall = async questions => {
      const watermark = times++ === 0 ? key(1) : recalled.watermark;
      return questions.map(() => ({ ...recalled, watermark }));
    };
    pipeline.submit(grant(7, testKey('late', 50)), inbox);
    await vi.waitFor(() => expect(journal.isAppending).toBe(true));
    await journal.commit();
    expect(times).toBe(2);
    expect(inbox.replies.at(-1)?.body).toMatchObject({ balance: { available: 107 } });
    pipeline.submit(grant(7, testKey('late', 50)), inbox);
    await settled();
    await journal.commit();
    expect(inbox.replies.at(-1)?.body).toMatchObject({ balance: { available: 107 } });
    expect(times).toBe(2);
  });

  it('is unavailable when the tables do not answer, also while the realm drains', async () => {
    await forget();
    recall = () => Promise.reject(new Error('away'));
    pipeline.submit(grant(1, key(1)), inbox);
    const drained = pipeline.drain();
    await settled();
    await settled();
    await journal.commit();
    await drained;
    expect(inbox.replies.at(-1)).toMatchObject({ outcome: 'unavailable' });
  });

  it('waits with a bounded number of others', async () => {
    await forget();
    recall = () => new Promise(() => {});
    let refused = 0;
    for (let n = 0; n < LOOKUPS_MAX + 10; n++) {
      if (pipeline.submit(grant(1, key(1)), inbox) !== null) refused++;
      await Promise.resolve();
    }
    await settled();
    await journal.commit();
    refused += inbox.replies.filter(({ outcome }) => outcome === 'unavailable').length;
    expect(refused).toBe(10);
  });
});

describe('a command', () => {
  it('is answered and announced only when its batch is durable', async () => {
    pipeline.submit(grant(5), inbox);
    await settled();
    expect(journal.isAppending).toBe(true);
    expect([inbox.replies, committed]).toEqual([[], []]);
    await journal.commit();
    expect(inbox.replies).toMatchObject([{ outcome: 'ok', body: { balance: { available: 5 } } }]);
    expect(committed.map(({ position }) => position)).toEqual([2]);
  });

  it('joins the batch that forms while another one is appended', async () => {
    pipeline.submit(grant(1), inbox);
    await settled();
    pipeline.submit(grant(2), inbox);
    pipeline.submit(grant(3), inbox);
    await settled();
    await journal.commit();
    expect(inbox.replies).toHaveLength(1);
    await journal.commit();
    expect(inbox.replies.map(({ body }) => body)).toMatchObject([
      { balance: { available: 1 } },
      { balance: { available: 3 } },
      { balance: { available: 6 } },
    ]);
    expect(committed.map(({ groups }) => groups.length)).toEqual([1, 2]);
  });

  it('that is rejected because of what is not durable yet waits for it too', async () => {
    pipeline.submit(grant(5), inbox);
    await settled();
    pipeline.submit(burn(6), inbox);
    await settled();
    expect(inbox.replies).toEqual([]);
    await journal.commit();
    await journal.commit();
    expect(inbox.replies).toMatchObject([
      { outcome: 'ok' },
      { outcome: 'rejected', body: { code: 'INSUFFICIENT_FUNDS' } },
    ]);
    expect(journal.isAppending).toBe(false);
  });

  it('that changed nothing is answered once the journal showed whose realm this is', async () => {
    pipeline.submit(burn(6), inbox);
    await settled();
    await journal.commit();
    pipeline.submit(burn(6), inbox);
    await settled();
    expect(inbox.replies).toHaveLength(1);
    await journal.fail(new DeposedError('another one'));
    expect(inbox.replies).toHaveLength(1);
    expect(failures).toHaveLength(1);
  });

  it('that came after others were given up on has a time of its own to wait', async () => {
    pipeline.submit(grant(1), inbox);
    await settled();
    pipeline.submit(grant(2), inbox);
    clock.advance(1_500);
    pipeline.tick();
    expect(inbox.replies).toHaveLength(2);
    pipeline.submit(grant(3), inbox);
    clock.advance(500);
    pipeline.tick();
    expect(inbox.replies).toHaveLength(2);
    clock.advance(1_000);
    pipeline.tick();
    expect(inbox.replies.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown']);
    await journal.commit();
    await journal.commit();
    expect(inbox.replies).toHaveLength(3);
  });

  it('beyond what may wait is refused and never executed', async () => {
    pipeline.submit(grant(1), inbox);
    await settled();
    for (let i = 0; i < 4; i++) expect(pipeline.submit(grant(1), inbox)).toBeNull();
    expect(pipeline.submit(grant(1), inbox)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await journal.commit();
    await journal.commit();
    expect(inbox.replies.at(-1)?.body).toMatchObject({ balance: { available: 5 } });
  });

  it('that waits too long is answered unknown, once, and its key finds the result', async () => {
    pipeline.submit(grant(5, testKey('k')), inbox);
    await settled();
    clock.advance(1_500);
    pipeline.tick();
    expect(inbox.replies).toMatchObject([
      { outcome: 'unknown', body: { code: 'OUTCOME_UNKNOWN' } },
    ]);
    await journal.commit();
    expect(inbox.replies).toHaveLength(1);
    pipeline.submit(grant(5, testKey('k')), inbox);
    await settled();
    await journal.commit();
    expect(inbox.replies.at(-1)).toMatchObject({
      outcome: 'ok',
      body: { balance: { available: 5 } },
    });
  });

  it('sent again with its key while in flight gets the same answer as the first', async () => {
    pipeline.submit(grant(5, testKey('k')), inbox);
    await settled();
    pipeline.submit(grant(5, testKey('k')), inbox);
    await settled();
    expect(inbox.replies).toEqual([]);
    await journal.commit();
    await journal.commit();
    expect(inbox.replies.map(({ body }) => body)).toEqual([
      { balance: { asset: 'coins', location: 'main', available: 5, held: 0 } },
      { balance: { asset: 'coins', location: 'main', available: 5, held: 0 } },
    ]);
  });
});

describe('a deposed writer', () => {
  it('answers nothing more and takes nothing more', async () => {
    pipeline.submit(grant(5), inbox);
    await settled();
    pipeline.submit(grant(6), inbox);
    await journal.fail(new DeposedError('another one'));
    expect(failures).toHaveLength(1);
    expect(failures[0]).toBeInstanceOf(DeposedError);
    expect([inbox.replies, committed]).toEqual([[], []]);
    expect(pipeline.submit(grant(7), inbox)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    pipeline.tick();
    await settled();
    expect(journal.isAppending).toBe(false);
  });
});

describe('draining', () => {
  it('refuses what is new and ends when what was taken is durable', async () => {
    pipeline.submit(grant(5), inbox);
    let isDrained = false;
    const drained = pipeline.drain().then(() => {
      isDrained = true;
    });
    expect(pipeline.submit(grant(6), inbox)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await settled();
    expect(isDrained).toBe(false);
    await journal.commit();
    await drained;
    expect(inbox.replies).toHaveLength(1);
  });
});

describe('engine time', () => {
  it('that steps keeps nobody waiting, and answers nobody too early', async () => {
    pipeline.submit(grant(1), inbox);
    await settled();
    clock.step(3_600_000);
    pipeline.tick();
    expect(inbox.replies).toEqual([]);
    clock.advance(1_500);
    pipeline.tick();
    expect(inbox.replies.map(({ outcome }) => outcome)).toEqual(['unknown']);
    await journal.commit();
  });

  it('that is in doubt lets nothing be executed, and what was taken goes on', async () => {
    pipeline.submit(grant(1), inbox);
    const { sequence } = engine.state;
    clock.isSure = false;
    expect(pipeline.submit(grant(2, testKey('k')), inbox)).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      message: expect.stringContaining('clock'),
    });
    expect(engine.state.sequence).toBe(sequence);
    await settled();
    await journal.commit();
    expect(inbox.replies).toHaveLength(1);
    clock.isSure = true;
    expect(pipeline.submit(grant(2, testKey('k')), inbox)).toBe(null);
    await settled();
    await journal.commit();
    expect(inbox.replies.at(-1)?.body).toMatchObject({ balance: { available: 3 } });
  });

  it('lets orders expire when nobody sends anything', async () => {
    pipeline.submit(grant(100), inbox);
    const define = { item: 'iron', kind: 'commodity' as const };
    const game = { key: null, player: 'game', sender: 'service' } as const;
    pipeline.submit({ id: 8, command: 'items.define', payload: define, ...game }, inbox);
    const expiresAtMs = clock.nowMs() + 500;
    const bid = { item: 'iron', quantity: 2, price: 10, timeInForce: 'gtd', expiresAtMs } as const;
    pipeline.submit(
      { id: 9, command: 'bids.create', payload: bid, key: null, player: 'alice', sender: 'player' },
      inbox,
    );
    await settled();
    await journal.commit();
    clock.advance(499);
    pipeline.tick();
    expect(engine.state.orders.size).toBe(1);
    clock.advance(1);
    pipeline.tick();
    expect(engine.state.orders.size).toBe(0);
    await settled();
    await journal.commit();
    expect(committed.at(-1)?.groups[0]?.output).toContainEqual(
      expect.objectContaining({ kind: 'order', status: 'expired', held: 0 }),
    );
  });
});
