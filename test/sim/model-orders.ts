// The model's reading of RULES.md on orders: create, update and cancel, listings and bids alike.

import type { Payload } from '../../protocol/commands/registry.ts';
import { BPS_ONE } from '../../src/base/units.ts';
import { type Fills, settle, walk } from './model-fills.ts';
import { type Body, enough } from './model-wallet.ts';
import {
  HOUSE,
  LARGEST,
  MAIN,
  type ModelItem,
  type ModelOrder,
  Refusal,
  remainingOf,
  type Side,
  share,
  type World,
} from './model-world.ts';

type Creation = Payload<'listings.create'>;
type Change = Omit<Payload<'listings.update'>, 'listing'>;

export function create(world: World, side: Side, player: string, payload: Creation): Body {
  const { rules } = world;
  const asset = payload.item;
  const location = payload.location ?? MAIN;
  const timeInForce = payload.timeInForce ?? 'gtc';
  const rests = timeInForce === 'gtc' || timeInForce === 'gtd';
  const feeBps = side === 'buy' && rules.tradeFeePayer === 'buyer' ? rules.tradeFeeBps : 0;
  const item = tradable(world, asset, side === 'sell');
  world.defined(payload.location);
  const terms = { side, feeBps, price: payload.price, quantity: payload.quantity };
  checkTerms(world, item, asset, terms, payload);
  const open = world.openOrders().filter(order => order.player === player);
  if (rests && open.length >= rules.openOrdersMax) {
    throw new Refusal('LIMIT_REACHED', { limit: 'openOrders', max: rules.openOrdersMax });
  }
  const fills = meet(world, { ...terms, player, asset, location }, payload.quantity);
  checkPostOnly(payload.postOnly === true, fills);
  if (timeInForce === 'fok' && fills.quantity < payload.quantity) {
    throw new Refusal('NOTHING_TO_FILL', { fillable: fills.quantity });
  }
  const required = world.holdOf(terms, payload.price, payload.quantity);
  enough(world, player, heldAsset(side, item, asset), side === 'sell' ? location : MAIN, required);
  const listingFee = side === 'sell' ? listingFeeOf(world, payload) : 0n;
  if (listingFee > 0n) enough(world, player, item.currency, MAIN, listingFee);

  const order: ModelOrder = {
    id: world.orders.length + 1,
    side,
    player,
    asset,
    location,
    feeBps,
    postOnly: payload.postOnly ?? false,
    price: payload.price,
    quantity: payload.quantity,
    filled: 0,
    place: ++world.places,
    timeInForce,
    expiresAtMs: payload.expiresAtMs ?? 0,
    status: 'open',
  };
  world.orders.push(order);
  if (listingFee > 0n) world.move(item.currency, listingFee, [player, MAIN], [HOUSE, MAIN]);
  const settled = settle(world, { side, player, feeBps, order: order.id }, fills);
  order.filled = fills.quantity;
  if (remainingOf(order) === 0) order.status = 'filled';
  else if (!rests) order.status = 'cancelled';
  const body = placed(order, fills.quantity, settled);
  return side === 'sell' ? { ...body, listingFee: Number(listingFee) } : body;
}

export function update(world: World, side: Side, player: string, id: number, change: Change): Body {
  const order = ownOpen(world, side, player, id);
  const item = world.itemOf(order.asset);
  const price = change.price ?? order.price;
  const quantity = change.quantity ?? order.quantity;
  const terms = { side, feeBps: order.feeBps, price, quantity };
  checkTerms(world, item, order.asset, terms, change);
  if (quantity <= order.filled) throw new Refusal('BELOW_FILLED', { filled: order.filled });
  const moves = price !== order.price || quantity > order.quantity;
  const remaining = quantity - order.filled;
  const { player: owner, asset, location } = order;
  const fills: Fills = moves
    ? meet(world, { ...terms, player: owner, asset, location }, remaining)
    : { orders: [], quantity: 0 };
  checkPostOnly(order.postOnly, fills);
  const before = world.holdOf(order, order.price, remainingOf(order));
  const more = world.holdOf(order, price, remaining) - before;
  if (more > 0n) {
    const held = heldAsset(side, item, asset);
    enough(world, player, held, side === 'sell' ? location : MAIN, more);
  }

  order.price = price;
  order.quantity = quantity;
  if (change.expiresAtMs !== undefined) {
    order.expiresAtMs = change.expiresAtMs;
    order.timeInForce = 'gtd';
  }
  if (moves) order.place = ++world.places;
  const settled = settle(world, { side, player, feeBps: order.feeBps, order: id }, fills);
  order.filled += fills.quantity;
  if (remainingOf(order) === 0) order.status = 'filled';
  return placed(order, fills.quantity, settled);
}

