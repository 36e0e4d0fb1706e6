// The model's reading of RULES.md on purchases and sales: immediate deals that leave no order.

import type { Payload } from '../../protocol/commands/registry.ts';
import { type Fills, feesOf, settle, type Taker, walk } from './model-fills.ts';
import { checkLot, tradable } from './model-orders.ts';
import { type Body, enough } from './model-wallet.ts';
import { LARGEST, MAIN, type ModelOrder, Refusal, remainingOf, type World } from './model-world.ts';

export function purchase(world: World, player: string, payload: Payload<'purchases.create'>): Body {
  const { tradeFeeBps, tradeFeePayer } = world.rules;
  const feeBps = tradeFeePayer === 'buyer' ? tradeFeeBps : 0;
  const taker: Taker = { side: 'buy', player, feeBps, order: 0 };
  const fills = 'listing' in payload ? one(world, taker, payload) : best(world, taker, payload);
  const [first] = fills.orders;
  if (first === undefined) throw new Error('model: a deal has fills');
  const totals = totalsOf(world, taker, fills);
  if (totals.value + totals.buyerFee > LARGEST) throw new Refusal('AMOUNT_OVERFLOW');
  const { currency } = world.itemOf(first.order.asset);
  enough(world, player, currency, MAIN, totals.value + totals.buyerFee);
  const { value, fee, trades } = settle(world, taker, fills);
  return { quantity: fills.quantity, total: Number(value + fee), fee: Number(fee), trades };
}

export function sale(world: World, player: string, payload: Payload<'sales.create'>): Body {
  const taker: Taker = { side: 'sell', player, feeBps: 0, order: 0 };
  const fills = 'bid' in payload ? one(world, taker, payload) : best(world, taker, payload);
  const [first] = fills.orders;
  if (first === undefined) throw new Error('model: a deal has fills');
  if ('item' in payload) {
    const totals = totalsOf(world, taker, fills);
    if (totals.value - totals.sellerFee < BigInt(payload.minTotal ?? 0)) {
      throw new Refusal('NOTHING_TO_FILL', { fillable: fills.quantity });
    }
  }
  enough(world, player, first.order.asset, first.order.location, BigInt(fills.quantity));
  const { value, fee, trades } = settle(world, taker, fills);
  return { quantity: fills.quantity, proceeds: Number(value - fee), fee: Number(fee), trades };
}

type Single = {
  listing?: number;
  bid?: number;
  quantity: number;
  maxUnitPrice?: number | undefined;
  minUnitPrice?: number | undefined;
  partial?: boolean | undefined;
};

/** From one listing, into one bid. */
function one(world: World, taker: Taker, payload: Single): Fills {
  const buys = taker.side === 'buy';
  const order = world.orders[(payload.listing ?? payload.bid ?? 0) - 1];
  const gone = buys ? 'LISTING_UNAVAILABLE' : 'BID_UNAVAILABLE';
  if (order !== undefined && order.status !== 'open') throw new Refusal(gone, { remaining: 0 });
  if (order?.side !== (buys ? 'sell' : 'buy')) {
    throw new Refusal(buys ? 'LISTING_NOT_FOUND' : 'BID_NOT_FOUND');
  }
  const item = world.itemOf(order.asset);
  if (item.halted) throw new Refusal('MARKET_HALTED');
  checkLot(item, order.asset, payload.quantity);
  if (order.player === taker.player) throw new Refusal('SELF_TRADE');
  checkUnitPrice(order, payload);
  const remaining = remainingOf(order);
  if (payload.quantity > remaining && payload.partial !== true) {
    throw new Refusal(gone, { remaining });
  }
  const quantity = Math.min(payload.quantity, remaining);
  return { orders: [{ order, quantity }], quantity };
}

function checkUnitPrice(order: ModelOrder, payload: Single): void {
  const { maxUnitPrice, minUnitPrice } = payload;
  if (maxUnitPrice !== undefined && order.price > maxUnitPrice) {
    throw new Refusal('PRICE_OUT_OF_RANGE', { minPrice: 1, maxPrice: maxUnitPrice });
  }
  if (minUnitPrice !== undefined && order.price < minUnitPrice) {
    throw new Refusal('PRICE_OUT_OF_RANGE', { minPrice: minUnitPrice, maxPrice: Number(LARGEST) });
  }
}

type FromBook = {
  item: string;
  quantity: number;
  location?: string | undefined;
  maxUnitPrice?: number | undefined;
  maxTotal?: number | undefined;
  minUnitPrice?: number | undefined;
  partial?: boolean | undefined;
};

/** From the best asks up, into the best bids down. */
function best(world: World, taker: Taker, payload: FromBook): Fills {
  const item = tradable(world, payload.item, false);
  world.defined(payload.location);
  if (item.halted) throw new Refusal('MARKET_HALTED');
  checkLot(item, payload.item, payload.quantity);
  const fills = walk(world, {
    side: taker.side,
    player: taker.player,
    asset: payload.item,
    location: payload.location ?? MAIN,
    price:
      taker.side === 'buy'
        ? (payload.maxUnitPrice ?? Number(LARGEST))
        : (payload.minUnitPrice ?? 1),
    quantity: payload.quantity,
    totalMax: BigInt(payload.maxTotal ?? LARGEST),
    feeBps: taker.feeBps,
    lotSize: item.lotSize,
  });
  const isShort = fills.quantity < payload.quantity && payload.partial !== true;
  if (isShort || fills.quantity === 0) {
    throw new Refusal('NOTHING_TO_FILL', { fillable: fills.quantity });
  }
  return fills;
}

function totalsOf(
  world: World,
  taker: Taker,
  fills: Fills,
): { value: bigint; buyerFee: bigint; sellerFee: bigint } {
  const totals = { value: 0n, buyerFee: 0n, sellerFee: 0n };
  for (const { order, quantity } of fills.orders) {
    const value = BigInt(order.price) * BigInt(quantity);
    const fees = feesOf(world, taker, order, value);
    totals.value += value;
    totals.buyerFee += fees.buyer;
    totals.sellerFee += fees.seller;
  }
  return totals;
}
