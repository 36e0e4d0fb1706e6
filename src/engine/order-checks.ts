// The checks that orders, purchases and sales share: the walk through the book, what may stop it,
// and whether the player has what it takes. Each answers why not, or null; none changes anything
// but the plan of the state.

import { AMOUNT_MAX } from '../base/units.ts';
import * as check from './assets.ts';
import { type Decision, reject } from './decision.ts';
import type { Side } from './fact.ts';
import type { Market } from './market.ts';
import type { Order } from './order.ts';
import { sellerFeeBps } from './settle.ts';
import { MAIN, type State } from './state.ts';

/** What the walk of an incoming order needs, before there is an order. */
export interface Incoming {
  readonly side: Side;
  readonly player: number;
  readonly price: number;
  readonly quantity: number;
  readonly feeBps: number;
}

/** Plans the fills of an incoming order in the book at `location` (-1: it meets none). */
export function planIncoming(
  state: State,
  market: Market,
  location: number,
  incoming: Incoming,
): Decision | null {
  const { plan } = state;
  const book = market.find(location);
  if (book === undefined) {
    plan.clear();
    return null;
  }
  const { side, player, price, quantity } = incoming;
  plan.walk(book.opposite(side), {
    side,
    player,
    price,
    quantity,
    totalMax: AMOUNT_MAX,
    feeBps: side === 'buy' ? incoming.feeBps : sellerFeeBps(state),
    lotSize: market.item.lotSize,
    fillsMax: state.rules.fillsPerCommandMax,
  });
  return whyObstructed(state);
}

/** What stops the plan of the state from being executed, or null. */
export function whyObstructed(state: State): Decision | null {
  const { plan, rules } = state;
  if (plan.obstacle === 'none') return null;
  if (plan.obstacle === 'self') return reject('SELF_TRADE', 'It would trade with your own order.');
  if (plan.obstacle === 'overflow') return check.overflow();
  const max = rules.fillsPerCommandMax;
  return reject('LIMIT_REACHED', `At most ${max} fills in one command.`, { limit: 'fills', max });
}

export function whyCrossing(state: State, postOnly: boolean): Decision | null {
  const { plan } = state;
  if (!postOnly || plan.count === 0) return null;
  const price = (plan.orders[0] as Order).price;
  return reject('WOULD_CROSS', `It would trade at ${price}.`, { price });
}

export function whyNotWhole(state: State, quantity: number): Decision | null {
  const fillable = state.plan.quantity;
  if (fillable === quantity) return null;
  return reject('NOTHING_TO_FILL', `${fillable} of ${quantity} can be filled.`, { fillable });
}

export function whyExpired(state: State, expiresAtMs: number | undefined): Decision | null {
  if (expiresAtMs === undefined || expiresAtMs > state.nowMs) return null;
  return reject('EXPIRY_IN_PAST', 'It would expire at once.', { nowMs: state.nowMs });
}

/** Whether the player has what must be held: goods for a listing, money for a bid. */
export function whyShort(
  state: State,
  need: {
    side: Side;
    player: number;
    market: Market;
    asset: number;
    location: number;
    needed: number;
  },
): Decision | null {
  const { side, player, market, asset, location, needed } = need;
  if (side === 'buy') return whyNoMoney(state, player, market, needed);
  const available = state.ledger.availableAt(state.ledger.find(player, asset, location));
  return available >= needed ? null : check.insufficientInventory(needed, available);
}

export function whyNoMoney(
  state: State,
  player: number,
  market: Market,
  required: number,
): Decision | null {
  const account = state.ledger.find(player, market.item.currency, MAIN);
  const available = state.ledger.availableAt(account);
  return available >= required ? null : check.insufficientFunds(required, available);
}
