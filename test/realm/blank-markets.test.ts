// What orders alone leave in the feed, placed and cancelled at one place after another: a bounded
// number of markets, and chains that hold.

import { beforeEach, describe, expect, it } from 'vitest';
import { StepClock } from '../../src/base/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Command, Entry } from '../../src/engine/entry.ts';
import { BOOKS_KEPT } from '../../src/engine/market.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Announcer, BLANK_VIEWS_MAX } from '../../src/realm/announcer.ts';
import { decodeEvent, RecordingSink } from '../support/recording-sink.ts';

let engine: Engine;
let sink: RecordingSink;
let announcer: Announcer;

beforeEach(() => {
  engine = new Engine(DEFAULT_RULES);
  sink = new RecordingSink();
  const clock = new StepClock();
  const { state } = engine;
  announcer = new Announcer({ state, sink, clock, epoch: 4, intervalMs: 10, locale: 'en-US' });
  commit('game', { command: 'items.define', payload: { item: 'iron', kind: 'commodity' } });
  for (const [player, asset, quantity] of [
    ['alice', 'coins', 1_000],
    ['bob', 'iron', 100],
  ] as const) {
    commit('game', { command: 'wallet.grant', payload: { player, asset, quantity } });
  }
});

/** Decides a command, and announces it. */
function commit(player: string, command: Command): void {
  const atMs = 1;
  const entry: Entry = { ...command, player, key: null, digest: 0, atMs };
  const { outcome, sequence, output } = engine.apply(entry);
  expect(outcome).toBe('ok');
  announcer.commit([{ sequence, atMs, output }]);
  announcer.flush();
}

function bid(location: string): void {
  const payload = { item: 'iron', quantity: 1, price: 5, location };
  commit('alice', { command: 'bids.create', payload });
}

/** Somebody orders something at a new place, and then does not want it. */
function visit(place: string): void {
  commit('game', { command: 'places.define', payload: { place } });
  bid(place);
  commit('alice', { command: 'bids.cancel', payload: { bid: engine.state.lastOrder } });
}

function visitMany(): void {
  for (let number = 0; number <= BLANK_VIEWS_MAX; number += 1) visit(`p${number}`);
}

describe('a market where nothing rests and nothing was ever traded', () => {
  it('is let go beyond a bound, and begins anew from nothing', () => {
    const channel = { family: 'book', item: 'iron', location: 'p0' } as const;
    const frame = decodeEvent(announcer.snapshot('book:iron@p0', channel));
    expect(frame).toMatchObject({ sequence: 0, data: { bids: [], asks: [] } });
    sink.subscribed.add('book:iron@p0');
    visitMany();
    expect(announcer.find('iron', 'p1')).not.toBeNull();
    expect(announcer.find('iron', 'p0')).toBeNull();
    bid('p0');
    expect(sink.frames.slice(-2)).toMatchObject([
      { channel: 'book:iron@p0', kind: 'snapshot', sequence: 0, data: { bids: [], asks: [] } },
      { kind: 'delta', previousSequence: 0, data: { bids: [[5, 1, 1]] } },
    ]);
  });

  it('is none where something still rests, or was traded once', () => {
    const listing = { item: 'iron', quantity: 1, price: 5 };
    commit('bob', { command: 'listings.create', payload: listing });
    commit('alice', { command: 'purchases.create', payload: { listing: 1, quantity: 1 } });
    commit('game', { command: 'places.define', payload: { place: 'far' } });
    bid('far');
    visitMany();
    expect(announcer.find('iron', 'main')).not.toBeNull();
    expect(announcer.find('iron', 'far')).not.toBeNull();
  });

  it('has no book in the engine either, but for a few', () => {
    for (let number = 0; number < 50; number += 1) visit(`p${number}`);
    const { market } = engine.state.assets.get(1) ?? {};
    expect(market?.books()).toHaveLength(BOOKS_KEPT);
    bid('p49');
    expect(market?.findBook(50)?.bids.best).toMatchObject({ price: 5, orders: 1 });
  });
});
