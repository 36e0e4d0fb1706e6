// A market in which nothing happens any more: who watches its ticker sees yesterday's trades go.

import { beforeEach, describe, expect, it } from 'vitest';
import { ChannelState } from '../../protocol/channel-state.ts';
import type { TickerState } from '../../protocol/events.ts';
import { StepClock } from '../../src/base/clock.ts';
import { DAY_MS, QUARTER_MS } from '../../src/base/times.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Command, Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Announcer } from '../../src/realm/announcer.ts';
import { MarketPast } from '../../src/realm/market-past.ts';
import { decodeEvent, RecordingSink } from '../support/recording-sink.ts';

const START_MS = 2_000_000 * QUARTER_MS;
const PLACES = 350;

let clock: StepClock;
let engine: Engine;
let sink: RecordingSink;
let announcer: Announcer;

beforeEach(() => {
  clock = new StepClock(START_MS);
  engine = new Engine(DEFAULT_RULES);
  sink = new RecordingSink();
  announcer = begun();
  commit('game', { command: 'items.define', payload: { item: 'iron', kind: 'commodity' } });
  for (const [player, asset] of [
    ['alice', 'coins'],
    ['bob', 'iron'],
  ] as const) {
    const payload = { player, asset, quantity: 1_000_000 };
    commit('game', { command: 'wallet.grant', payload });
  }
});

function begun(): Announcer {
  const { state } = engine;
  return new Announcer({ state, sink, clock, epoch: 4, intervalMs: 10, locale: 'en-US' });
}

function commit(player: string, command: Command): void {
  const atMs = clock.nowMs();
  const entry: Entry = { ...command, player, key: null, digest: 0, atMs };
  const { outcome, sequence, output } = engine.apply(entry);
  expect(outcome).toBe('ok');
  announcer.commit([{ sequence, atMs, output }]);
  announcer.flush();
}

function trade(quantity: number, location = 'main'): void {
  const order = { item: 'iron', quantity, location };
  commit('alice', { command: 'bids.create', payload: { ...order, price: 5 } });
  commit('bob', { command: 'sales.create', payload: { ...order, minUnitPrice: 5 } });
}

function subscribe(location: string) {
  const name = location === 'main' ? 'ticker:iron' : `ticker:iron@${location}`;
  const channel = { family: 'ticker', item: 'iron', location } as const;
  const frame = decodeEvent(announcer.snapshot(name, channel));
  sink.subscribed.add(name);
  return frame;
}

describe('the ticker of a quiet market', () => {
  it('tells who is subscribed that the volume of yesterday is over, quarter by quarter', () => {
    trade(7);
    clock.advance(2 * QUARTER_MS);
    trade(3);
    const state = new ChannelState();
    expect(state.accept(subscribe('main'))).toBe('apply');
    const heard = () => {
      announcer.sweep();
      return sink.frames.splice(0).map(frame => {
        expect(state.accept(frame)).toBe('apply');
        const { volume24h, trades24h, lastPrice } = frame.data as TickerState;
        return [frame.channel, volume24h, trades24h, lastPrice];
      });
    };
    expect(heard()).toEqual([]);
    clock.advance(DAY_MS - QUARTER_MS);
    expect(heard()).toEqual([['ticker:iron', 3, 1, 5]]);
    expect(heard()).toEqual([]);
    clock.advance(2 * QUARTER_MS);
    expect(heard()).toEqual([['ticker:iron', 0, 0, 5]]);
    clock.advance(DAY_MS);
    expect(heard()).toEqual([]);
    // And the chain goes on with the next trade.
    trade(2);
    expect(heard().at(-1)).toEqual(['ticker:iron', 2, 1, 5]);
  });

  it('is told nothing twice when it trades in the same moment', () => {
    trade(7);
    subscribe('main');
    clock.advance(DAY_MS + QUARTER_MS);
    trade(1);
    announcer.sweep();
    const volumes = sink.frames.map(({ data }) => (data as TickerState).volume24h);
    expect([...new Set(volumes)].at(-1)).toBe(1);
    expect(volumes.at(-1)).toBe(1);
  });

  it('that was restored tells it too', () => {
    const past = new MarketPast();
    const bucket = Math.floor(START_MS / QUARTER_MS);
    const { ticker } = past.of(engine.state.assetNames.find('iron'), 0);
    ticker.restore({ bucket, open: 5, high: 5, low: 5, volume: 9, trades: 1 });
    announcer = begun();
    void announcer.begin(past);
    expect((subscribe('main').data as TickerState).volume24h).toBe(9);
    clock.advance(DAY_MS + QUARTER_MS);
    announcer.sweep();
    expect(sink.frames.map(({ data }) => (data as TickerState).volume24h)).toEqual([0]);
  });

  it('is one of many: a tick does a bounded part of them, and all come to their turn', () => {
    const places = Array.from({ length: PLACES }, (_, number) => `p${number}`);
    for (const place of places) {
      commit('game', { command: 'places.define', payload: { place } });
      const payload = { player: 'bob', asset: 'iron', quantity: 1, location: place };
      commit('game', { command: 'wallet.grant', payload });
      trade(1, place);
      subscribe(place);
    }
    sink.frames.length = 0;
    clock.advance(DAY_MS + QUARTER_MS);
    const perTick: number[] = [];
    for (let ticks = 0; ticks < 10; ticks++) {
      announcer.sweep();
      perTick.push(sink.frames.splice(0).length);
    }
    expect(Math.max(...perTick)).toBeLessThanOrEqual(100);
    expect(perTick.reduce((sum, count) => sum + count)).toBe(PLACES);
  });
});
