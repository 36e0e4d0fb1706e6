// Immediate purchases and sales: from one order, or from the book within bounds. They leave no
// order behind. All checks come first, in the order of RULES.md; then nothing can fail.

import type { Payload } from '../../protocol/commands/registry.ts';
import { AMOUNT_MAX } from '../base/units.ts';
import * as check from './assets.ts';
import { accept, type Decision, reject } from './decision.ts';
import type { Side } from './fact.ts';
import type { Market } from './market.ts';
import type { Order } from './order.ts';
import { whyNoMoney, whyNotWhole, whyObstructed } from './order-checks.ts';
import { whyNoPlace } from './places.ts';
import type { Wanted } from './plan.ts';
import { buyerFeeBps, executePlan, sellerFeeBps } from './settle.ts';
import type { State } from './state.ts';

/** A purchase or sale, its two sides brought into one shape. */
interface Immediate {
  readonly side: Side;
  readonly quantity: number;
  /** The worst unit price that is acceptable. */
  readonly price: number;
  readonly partial: boolean;
}

interface FromOrder extends Immediate {
  readonly order: number;
}

interface FromBook extends Immediate {
  readonly item: string;
  readonly location: string | undefined;
  /** Purchases: the most to pay. */
  readonly totalMax: number;
  /** Sales: the least to receive. */
  readonly totalMin: number;
}

export function purchase(state: State, name: string, ask: Payload<'purchases.create'>): Decision {
  const side: Side = 'buy';
  const { quantity, partial = false, maxUnitPrice: price = AMOUNT_MAX } = ask;
  if ('listing' in ask) {
    return fromOrder(state, name, { side, order: ask.listing, quantity, price, partial });
  }
  const { item, location, maxTotal: totalMax = AMOUNT_MAX } = ask;
  const bounds = { item, location, totalMax, totalMin: 0 };
  return fromBook(state, name, { side, quantity, price, partial, ...bounds });
}

export function sale(state: State, name: string, ask: Payload<'sales.create'>): Decision {
  const side: Side = 'sell';
  const { quantity, partial = false, minUnitPrice: price = 1 } = ask;
  if ('bid' in ask) {
    return fromOrder(state, name, { side, order: ask.bid, quantity, price, partial });
  }
  const { item, location, minTotal: totalMin = 0 } = ask;
  const bounds = { item, location, totalMax: AMOUNT_MAX, totalMin };
  return fromBook(state, name, { side, quantity, price, partial, ...bounds });
}

function fromOrder(state: State, name: string, ask: FromOrder): Decision {
  const { side, order: id } = ask;
  const order = state.orders.get(id);
  const wantedSide: Side = side === 'buy' ? 'sell' : 'buy';
  if (order === undefined || order.side !== wantedSide) {
    const isClosed = order === undefined && id <= state.lastOrder;
    return isClosed ? unavailable(side, 0) : notFound(side, id);
  }
  const market = state.market(order.asset);
  const isInstance = state.assets.get(order.asset)?.instance !== null;
  const found = { market, asset: order.asset, isInstance };
  const refusal = check.whyHalted(market) ?? check.whyBadLot(found, ask.quantity);
  if (refusal !== null) return refusal;

  const player = state.players.find(name);
  state.plan.single(order, wanted(state, market, player, ask));
  const obstacle =
    whyObstructed(state) ??
    whyWorse(ask, order) ??
    (ask.quantity > order.remaining && !ask.partial ? unavailable(side, order.remaining) : null) ??
    whyShort(state, player, market, ask, order.location);
  return obstacle ?? execute(state, name, side);
}

function fromBook(state: State, name: string, ask: FromBook): Decision {
  const { side } = ask;
  const found = check.findAsset(state, ask.item);
  if (found === null) return check.itemNotFound(ask.item);
  const { market } = found;
  const refusal =
    check.whyNotTradable(found, ask.item) ??
    whyNoPlace(state, ask.location) ??
    check.whyHalted(market) ??
    check.whyBadLot(found, ask.quantity);
  if (refusal !== null) return refusal;

  const player = state.players.find(name);
  const location = state.location(ask.location);
  const { plan } = state;
  plan.walk(
    market.findBook(location)?.opposite(side),
    wanted(state, market, player, ask, ask.totalMax),
  );
  const obstacle =
    whyObstructed(state) ??
    (ask.partial && plan.quantity > 0 ? null : whyNotWhole(state, ask.quantity)) ??
    whyTooLittle(state, ask.totalMin) ??
    whyShort(state, player, market, ask, location);
  return obstacle ?? execute(state, name, side);
}

function execute(state: State, name: string, side: Side): Decision {
  // From here on this must succeed.
  const { quantity, value, fee } = state.plan;
  const player = state.player(name);
  const trades = executePlan(state, { id: 0, side, player, feeBps: buyerFeeBps(state) });
  return side === 'buy'
    ? accept({ quantity, total: value + fee, fee, trades })
    : accept({ quantity, proceeds: value - fee, fee, trades });
}

function wanted(
  state: State,
  market: Market,
  player: number,
  ask: Immediate,
  totalMax = AMOUNT_MAX,
): Wanted {
  const { side, quantity, price } = ask;
  return {
    side,
    player,
    price,
    quantity,
    totalMax,
    feeBps: side === 'buy' ? buyerFeeBps(state) : sellerFeeBps(state),
    lotSize: market.item.lotSize,
    fillsMax: state.rules.fillsPerCommandMax,
  };
}

/** Whether one order's price is worse than what the player would accept. */
function whyWorse(ask: FromOrder, order: Order): Decision | null {
  const isWorse = ask.side === 'buy' ? order.price > ask.price : order.price < ask.price;
  if (!isWorse) return null;
  const minPrice = ask.side === 'buy' ? 1 : ask.price;
  const maxPrice = ask.side === 'buy' ? ask.price : AMOUNT_MAX;
  return reject('PRICE_OUT_OF_RANGE', `The price is ${order.price}.`, { minPrice, maxPrice });
}

/** Whether a sale brings less than its bound. */
function whyTooLittle(state: State, totalMin: number): Decision | null {
  const { quantity: fillable, value, fee } = state.plan;
  if (value - fee >= totalMin) return null;
  return reject('NOTHING_TO_FILL', `It would bring ${value - fee}.`, { fillable });
}

/** Whether the plan can be paid, or delivered. */
function whyShort(
  state: State,
  player: number,
  market: Market,
  ask: Immediate,
  location: number,
): Decision | null {
  const { plan, ledger } = state;
  if (ask.side === 'buy') {
    const total = plan.value + plan.fee;
    return total > AMOUNT_MAX ? check.overflow() : whyNoMoney(state, player, market, total);
  }
  const asset = (plan.orders[0] as Order).asset;
  const available = ledger.availableAt(ledger.find(player, asset, location));
  if (available >= plan.quantity) return null;
  return check.insufficientInventory(plan.quantity, available);
}

function notFound(side: Side, id: number): Decision {
  return side === 'buy'
    ? reject('LISTING_NOT_FOUND', `There is no listing ${id}.`)
    : reject('BID_NOT_FOUND', `There is no bid ${id}.`);
}

function unavailable(side: Side, remaining: number): Decision {
  return side === 'buy'
    ? reject('LISTING_UNAVAILABLE', `${remaining} left.`, { remaining })
    : reject('BID_UNAVAILABLE', `${remaining} wanted.`, { remaining });
}
