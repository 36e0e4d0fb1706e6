// The walk: which resting orders an incoming one would fill against, before anything is moved.
//
// A plan is filled anew for each command (one object, its arrays reused) and says everything the
// checks need: quantity, value, fees, and what stopped the walk. It changes nothing, so a rejected
// command leaves no trace; and executing it cannot fail.

import { AMOUNT_MAX, shareOf } from '../base/units.ts';
import type { BookSide, Resting } from './book-side.ts';
import type { Side } from './fact.ts';
import type { Order } from './order.ts';

/** What an incoming order or an immediate purchase or sale wants. */
export interface Wanted {
  readonly side: Side;
  readonly player: number;
  /** The worst unit price that is acceptable. */
  readonly price: number;
  readonly quantity: number;
  /** The most that may be paid in all, fees included. Purchases only; 2^53 - 1 for no bound. */
  readonly totalMax: number;
  /** Buying: the buyer's rate. Selling: the seller's rate (unless a bid pays its own). */
  readonly feeBps: number;
  readonly lotSize: number;
  readonly fillsMax: number;
}

export class Plan<Kind extends Resting<Kind> = Order> {
  readonly orders: Kind[] = [];
  readonly quantities: number[] = [];
  /** Fills: how much of the arrays is in use. */
  count = 0;
  quantity = 0;
  /** Sum of price * quantity. */
  value = 0;
  /** What the incoming side pays in fees. */
  fee = 0;
  /** Why the walk may not be executed at all. */
  obstacle: 'none' | 'self' | 'fills' | 'overflow' = 'none';

  /** No fills: for what never meets a book. */
  clear(): void {
    this.count = 0;
    this.quantity = 0;
    this.value = 0;
    this.fee = 0;
    this.obstacle = 'none';
  }

  /** Walks `side` from its best level while it suits `wanted`; undefined: nothing rests there. */
  walk(side: BookSide<Kind> | undefined, wanted: Wanted): void {
    this.clear();
    if (side === undefined) return;
    const rankMin = side.rankOf(wanted.price);
    for (let level = side.best; level !== null && level.rank >= rankMin; level = level.worse) {
      for (let order = level.oldest; order !== null; order = order.newer) {
        if (!this.#take(order, wanted)) return;
      }
    }
  }

  /** One resting order at its own price. */
  single(order: Kind, wanted: Wanted): void {
    this.clear();
    this.#take(order, wanted);
  }

  /** Plans a fill with `order`; false when the walk is over. */
  #take(order: Kind, wanted: Wanted): boolean {
    const left = wanted.quantity - this.quantity;
    if (left === 0) return false;
    if (order.player === wanted.player) {
      this.obstacle = 'self';
      return false;
    }
    let quantity = Math.min(order.remaining, left);
    const budget = wanted.totalMax - this.value - this.fee;
    const isCut = wanted.totalMax < AMOUNT_MAX && !fits(order.price, quantity, wanted, budget);
    if (isCut) quantity = affordable(order.price, wanted, budget);
    if (quantity === 0) return false;
    if (this.count === wanted.fillsMax) {
      this.obstacle = 'fills';
      return false;
    }
    const value = order.price * quantity;
    if (this.value + value > AMOUNT_MAX) {
      this.obstacle = 'overflow';
      return false;
    }
    this.orders[this.count] = order;
    this.quantities[this.count] = quantity;
    this.count++;
    this.quantity += quantity;
    this.value += value;
    const bps = wanted.side === 'sell' && order.feeBps > 0 ? 0 : wanted.feeBps;
    if (bps > 0) this.fee += shareOf(value, bps);
    return !isCut;
  }
}

function fits(price: number, quantity: number, wanted: Wanted, budget: number): boolean {
  const value = price * quantity;
  return value <= budget && value + shareOf(value, wanted.feeBps) <= budget;
}

/** The largest multiple of the lot size that `budget` pays for, fee included. */
function affordable(price: number, wanted: Wanted, budget: number): number {
  const { lotSize, feeBps } = wanted;
  const estimate = budget / (price * (1 + feeBps / 10_000));
  let lots = Math.floor(estimate / lotSize);
  while (lots > 0 && !fits(price, lots * lotSize, wanted, budget)) lots--;
  while (fits(price, (lots + 1) * lotSize, wanted, budget)) lots++;
  return lots * lotSize;
}
