// The state of a realm, and the few ways in which it changes that several commands share. What may
// happen is decided in orders.ts, immediate.ts, wallet.ts, items.ts, the window-*.ts and offers.ts;
// here is what happens then. Every change leaves its fact in `output`.

import type { OrderStatus } from '../../protocol/fields.ts';
import { DEFAULT_LOCATION } from '../../protocol/fields.ts';
import { assert } from '../base/assert.ts';
import { Blocks } from './blocks.ts';
import type { PriceLevel } from './book-side.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { EngineOutput } from './fact.ts';
import { Keys } from './keys.ts';
import { Ledger } from './ledger.ts';
import type { Asset, Market } from './market.ts';
import { Names } from './names.ts';
import { Offers } from './offer.ts';
import type { Order } from './order.ts';
import { orderFact } from './order.ts';
import { OrderTable } from './order-table.ts';
import { Plan } from './plan.ts';
import type { Rules } from './rules.ts';
import { Windows } from './window.ts';

/** The number of the default location, where all money lies. */
export const MAIN = 0;

export class State {
  readonly rules: Rules;
  readonly players = new Names();
  readonly locations = new Names();
  /** Items, currencies and instances by name. */
  readonly assetNames = new Names();
  readonly assets: Asset[] = [];
  readonly ledger = new Ledger();
  /** Every open order. */
  readonly orders = new OrderTable();
  readonly expiries = new ExpiryQueue<Order>();
  readonly windows = new Windows();
  readonly offers = new Offers();
  readonly blocks = new Blocks();
  readonly keys: Keys;
  /** Open orders per player. */
  readonly openOrders: number[] = [];
  readonly plan = new Plan();
  /** The last entry that had facts, and its time. */
  sequence = 0;
  changedAtMs = 0;
  /** Time of the last entry. */
  nowMs = 0;
  /** Lived time at `changedAtMs`, and at `nowMs`: the age of keys is measured in it. */
  livedMs = 0;
  livedNowMs = 0;
  lastOrder = 0;
  lastTrade = 0;
  lastWindow = 0;
  lastOffer = 0;
  /** What the entry at hand has come to so far. */
  output: EngineOutput[] = [];
  /** Price levels that the entry at hand has changed: the first `#touchedCount` of these. */
  readonly #touchedLevels: PriceLevel[] = [];
  #touchedCount = 0;

  constructor(rules: Rules) {
    this.rules = rules;
    this.keys = new Keys(rules.keysPerPlayerMax, rules.keyRetentionMs);
  }

  /** The number of a player who takes part in something from now on. */
  player(name: string): number {
    const found = this.players.find(name);
    if (found >= 0) return found;
    const player = this.players.add(name);
    this.output.push({ kind: 'player', player, name });
    return player;
  }

  /** The number of a location that something lies at from now on. */
  location(name: string): number {
    const found = this.locations.find(name);
    if (found >= 0) return found;
    const location = this.locations.add(name);
    this.output.push({ kind: 'location', location, name });
    return location;
  }

  /**
   * Where a command means: the default location when it does not say. -1: nothing ever lay there.
   */
  findLocation(name: string | undefined): number {
    return this.locations.find(name ?? DEFAULT_LOCATION);
  }

  market(asset: number): Market {
    const found = this.assets[asset];
    assert(found !== undefined, 'an asset number stands for an asset');
    return found.market;
  }

  /** Where the hold of an order is: the seller's goods, the bidder's money. */
  holdAccount(order: Order): number {
    if (order.account < 0) {
      order.account =
        order.side === 'sell'
          ? this.ledger.open(order.player, order.asset, order.location)
          : this.ledger.open(order.player, this.market(order.asset).item.currency, MAIN);
    }
    return order.account;
  }

  /** Where what an order brings goes: the seller's money, the bidder's goods. */
  counterAccount(order: Order): number {
    if (order.counterAccount < 0) {
      order.counterAccount =
        order.side === 'sell'
          ? this.ledger.open(order.player, this.market(order.asset).item.currency, MAIN)
          : this.ledger.open(order.player, order.asset, order.location);
    }
    return order.counterAccount;
  }

  /** Puts an order among the open ones: into its book (instances have none) and its expiry. */
  rest(order: Order): void {
    this.orders.add(order);
    this.openOrders[order.player] = (this.openOrders[order.player] ?? 0) + 1;
    this.enqueue(order);
    if (order.expiresAtMs > 0) this.expiries.add(order);
  }

  /** Gives an open order a place at the end of its price level. */
  enqueue(order: Order): void {
    if (this.assets[order.asset]?.instance !== null) return;
    const side = this.market(order.asset).book(order.location).side(order.side);
    this.touchLevel(side.rest(order));
  }

  /** Takes an open order out of its price level. */
  dequeue(order: Order): void {
    if (order.level !== null) this.touchLevel(order.level.side.remove(order));
  }

  /** Ends an open order: what it still holds is available again. */
  close(order: Order, status: OrderStatus): void {
    this.unrest(order);
    if (order.held > 0) {
      this.ledger.release(this.holdAccount(order), order.held);
      order.held = 0;
    }
    this.output.push(orderFact(order, status));
  }

  /** Takes an order from among the open ones, its hold left as it is. */
  unrest(order: Order): void {
    this.dequeue(order);
    if (order.expiryIndex >= 0) this.expiries.remove(order);
    const isOpen = this.orders.remove(order);
    assert(isOpen, 'only an open order is closed');
    this.openOrders[order.player]!--;
  }

  /** Ends all orders that are due, earliest first. */
  expire(): void {
    for (;;) {
      const order = this.expiries.due(this.nowMs);
      if (order === null) return;
      this.close(order, 'expired');
    }
  }

  /** When the next order, window or offer is due; Infinity when none is. */
  get nextDueMs(): number {
    const { expiries, windows, offers } = this;
    return Math.min(expiries.nextAtMs, windows.expiries.nextAtMs, offers.expiries.nextAtMs);
  }

  touchLevel(level: PriceLevel): void {
    if (level.isTouched) return;
    level.isTouched = true;
    this.#touchedLevels[this.#touchedCount++] = level;
  }

  /** Completes the output of an entry: accounts and price levels as they stand now. */
  flush(): void {
    this.ledger.flush(this.output);
    for (let index = 0; index < this.#touchedCount; index++) {
      const level = this.#touchedLevels[index] as PriceLevel;
      level.isTouched = false;
      this.output.push({
        kind: 'level',
        asset: level.side.asset,
        location: level.side.location,
        side: level.side.side,
        price: level.price,
        quantity: level.quantity,
        orders: level.orders,
      });
    }
    this.#touchedCount = 0;
  }
}
