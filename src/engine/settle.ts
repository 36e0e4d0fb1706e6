// One fill: who pays what to whom. Called only for fills that a plan has checked; it cannot fail.
//
// The price is the resting order's. Each fill pays its own fee, rounded down, to the house: on top
// of the price from the buyer, or out of it from the seller. A bid keeps the buyer's rate it was
// made under; then its seller pays none.

import type { Fill } from '../../protocol/fields.ts';
import { assert } from '../base/assert.ts';
import { shareOf } from '../base/units.ts';
import type { Side } from './fact.ts';
import { HOUSE, type Source } from './ledger.ts';
import { type Order, orderFact } from './order.ts';
import { MAIN, type State } from './state.ts';

/** The incoming side: an order, or an immediate purchase or sale (id 0). */
export interface Taker {
  readonly id: number;
  readonly side: Side;
  readonly player: number;
  /** What it pays on top of the price when it buys. */
  readonly feeBps: number;
}

/** The rate a buyer pays who comes now. */
export function buyerFeeBps(state: State): number {
  return state.rules.tradeFeePayer === 'buyer' ? state.rules.tradeFeeBps : 0;
}

/** The rate a seller pays who comes now, unless the bid pays. */
export function sellerFeeBps(state: State): number {
  return state.rules.tradeFeePayer === 'seller' ? state.rules.tradeFeeBps : 0;
}

/** What a bid must hold for `quantity` units, or -1 when it would pass 2^53 - 1. */
export function bidHold(price: number, quantity: number, feeBps: number): number {
  const value = price * quantity;
  if (value > Number.MAX_SAFE_INTEGER) return -1;
  const hold = value + shareOf(value, feeBps);
  return hold <= Number.MAX_SAFE_INTEGER ? hold : -1;
}

/** What `order` must hold for what is left of it. */
export function holdOf(order: Order): number {
  return order.side === 'sell'
    ? order.remaining
    : bidHold(order.price, order.remaining, order.feeBps);
}

/** Executes the plan of the state for `taker`, fill by fill. */
export function executePlan(state: State, taker: Taker): Fill[] {
  const { plan } = state;
  assert(plan.obstacle === 'none', 'only a plan without obstacle is executed');
  const fills: Fill[] = [];
  for (let index = 0; index < plan.count; index++) {
    const maker = plan.orders[index] as Order;
    fills.push(settle(state, taker, maker, plan.quantities[index] as number));
  }
  return fills;
}

function settle(state: State, taker: Taker, maker: Order, quantity: number): Fill {
  const { ledger, output } = state;
  assert(maker.side !== taker.side, 'a fill has two sides');
  assert(maker.player !== taker.player, 'nobody trades with himself');
  assert(quantity > 0 && quantity <= maker.remaining, 'a fill is within what is left');
  const trade = ++state.lastTrade;
  const value = maker.price * quantity;
  const makerBuys = maker.side === 'buy';
  const buyer = makerBuys ? maker.player : taker.player;
  const seller = makerBuys ? taker.player : maker.player;
  const feeBps = makerBuys ? maker.feeBps : taker.feeBps;
  const buyerFee = shareOf(value, feeBps);
  const sellerFee = feeBps > 0 ? 0 : shareOf(value, sellerFeeBps(state));

  const market = state.market(maker.asset);
  const { currency } = market.item;
  const held = state.holdAccount(maker);
  const { asset, location } = maker;
  const takerMoney = ledger.open(taker.player, currency, MAIN);
  const makerOther = state.counterAccount(maker, currency);
  const takerGoods = ledger.open(taker.player, asset, location);
  const buyerMoney = makerBuys ? held : takerMoney;
  const sellerMoney = makerBuys ? takerMoney : makerOther;
  const buyerGoods = makerBuys ? makerOther : takerGoods;
  const sellerGoods = makerBuys ? takerGoods : held;
  const moneyFrom: Source = makerBuys ? 'held' : 'available';
  const goodsFrom: Source = makerBuys ? 'available' : 'held';
  const pay = { debit: buyerMoney, from: moneyFrom, credit: sellerMoney, quantity: value };
  ledger.transfer(pay, 'trade', trade, output);
  const goods = { debit: sellerGoods, from: goodsFrom, credit: buyerGoods, quantity };
  ledger.transfer(goods, 'trade', trade, output);
  if (buyerFee > 0) {
    const house = ledger.open(HOUSE, currency, MAIN);
    const fee = { debit: buyerMoney, from: moneyFrom, credit: house, quantity: buyerFee };
    ledger.transfer(fee, 'trade-fee', trade, output);
  }
  if (sellerFee > 0) {
    const house = ledger.open(HOUSE, currency, MAIN);
    const from: Source = 'available';
    const fee = { debit: sellerMoney, from, credit: house, quantity: sellerFee };
    ledger.transfer(fee, 'trade-fee', trade, output);
  }
  output.push({
    kind: 'trade',
    id: trade,
    asset,
    location,
    price: maker.price,
    quantity,
    maker: maker.id,
    taker: taker.id,
    takerSide: taker.side,
    buyer,
    seller,
    buyerFee,
    sellerFee,
  });
  if (maker.level !== null) market.traded(location, maker.price);
  maker.held -= makerBuys ? value + buyerFee : quantity;
  fillMaker(state, maker, quantity);
  return { trade, order: maker.id, price: maker.price, quantity };
}

/** Takes a fill off the resting order; a bid's rounding leftovers return to its player. */
function fillMaker(state: State, maker: Order, quantity: number): void {
  if (quantity === maker.remaining) {
    state.unrest(maker);
    maker.remaining = 0;
  } else {
    assert(maker.level !== null, 'what is filled in part rests in a book');
    state.touchLevel(maker.level.side.reduce(maker, quantity));
  }
  const surplus = maker.held - holdOf(maker);
  assert(surplus >= 0, 'a hold covers what is left');
  if (surplus > 0) {
    state.ledger.release(state.holdAccount(maker), surplus);
    maker.held -= surplus;
  }
  state.output.push(orderFact(maker, maker.remaining === 0 ? 'filled' : 'open'));
}
