// The values that the golden frames are made of, as a game would have them.

import { testKey } from './test-key.ts';

export const atMs = 1_795_219_200_000;

/** The key that is called so here. */
export function goldenKey(name: string): string {
  return testKey(name, atMs);
}

export const listing = {
  id: 4_711,
  item: 'iron-ore',
  location: 'main',
  price: 1_250,
  quantity: 40,
  remaining: 25,
  timeInForce: 'gtd',
  postOnly: false,
  expiresAtMs: atMs + 3_600_000,
  createdAtMs: atMs,
  status: 'open',
} as const;

export const bid = {
  ...listing,
  id: 4_712,
  price: 1_200,
  timeInForce: 'gtc',
  expiresAtMs: null,
} as const;

export const trade = {
  trade: 90_001,
  atMs,
  item: 'iron-ore',
  location: 'main',
  side: 'buy',
  price: 1_250,
  quantity: 15,
  fee: 0,
  order: null,
} as const;

export const item = {
  item: 'iron-ore',
  kind: 'commodity',
  currency: 'coins',
  tickSize: 10,
  lotSize: 1,
  minPrice: 10,
  maxPrice: Number.MAX_SAFE_INTEGER,
  halted: false,
  attributes: { label: 'Eisenerz ⛏', stackable: true, weight: -3 },
} as const;

export const fills = [{ trade: 90_001, order: 4_711, price: 1_250, quantity: 15 }];
export const balance = { asset: 'coins', location: 'main', available: 5_000_000_000, held: 31_250 };
export const goods = { asset: 'iron-ore', location: 'main', available: 0, held: 25 };
export const channels = { channels: ['me', 'book:iron-ore', 'trades:iron-ore@north'] };
export const standing = { epoch: 3, sequence: 8_123_456 };

export const sides = {
  bids: [
    [1_200, 25, 1],
    [1_190, 400, 7],
  ] as [number, number, number][],
  asks: [[1_250, 25, 1]] as [number, number, number][],
};

export const ticker = {
  lastPrice: 1_250,
  lastQuantity: 15,
  lastAtMs: atMs,
  bestBid: 1_200,
  bestAsk: 1_250,
  open24h: 1_100,
  high24h: 1_300,
  low24h: 1_100,
  volume24h: 9_876_543_210,
  trades24h: 4_321,
};

export const prints: [number, string, number, number, 'buy' | 'sell', number][] = [
  [90_000, 'iron-ore', 1_240, 3, 'sell', atMs - 1_000],
  [90_001, 'iron-ore', 1_250, 15, 'buy', atMs],
];
