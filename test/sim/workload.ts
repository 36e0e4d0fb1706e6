// A seeded stream of entries that hits everything: few players, items and prices, so that orders
// collide; repeated and reused keys; times at the edge of an expiry. It knows the vocabulary and
// what it sent itself, never what the engine or the model made of it beyond the ids in the replies.

import type { EngineCommand } from '../../protocol/commands/registry.ts';
import { AMOUNT_MAX, KEY_RETENTION_MS } from '../../protocol/limits.ts';
import type { Applied, Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES, type Rules } from '../../src/engine/rules.ts';
import type { Random } from './random.ts';
import { type Ask, type KnownOrder, PLAYERS, SERVICE, type Surroundings } from './surroundings.ts';
import { deal, newOrder, orderChange } from './workload-orders.ts';
import { define, move, setup } from './workload-wallet.ts';

export const START_MS = 1_700_000_000_000;

/** Rules of a run: tight bounds, so that they are met. */
export function randomRules(random: Random): Rules {
  return {
    ...DEFAULT_RULES,
    ...randomFees(random),
    openOrdersMax: random.between(2, 14),
    fillsPerCommandMax: random.pick([1, 1, 2, 3, 5, 8]),
    keysPerPlayerMax: random.pick([1, 2, 3, 8, 30, 1_000]),
  };
}

export function randomFees(
  random: Random,
): Pick<Rules, 'listingFeeBps' | 'tradeFeeBps' | 'tradeFeePayer'> {
  return {
    listingFeeBps: random.pick([0, 0, 0, 1, 100, 333, 10_000]),
    tradeFeeBps: random.pick([0, 1, 37, 250, 1_000, 3_333, 9_999, 10_000]),
    tradeFeePayer: random.pick(['buyer', 'seller'] as const),
  };
}

const COMMANDS: readonly (readonly [number, EngineCommand | 'tick'])[] = [
  [24, 'listings.create'],
  [24, 'bids.create'],
  [15, 'purchases.create'],
  [12, 'sales.create'],
  [8, 'listings.update'],
  [8, 'bids.update'],
  [3, 'listings.cancel'],
  [3, 'bids.cancel'],
  [6, 'wallet.grant'],
  [3, 'wallet.burn'],
  [5, 'wallet.transfer'],
  [3, 'items.define'],
  [3, 'keys.get'],
  [2, 'tick'],
];

interface Planned {
  readonly ask: Ask;
  readonly key: string | null;
}

interface Sent extends Planned {
  readonly key: string;
  readonly atMs: number;
}

