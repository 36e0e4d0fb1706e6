// A seeded stream of entries that hits everything: few players, items and prices, so that orders
// collide; windows and offers between them; repeated and reused keys; times at the edge of an
// expiry. It knows the vocabulary, what it sent itself, the ids in the replies, and of windows,
// offers and wallets what the players are shown: the facts, as clients see them.

import type { EngineCommand } from '../../protocol/commands/registry.ts';
import { AMOUNT_MAX, KEY_AHEAD_MAX_MS } from '../../protocol/limits.ts';
import { type Applied, type Entry, isInternal, type Sender } from '../../src/engine/entry.ts';
import type { Fact } from '../../src/engine/fact.ts';
import { KEY_KEPT_MS } from '../../src/engine/lived-time.ts';
import { DEFAULT_RULES, type DirectRules, type Rules } from '../../src/engine/rules.ts';
import { testKey } from '../support/test-key.ts';
import { FactTables } from './fact-tables.ts';
import type { Random } from './random.ts';
import {
  type Ask,
  type KnownOrder,
  PLACES,
  PLAYERS,
  SERVICE,
  type Step,
  type Surroundings,
} from './surroundings.ts';
import { restart } from './workload-beside.ts';
import { offerSteps } from './workload-offers.ts';
import { deal, newOrder, orderChange } from './workload-orders.ts';
import { define, move, setup } from './workload-wallet.ts';
import { windowSteps } from './workload-windows.ts';

export const START_MS = 1_700_000_000_000;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Rules of a run: tight bounds, so that they are met. */
export function randomRules(random: Random): Rules {
  return {
    ...DEFAULT_RULES,
    ...randomFees(random),
    openOrdersMax: random.between(2, 14),
    fillsPerCommandMax: random.pick([1, 1, 2, 3, 5, 8]),
    keysPerPlayerMax: random.pick([1, 2, 3, 8, 30, 1_000]),
    keysPerServiceMax: random.pick([1, 2, 3, 8, 30, 1_000]),
    lateKeysMax: random.pick([1, 2, 1_000]),
    livedStepMaxMs: random.pick([1, 15, 1_000, 3 * DAY_MS, 3 * DAY_MS, 3 * DAY_MS]),
    direct: randomDirectRules(random),
  };
}

/** Bounds of what an entry does on its own, as tight. Ticks must come in time: see Bench.inTurn. */
export function randomBounds(random: Random): Pick<Rules, 'endsPerEntryMax' | 'emptyAccountsMax'> {
  return {
    endsPerEntryMax: random.pick([1, 2, 3, 6, 5_000]),
    emptyAccountsMax: random.pick([0, 0, 0, 1, 3, 10_000]),
  };
}

