// A listing or bid while it is open. Plain state with the links of the queue it waits in; the rules
// are in orders.ts, the queue in book-side.ts.

import type { OrderStatus, TimeInForce } from '../../protocol/fields.ts';
import type { PriceLevel, Resting } from './book-side.ts';
import type { OrderFact, Side } from './fact.ts';

export interface OrderTerms {
  id: number;
  side: Side;
  player: number;
  asset: number;
  location: number;
  price: number;
  quantity: number;
  feeBps: number;
  timeInForce: TimeInForce;
  postOnly: boolean;
  expiresAtMs: number;
  createdAtMs: number;
}

export class Order implements Resting<Order> {
  readonly id: number;
  readonly side: Side;
  readonly player: number;
  readonly asset: number;
  readonly location: number;
  price: number;
  /** In all, what was filled included. */
  quantity: number;
  remaining: number;
  /** Goods or money held for it in `account`. */
  held = 0;
  readonly feeBps: number;
  priority = 0;
  timeInForce: TimeInForce;
  readonly postOnly: boolean;
  expiresAtMs: number;
  readonly createdAtMs: number;
  /** Where its hold is: the seller's goods, the bidder's money. -1 until it is known. */
  account = -1;
  /** Where what it brings goes: the seller's money, the bidder's goods. -1 until it is known. */
  counterAccount = -1;
  /** Its price level while it rests in a book. */
  level: PriceLevel | null = null;
  older: Order | null = null;
  newer: Order | null = null;
  /** Its place in the expiry queue; -1 when it does not expire. */
  expiryIndex = -1;

  constructor(terms: OrderTerms) {
    this.id = terms.id;
    this.side = terms.side;
    this.player = terms.player;
    this.asset = terms.asset;
    this.location = terms.location;
    this.price = terms.price;
    this.quantity = terms.quantity;
    this.remaining = terms.quantity;
    this.feeBps = terms.feeBps;
    this.timeInForce = terms.timeInForce;
    this.postOnly = terms.postOnly;
    this.expiresAtMs = terms.expiresAtMs;
    this.createdAtMs = terms.createdAtMs;
  }
}

export function orderFact(order: Order, status: OrderStatus): OrderFact {
  return {
    kind: 'order',
    id: order.id,
    side: order.side,
    player: order.player,
    asset: order.asset,
    location: order.location,
    price: order.price,
    quantity: order.quantity,
    remaining: order.remaining,
    held: order.held,
    feeBps: order.feeBps,
    priority: order.priority,
    timeInForce: order.timeInForce,
    postOnly: order.postOnly,
    expiresAtMs: order.expiresAtMs,
    createdAtMs: order.createdAtMs,
    status,
  };
}