export class Workload {
  readonly #random: Random;
  readonly #isHuge: boolean;
  /** What is sent next, before anything new. */
  readonly #planned: Planned[];
  readonly #orders: KnownOrder[] = [];
  readonly #sent: Sent[] = [];
  #expiriesMs: number[] = [];
  #nowMs = START_MS;
  #keys = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#isHuge = random.chance(20);
    this.#planned = setup(random, this.#isHuge).map(ask => ({ ask, key: null }));
  }

  next(): Entry {
    const random = this.#random;
    const first = this.#planned.shift();
    if (first !== undefined) return this.#entry(first.ask, first.key);
    this.#passTime();
    if (random.chance(7) && this.#sent.length > 0) {
      const again = random.pick(this.#sent);
      return this.#entry(again.ask, again.key);
    }
    const command = random.weighted(COMMANDS);
    if (command === 'tick') {
      return { command, payload: null, player: '', key: null, digest: 0, atMs: this.#nowMs };
    }
    const ask = this.#ask(command);
    return this.#entry(ask, random.chance(40) ? this.#key(ask.player) : null);
  }

  /** Learns which orders there are, and now and then forgets one that turned out to be gone. */
  observe(entry: Entry, applied: Applied): void {
    const body = applied.body as { listing?: number; bid?: number; status?: string; code?: string };
    const { player, command } = entry;
    const isOpen = body.status === 'open' || this.#random.chance(20);
    if (applied.outcome === 'ok' && isOpen) {
      if (command === 'listings.create') {
        const { item } = entry.payload;
        this.#orders.push({ id: body.listing ?? 0, side: 'sell', player, item });
      } else if (command === 'bids.create') {
        const { item } = entry.payload;
        this.#orders.push({ id: body.bid ?? 0, side: 'buy', player, item });
      }
    }
    const named = entry.payload as { listing?: number; bid?: number } | null;
    const id = named?.listing ?? named?.bid;
    const isGone = body.code?.endsWith('_NOT_FOUND') || body.code?.endsWith('_UNAVAILABLE');
    if (id === undefined || !isGone || this.#random.chance(40)) return;
    const index = this.#orders.findIndex(order => order.id === id);
    if (index >= 0) this.#orders.splice(index, 1);
  }

  #ask(command: EngineCommand): Ask {
    const random = this.#random;
    const around: Surroundings = {
      random,
      isHuge: this.#isHuge,
      nowMs: this.#nowMs,
      orders: this.#orders,
    };
    const player = random.pick(PLAYERS);
    switch (command) {
      case 'items.define':
        return { command, payload: define(random), player: SERVICE };
      case 'wallet.grant':
      case 'wallet.burn':
      case 'wallet.transfer':
        return { ...move(around, command), player: SERVICE };
      case 'keys.get': {
        const known = random.chance(70) && this.#sent.length > 0 ? random.pick(this.#sent) : null;
        const key = known?.key ?? 'never-used';
        return { command, payload: { key }, player: known?.ask.player ?? player };
      }
      case 'listings.create':
      case 'bids.create':
        return newOrder(around, command, player);
      case 'listings.update':
      case 'bids.update':
      case 'listings.cancel':
      case 'bids.cancel':
        return orderChange(around, command, player);
      case 'purchases.create':
      case 'sales.create':
        return deal(around, command, player);
    }
  }

  #entry(ask: Ask, key: string | null): Entry {
    const payload = ask.payload as { expiresAtMs?: number };
    if (payload.expiresAtMs !== undefined) this.#expiriesMs.push(payload.expiresAtMs);
    const { player, ...command } = ask;
    if (key === null) return { ...command, player, key, digest: 0, atMs: this.#nowMs };
    this.#sent.push({ ask, key, atMs: this.#nowMs });
    if (this.#sent.length > 40) this.#sent.shift();
    return { ...command, player, key, digest: digestOf(ask), atMs: this.#nowMs };
  }

  /** Mostly a new key; at times one that the player used for something else. */
  #key(player: string): string {
    const own = this.#sent.filter(sent => sent.ask.player === player);
    if (this.#random.chance(12) && own.length > 0) return this.#random.pick(own).key;
    this.#keys += 1;
    return `key-${this.#keys}`;
  }

  #passTime(): void {
    const random = this.#random;
    const [edge] = this.#sent;
    if (random.chance(70)) return;
    if (random.chance(15) && this.#expiriesMs.length > 0) {
      this.#advanceTo(Math.min(...this.#expiriesMs) + random.between(-1, 1));
      this.#expiriesMs = this.#expiriesMs.filter(atMs => atMs > this.#nowMs);
    } else if (random.chance(2) && edge !== undefined) {
      this.#advanceTo(edge.atMs + KEY_RETENTION_MS + random.between(-1, 1));
      this.#planned.push(edge);
    } else {
      this.#nowMs += random.between(1, 20);
    }
  }

  #advanceTo(atMs: number): void {
    if (atMs < AMOUNT_MAX) this.#nowMs = Math.max(this.#nowMs, atMs);
  }
}

/** 53 bits over the command and its payload; as good as a digest for telling bodies apart here. */
export function digestOf(ask: Ask): number {
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  for (const character of JSON.stringify([ask.command, ask.payload])) {
    const code = character.codePointAt(0) ?? 0;
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high + code, 0x85ebca6b) ^ (low >>> 13);
  }
  return (high & 0x1f_ffff) * 2 ** 32 + (low >>> 0);
}
