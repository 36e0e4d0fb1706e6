// What the naive model knows: plain arrays and maps with names as keys, amounts as bigint, every
// question answered by looking at everything. Written from src/engine/RULES.md, never from the
// engine. What is held is not stored at all: it is whatever open orders, the tables of live windows
// and open offers say, so it cannot be forgotten.

import type { ItemKind } from '../../protocol/commands/items.ts';
import type {
  LineView,
  Manifest,
  OfferStatus,
  WindowEnd,
  WindowStatus,
} from '../../protocol/direct.ts';
import type { Attributes, OrderStatus, TimeInForce } from '../../protocol/fields.ts';
import type { RejectCode } from '../../protocol/rejects.ts';
import type { Rules } from '../../src/engine/rules.ts';

export const ISSUER = '$issuer';
export const HOUSE = '$house';
export const MAIN = 'main';
/** That one player remembers. */
const FRIENDS = 32;
export const LARGEST = 2n ** 53n - 1n;

export type Side = 'buy' | 'sell';
export type Details = Readonly<Record<string, number | string | object>>;

/** Thrown by the model where the engine rejects; always before anything has moved. */
export class Refusal extends Error {
  readonly code: RejectCode;
  readonly details: Details | undefined;

  constructor(code: RejectCode, details?: Details) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

export interface ModelItem {
  readonly name: string;
  readonly kind: ItemKind;
  readonly currency: string;
  readonly tickSize: number;
  readonly lotSize: number;
  readonly minPrice: number;
  readonly maxPrice: number;
  readonly halted: boolean;
  readonly attributes: Attributes;
}

export interface ModelOrder {
  readonly id: number;
  readonly side: Side;
  readonly player: string;
  readonly asset: string;
  readonly location: string;
  readonly feeBps: number;
  readonly postOnly: boolean;
  price: number;
  quantity: number;
  filled: number;
  /** Rises with every place in a queue that was ever given out. */
  place: number;
  timeInForce: TimeInForce;
  /** 0: never. */
  expiresAtMs: number;
  status: OrderStatus;
}

export interface ModelSide {
  readonly player: string;
  assets: readonly LineView[];
  accepted: boolean;
  confirmed: boolean;
  /** 0: they are there, or have not been gone for long. */
  awayUntilMs: number;
  /** When they will have been gone for long; 0: they are not gone, or away. */
  leavesAtMs: number;
}

export interface ModelWindow {
  readonly id: number;
  readonly sides: readonly [inviter: ModelSide, invited: ModelSide];
  readonly createdAtMs: number;
  status: WindowStatus;
  reason: WindowEnd | null;
  revision: number;
  /** How often its players have changed it. */
  steps: number;
  armedAtMs: number;
  deadlineMs: number;
  manifest: Manifest | null;
  /** What lay there when somebody first accepted, each line raised to the most since. */
  baseline: readonly [readonly LineView[], readonly LineView[]] | null;
}

export interface ModelOffer {
  readonly id: number;
  readonly maker: string;
  readonly taker: string;
  readonly give: readonly LineView[];
  readonly want: readonly LineView[];
  readonly message: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly counterOf: number;
  status: OfferStatus;
}

interface Hold {
  readonly owner: string;
  readonly asset: string;
  readonly location: string;
  readonly quantity: bigint;
  readonly by: string;
}

export interface ModelAccount {
  readonly owner: string;
  readonly asset: string;
  readonly location: string;
  available: bigint;
  held: bigint;
}

export function share(amount: bigint, bps: number): bigint {
  return (amount * BigInt(bps)) / 10_000n;
}

export function remainingOf(order: ModelOrder): number {
  return order.quantity - order.filled;
}

export class World {
  rules: Rules;
  readonly items = new Map<string, ModelItem>();
  /** Every instance ever granted, with its latest attributes. */
  readonly instances = new Map<string, Attributes>();
  /** Every order ever accepted; the id is the index plus one. */
  readonly orders: ModelOrder[] = [];
  /** Available and held together, by owner, asset and location. */
  readonly totals = new Map<string, bigint>();
  /** Every window and every offer there ever was; the id is the index plus one. */
  readonly windows: ModelWindow[] = [];
  readonly offers: ModelOffer[] = [];
  /** `blocker blocked`. */
  readonly blocks = new Set<string>();
  /** `player friend`: those who have completed a trade face to face or by an offer. */
  readonly friends = new Set<string>();
  /** Who takes neither invitations nor offers. */
  readonly closed = new Set<string>();
  /** Players that the realm knows. */
  readonly players = new Set<string>([ISSUER, HOUSE]);
  /** Places that the game defined. */
  readonly locations = new Set<string>([MAIN]);
  /** Prices of all trades of commodities, oldest first, by item and location. */
  readonly prices = new Map<string, number[]>();
  /** An instance that was burnt while open offers still want it. */
  burnt: string | null = null;
  /** The server began: windows in which all are still there. */
  beginning: readonly number[] | null = null;
  nowMs = 0;
  places = 0;
  trades = 0;

