// What is due by the thousand, and commands that come meanwhile: nobody sees what is due, nobody's
// command is lost, and no turn of the event loop does more than a slice.

import { beforeEach, describe, expect, it } from 'vitest';
import { decodeServerFrame } from '../../protocol/codec.ts';
import { StepClock } from '../../src/base/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import type { EngineRequest, ReplyTarget } from '../../src/gateway/port.ts';
import { decodeGroups } from '../../src/journal/fact-reader.ts';
import { Pipeline } from '../../src/realm/pipeline.ts';
import { FakeJournal, settled } from '../support/fake-journal.ts';

class Inbox implements ReplyTarget {
  readonly replies: string[] = [];

  deliver(arena: Uint8Array, replies: readonly number[]): void {
    for (let i = 0; i < replies.length; i += 3) {
      const frame = decodeServerFrame(arena.slice(replies[i + 1], replies[i + 2]));
      if (frame?.type !== 'reply') throw new Error('A reply frame was expected.');
      const { code } = frame.body as { code?: string };
      this.replies.push(`${frame.id} ${code ?? frame.outcome}`);
    }
  }
}

const SLICE = 10;
const LIMITS = { waitingEntriesMax: 500, waitingBytesMax: 1_000_000, replyTimeoutMs: 1_000 };

let clock: StepClock;
let engine: Engine;
let journal: FakeJournal;
let inbox: Inbox;
let pipeline: Pipeline;
let offsets: string[];

beforeEach(() => {
  clock = new StepClock();
  engine = new Engine({ ...DEFAULT_RULES, endsPerEntryMax: SLICE });
  journal = new FakeJournal();
  inbox = new Inbox();
  offsets = [];
  pipeline = new Pipeline({
    engine,
    journal,
    clock,
    limits: LIMITS,
    observer: { appended: () => {} },
    recall: async () => [],
    pauseMs: () => 0,
    committed: (_position, _groups, offset) => offsets.push(offset),
    failed: error => {
      throw error;
    },
  });
});

function send(id: number, command: string, payload: object, player = 'ann') {
  const request = { id, command, payload, key: null, player } as unknown as EngineRequest;
  return pipeline.submit(request, inbox);
}

/** That many bids of ann, all due in 500 ms; everything so far is durable. */
async function bids(count: number): Promise<void> {
  send(0, 'items.define', { item: 'ore', kind: 'commodity' });
  send(0, 'wallet.grant', { player: 'ann', asset: 'coins', quantity: 1_000 });
  send(0, 'wallet.grant', { player: 'bob', asset: 'ore', quantity: 1_000 });
  const expiresAtMs = clock.nowMs() + 500;
  for (let n = 0; n < count; n += 1) {
    send(0, 'bids.create', { item: 'ore', quantity: 1, price: 1, timeInForce: 'gtd', expiresAtMs });
  }
  await durable();
  inbox.replies.length = 0;
  journal.rows.length = 0;
}

async function durable(): Promise<void> {
  await settled();
  while (journal.isAppending) await journal.commit();
}

describe('a command that comes when much is due', () => {
  it('waits until all of it has ended, and then is decided in its order', async () => {
    await bids(95);
    clock.advance(500);
    for (let id = 1; id <= 3; id += 1) send(id, 'sales.create', { bid: 95, quantity: 1 }, 'bob');
    expect(engine.state.orders.size).toBe(95 - SLICE);
    expect(pipeline.waiting).toBe(4);
    await durable();
    expect(inbox.replies).toEqual(['1 BID_UNAVAILABLE', '2 BID_UNAVAILABLE', '3 BID_UNAVAILABLE']);
    expect([engine.state.orders.size, engine.state.lastTrade]).toEqual([0, 0]);
    const groups = journal.rows.flatMap(row => decodeGroups(row));
    const sizes = groups.map(({ facts }) => facts.filter(fact => fact.kind === 'order').length);
    expect(Math.max(...sizes)).toBe(SLICE);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(95);
  });

  it('does not wait when one tick is enough', async () => {
    await bids(SLICE);
    clock.advance(500);
    send(1, 'sales.create', { bid: 1, quantity: 1 }, 'bob');
    expect([engine.state.orders.size, pipeline.waiting]).toEqual([0, 2]);
    await durable();
    expect(inbox.replies).toEqual(['1 BID_UNAVAILABLE']);
  });

  it('counts among what may wait', async () => {
    await bids(100);
    clock.advance(500);
    const sent = Array.from({ length: 600 }, (_, id) =>
      send(id + 1, 'offers.cancel', { offer: 1 }),
    );
    const taken = sent.filter(refusal => refusal === null).length;
    expect(taken).toBeGreaterThan(400);
    expect(taken).toBeLessThanOrEqual(LIMITS.waitingEntriesMax);
    expect(pipeline.hasRoom).toBe(false);
    await durable();
    expect(inbox.replies).toHaveLength(taken);
  });

  it('is refused when it has waited too long, and never executed', async () => {
    await bids(60);
    clock.advance(500);
    send(1, 'wallet.burn', { player: 'ann', asset: 'coins', quantity: 1 });
    clock.advance(1_500);
    pipeline.tick();
    await durable();
    expect(inbox.replies).toEqual(['1 SERVICE_UNAVAILABLE']);
    const account = engine.state.ledger.find(engine.state.players.find('ann'), 0, 0);
    expect(engine.state.ledger.availableAt(account)).toBe(1_000);
  });

  it('is not said to be reached in the stream before it is decided', async () => {
    await bids(40);
    clock.advance(500);
    send(1, 'wallet.burn', { player: 'ann', asset: 'coins', quantity: 1 });
    pipeline.reached('7-0');
    await settled();
    const before = offsets.length;
    await durable();
    expect(offsets.slice(before).at(-1)).toBe('7-0');
    const rows = journal.rows.map(row => decodeGroups(row));
    const burnt = rows.findIndex(row =>
      row.some(({ facts }) => facts.some(fact => fact.kind === 'transfer')),
    );
    expect(offsets.slice(before).indexOf('7-0')).toBeGreaterThanOrEqual(burnt);
  });
});

describe('what is due when nobody sends anything', () => {
  it('ends slice by slice, other turns between them', async () => {
    await bids(100);
    clock.advance(500);
    pipeline.tick();
    const sizes: number[] = [];
    while (engine.state.orders.size > 0) {
      sizes.push(engine.state.orders.size);
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(sizes.length).toBeGreaterThanOrEqual(9);
    await durable();
  });

  it('holds up nothing when the pipeline drains or stops', async () => {
    await bids(100);
    clock.advance(500);
    pipeline.tick();
    const drained = pipeline.drain();
    await durable();
    await drained;
    expect(engine.state.orders.size).toBeGreaterThan(0);
    pipeline.stop();
    const left = engine.state.orders.size;
    await settled();
    expect(engine.state.orders.size).toBe(left);
  });
});
