// What the feed of a recovered realm begins with: bounded by its markets, taken over when a market
// is first needed, and never a long step of the thread.

import { describe, expect, it } from 'vitest';
import type { PublicChannel } from '../../protocol/channels.ts';
import type { TradePrint } from '../../protocol/events.ts';
import { StepClock } from '../../src/base/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { OrderFact } from '../../src/engine/fact.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Announcer } from '../../src/realm/announcer.ts';
import { MarketPast } from '../../src/realm/market-past.ts';
import { decodeEvent, RecordingSink } from '../support/recording-sink.ts';

const QUARTER_MS = 900_000;
const SEQUENCE = 700;
const FIRST: TradePrint = [1, 'iron', 5, 2, 'buy', 0];
const IRON = 1;
const CHANNEL: PublicChannel = { family: 'trades', item: 'iron', location: 'main' };

/** An engine with one commodity, and listings of it at as many prices. */
function recovered(listings: number): Engine {
  const engine = new Engine(DEFAULT_RULES);
  const define = { tickSize: 1, lotSize: 1, minPrice: 1, maxPrice: 1e9, halted: false };
  const names = ['$issuer', '$house', 'ann'];
  for (const [player, name] of names.entries()) engine.restore({ kind: 'player', player, name }, 0);
  engine.restore({ kind: 'location', location: 0, name: 'main' }, 0);
  for (const [asset, name] of ['coins', 'iron'].entries()) {
    const itemKind = asset === IRON ? 'commodity' : 'currency';
    const item = { kind: 'item', asset, name, itemKind, currency: 0, attributes: {} } as const;
    engine.restore({ ...item, ...define }, 0);
  }
  for (let id = 1; id <= listings; id++) engine.restore(listing(id), 0);
  const ids = { lastOrder: listings, lastTrade: 0, lastWindow: 0, lastOffer: 0 };
  engine.resume({ sequence: SEQUENCE, atMs: 0, livedMs: 0, ...ids });
  return engine;
}

function listing(id: number): OrderFact {
  return {
    ...{ kind: 'order', id, side: 'sell', player: 2, asset: IRON, location: 0, price: id },
    ...{ quantity: 1, remaining: 1, held: 1, feeBps: 0, priority: id, timeInForce: 'gtc' },
    ...{ postOnly: false, expiresAtMs: 0, createdAtMs: 0, status: 'open' },
  } as const;
}

function announcerOf(engine: Engine, sink = new RecordingSink()): Announcer {
  const { state } = engine;
  const clock = new StepClock();
  return new Announcer({ state, sink, clock, epoch: 3, intervalMs: 10, locale: 'en-US' });
}

describe('the past of a market', () => {
  it('stays bounded, however long a node follows the journal', () => {
    const history = new MarketPast().of(IRON, 0);
    const trades = 100_000;
    for (let id = 1; id <= trades; id++) {
      history.add([id, 'iron', 5, 1, 'buy', Math.floor((id / trades) * 30 * 96) * QUARTER_MS]);
    }
    const latest = history.latest(trades);
    expect(latest.length).toBeGreaterThanOrEqual(50);
    expect(latest.length).toBeLessThanOrEqual(100);
    expect(latest.at(-1)?.[0]).toBe(trades);
    const { trades24h } = history.ticker.state(30 * 96 * QUARTER_MS, null, null);
    expect(trades24h).toBeLessThan((trades / 30) * 1.02);
  });

  it('is shown at the sequence of the start, and the next trade follows that', async () => {
    const engine = recovered(0);
    const sink = new RecordingSink();
    const announcer = announcerOf(engine, sink);
    const past = new MarketPast();
    past.of(IRON, 0).add(FIRST);
    await announcer.begin(past);
    const snapshot = decodeEvent(announcer.snapshot('trades:iron', CHANNEL));
    expect(snapshot).toMatchObject({ sequence: SEQUENCE, data: { trades: [FIRST] } });
    sink.subscribed.add('trades:iron');
    const trade = { kind: 'trade', id: 2, asset: IRON, location: 0, price: 6 } as const;
    const parties = { quantity: 1, maker: 1, taker: 0, takerSide: 'buy', buyer: 2 } as const;
    const fact = { ...trade, ...parties, seller: 1, buyerFee: 0, sellerFee: 0 };
    announcer.commit([{ sequence: SEQUENCE + 1, atMs: 0, output: [fact] }]);
    announcer.flush();
    const [delta] = sink.frames;
    expect(delta).toMatchObject({ sequence: SEQUENCE + 1, previousSequence: SEQUENCE });
    expect(announcer.find('iron', 'main')?.lastTrades(9)).toHaveLength(2);
  });

  it('is none where nothing ever happened', async () => {
    const announcer = announcerOf(recovered(0));
    await announcer.begin(new MarketPast());
    expect(announcer.find('iron', 'main')).toBeNull();
    const snapshot = decodeEvent(announcer.snapshot('trades:iron', CHANNEL));
    expect(snapshot).toMatchObject({ sequence: 0, data: { trades: [] } });
  });
});

it('a feed begins in slices: others have their turn while books are taken over', async () => {
  const announcer = announcerOf(recovered(100_000));
  let turns = 0;
  const count = () => {
    turns++;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  await announcer.begin(new MarketPast());
  clearImmediate(next);
  expect(turns).toBeGreaterThanOrEqual(2);
  const view = announcer.find('iron', 'main');
  expect(view?.standing('book')).toEqual({ epoch: 3, sequence: SEQUENCE });
  expect(view?.book.window(1).asks).toEqual([[1, 1, 1]]);
});
