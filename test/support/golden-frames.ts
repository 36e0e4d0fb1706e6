// The frames that protocol/vectors shows to people who write clients in other languages: at least
// one request and one ok reply of every command, one reply of every reject code, every kind of
// event. Values only; test/protocol/vectors.test.ts turns them into bytes and back.

import type { CommandName } from '../../protocol/commands/registry.ts';
import type { Budget } from '../../protocol/commands/session.ts';
import type { EventKind } from '../../protocol/events.ts';
import { type Outcome, REJECTS, type RejectCode } from '../../protocol/rejects.ts';
import { invitation, manifest, offer, openWindow } from './golden-direct.ts';
import { directEvents } from './golden-direct-events.ts';
import { type Exchange, exchanges } from './golden-exchanges.ts';
import { atMs, balance, goods, listing, prints, sides, ticker, trade } from './golden-values.ts';

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
  PLACE_NOT_FOUND: { details: { place: 'north' } },
  PLAYER_NOT_FOUND: { details: { player: 'bob' } },
  LISTING_UNAVAILABLE: { details: { remaining: 0 } },
  BID_UNAVAILABLE: { details: { remaining: 2 } },
  ALREADY_TRADING: { details: { window: 42 } },
  WINDOW_STATUS: { details: { status: 'review' } },
  STALE_REVISION: { details: { window: openWindow } },
  NOT_ARMED: { details: { armedAtMs: openWindow.armedAtMs } },
  HASH_MISMATCH: { details: { window: openWindow } },
  STALE_MANIFEST: { details: { manifest: manifest.manifest } },
  NOT_ACKNOWLEDGED: {
    details: { code: 'THIN_PRICE', token: manifest.warnings[0]?.token as string },
  },
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
    frame: [
      'me',
      3,
      8_123_456,
      0,
      'snapshot',
      {
        ...{ balances: [balance, goods], orders: [order], offers: [offer] },
        ...{ windows: [invitation], more: true },
      },
    ],
  },
  {
    name: 'me part, the last one',
    frame: [
      'me',
      3,
      8_123_456,
      8_123_456,
      'part',
      { balances: [goods], orders: [], offers: [], windows: [], more: false },
    ],
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
        offers: [],
        windows: [],
      },
    ],
  },
  ...directEvents,
  { name: 'heartbeat', frame: ['me', 3, 8_123_460, 8_123_460, 'heartbeat', null] },
];
