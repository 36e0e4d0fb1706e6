// The model's reading of RULES.md on fills: the walk through the opposite book, and who gets what.

import type { Fill } from '../../protocol/fields.ts';
import {
  HOUSE,
  LARGEST,
  MAIN,
  type ModelOrder,
  Refusal,
  remainingOf,
  type Side,
  share,
  type World,
} from './model-world.ts';

export interface Wanted {
  readonly side: Side;
  readonly player: string;
  readonly asset: string;
  readonly location: string;
  /** The worst acceptable unit price. */
  readonly price: number;
  readonly quantity: number;
  /** The most that may be paid in all, with `feeBps` on top of each fill. */
  readonly totalMax: bigint;
  readonly feeBps: number;
  readonly lotSize: number;
}

export interface Fills {
  readonly orders: { readonly order: ModelOrder; readonly quantity: number }[];
  quantity: number;
}

/** Goes through the book from the best order on, as long as it suits. Nothing moves. */
export function walk(world: World, wanted: Wanted): Fills {
  const { side, player, asset, location } = wanted;
  const max = world.rules.fillsPerCommandMax;
  const fills: Fills = { orders: [], quantity: 0 };
  let total = 0n;
  let value = 0n;
  for (const order of world.book(side === 'buy' ? 'sell' : 'buy', asset, location)) {
    const left = wanted.quantity - fills.quantity;
    const suits = side === 'buy' ? order.price <= wanted.price : order.price >= wanted.price;
    if (left === 0 || !suits) break;
    if (order.player === player) throw new Refusal('SELF_TRADE');
    const whole = Math.min(left, remainingOf(order));
    const quantity = affordable(order.price, whole, wanted, wanted.totalMax - total);
    if (quantity === 0) break;
    if (fills.orders.length === max) throw new Refusal('LIMIT_REACHED', { limit: 'fills', max });
    value += BigInt(order.price) * BigInt(quantity);
    if (value > LARGEST) throw new Refusal('AMOUNT_OVERFLOW');
    fills.orders.push({ order, quantity });
    fills.quantity += quantity;
    total += withFee(order.price, quantity, wanted.feeBps);
    if (quantity < whole) break;
  }
  return fills;
}

function withFee(price: number, quantity: number, feeBps: number): bigint {
  const value = BigInt(price) * BigInt(quantity);
  return value + share(value, feeBps);
}

/** All of `whole` when `budget` pays for it, else as many whole lots as it does pay for. */
function affordable(price: number, whole: number, wanted: Wanted, budget: bigint): number {
  if (wanted.totalMax === LARGEST) return whole;
  if (withFee(price, whole, wanted.feeBps) <= budget) return whole;
  let low = 0;
  let high = Math.floor(whole / wanted.lotSize) + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (withFee(price, middle * wanted.lotSize, wanted.feeBps) <= budget) low = middle;
    else high = middle;
  }
  return low * wanted.lotSize;
}

/** Who takes: a resting-to-be order, or a purchase or sale (order 0). */
export interface Taker {
  readonly side: Side;
  readonly player: string;
  /** What the taker pays on top of each fill when it buys. */
  readonly feeBps: number;
  readonly order: number;
}

export interface Settled {
  readonly value: bigint;
  /** What the taker paid in fees. */
  readonly fee: bigint;
  readonly trades: Fill[];
}

/** The fee of one fill, by who pays it: the bid's own rate, or else the seller's of today. */
export function feesOf(
  world: World,
  taker: Taker,
  maker: ModelOrder,
  value: bigint,
): { buyer: bigint; seller: bigint } {
  const { tradeFeeBps, tradeFeePayer } = world.rules;
  const buyerBps = taker.side === 'buy' ? taker.feeBps : maker.feeBps;
  const sellerBps = tradeFeePayer === 'seller' && buyerBps === 0 ? tradeFeeBps : 0;
  return { buyer: share(value, buyerBps), seller: share(value, sellerBps) };
}

function printPrice(world: World, { asset, location, price }: ModelOrder): void {
  if (asset.includes('#')) return;
  const where = `${asset} ${location}`;
  const prices = world.prices.get(where);
  if (prices === undefined) world.prices.set(where, [price]);
  else prices.push(price);
}

/** Makes the fills happen, each at the price of the resting order. */
export function settle(world: World, taker: Taker, fills: Fills): Settled {
  const trades: Fill[] = [];
  let total = 0n;
  let takerFee = 0n;
  for (const { order, quantity } of fills.orders) {
    const value = BigInt(order.price) * BigInt(quantity);
    const fees = feesOf(world, taker, order, value);
    const buyer = taker.side === 'buy' ? taker.player : order.player;
    const seller = taker.side === 'buy' ? order.player : taker.player;
    const { currency } = world.itemOf(order.asset);
    world.move(order.asset, BigInt(quantity), [seller, order.location], [buyer, order.location]);
    world.move(currency, value, [buyer, MAIN], [seller, MAIN]);
    world.move(currency, fees.buyer, [buyer, MAIN], [HOUSE, MAIN]);
    world.move(currency, fees.seller, [seller, MAIN], [HOUSE, MAIN]);
    printPrice(world, order);
    order.filled += quantity;
    if (remainingOf(order) === 0) order.status = 'filled';
    total += value;
    takerFee += taker.side === 'buy' ? fees.buyer : fees.seller;
    trades.push({ trade: ++world.trades, order: order.id, price: order.price, quantity });
  }
  return { value: total, fee: takerFee, trades };
}