/** Short times, so that all of them pass. */
function randomDirectRules(random: Random): DirectRules {
  return {
    feeBps: random.pick([0, 0, 37, 1_000, 10_000]),
    armAddedMs: random.pick([0, 1, 5, 20]),
    armTakenMs: random.pick([0, 10, 40]),
    armAcceptedMs: random.pick([0, 7, 30]),
    reviewMs: random.pick([0, 2, 20]),
    inviteTimeoutMs: random.pick([60, 400, 30_000]),
    openTimeoutMs: random.pick([150, 1_000, 300_000]),
    reviewTimeoutMs: random.pick([60, 300, 60_000]),
    awayAfterMs: random.pick([0, 0, 3, 40]),
    graceMs: random.pick([30, 200, 15_000]),
    invitesPerMinuteMax: random.pick([2, 10, 500, 500, 500]),
    invitesPerPlayerMax: random.pick([1, 3, 500, 500, 500]),
    windowStepsMax: random.pick([2, 6, 12, 1_000, 1_000, 1_000]),
    acknowledgeFrom: random.pick(['notice', 'caution', 'danger'] as const),
    valueRatioBps: random.pick([0, 10_000, 15_000, 30_000]),
    openOffersMax: random.pick([1, 1, 3, 50]),
    offersPerPlayerMax: random.pick([1, 2, 50]),
    receivedOffersMax: random.pick([1, 1, 3, 100]),
    offerDefaultMs: random.pick([40, 500, 7 * DAY_MS]),
    offerLifeMaxMs: random.pick([1_000, 30 * DAY_MS]),
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

type MarketCommand = Exclude<EngineCommand, `windows.${string}` | `offers.${string}`>;

const COMMANDS: readonly (readonly [number, MarketCommand | 'tick'])[] = [
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
  [2, 'places.define'],
  [3, 'keys.get'],
  [2, 'tick'],
];

const KEY_TIME_MAX = 2 ** 48 - 1;
const AHEAD_MS = KEY_AHEAD_MAX_MS + 1;

/** For one of the players, a service acts. */
const SENDERS: Readonly<Record<string, Sender>> = {
  [SERVICE]: 'service',
  [PLAYERS[1] as string]: 'proxy',
};

interface Sent {
  readonly ask: Ask;
  readonly key: string;
  readonly atMs: number;
}

export class Workload {
  readonly #random: Random;
  readonly #isHuge: boolean;
  /** How much of the run is windows and offers, in percent. */
  readonly #direct: number;
  /** What is sent next, before anything new. */
  readonly #planned: Step[];
  readonly #shown = new FactTables();
  readonly #orders: KnownOrder[] = [];
  readonly #sent: Sent[] = [];
  #expiriesMs: number[] = [];
  #nowMs = START_MS;
  #keys = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#isHuge = random.chance(20);
    this.#direct = random.pick([8, 25, 50, 80]);
    this.#planned = setup(random, this.#isHuge).map(ask => ({ ask, key: null }));
  }

  next(): Entry {
    const random = this.#random;
    const first = this.#planned.shift();
    if (first !== undefined) return this.#send(first);
    this.#passTime();
    if (random.chance(7) && this.#sent.length > 0) {
      const again = random.pick(this.#sent);
      return this.#entry(again.ask, again.key);
    }
    if (random.chance(this.#direct)) {
      const around = this.#around();
      this.#planned.push(...(random.chance(75) ? windowSteps(around) : offerSteps(around)));
      return this.next();
    }
    const command = random.weighted(COMMANDS);
    if (command === 'tick') {
      return { command, payload: null, player: '', key: null, digest: 0, atMs: this.#nowMs };
    }
    const ask = this.#ask(command);
    return this.#entry(ask, random.chance(40) ? this.#key(ask.player) : null);
  }

  /** The server has begun anew: it says so before anything else happens. */
  restarted(): void {
    this.#planned.unshift(restart());
  }

  /** Learns which orders there are, and now and then forgets one that turned out to be gone. */
  observe(entry: Entry, applied: Applied): void {
    const body = applied.body as { listing?: number; bid?: number; status?: string; code?: string };
    const { player, command } = entry;
    this.#watch(entry, applied);
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

  #watch({ atMs }: Entry, { sequence, output }: Applied): void {
    const facts = output.filter((one): one is Fact => one.kind !== 'level');
    this.#shown.apply({ sequence, atMs, facts });
  }

  #around(): Surroundings {
    return {
      random: this.#random,
      isHuge: this.#isHuge,
      nowMs: this.#nowMs,
      orders: this.#orders,
      shown: this.#shown,
    };
  }

  #ask(command: MarketCommand): Ask {
    const random = this.#random;
    const around = this.#around();
    const player = random.pick(PLAYERS);
    switch (command) {
      case 'items.define':
        return { command, payload: define(random), player: SERVICE };
      case 'places.define':
        return { command, payload: { place: random.pick(PLACES) }, player: SERVICE };
      case 'wallet.grant':
      case 'wallet.burn':
      case 'wallet.transfer':
        return { ...move(around, command), player: SERVICE };
      case 'keys.get': {
        const known = random.chance(70) && this.#sent.length > 0 ? random.pick(this.#sent) : null;
        const key = known?.key ?? testKey('never-used', this.#nowMs % KEY_TIME_MAX);
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

  #send({ ask, key, fromMs }: Step): Entry {
    if (fromMs !== undefined) this.#advanceTo(fromMs);
    if (isInternal(ask)) return { ...ask, key: null, digest: 0, atMs: this.#nowMs };
    if (key !== undefined) return this.#entry(ask, key);
    return this.#entry(ask, this.#random.chance(40) ? this.#key(ask.player) : null);
  }

  #entry(ask: Ask, key: string | null): Entry {
    const payload = ask.payload as { expiresAtMs?: number };
    if (payload.expiresAtMs !== undefined) this.#expiriesMs.push(payload.expiresAtMs);
    const { player, ...command } = ask;
    const sender = SENDERS[player] ?? 'player';
    const common = { player, key, sender, atMs: this.#nowMs };
    if (key === null) return { ...command, ...common, digest: 0 };
    this.#sent.push({ ask, key, atMs: this.#nowMs });
    if (this.#sent.length > 40) this.#sent.shift();
    return { ...command, ...common, digest: digestOf(ask) };
  }

  /** Mostly a new key; at times one that the player used for something else. */
  #key(player: string): string {
    const own = this.#sent.filter(sent => sent.ask.player === player);
    if (this.#random.chance(17) && own.length > 0) return this.#random.pick(own).key;
    this.#keys += 1;
    const skewMs = this.#random.pick([0, 0, 0, 0, -1, -40, 30, -1e6, KEY_AHEAD_MAX_MS, AHEAD_MS]);
    const atMs = Math.min(Math.max(0, this.#nowMs + skewMs), KEY_TIME_MAX);
    return testKey(`key-${this.#keys}`, atMs);
  }

  #passTime(): void {
    const random = this.#random;
    const [edge] = this.#sent;
    if (random.chance(70)) return;
    if (random.chance(15) && this.#expiriesMs.length > 0) {
      this.#advanceTo(Math.min(...this.#expiriesMs) + random.between(-1, 1));
      this.#expiriesMs = this.#expiriesMs.filter(atMs => atMs > this.#nowMs);
    } else if (random.chance(2) && edge !== undefined) {
      this.#advanceTo(edge.atMs + KEY_KEPT_MS + random.between(-1, 1));
      this.#planned.push({ ask: edge.ask, key: edge.key });
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
