// What the leader does not take of what nodes send: commands and questions that it does not know,
// or not so, and entries with nothing in them. None is executed, none costs the leader its office.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SentCommand } from '../../src/cluster/messages.ts';
import { settled } from '../support/fake-journal.ts';
import { until } from '../support/fault-realm.ts';
import { grant, SeatStage } from '../support/seat-stage.ts';

let stage: SeatStage;

beforeEach(() => {
  stage = new SeatStage(1_000);
});

afterEach(() => stage.stop());

describe('a command that this leader does not take', () => {
  const said = (n: number, more: object) => ({ ...grant(n), ...more }) as SentCommand;

  it('because it is unknown is refused, and the leader goes on', async () => {
    await stage.quietly();
    stage.reader.entry('6-0', [said(1, { command: 'auctions.create' }), grant(2)]);
    await settled();
    await stage.journal.commit();
    expect(stage.replies()).toMatchObject([
      { id: 1, outcome: 'invalid', body: { code: 'UNKNOWN_COMMAND' } },
      { id: 2, outcome: 'ok', body: { balance: { available: 1 } } },
    ]);
    expect(stage.replies()[0]?.body.message).toMatch(
      /another version .* auctions.create.*Nothing was ex/,
    );
    expect([stage.failures, stage.refusals, stage.journal.offsets]).toEqual([
      [],
      ['command'],
      ['6-0'],
    ]);
  });

  it.each([
    ['a tick', 'tick', null],
    ['a restart', 'restart', {}],
    ['presence', 'presence', { present: true }],
    ['a read', 'wallet.get', {}],
    ['a question to the gateway', 'session.open', { token: 'x' }],
    ['what every object has', 'constructor', {}],
  ])('because it is none of the engine, such as %s', async (_, command, payload) => {
    await stage.quietly();
    stage.reader.entry('6-0', [said(1, { command, payload })]);
    await settled();
    await stage.journal.commit();
    expect(stage.replies()).toMatchObject([
      { outcome: 'invalid', body: { code: 'UNKNOWN_COMMAND' } },
    ]);
    expect(stage.failures).toEqual([]);
  });

  it.each([
    ['a payload of nothing', { payload: {} }],
    ['a fraction', { payload: { player: 'alice', asset: 'coins', quantity: 1.5 } }],
    ['less than nothing', { payload: { player: 'alice', asset: 'coins', quantity: -5 } }],
    ['no number', { payload: { player: 'alice', asset: 'coins', quantity: Number.NaN } }],
    ['a field more', { payload: { player: 'alice', asset: 'coins', quantity: 1, tip: 1 } }],
    ['the house as its player', { player: '$house' }],
    ['a key with a blank', { key: 'a key' }],
  ])('because of %s is refused whole', async (_, more) => {
    await stage.quietly();
    stage.reader.entry('6-0', [said(1, more)]);
    await settled();
    await stage.journal.commit();
    expect(stage.replies()).toMatchObject([
      { outcome: 'invalid', body: { code: 'INVALID_REQUEST' } },
    ]);
    expect([stage.failures, stage.engine.state.ledger.count]).toEqual([[], 0]);
  });
});

describe('an entry with nothing in it for us', () => {
  it('becomes durable with the next command', async () => {
    await stage.quietly();
    stage.reader.nothing('6-0');
    stage.reader.entry('7-0', [grant(1)]);
    await settled();
    await stage.journal.commit();
    expect(stage.journal.offsets).toEqual(['7-0']);
  });

  it('becomes durable by itself soon, so that the stream does not fill up', async () => {
    await stage.quietly();
    stage.reader.nothing('6-0');
    stage.reader.nothing('6-1');
    await until(() => stage.journal.offsets.length > 0, 'a row is appended');
    expect(stage.journal.offsets).toEqual(['6-1']);
    await stage.journal.commit();
    expect(stage.reader.released.at(-1)).toBe('6-1');
    await new Promise(resolve => setTimeout(resolve, 600));
    expect(stage.journal.offsets).toEqual(['6-1']);
  });
});

describe('a question that makes no sense', () => {
  it.each([
    { kind: 'snapshot', channel: 'me' },
    { kind: 'snapshot', channel: 'window:1' },
    { kind: 'snapshot', channel: 'song:ore' },
    { kind: 'market', command: 'market.orders', payload: { item: 'ore' } },
    { kind: 'market', command: 'wallet.get', payload: {} },
    { kind: 'market', command: 'market.book', payload: { item: 7 } },
  ] as const)('is not answered, and harms nobody: %j', async ask => {
    stage.channel.question({ node: 'b', n: 1, ask });
    await settled();
    expect([stage.channel.of('answer'), stage.refusals, stage.failures]).toEqual([
      [],
      ['command'],
      [],
    ]);
  });
});
