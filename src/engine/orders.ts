// Listings and bids: create, update, cancel. Both sides are one code; `side` says which.
//
// Each command first makes all its checks, in the order of RULES.md, changing nothing; behind the
// line "From here on this must succeed" it only executes.

import type { Fill, OrderStatus, TimeInForce } from '../../protocol/fields.ts';
import { assert } from '../base/assert.ts';
import { multiply, shareOf } from '../base/units.ts';
import * as check from './assets.ts';
import { accept, type Decision, reject } from './decision.ts';
import type { Side } from './fact.ts';
import { HOUSE } from './ledger.ts';
import { Order, orderFact } from './order.ts';
import {
  planIncoming,
  whyCrossing,
  whyExpired,
  whyNoMoney,
  whyNotWhole,
  whyShort,
} from './order-checks.ts';
import { whyNoPlace } from './places.ts';
import { bidHold, buyerFeeBps, executePlan, holdOf } from './settle.ts';
import { MAIN, type State } from './state.ts';

export interface NewOrder {
  readonly item: string;
  readonly quantity: number;
  readonly price: number;
  readonly location?: string | undefined;
  readonly timeInForce?: TimeInForce | undefined;
  readonly expiresAtMs?: number | undefined;
  readonly postOnly?: boolean | undefined;
}

export interface OrderChange {
  readonly price?: number | undefined;
  readonly quantity?: number | undefined;
  readonly expiresAtMs?: number | undefined;
}

export function createOrder(state: State, side: Side, name: string, ask: NewOrder): Decision {
  const found = check.findAsset(state, ask.item);
  if (found === null) return check.itemNotFound(ask.item);
  const { market, asset } = found;
  const timeInForce = ask.timeInForce ?? 'gtc';
  const refusal =
    check.whyNotTradable(found, ask.item) ??
    (asset < 0 ? check.itemNotFound(ask.item) : null) ??
    whyNoPlace(state, ask.location) ??
    check.whyHalted(market) ??
    whyExpired(state, ask.expiresAtMs) ??
    check.whyBadPrice(market, ask.price) ??
    check.whyBadLot(found, ask.quantity) ??
    check.whyOutOfRange(market, ask.price);
  if (refusal !== null) return refusal;

  const value = multiply(ask.price, ask.quantity);
  const feeBps = side === 'buy' ? buyerFeeBps(state) : 0;
  const hold = side === 'buy' ? bidHold(ask.price, ask.quantity, feeBps) : ask.quantity;
  if (value < 0 || hold < 0) return check.overflow();

  const player = state.players.find(name);
  const mayRest = timeInForce === 'gtc' || timeInForce === 'gtd';
  const { openOrdersMax } = state.rules;
  if (mayRest && state.openOrdersOf(player) >= openOrdersMax) {
    return reject('LIMIT_REACHED', `At most ${openOrdersMax} open orders.`, {
      limit: 'openOrders',
      max: openOrdersMax,
    });
  }
  const location = state.location(ask.location);
  const incoming = { side, player, price: ask.price, quantity: ask.quantity, feeBps };
  const bookAt = found.isInstance ? -1 : location;
  const listingFee = side === 'sell' ? shareOf(value, state.rules.listingFeeBps) : 0;
  const obstacle =
    planIncoming(state, market, bookAt, incoming) ??
    whyCrossing(state, ask.postOnly ?? false) ??
    (timeInForce === 'fok' ? whyNotWhole(state, ask.quantity) : null) ??
    whyShort(state, { side, player, market, asset, location, needed: hold }) ??
    whyNoMoney(state, player, market, listingFee);
  if (obstacle !== null) return obstacle;

  // From here on this must succeed.
  const order = new Order({
    id: ++state.lastOrder,
    side,
    player: state.player(name),
    asset,
    location,
    price: ask.price,
    quantity: ask.quantity,
    feeBps,
    timeInForce,
    postOnly: ask.postOnly ?? false,
    expiresAtMs: ask.expiresAtMs ?? 0,
    createdAtMs: state.nowMs,
  });
  if (listingFee > 0) payListingFee(state, order, listingFee);
  const { fee, value: traded } = state.plan;
  const fills = executePlan(state, order);
  const status = settleIncoming(state, order, mayRest);
  return accept(placedBody(order, { status, fills, fee, traded, listingFee }));
}

