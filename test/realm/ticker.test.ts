// The ticker: last trade, and a day in quarters of an hour.

import { expect, it } from 'vitest';
import { Ticker } from '../../src/realm/ticker.ts';

const QUARTER_MS = 15 * 60 * 1000;
const DAY_MS = 96 * QUARTER_MS;
const START_MS = 1_700_000_000_000 - (1_700_000_000_000 % QUARTER_MS);

it('knows nothing before the first trade', () => {
  expect(new Ticker().state(START_MS, 3, 5)).toEqual({
    lastPrice: null,
    lastQuantity: null,
    lastAtMs: null,
    bestBid: 3,
    bestAsk: 5,
    open24h: null,
    high24h: null,
    low24h: null,
    volume24h: 0,
    trades24h: 0,
  });
});

it('sums up the trades of a day, and forgets a quarter when all of it is older', () => {
  const ticker = new Ticker();
  ticker.trade(10, 2, START_MS);
  ticker.trade(14, 1, START_MS + QUARTER_MS);
  ticker.trade(8, 5, START_MS + 2 * QUARTER_MS);
  expect(ticker.state(START_MS + DAY_MS, null, null)).toMatchObject({
    lastPrice: 8,
    open24h: 10,
    high24h: 14,
    low24h: 8,
    volume24h: 8,
    trades24h: 3,
  });
  expect(ticker.state(START_MS + DAY_MS + QUARTER_MS, null, null)).toMatchObject({
    open24h: 14,
    high24h: 14,
    volume24h: 6,
    trades24h: 2,
  });
  expect(ticker.state(START_MS + 3 * DAY_MS, null, null)).toMatchObject({
    lastPrice: 8,
    open24h: null,
    high24h: null,
    volume24h: 0,
  });
});

it('goes on after a restart with the quarters and the last trade of the past', () => {
  const ticker = new Ticker();
  const bucket = START_MS / QUARTER_MS;
  ticker.restore({ bucket, open: 10, high: 12, low: 9, volume: 30, trades: 4 });
  ticker.restoreLast([77, 'iron', 11, 3, 'sell', START_MS + 5]);
  ticker.trade(15, 1, START_MS + 6);
  expect(ticker.state(START_MS + 7, null, null)).toMatchObject({
    lastPrice: 15,
    open24h: 10,
    high24h: 15,
    low24h: 9,
    volume24h: 31,
    trades24h: 5,
  });
});