export function cancel(world: World, side: Side, player: string, id: number): Body {
  const order = ownOpen(world, side, player, id);
  const released = world.holdOf(order, order.price, remainingOf(order));
  order.status = 'cancelled';
  return { [side === 'sell' ? 'listing' : 'bid']: id, released: Number(released) };
}

/** Step 1 of an order: the item of `asset`, when it can be traded this way. */
export function tradable(world: World, asset: string, instances: boolean): ModelItem {
  const item = world.itemOf(asset);
  if (item.kind === 'currency') throw new Refusal('NOT_TRADABLE');
  if ((item.kind === 'unique') !== asset.includes('#')) throw new Refusal('NOT_FUNGIBLE');
  if (item.kind !== 'unique') return item;
  if (!instances) throw new Refusal('NOT_FUNGIBLE');
  if (!world.instances.has(asset)) throw new Refusal('ITEM_NOT_FOUND', { item: asset });
  return item;
}

/** Steps 2 to 5: halted, expiry, tick, lot, range, overflow. `given` is what the command names. */
function checkTerms(
  world: World,
  item: ModelItem,
  asset: string,
  terms: { side: Side; feeBps: number; price: number; quantity: number },
  given: Change,
): void {
  if (item.halted) throw new Refusal('MARKET_HALTED');
  if (given.expiresAtMs !== undefined && given.expiresAtMs <= world.nowMs) {
    throw new Refusal('EXPIRY_IN_PAST', { nowMs: world.nowMs });
  }
  const { tickSize, minPrice, maxPrice } = item;
  const price = given.price ?? tickSize;
  if (price % tickSize !== 0) throw new Refusal('BAD_TICK', { tickSize });
  if (given.quantity !== undefined) checkLot(item, asset, given.quantity);
  if (given.price !== undefined && (price < minPrice || price > maxPrice)) {
    throw new Refusal('PRICE_OUT_OF_RANGE', { minPrice, maxPrice });
  }
  const value = BigInt(terms.price) * BigInt(terms.quantity);
  if (value + share(value, terms.feeBps) > LARGEST) throw new Refusal('AMOUNT_OVERFLOW');
}

export function checkLot(item: ModelItem, asset: string, quantity: number): void {
  if (asset.includes('#')) {
    if (quantity !== 1) throw new Refusal('BAD_LOT', { lotSize: 1 });
  } else if (quantity % item.lotSize !== 0) {
    throw new Refusal('BAD_LOT', { lotSize: item.lotSize });
  }
}

/** Step 7: what an order would fill against; nothing for an instance, which has no book. */
function meet(
  world: World,
  terms: { side: Side; player: string; asset: string; location: string; price: number },
  quantity: number,
): Fills {
  if (terms.asset.includes('#')) return { orders: [], quantity: 0 };
  return walk(world, { ...terms, quantity, totalMax: LARGEST, feeBps: 0, lotSize: 1 });
}

function checkPostOnly(postOnly: boolean, fills: Fills): void {
  const [first] = fills.orders;
  if (postOnly && first !== undefined) {
    throw new Refusal('WOULD_CROSS', { price: first.order.price });
  }
}

function listingFeeOf(world: World, payload: Creation): bigint {
  const value = BigInt(payload.price) * BigInt(payload.quantity);
  return (value * BigInt(world.rules.listingFeeBps)) / BigInt(BPS_ONE);
}

function heldAsset(side: Side, item: ModelItem, asset: string): string {
  return side === 'sell' ? asset : item.currency;
}

function ownOpen(world: World, side: Side, player: string, id: number): ModelOrder {
  const order = world.orders[id - 1];
  if (order?.side === side && order.player === player && order.status === 'open') return order;
  throw new Refusal(side === 'sell' ? 'LISTING_NOT_FOUND' : 'BID_NOT_FOUND');
}

/** `filled` counts this command's fills, as `trades` lists them. */
function placed(order: ModelOrder, filled: number, settled: ReturnType<typeof settle>): Body {
  const { value, fee, trades } = settled;
  const standing = { status: order.status, filled, remaining: remainingOf(order) };
  return order.side === 'sell'
    ? { listing: order.id, ...standing, proceeds: Number(value - fee), fee: Number(fee), trades }
    : { bid: order.id, ...standing, cost: Number(value + fee), fee: Number(fee), trades };
}
