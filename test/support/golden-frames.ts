// The frames that protocol/vectors shows to people who write clients in other languages: at least
// one request and one ok reply of every command, one reply of every reject code, every kind of
// event. Values only; test/protocol/vectors.test.ts turns them into bytes and back.

import type { CommandName, Payload, Result } from '../../protocol/commands/registry.ts';
import type { Budget } from '../../protocol/commands/session.ts';
import type { EventKind } from '../../protocol/events.ts';
import { type Outcome, REJECTS, type RejectCode } from '../../protocol/rejects.ts';

export interface GoldenRequest {
  readonly name: string;
  readonly frame: readonly [number, CommandName, object, (string | null)?, string?];
}

export interface GoldenReply {
  readonly name: string;
  /** Left out: the number of its row. Null: it answers a frame whose id could not be read. */
  readonly id?: null;
  /** The command it answers; null for the replies that any command may get. */
  readonly answers: CommandName | null;
  readonly outcome: Outcome;
  readonly body: object;
  readonly budget?: Budget;
}

export interface GoldenEvent {
  readonly name: string;
  readonly frame: readonly [string, number, number, number, EventKind, unknown];
}

const atMs = 1_795_219_200_000;

interface Exchange<Name extends CommandName> {
  readonly payload: Payload<Name>;
  readonly result: Result<Name>;
  readonly key?: string;
  readonly player?: string;
}

