// What is announced of a committed batch: public frames in an unbroken chain, private events only
// to those who listen, nothing twice and nothing from a state that is not committed.

import { beforeEach, describe, expect, it } from 'vitest';
import { parseChannel } from '../../protocol/channels.ts';
import type { ServerEvent } from '../../protocol/codec.ts';
import type { EngineCommand, Payload } from '../../protocol/commands/registry.ts';
import { EVENTS } from '../../protocol/events.ts';
import { StepClock } from '../../src/base/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Announcer, type CommittedGroup } from '../../src/realm/announcer.ts';
import { MarketPast } from '../../src/realm/market-past.ts';
import { decodeEvent, RecordingSink } from '../support/recording-sink.ts';

let clock: StepClock;
let engine: Engine;
let sink: RecordingSink;
let announcer: Announcer;

beforeEach(() => {
  clock = new StepClock();
  engine = new Engine(DEFAULT_RULES);
  sink = new RecordingSink();
  announcer = begun(4);
  commit(
    decide('game', 'items.define', { item: 'iron', kind: 'commodity' }),
    decide('game', 'items.define', { item: 'sword', kind: 'unique' }),
    decide('game', 'wallet.grant', { player: 'alice', asset: 'coins', quantity: 1_000 }),
    decide('game', 'wallet.grant', { player: 'bob', asset: 'iron', quantity: 100 }),
    decide('game', 'wallet.grant', { player: 'bob', asset: 'sword#1', quantity: 1 }),
  );
});

function begun(epoch: number): Announcer {
  const { state } = engine;
  return new Announcer({ state, sink, clock, epoch, intervalMs: 10, locale: 'en-US' });
}

function decide<Name extends EngineCommand>(
  player: string,
  command: Name,
  payload: Payload<Name>,
): CommittedGroup {
  const atMs = clock.nowMs();
  const entry = { atMs, player, key: null, digest: 0, command, payload } as Entry;
  const { sequence, outcome, output } = engine.apply(entry);
  expect(outcome).toBe('ok');
  return { sequence, atMs, output };
}

function commit(...groups: CommittedGroup[]): void {
  announcer.commit(groups);
  announcer.flush();
}

function subscribe(name: string): ServerEvent {
  const channel = parseChannel(name);
  if (channel === null || channel === 'me' || channel.family === 'window') {
    throw new Error('A public channel was expected.');
  }
  const frame = decodeEvent(announcer.snapshot(name, channel));
  sink.subscribed.add(name);
  return frame;
}

describe('a public channel', () => {
  it('chains its frames from the snapshot on, one for all changes between two flushes', () => {
    const snapshot = subscribe('book:iron');
    expect(snapshot).toMatchObject({ kind: 'snapshot', epoch: 4, data: { bids: [], asks: [] } });
    commit(
      decide('bob', 'listings.create', { item: 'iron', quantity: 10, price: 5 }),
      decide('bob', 'listings.create', { item: 'iron', quantity: 4, price: 5 }),
      decide('bob', 'listings.create', { item: 'iron', quantity: 1, price: 6 }),
    );
    commit(decide('alice', 'purchases.create', { item: 'iron', quantity: 14, maxUnitPrice: 5 }));
    expect(sink.frames).toMatchObject([
      {
        kind: 'delta',
        previousSequence: snapshot.sequence,
        data: {
          asks: [
            [5, 14, 2],
            [6, 1, 1],
          ],
        },
      },
      { kind: 'delta', previousSequence: sink.frames[0]?.sequence, data: { asks: [[5, 0, 0]] } },
    ]);
  });

  it('of a place where nothing ever happened starts empty and goes on from there', () => {
    expect(subscribe('book:iron@north')).toMatchObject({ sequence: 0, data: { asks: [] } });
    expect(subscribe('book:unheard-of')).toMatchObject({ sequence: 0, data: { asks: [] } });
    commit(
      decide('game', 'places.define', { place: 'north' }),
      decide('game', 'wallet.grant', {
        player: 'bob',
        asset: 'iron',
        quantity: 5,
        location: 'north',
      }),
      decide('bob', 'listings.create', { item: 'iron', quantity: 5, price: 9, location: 'north' }),
    );
    expect(sink.frames).toMatchObject([
      { channel: 'book:iron@north', previousSequence: 0, data: { asks: [[9, 5, 1]] } },
    ]);
  });

  it('lets those who listen have what they lack before it shows a newcomer the state', () => {
    subscribe('book:iron');
    announcer.commit([decide('bob', 'listings.create', { item: 'iron', quantity: 1, price: 5 })]);
    announcer.commit([decide('bob', 'listings.create', { item: 'iron', quantity: 1, price: 6 })]);
    const snapshot = subscribe('book:iron');
    expect(sink.frames.at(-1)?.sequence).toBe(snapshot.sequence);
    expect(snapshot.data).toEqual({
      bids: [],
      asks: [
        [5, 1, 1],
        [6, 1, 1],
      ],
    });
  });

  it('prints every trade, and those of instances under their item', () => {
    subscribe('trades:sword');
    subscribe('ticker:sword');
    const listed = decide('bob', 'listings.create', { item: 'sword#1', quantity: 1, price: 70 });
    const bought = decide('alice', 'purchases.create', { listing: 1, quantity: 1 });
    commit(listed, bought);
    expect(sink.frames).toMatchObject([
      { channel: 'trades:sword', data: { trades: [[1, 'sword#1', 70, 1, 'buy', clock.nowMs()]] } },
      { channel: 'ticker:sword', data: { lastPrice: 70, trades24h: 1 } },
    ]);
  });
});

