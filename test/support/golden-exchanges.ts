// The payloads and results behind the golden frames: one exchange or more of every command.
// golden-frames.ts makes frames of them.

import type { CommandName, Payload, Result } from '../../protocol/commands/registry.ts';
import { REJECTS } from '../../protocol/rejects.ts';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import { directExchanges } from './golden-direct-exchanges.ts';
import {
  atMs,
  balance,
  bid,
  channels,
  fills,
  goldenKey,
  goods,
  item,
  listing,
  prints,
  sides,
  standing,
  ticker,
  trade,
} from './golden-values.ts';

export interface Exchange<Name extends CommandName> {
  readonly payload: Payload<Name>;
  readonly result: Result<Name>;
  readonly key?: string;
  readonly player?: string;
}

export type Exchanges = { readonly [Name in CommandName]: readonly Exchange<Name>[] };

export const exchanges: Exchanges = {
  'session.open': [
    {
      payload: { token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl' },
      result: {
        player: 'alice',
        role: 'standard',
        protocol: PROTOCOL_VERSION,
        realm: 'main',
        epoch: 3,
        serverTimeMs: atMs,
        expiresAtMs: atMs + 3_600_000,
        budget: { remaining: 30, refillMs: 600 },
        resumed: false,
      },
    },
    {
      payload: { token: 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln', resume: standing, budget: true },
      result: {
        player: 'game-server',
        role: 'service',
        protocol: PROTOCOL_VERSION,
        realm: 'main',
        epoch: 3,
        serverTimeMs: atMs,
        expiresAtMs: atMs + 3_600_000,
        budget: null,
        resumed: true,
      },
    },
  ],
  'session.subscribe': [{ payload: channels, result: channels }],
  'session.unsubscribe': [{ payload: channels, result: channels }],
  'session.resync': [
    { payload: { channels: ['book:iron-ore'] }, result: { channels: ['book:iron-ore'] } },
  ],
  'session.ping': [{ payload: {}, result: { serverTimeMs: atMs } }],
  'items.define': [
    {
      payload: {
        item: 'iron-ore',
        kind: 'commodity',
        currency: 'coins',
        tickSize: 10,
        minPrice: 10,
        attributes: item.attributes,
      },
      result: item,
      key: goldenKey('define-iron-ore-1'),
    },
  ],
  'items.get': [{ payload: { item: 'iron-ore' }, result: item }],
  'wallet.get': [
    { payload: {}, result: { balances: [balance, goods], next: null } },
    { payload: { player: 'alice', after: 2, limit: 200 }, result: { balances: [], next: null } },
  ],
  'wallet.grant': [
    {
      payload: { player: 'alice', asset: 'coins', quantity: 5_000_000_000 },
      result: { balance },
      key: goldenKey('quest-77:alice'),
    },
    {
      payload: {
        player: 'alice',
        asset: 'excalibur#1',
        quantity: 1,
        attributes: { damage: 120, maker: 'Wayland' },
      },
      result: {
        balance: { asset: 'excalibur#1', location: 'main', available: 1, held: 0 },
      },
      key: goldenKey('quest-78:alice'),
    },
  ],
  'wallet.burn': [
    {
      payload: { player: 'alice', asset: 'iron-ore', quantity: 5 },
      result: { balance: goods },
      key: goldenKey('smelt-9'),
    },
  ],
  'wallet.transfer': [
    {
      payload: { from: 'alice', to: 'bob', asset: 'coins', quantity: Number.MAX_SAFE_INTEGER },
      result: {
        debit: { ...balance, available: 0 },
        credit: { ...balance, available: Number.MAX_SAFE_INTEGER, held: 0 },
      },
      key: goldenKey('mail-1'),
    },
  ],
  'listings.create': [
    {
      payload: {
        item: 'iron-ore',
        quantity: 40,
        price: 1_250,
        location: 'north',
        timeInForce: 'gtd',
        expiresAtMs: atMs + 3_600_000,
      },
      result: {
        listing: 4_711,
        status: 'open',
        filled: 15,
        remaining: 25,
        proceeds: 18_750,
        fee: 0,
        trades: fills,
        listingFee: 500,
      },
      key: goldenKey('7d9f2c1e-0001'),
    },
    {
      payload: { item: 'excalibur#1', quantity: 1, price: 2 ** 40, postOnly: true },
      result: {
        listing: 4_713,
        status: 'open',
        filled: 0,
        remaining: 1,
        proceeds: 0,
        fee: 0,
        trades: [],
        listingFee: 0,
      },
      player: 'bob',
    },
  ],
  'listings.update': [
    {
      payload: { listing: 4_711, price: 1_240, quantity: 30 },
      result: {
        listing: 4_711,
        status: 'open',
        filled: 15,
        remaining: 15,
        proceeds: 0,
        fee: 0,
        trades: [],
      },
      key: goldenKey('7d9f2c1e-0002'),
    },
  ],
  'listings.cancel': [
    {
      payload: { listing: 4_711 },
      result: { listing: 4_711, released: 25 },
      key: goldenKey('c-1'),
    },
  ],
  'listings.get': [{ payload: { listing: 4_711 }, result: listing }],
  'listings.mine': [
    { payload: {}, result: { listings: [listing], next: null } },
    { payload: { all: true, before: 4_711, limit: 1 }, result: { listings: [], next: 4_600 } },
  ],
  'bids.create': [
    {
      payload: { item: 'iron-ore', quantity: 40, price: 1_200 },
      result: {
        bid: 4_712,
        status: 'open',
        filled: 15,
        remaining: 25,
        cost: 18_000,
        fee: 0,
        trades: fills,
      },
      key: goldenKey('bid-1'),
    },
    {
      payload: { item: 'iron-ore', quantity: 40, price: 1_300, timeInForce: 'ioc' },
      result: {
        bid: 4_714,
        status: 'cancelled',
        filled: 15,
        remaining: 25,
        cost: 18_750,
        fee: 0,
        trades: fills,
      },
      key: goldenKey('game:bid:1'),
      player: 'bob',
    },
  ],
  'bids.update': [
    {
      payload: { bid: 4_712, expiresAtMs: atMs + 60_000 },
      result: {
        bid: 4_712,
        status: 'open',
        filled: 15,
        remaining: 25,
        cost: 0,
        fee: 0,
        trades: [],
      },
      key: goldenKey('bid-2'),
    },
  ],
  'bids.cancel': [
    { payload: { bid: 4_712 }, result: { bid: 4_712, released: 30_000 }, key: goldenKey('bid-3') },
  ],
  'bids.mine': [{ payload: { limit: 50 }, result: { bids: [bid], next: null } }],
  'purchases.create': [
    {
      payload: { listing: 4_711, quantity: 15, maxUnitPrice: 1_250 },
      result: { quantity: 15, total: 18_750, fee: 0, trades: fills },
      key: goldenKey('buy-1'),
    },
    {
      payload: { item: 'iron-ore', quantity: 15, maxTotal: 20_000, partial: true },
      result: { quantity: 15, total: 18_750, fee: 0, trades: fills },
      key: goldenKey('buy-2'),
    },
  ],
  'sales.create': [
    {
      payload: { bid: 4_712, quantity: 15, minUnitPrice: 1_200 },
      result: { quantity: 15, proceeds: 17_640, fee: 360, trades: fills },
      key: goldenKey('sell-1'),
    },
    {
      payload: { item: 'iron-ore', location: 'north', quantity: 15, minTotal: 17_000 },
      result: { quantity: 15, proceeds: 17_640, fee: 360, trades: fills },
      key: goldenKey('sell-2'),
    },
  ],
  ...directExchanges,
  'market.book': [{ payload: { item: 'iron-ore', depth: 2 }, result: { ...standing, ...sides } }],
  'market.trades': [
    { payload: { item: 'iron-ore', limit: 2 }, result: { ...standing, trades: prints } },
  ],
  'market.ticker': [
    { payload: { item: 'iron-ore', location: 'north' }, result: { ...standing, ...ticker } },
  ],
  'history.trades': [
    { payload: { limit: 1 }, result: { trades: [trade], next: 90_001 } },
    { payload: { player: 'bob', before: 90_001 }, result: { trades: [], next: null } },
  ],
  'keys.get': [
    {
      payload: { key: goldenKey('buy-1') },
      result: {
        status: 'decided',
        outcome: 'ok',
        body: { quantity: 15, total: 18_750, fee: 0, trades: fills },
      },
    },
    { payload: { key: goldenKey('buy-9') }, result: { status: 'free' } },
    { payload: { key: goldenKey('buy-0') }, result: { status: 'expired' } },
    {
      payload: { key: goldenKey('window-5') },
      result: {
        status: 'decided',
        outcome: 'rejected',
        body: {
          code: 'STALE_REVISION',
          message: REJECTS.STALE_REVISION.meaning,
        },
      },
    },
  ],
  'places.define': [
    { payload: { place: 'north' }, result: { place: 'north' }, key: goldenKey('place-1') },
  ],
  'places.list': [
    { payload: { limit: 2 }, result: { places: [{ place: 'main' }, { place: 'north' }], next: 1 } },
    { payload: { after: 1 }, result: { places: [], next: null } },
  ],
  'sessions.end': [
    { payload: { player: 'mallory' }, result: { player: 'mallory', issuedFromMs: atMs + 1_000 } },
  ],
};