const listing = {
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

const bid = { ...listing, id: 4_712, price: 1_200, timeInForce: 'gtc', expiresAtMs: null } as const;

const trade = {
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

const item = {
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

const fills = [{ trade: 90_001, order: 4_711, price: 1_250, quantity: 15 }];
const balance = { asset: 'coins', location: 'main', available: 5_000_000_000, held: 31_250 };
const goods = { asset: 'iron-ore', location: 'main', available: 0, held: 25 };
const channels = { channels: ['me', 'book:iron-ore', 'trades:iron-ore@north'] };
const standing = { epoch: 3, sequence: 8_123_456 };

const sides = {
  bids: [
    [1_200, 25, 1],
    [1_190, 400, 7],
  ] as [number, number, number][],
  asks: [[1_250, 25, 1]] as [number, number, number][],
};

const ticker = {
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

const prints: [number, string, number, number, 'buy' | 'sell', number][] = [
  [90_000, 'iron-ore', 1_240, 3, 'sell', atMs - 1_000],
  [90_001, 'iron-ore', 1_250, 15, 'buy', atMs],
];

const exchanges: { readonly [Name in CommandName]: readonly Exchange<Name>[] } = {
  'session.open': [
    {
      payload: { token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl' },
      result: {
        player: 'alice',
        role: 'standard',
        protocol: 1,
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
        protocol: 1,
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
      key: 'define-iron-ore-1',
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
      key: 'quest-77:alice',
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
      key: 'quest-78:alice',
    },
  ],
  'wallet.burn': [
    {
      payload: { player: 'alice', asset: 'iron-ore', quantity: 5 },
      result: { balance: goods },
      key: 'smelt-9',
    },
  ],
  'wallet.transfer': [
    {
      payload: { from: 'alice', to: 'bob', asset: 'coins', quantity: Number.MAX_SAFE_INTEGER },
      result: {
        debit: { ...balance, available: 0 },
        credit: { ...balance, available: Number.MAX_SAFE_INTEGER, held: 0 },
      },
      key: 'mail-1',
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
      key: '7d9f2c1e-0001',
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
      key: '7d9f2c1e-0002',
    },
  ],
  'listings.cancel': [
    { payload: { listing: 4_711 }, result: { listing: 4_711, released: 25 }, key: 'c-1' },
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
      key: 'bid-1',
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
      key: 'game:bid:1',
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
      key: 'bid-2',
    },
  ],
  'bids.cancel': [
    { payload: { bid: 4_712 }, result: { bid: 4_712, released: 30_000 }, key: 'bid-3' },
  ],
  'bids.mine': [{ payload: { limit: 50 }, result: { bids: [bid], next: null } }],
  'purchases.create': [
    {
      payload: { listing: 4_711, quantity: 15, maxUnitPrice: 1_250 },
      result: { quantity: 15, total: 18_750, fee: 0, trades: fills },
      key: 'buy-1',
    },
    {
      payload: { item: 'iron-ore', quantity: 15, maxTotal: 20_000, partial: true },
      result: { quantity: 15, total: 18_750, fee: 0, trades: fills },
      key: 'buy-2',
    },
  ],
  'sales.create': [
    {
      payload: { bid: 4_712, quantity: 15, minUnitPrice: 1_200 },
      result: { quantity: 15, proceeds: 17_640, fee: 360, trades: fills },
      key: 'sell-1',
    },
    {
      payload: { item: 'iron-ore', location: 'north', quantity: 15, minTotal: 17_000 },
      result: { quantity: 15, proceeds: 17_640, fee: 360, trades: fills },
      key: 'sell-2',
    },
  ],
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
      payload: { key: 'buy-1' },
      result: {
        status: 'decided',
        outcome: 'ok',
        body: { quantity: 15, total: 18_750, fee: 0, trades: fills },
      },
    },
    { payload: { key: 'buy-9' }, result: { status: 'free' } },
  ],
};

function numbered<Row>(rows: readonly Row[], index: number): string {
  return rows.length === 1 ? '' : ` (${index + 1})`;
}

const all = Object.entries(exchanges) as [CommandName, readonly Exchange<CommandName>[]][];

export const goldenRequests: readonly GoldenRequest[] = all.flatMap(([command, rows], family) =>
  rows.map((row, index): GoldenRequest => {
    const id = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 0xffff_ffff][family % 9] as number;
    const name = command + numbered(rows, index);
    const { payload, key, player } = row;
    if (player !== undefined) return { name, frame: [id, command, payload, key ?? null, player] };
    return {
      name,
      frame: key === undefined ? [id, command, payload] : [id, command, payload, key],
    };
  }),
);

const okReplies = all.flatMap(([command, rows]) =>
  rows.map((row, index): GoldenReply => {
    const name = `${command}${numbered(rows, index)} ok`;
    return { name, answers: command, outcome: 'ok', body: row.result };
  }),
);

/** Details and waits as the server really sends them. */
const particulars: { readonly [Code in RejectCode]?: object } = {
  INVALID_REQUEST: { details: { path: 'payload.price' } },
  RATE_LIMIT_EXCEEDED: { retryAfterMs: 600 },
  TOO_MANY_IN_FLIGHT: { details: { limit: 10 } },
  SERVICE_UNAVAILABLE: { retryAfterMs: 1_000 },
  ITEM_NOT_FOUND: { details: { item: 'iron-ore' } },
  LISTING_UNAVAILABLE: { details: { remaining: 0 } },
  BID_UNAVAILABLE: { details: { remaining: 2 } },
  EXPIRY_IN_PAST: { details: { nowMs: atMs } },
  BAD_TICK: { details: { tickSize: 10 } },
  BAD_LOT: { details: { lotSize: 100 } },
  PRICE_OUT_OF_RANGE: { details: { minPrice: 10, maxPrice: Number.MAX_SAFE_INTEGER } },
  BELOW_FILLED: { details: { filled: 15 } },
  LIMIT_REACHED: { details: { limit: 'openOrders', max: 1_000 } },
  WOULD_CROSS: { details: { price: 1_200 } },
  NOTHING_TO_FILL: { details: { fillable: 3 } },
  INSUFFICIENT_FUNDS: { details: { required: 5_000_000_000, available: 12 } },
  INSUFFICIENT_INVENTORY: { details: { required: 40, available: 0 } },
};

const refusals = (Object.keys(REJECTS) as RejectCode[]).map((code): GoldenReply => {
  const { outcome, meaning } = REJECTS[code];
  const body = { code, message: meaning, ...particulars[code] };
  return { name: code, answers: null, outcome, body };
});

export const goldenReplies: readonly GoldenReply[] = [
  ...okReplies,
  ...refusals,
  {
    name: 'to a frame whose id could not be read',
    id: null,
    answers: null,
    outcome: 'invalid',
    body: { code: 'MALFORMED_FRAME', message: 'The frame is no array.' },
  },
  {
    name: 'with the remaining budget',
    answers: 'session.ping',
    outcome: 'ok',
    body: { serverTimeMs: atMs },
    budget: { remaining: 29, refillMs: 600 },
  },
  {
    name: 'with the budget of the unlimited',
    answers: 'session.ping',
    outcome: 'ok',
    body: { serverTimeMs: atMs },
    budget: null,
  },
];

const order = { side: 'sell', ...listing } as const;

export const goldenEvents: readonly GoldenEvent[] = [
  { name: 'book snapshot', frame: ['book:iron-ore', 3, 8_123_456, 0, 'snapshot', sides] },
  {
    name: 'book delta: one level changed, one gone',
    frame: [
      'book:iron-ore',
      3,
      8_123_460,
      8_123_456,
      'delta',
      {
        bids: [[1_190, 380, 6]],
        asks: [[1_250, 0, 0]],
      },
    ],
  },
  {
    name: 'trades snapshot, at another location',
    frame: ['trades:iron-ore@north', 3, 8_123_456, 0, 'snapshot', { trades: prints }],
  },
  {
    name: 'trades delta',
    frame: ['trades:iron-ore', 3, 8_123_460, 8_123_456, 'delta', { trades: prints.slice(1) }],
  },
  {
    name: 'ticker snapshot of a market without trades',
    frame: [
      'ticker:silk',
      3,
      0,
      0,
      'snapshot',
      {
        lastPrice: null,
        lastQuantity: null,
        lastAtMs: null,
        bestBid: null,
        bestAsk: null,
        open24h: null,
        high24h: null,
        low24h: null,
        volume24h: 0,
        trades24h: 0,
      },
    ],
  },
  { name: 'ticker delta', frame: ['ticker:iron-ore', 3, 8_123_460, 8_123_456, 'delta', ticker] },
  {
    name: 'me snapshot',
    frame: ['me', 3, 8_123_456, 0, 'snapshot', { balances: [balance, goods], orders: [order] }],
  },
  {
    name: 'me event',
    frame: [
      'me',
      3,
      8_123_460,
      8_123_456,
      'event',
      {
        atMs,
        balances: [balance],
        orders: [{ ...order, remaining: 10 }],
        trades: [{ ...trade, side: 'sell', order: 4_711 }],
      },
    ],
  },
  { name: 'heartbeat', frame: ['me', 3, 8_123_460, 8_123_460, 'heartbeat', null] },
];