  constructor(rules: Rules) {
    this.rules = rules;
    this.items.set('coins', {
      name: 'coins',
      kind: 'currency',
      currency: 'coins',
      tickSize: 1,
      lotSize: 1,
      minPrice: 1,
      maxPrice: Number(LARGEST),
      halted: false,
      attributes: {},
    });
  }

  /** Two have completed a trade of their own will. */
  befriend(one: string, other: string): void {
    for (const [player, friend] of [
      [one, other],
      [other, one],
    ] as const) {
      // The newest comes last.
      this.friends.delete(`${player} ${friend}`);
      this.friends.add(`${player} ${friend}`);
      const own = [...this.friends].filter(pair => pair.startsWith(`${player} `));
      if (own.length > FRIENDS) this.friends.delete(own[0] as string);
    }
  }

  /** The item of an asset: of an instance, the unique item it is one of. */
  itemOf(asset: string): ModelItem {
    const hash = asset.indexOf('#');
    const item = this.items.get(hash < 0 ? asset : asset.slice(0, hash));
    if (item === undefined) throw new Refusal('ITEM_NOT_FOUND', { item: asset });
    return item;
  }

  /** Refuses a place that a command names and that nobody defined. */
  defined(location: string | undefined): void {
    if (location === undefined || this.locations.has(location)) return;
    throw new Refusal('PLACE_NOT_FOUND', { place: location });
  }

  /** Refuses a player whom a command names and who is unknown. */
  known(player: string): void {
    if (!this.players.has(player)) throw new Refusal('PLAYER_NOT_FOUND', { player });
  }

  openOrders(): ModelOrder[] {
    return this.orders.filter(order => order.status === 'open');
  }

  /** Who trades first comes first: the best price, then the oldest place. */
  book(side: Side, asset: string, location: string): ModelOrder[] {
    return this.openOrders()
      .filter(order => order.side === side && order.asset === asset && order.location === location)
      .sort((one, other) => {
        const byPrice = side === 'buy' ? other.price - one.price : one.price - other.price;
        return byPrice === 0 ? one.place - other.place : byPrice;
      });
  }

  /** The hold of an order that had `quantity` left at `price`. */
  holdOf(order: Pick<ModelOrder, 'side' | 'feeBps'>, price: number, quantity: number): bigint {
    if (order.side === 'sell') return BigInt(quantity);
    const cost = BigInt(price) * BigInt(quantity);
    return cost + share(cost, order.feeBps);
  }

  /** What an order holds: goods where they lie, or money at the main location. */
  heldAsset(order: ModelOrder): string {
    return order.side === 'sell' ? order.asset : this.itemOf(order.asset).currency;
  }

  available(owner: string, asset: string, location: string): bigint {
    let available = this.totals.get(`${owner} ${asset} ${location}`) ?? 0n;
    for (const hold of this.#holds()) {
      if (hold.owner !== owner || hold.asset !== asset || hold.location !== location) continue;
      available -= hold.quantity;
    }
    return available;
  }

  liveWindows(): ModelWindow[] {
    return this.windows.filter(({ status }) => status !== 'done' && status !== 'cancelled');
  }

  openOffers(): ModelOffer[] {
    return this.offers.filter(offer => offer.status === 'open');
  }

  /** All accounts that have anything, each with what it has. */
  accounts(): Map<string, ModelAccount> {
    const accounts = new Map<string, ModelAccount>();
    for (const [name, total] of this.totals) {
      if (total === 0n) continue;
      const [owner = '', asset = '', location = ''] = name.split(' ');
      accounts.set(name, { owner, asset, location, available: total, held: 0n });
    }
    for (const hold of this.#holds()) {
      const account = accounts.get(`${hold.owner} ${hold.asset} ${hold.location}`);
      if (account === undefined) throw new Error(`model: ${hold.by} holds what is not there`);
      account.available -= hold.quantity;
      account.held += hold.quantity;
    }
    return accounts;
  }

  /** Moves between two owners; the asset stays the same, the location may change. */
  move(
    asset: string,
    quantity: bigint,
    from: readonly [string, string],
    to: readonly [string, string],
  ): void {
    this.#add(from[0], asset, from[1], -quantity);
    this.#add(to[0], asset, to[1], quantity);
  }

  *#holds(): Generator<Hold> {
    for (const order of this.openOrders()) {
      const { player: owner, side, price, id } = order;
      const location = side === 'sell' ? order.location : MAIN;
      const quantity = this.holdOf(order, price, remainingOf(order));
      yield { owner, asset: this.heldAsset(order), location, quantity, by: `order ${id}` };
    }
    for (const { id, sides } of this.liveWindows()) {
      for (const { player, assets } of sides) yield* holdsOf(player, assets, `window ${id}`);
    }
    for (const { id, maker, give } of this.openOffers()) yield* holdsOf(maker, give, `offer ${id}`);
  }

  #add(owner: string, asset: string, location: string, quantity: bigint): void {
    const name = `${owner} ${asset} ${location}`;
    this.totals.set(name, (this.totals.get(name) ?? 0n) + quantity);
  }
}

function* holdsOf(owner: string, lines: readonly LineView[], by: string): Generator<Hold> {
  for (const { asset, location, quantity } of lines) {
    yield { owner, asset, location, quantity: BigInt(quantity), by };
  }
}