describe('the private feed', () => {
  it('tells each side of a trade his own orders, balances and trade, and nobody else’s', () => {
    sink.listeners.add('alice').add('bob');
    const listed = decide('bob', 'listings.create', { item: 'iron', quantity: 10, price: 5 });
    const bought = decide('alice', 'purchases.create', { listing: 1, quantity: 3 });
    commit(listed, bought);
    expect(sink.privately.map(({ player, sequence }) => [player, sequence])).toEqual([
      ['bob', listed.sequence],
      ['alice', bought.sequence],
      ['bob', bought.sequence],
    ]);
    const [, buyer, seller] = sink.privately;
    expect(seller?.event).toMatchObject({
      orders: [{ side: 'sell', id: 1, remaining: 7, status: 'open' }],
      trades: [{ side: 'sell', order: 1, price: 5, quantity: 3 }],
    });
    expect(seller?.event.balances).toEqual(
      expect.arrayContaining([
        { asset: 'iron', location: 'main', available: 90, held: 7 },
        { asset: 'coins', location: 'main', available: 15, held: 0 },
      ]),
    );
    expect(buyer?.event).toMatchObject({ orders: [], trades: [{ side: 'buy', order: null }] });
  });

  it('is not built for players to whom nobody listens', () => {
    sink.listeners.add('carol');
    commit(decide('bob', 'listings.create', { item: 'iron', quantity: 10, price: 5 }));
    expect(sink.privately).toEqual([]);
  });
});

describe('offers in the private feed', () => {
  it('are told to both, as they stand after each decision', () => {
    sink.listeners.add('alice').add('bob').add('carol');
    const give = [{ asset: 'coins', quantity: 40 }];
    const want = [{ asset: 'iron', quantity: 8 }];
    const made = decide('alice', 'offers.create', { to: 'bob', give, want, message: 'deal?' });
    const taken = decide('bob', 'offers.accept', { offer: 1 });
    commit(made, taken);
    expect(sink.privately.map(({ player, event }) => [player, event.offers])).toEqual([
      ['alice', [expect.objectContaining({ offer: 1, from: 'alice', to: 'bob', status: 'open' })]],
      ['bob', [expect.objectContaining({ offer: 1, status: 'open' })]],
      ['alice', [expect.objectContaining({ offer: 1, status: 'accepted' })]],
      ['bob', [expect.objectContaining({ offer: 1, status: 'accepted' })]],
    ]);
    const [{ event }] = sink.privately as [(typeof sink.privately)[number]];
    expect(EVENTS.me.event.parse(event).offers).toEqual([
      {
        offer: 1,
        from: 'alice',
        to: 'bob',
        give: [{ asset: 'coins', location: 'main', quantity: 40 }],
        want: [{ asset: 'iron', location: 'main', quantity: 8 }],
        message: 'deal?',
        status: 'open',
        createdAtMs: clock.nowMs(),
        expiresAtMs: clock.nowMs() + DEFAULT_RULES.direct.offerDefaultMs,
        counterOf: null,
      },
    ]);
  });

  it('carry null for no message, and name the offer that a counter answers', () => {
    sink.listeners.add('bob');
    const want = [{ asset: 'iron', quantity: 8 }];
    commit(decide('alice', 'offers.create', { to: 'bob', give: [], want }));
    const terms = { give: [], want: [{ asset: 'coins', quantity: 1 }] };
    commit(decide('bob', 'offers.counter', { offer: 1, ...terms }));
    const [made, countered] = sink.privately;
    expect(made?.event.offers).toMatchObject([{ message: null, counterOf: null }]);
    expect(countered?.event.offers).toMatchObject([
      { offer: 1, status: 'countered' },
      { offer: 2, from: 'bob', to: 'alice', counterOf: 1 },
    ]);
  });
});

