// Facts in the shapes of the wire: numbers become names, 0 becomes null.

import type { PublicFamily } from '../../protocol/channels.ts';
import type { OwnOrder } from '../../protocol/events.ts';
import type { BalanceView, TradeView } from '../../protocol/fields.ts';
import type { BalanceFact, OrderFact, TradeFact } from '../engine/fact.ts';
import type { State } from '../engine/state.ts';
import { Ticker } from './ticker.ts';

export function balanceView(state: State, fact: BalanceFact): BalanceView {
  return {
    asset: state.assetNames.name(fact.asset),
    location: state.locations.name(fact.location),
    available: fact.available,
    held: fact.held,
  };
}

export function ownOrder(state: State, fact: OrderFact): OwnOrder {
  return {
    side: fact.side,
    id: fact.id,
    item: state.assetNames.name(fact.asset),
    location: state.locations.name(fact.location),
    price: fact.price,
    quantity: fact.quantity,
    remaining: fact.remaining,
    timeInForce: fact.timeInForce,
    postOnly: fact.postOnly,
    expiresAtMs: fact.expiresAtMs === 0 ? null : fact.expiresAtMs,
    createdAtMs: fact.createdAtMs,
    status: fact.status,
  };
}

/** A trade as `player`, one of its two sides, sees it. */
export function tradeView(state: State, fact: TradeFact, player: number, atMs: number): TradeView {
  const isBuyer = player === fact.buyer;
  const isTaker = (fact.takerSide === 'buy') === isBuyer;
  const order = isTaker ? fact.taker : fact.maker;
  return {
    trade: fact.id,
    atMs,
    item: state.assetNames.name(fact.asset),
    location: state.locations.name(fact.location),
    side: isBuyer ? 'buy' : 'sell',
    price: fact.price,
    quantity: fact.quantity,
    fee: isBuyer ? fact.buyerFee : fact.sellerFee,
    order: order === 0 ? null : order,
  };
}

/** What a channel shows of a market in which nothing ever happened. */
export function emptyMarket(family: PublicFamily): object {
  switch (family) {
    case 'book':
      return { bids: [], asks: [] };
    case 'trades':
      return { trades: [] };
    case 'ticker':
      return new Ticker().state(0, null, null);
  }
}
