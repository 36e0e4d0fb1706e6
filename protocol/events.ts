// What the server pushes: [channel, epoch, sequence, previousSequence, kind, data].
//
// A sequence is the number of the engine's decision that the frame brings the channel up to; it
// rises but has holes, so continuity is the chain: previousSequence is the sequence of the frame
// before it on the same channel. A frame whose previousSequence is not the last sequence received,
// or whose epoch differs, means a gap (session.resync). A snapshot may come at any time and
// replaces everything known of its channel.

import { z } from 'zod';
import {
  lineChange,
  manifestView,
  offerView,
  receipt,
  windowEventKind,
  windowNotice,
  windowView,
} from './direct.ts';
import {
  amount,
  amountOrZero,
  assetId,
  balanceView,
  orderView,
  playerId,
  recordId,
  timeMs,
  tradeView,
} from './fields.ts';
import {
  BOOK_DEPTH_MAX,
  ME_BALANCES_MAX,
  ME_OFFERS_MAX,
  ME_ORDERS_MAX,
  ME_WINDOWS_MAX,
  TRADES_SNAPSHOT_MAX,
} from './limits.ts';

export const EVENT_KINDS = ['snapshot', 'part', 'delta', 'event', 'heartbeat'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** [price, quantity, orders]: the whole of a price level. Quantity 0: the level left the window. */
export const bookLevel = z.tuple([amount, amountOrZero, amountOrZero]);
export type BookLevel = z.infer<typeof bookLevel>;

/**
 * The window of the best BOOK_DEPTH_MAX levels a side, best first. A snapshot shows the window, a
 * delta what changed in it, new values replacing old ones.
 */
const bookSide = z.array(bookLevel).max(2 * BOOK_DEPTH_MAX);
export const bookSides = z.strictObject({ bids: bookSide, asks: bookSide });
export type BookSides = z.infer<typeof bookSides>;

/** [trade, item or instance, price, quantity, side of the taker, atMs]. */
export const tradePrint = z.tuple([
  recordId,
  assetId,
  amount,
  amount,
  z.enum(['buy', 'sell']),
  timeMs,
]);
export type TradePrint = z.infer<typeof tradePrint>;

/** Snapshot: the latest trades, oldest first. Delta: all that were made since. Never conflated. */
export const tradePrints = z.strictObject({ trades: z.array(tradePrint) });
const latestPrints = z.strictObject({ trades: z.array(tradePrint).max(TRADES_SNAPSHOT_MAX) });
export type TradePrints = z.infer<typeof tradePrints>;

/** Null: never, or not within the last 24 hours (counted in quarters of an hour). */
export const tickerState = z.strictObject({
  lastPrice: amount.nullable(),
  lastQuantity: amount.nullable(),
  lastAtMs: timeMs.nullable(),
  bestBid: amount.nullable(),
  bestAsk: amount.nullable(),
  open24h: amount.nullable(),
  high24h: amount.nullable(),
  low24h: amount.nullable(),
  volume24h: amountOrZero,
  trades24h: amountOrZero,
});
export type TickerState = z.infer<typeof tickerState>;

/** An order in the private feed: which book side it is on, and how it stands now. */
export const ownOrder = z.strictObject({ side: z.enum(['buy', 'sell']), ...orderView.shape });
export type OwnOrder = z.infer<typeof ownOrder>;

/**
 * The private snapshot: all balances other than zero, all open orders, open offers from and to the
 * player, and their live windows, invitations included. `more`: frames of the kind `part` follow,
 * each with rows that no frame before it had, until one says that there is no more.
 */
export const meSnapshot = z.strictObject({
  balances: z.array(balanceView).max(ME_BALANCES_MAX),
  orders: z.array(ownOrder).max(ME_ORDERS_MAX),
  offers: z.array(offerView).max(ME_OFFERS_MAX),
  windows: z.array(windowNotice).max(ME_WINDOWS_MAX),
  more: z.boolean(),
});
export type MeSnapshot = z.infer<typeof meSnapshot>;

/** One decision of the engine, as far as it concerns the player: new values, never differences. */
export const meEvent = z.strictObject({
  atMs: timeMs,
  balances: z.array(balanceView),
  orders: z.array(ownOrder),
  trades: z.array(tradeView),
  offers: z.array(offerView),
  windows: z.array(windowNotice),
});
export type MeEvent = z.infer<typeof meEvent>;

/** All of a window. `manifest` while it is under review, and after it was executed. */
export const windowSnapshot = z.strictObject({
  window: windowView,
  manifest: manifestView.nullable(),
  receipt: receipt.nullable(),
});
export type WindowSnapshot = z.infer<typeof windowSnapshot>;

/** What happened, by whom (null: the time was up), what it changed, and how the window is now. */
export const windowEvent = z.strictObject({
  atMs: timeMs,
  event: windowEventKind,
  player: playerId.nullable(),
  changes: z.array(lineChange),
  ...windowSnapshot.shape,
});
export type WindowEvent = z.infer<typeof windowEvent>;

/** The schemas of `data`, by channel family and kind. A heartbeat carries null. */
export const EVENTS = {
  book: { snapshot: bookSides, delta: bookSides },
  trades: { snapshot: latestPrints, delta: tradePrints },
  ticker: { snapshot: tickerState, delta: tickerState },
  me: { snapshot: meSnapshot, part: meSnapshot, event: meEvent },
  window: { snapshot: windowSnapshot, event: windowEvent },
} as const;