describe('windows in the private feed', () => {
  it('are told to both when they begin, open and end, and not in between', () => {
    sink.listeners.add('alice').add('bob').add('carol');
    const assets = [{ asset: 'coins', quantity: 5 }];
    commit(
      decide('alice', 'windows.invite', { player: 'bob' }),
      decide('bob', 'windows.join', { window: 1 }),
      decide('alice', 'windows.put', { window: 1, revision: 0, assets }),
      decide('bob', 'windows.cancel', { window: 1 }),
    );
    const told = sink.privately.flatMap(({ player, event }) =>
      event.windows.map(({ status, reason, player: other, invited }) => [
        player,
        status,
        reason,
        other,
        invited,
      ]),
    );
    expect(told).toEqual([
      ['alice', 'invited', null, 'bob', false],
      ['bob', 'invited', null, 'alice', true],
      ['alice', 'open', null, 'bob', false],
      ['bob', 'open', null, 'alice', true],
      ['alice', 'cancelled', 'cancelled', 'bob', false],
      ['bob', 'cancelled', 'cancelled', 'alice', true],
    ]);
    for (const { event } of sink.privately) expect(EVENTS.me.event.parse(event)).toEqual(event);
  });
});

describe('after a recovery', () => {
  it('shows the recovered books and the past, folded or not', async () => {
    commit(decide('bob', 'listings.create', { item: 'iron', quantity: 10, price: 5 }));
    const recovered = begun(5);
    const item = engine.state.assetNames.find('iron');
    const bucket = Math.floor(clock.nowMs() / (15 * 60 * 1000));
    const past = new MarketPast();
    const iron = past.of(item, 0);
    iron.restore([9, 'iron', 4, 2, 'sell', clock.nowMs()]);
    iron.ticker.restore({ bucket, open: 4, high: 4, low: 3, volume: 7, trades: 2 });
    iron.add([10, 'iron', 6, 1, 'buy', clock.nowMs()]);
    await recovered.begin(past);
    const { sequence } = engine.state;
    const book = decodeEvent(
      recovered.snapshot('book:iron', { family: 'book', item: 'iron', location: 'main' }),
    );
    expect(book).toMatchObject({ epoch: 5, sequence, data: { asks: [[5, 10, 1]] } });
    const trades = decodeEvent(
      recovered.snapshot('trades:iron', { family: 'trades', item: 'iron', location: 'main' }),
    );
    expect(trades.data).toEqual({
      trades: [
        [9, 'iron', 4, 2, 'sell', clock.nowMs()],
        [10, 'iron', 6, 1, 'buy', clock.nowMs()],
      ],
    });
    const ticker = decodeEvent(
      recovered.snapshot('ticker:iron', { family: 'ticker', item: 'iron', location: 'main' }),
    );
    const day = { open24h: 4, high24h: 6, low24h: 3, volume24h: 8, trades24h: 3 };
    expect(ticker.data).toMatchObject({ lastPrice: 6, lastQuantity: 1, ...day });
  });
});
