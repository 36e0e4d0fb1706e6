// What market.* answers of what is not there: an item or a place that nobody defined is refused, a
// market in which nothing happened is empty.

import { expect, it } from 'vitest';
import { StepClock } from '../../src/base/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Announcer } from '../../src/realm/announcer.ts';
import { readMarket } from '../../src/realm/market-reads.ts';
import { RecordingSink } from '../support/recording-sink.ts';

const engine = new Engine(DEFAULT_RULES);
const { state } = engine;
const sink = new RecordingSink();
const clock = new StepClock();
const announcer = new Announcer({ state, sink, clock, epoch: 4, intervalMs: 10, locale: 'en-US' });
const parts = { announcer, state, nowMs: clock.nowMs() };

for (const ask of [
  { command: 'items.define', payload: { item: 'ore', kind: 'commodity' } },
  { command: 'places.define', payload: { place: 'north' } },
]) {
  engine.apply({ ...ask, player: 'game', key: null, digest: 0, atMs: clock.nowMs() } as Entry);
}

it.each(['market.book', 'market.trades', 'market.ticker'] as const)('%s', command => {
  const read = (item: string, location?: string) =>
    readMarket(parts, command, location === undefined ? { item } : { item, location });
  expect(read('ore')).toMatchObject({ outcome: 'ok', body: { epoch: 4, sequence: 0 } });
  expect(read('ore', 'north')).toMatchObject({ outcome: 'ok', body: { epoch: 4, sequence: 0 } });
  expect(read('ore', 'far')).toMatchObject({
    outcome: 'rejected',
    body: { code: 'PLACE_NOT_FOUND', details: { place: 'far' } },
  });
  expect(read('silk', 'far')).toMatchObject({ body: { code: 'ITEM_NOT_FOUND' } });
  expect(read('coins', 'far')).toMatchObject({ body: { code: 'NOT_TRADABLE' } });
});
