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
import { Friends } from './friends.ts';
import { NONE } from './hash-index.ts';
import { Keys } from './keys.ts';
import { LateKeys } from './late-keys.ts';
import { Ledger } from './ledger.ts';
import type { Asset, Market } from './market.ts';
import { Names } from './names.ts';
import { Numbered } from './numbered.ts';
import { Offers } from './offer.ts';
import type { Order } from './order.ts';
import { orderFact } from './order.ts';
import { Paged } from './paged.ts';
import { Plan } from './plan.ts';
import { NUMBERS_MAX, Records } from './records.ts';
import type { Rules } from './rules.ts';
import { Suspended } from './suspension.ts';
import { Windows } from './window.ts';

/** The number of the default location, where all money lies. */
export const MAIN = 0;

export class State {
  readonly rules: Rules;
  /** How many players, locations, assets and accounts there can be, of each. */
  readonly numbersMax: number;
  readonly players: Names;
  readonly locations: Names;
  /** Items, currencies and instances by name. */
  readonly assetNames: Names;
  /** By number. */
  readonly assets = new Paged<Asset>();
  readonly ledger: Ledger;
  /** Every open order, by id. */
  readonly orders = new Numbered<Order>();
  readonly expiries = new ExpiryQueue<Order>();
  readonly windows = new Windows();
  readonly offers = new Offers();
  readonly blocks = new Blocks();
  readonly friends = new Friends();
  readonly keys: Keys;
  readonly lateKeys: LateKeys;
  /** What the tables lack something of. */
  readonly suspended = new Suspended();
  /** One word per player: their open orders. */
  readonly openOrders = new Records(1);
  /** An instance that was burnt while open offers still want it, or NONE. */
  burnt = NONE;
  /** The server began, and in the windows from this id on all are still there; or NONE. */
  restartFrom = NONE;
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

  constructor(rules: Rules, numbersMax = NUMBERS_MAX) {
    const { emptyAccountsMax } = rules;
    this.rules = rules;
    this.numbersMax = numbersMax;
    this.players = new Names(numbersMax);
    this.locations = new Names(numbersMax);
    this.assetNames = new Names(numbersMax);
    this.ledger = new Ledger({ accountsMax: numbersMax, emptyAccountsMax });
    this.lateKeys = new LateKeys(rules.lateKeysMax);
    this.keys = new Keys({
      perPlayerMax: rules.keysPerPlayerMax,
      perServiceMax: rules.keysPerServiceMax,
      retentionMs: rules.keyRetentionMs,
    });
  }

  /** The number of a player who takes part in something from now on. */
  player(name: string): number {
    const found = this.players.find(name);
    if (found >= 0) return found;
    const player = this.players.add(name);
    this.output.push({ kind: 'player', player, name });
    return player;
  }

  /** The number of a place that is new. */
  addLocation(name: string): number {
    const location = this.locations.add(name);
    this.output.push({ kind: 'location', location, name });
    return location;
  }

  /** The place that a command means, which is known to be defined: `main` when it does not say. */
  location(name: string | undefined): number {
    const location = this.locations.find(name ?? DEFAULT_LOCATION);
    assert(location >= 0, 'a command that names an unknown place was refused before');
    return location;
  }

  market(asset: number): Market {
    const found = this.assets.get(asset);
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
  counterAccount(order: Order, currency: number): number {
    const { ledger } = this;
    const isSell = order.side === 'sell';
    const asset = isSell ? currency : order.asset;
    const location = isSell ? MAIN : order.location;
    // It may have nothing, so it may have been closed, and its number be another's.
    if (!ledger.isAccount(order.counterAccount, order.player, asset, location)) {
      order.counterAccount = ledger.open(order.player, asset, location);
    }
    return order.counterAccount;
  }

  /** Puts an order among the open ones: into its book (instances have none) and its expiry. */
  rest(order: Order): void {
    assert(this.orders.get(order.id) === undefined, 'an order rests once');
    this.orders.set(order.id, order);
    this.openOrders.setInteger(order.player, 0, this.openOrdersOf(order.player) + 1);
    this.enqueue(order);
    if (order.expiresAtMs > 0) this.expiries.add(order);
  }

  /** Gives an open order a place at the end of its price level. */
  enqueue(order: Order): void {
    if (this.assets.get(order.asset)?.instance !== null) return;
    const side = this.market(order.asset).book(order.location).side(order.side);
    this.touchLevel(side.rest(order));
  }

  /** Takes an open order out of its price level. */
  dequeue(order: Order): void {
    if (order.level === null) return;
    this.touchLevel(order.level.side.remove(order));
    this.market(order.asset).release(order.location);
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
    assert(this.orders.get(order.id) === order, 'only an open order is closed');
    this.orders.delete(order.id);
    this.openOrders.setInteger(order.player, 0, this.openOrdersOf(order.player) - 1);
  }

  /** How many open orders a player has. */
  openOrdersOf(player: number): number {
    return player < 0 ? 0 : this.openOrders.integer(player, 0);
  }

  /**
   * When the next of what nobody asks for is due; 0 when an entry had to leave some of it, Infinity
   * when there is nothing. As long as it is not in the future, there are only ticks: see due.ts.
   */
  get nextDueMs(): number {
    const { expiries, windows, offers } = this;
    if (this.burnt !== NONE || this.restartFrom !== NONE) return 0;
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
      if (level.orders === 0) this.market(level.side.asset).release(level.side.location);
    }
    this.#touchedCount = 0;
  }
}