export function updateOrder(
  state: State,
  side: Side,
  name: string,
  id: number,
  change: OrderChange,
): Decision {
  const order = ownOpenOrder(state, side, name, id);
  if (order === null) return orderNotFound(side, id);
  const market = state.market(order.asset);
  const price = change.price ?? order.price;
  const quantity = change.quantity ?? order.quantity;
  const filled = order.quantity - order.remaining;
  const isInstance = state.assets.get(order.asset)?.instance !== null;
  const found = { market, asset: order.asset, isInstance };
  const refusal =
    check.whyHalted(market) ??
    whyExpired(state, change.expiresAtMs) ??
    (change.price === undefined ? null : check.whyBadPrice(market, price)) ??
    (change.quantity === undefined ? null : check.whyBadLot(found, quantity)) ??
    (change.price === undefined ? null : check.whyOutOfRange(market, price)) ??
    (multiply(price, quantity) < 0 || bidHold(price, quantity, order.feeBps) < 0
      ? check.overflow()
      : null);
  if (refusal !== null) return refusal;
  if (quantity <= filled) {
    return reject('BELOW_FILLED', `${filled} were filled already.`, { filled });
  }

  const remaining = quantity - filled;
  const losesPlace = !isInstance && (price !== order.price || quantity > order.quantity);
  const incoming = { side, player: order.player, price, quantity: remaining, feeBps: order.feeBps };
  const bookAt = losesPlace ? order.location : -1;
  const hold = side === 'sell' ? remaining : bidHold(price, remaining, order.feeBps);
  const { player, asset, location } = order;
  const needed = hold - order.held;
  const obstacle =
    planIncoming(state, market, bookAt, incoming) ??
    whyCrossing(state, order.postOnly) ??
    whyShort(state, { side, player, market, asset, location, needed });
  if (obstacle !== null) return obstacle;

  // From here on this must succeed.
  if (change.expiresAtMs !== undefined) postpone(state, order, change.expiresAtMs);
  if (losesPlace) return replace(state, order, price, quantity);
  if (order.level !== null && remaining < order.remaining) {
    state.touchLevel(order.level.side.reduce(order, order.remaining - remaining));
  }
  order.price = price;
  order.quantity = quantity;
  adjustHold(state, order, hold);
  state.output.push(orderFact(order, 'open'));
  return accept(placedBody(order, { status: 'open', fills: [], fee: 0, traded: 0 }));
}

export function cancelOrder(state: State, side: Side, name: string, id: number): Decision {
  const order = ownOpenOrder(state, side, name, id);
  if (order === null) return orderNotFound(side, id);
  // From here on this must succeed.
  const released = order.held;
  state.close(order, 'cancelled');
  return accept(side === 'sell' ? { listing: id, released } : { bid: id, released });
}

/** New price or more of it: a new place, after filling what crosses now. */
function replace(state: State, order: Order, price: number, quantity: number): Decision {
  state.unrest(order);
  adjustHold(state, order, 0);
  order.remaining += quantity - order.quantity;
  order.price = price;
  order.quantity = quantity;
  const { fee, value: traded } = state.plan;
  const fills = executePlan(state, order);
  const status = settleIncoming(state, order, true);
  return accept(placedBody(order, { status, fills, fee, traded }));
}

/** After its fills: the incoming order rests, or is over. */
function settleIncoming(state: State, order: Order, mayRest: boolean): OrderStatus {
  order.remaining -= state.plan.quantity;
  assert(order.remaining >= 0, 'no order is filled beyond its quantity');
  let status: OrderStatus = 'filled';
  if (order.remaining > 0) status = mayRest ? 'open' : 'cancelled';
  if (status === 'open') {
    order.priority = state.sequence + 1;
    adjustHold(state, order, holdOf(order));
    state.rest(order);
  }
  state.output.push(orderFact(order, status));
  return status;
}

/** Holds or releases until the order holds `hold`. */
function adjustHold(state: State, order: Order, hold: number): void {
  const account = state.holdAccount(order);
  if (hold > order.held) state.ledger.hold(account, hold - order.held);
  if (hold < order.held) state.ledger.release(account, order.held - hold);
  order.held = hold;
}

function payListingFee(state: State, order: Order, quantity: number): void {
  const { currency } = state.market(order.asset).item;
  const debit = state.ledger.open(order.player, currency, MAIN);
  const credit = state.ledger.open(HOUSE, currency, MAIN);
  const move = { debit, from: 'available', credit, quantity } as const;
  state.ledger.transfer(move, 'listing-fee', order.id, state.output);
}

function postpone(state: State, order: Order, expiresAtMs: number): void {
  if (order.expiryIndex >= 0) state.expiries.remove(order);
  order.expiresAtMs = expiresAtMs;
  order.timeInForce = 'gtd';
  state.expiries.add(order);
}

function ownOpenOrder(state: State, side: Side, name: string, id: number): Order | null {
  const order = state.orders.get(id);
  if (order === undefined || order.side !== side) return null;
  return order.player === state.players.find(name) ? order : null;
}

function orderNotFound(side: Side, id: number): Decision {
  return side === 'sell'
    ? reject('LISTING_NOT_FOUND', `You have no open listing ${id}.`)
    : reject('BID_NOT_FOUND', `You have no open bid ${id}.`);
}

function placedBody(
  order: Order,
  came: {
    status: OrderStatus;
    fills: Fill[];
    fee: number;
    traded: number;
    listingFee?: number;
  },
): Readonly<Record<string, unknown>> {
  const { status, fills, fee, traded, listingFee } = came;
  const { id, remaining } = order;
  let filled = 0;
  for (const fill of fills) filled += fill.quantity;
  const stand = { status, filled, remaining };
  if (order.side === 'buy') return { bid: id, ...stand, cost: traded + fee, fee, trades: fills };
  const body = { listing: id, ...stand, proceeds: traded - fee, fee, trades: fills };
  return listingFee === undefined ? body : { ...body, listingFee };
}
