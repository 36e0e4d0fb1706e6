// Who may come in, before anybody knows who it is: a budget for each address (sockets that are
// open, sockets that wait for session.open, upgrades, tokens that were refused), and the bounds of
// this process on both kinds of sockets. Invariant: what is kept does not follow what is sent:
// addresses with sockets are bounded by the sockets, those without by `addressesMax`, and the one
// that was left longest ago is forgotten first. What an address is stands in addresses.ts.

import { addressGroup, clientAddress, Networks, plainAddress } from './addresses.ts';
import type { AddressLimits, GatewayConfig } from './config.ts';
import { type Rate, ratePerMinute, type Spender, take } from './rate-limit.ts';

export const DOOR_BOUNDS = ['sockets', 'unopened', 'upgrades', 'failures'] as const;
/** A bound of one address. */
export type DoorBound = (typeof DOOR_BOUNDS)[number];

export interface DoorRefusal {
  readonly status: '429' | '503';
  /** Null: a bound of this process. */
  readonly bound: DoorBound | null;
  readonly text: string;
  readonly retryAfterSeconds: number;
}

/** What is known of an address. */
interface Visited {
  readonly group: string;
  sockets: number;
  unopened: number;
  readonly upgrades: Spender;
  readonly failures: Spender;
}

/** Where a socket came from, and what it is counted as. */
export class Visit {
  /** For the log. */
  readonly group: string;
  /** Null: its address has no bounds. */
  readonly visited: Visited | null;
  isOpened = false;

  constructor(group: string, visited: Visited | null) {
    this.group = group;
    this.visited = visited;
  }
}

const TEXTS: Readonly<Record<DoorBound, string>> = {
  sockets: 'This address has too many sockets: close one first.\n',
  unopened: 'Too many sockets of this address wait for session.open.\n',
  upgrades: 'Too many connections from this address in too short a time.\n',
  failures: 'Too many tokens from this address were refused.\n',
};
const CROWDED = 'Too many sockets wait for session.open here.\n';
const FULL = 'There is no room for more players here.\n';
/** When a socket may be gone again. */
const SOON_SECONDS = 1;

export class Door {
  readonly #config: GatewayConfig;
  readonly #limits: AddressLimits;
  readonly #upgrades: Rate;
  readonly #failures: Rate;
  readonly #trusted: Networks;
  readonly #exempt: Networks;
  readonly #visited = new Map<string, Visited>();
  /** Those without a socket, the one that was left longest ago first. */
  readonly #idle = new Set<Visited>();
  #opened = 0;
  #unopened = 0;

  constructor(config: GatewayConfig) {
    this.#config = config;
    this.#limits = config.address;
    this.#upgrades = ratePerMinute(config.address.upgrades);
    this.#failures = ratePerMinute(config.address.failures);
    this.#trusted = new Networks(config.trustedProxies);
    this.#exempt = new Networks(config.address.exempt);
  }

  /** Sockets with a player. */
  get opened(): number {
    return this.#opened;
  }

  /** Sockets that wait for session.open. */
  get unopened(): number {
    return this.#unopened;
  }

  /** Addresses that are remembered. */
  get addresses(): number {
    return this.#visited.size;
  }

  /** Whether what a proxy says of its peer counts. */
  trusts(peer: string): boolean {
    return this.#trusted.has(plainAddress(peer) ?? '');
  }

  /** Whose socket it is. `forwardedFor`: the lines of X-Forwarded-For, in their order. */
  visit(peer: string, forwardedFor: readonly string[]): Visit {
    const address = clientAddress(peer, forwardedFor, this.#trusted);
    const group = addressGroup(address);
    return new Visit(group, this.#exempt.has(address) ? null : this.#remember(group));
  }

  /** Asks to come in. Null: it may, and has spent one of the upgrades of its address. */
  knock({ visited }: Visit, nowMs: number): DoorRefusal | null {
    if (visited !== null) {
      const { socketsMax, unopenedMax } = this.#limits;
      if (visited.sockets >= socketsMax) return refusal('sockets');
      if (visited.unopened >= unopenedMax) return refusal('unopened');
      const failuresMs = this.#untilTried(visited, nowMs);
      if (failuresMs > 0) return refusal('failures', failuresMs);
      const upgradesMs = take(visited.upgrades, this.#upgrades, 1, nowMs);
      if (upgradesMs > 0) return refusal('upgrades', upgradesMs);
    }
    const { socketsMax, unopenedMax } = this.#config;
    if (this.#opened >= socketsMax) return noRoom(FULL);
    return this.#unopened >= unopenedMax ? noRoom(CROWDED) : null;
  }

  /** A socket is there; nobody knows yet whose. */
  entered({ visited }: Visit): void {
    this.#unopened += 1;
    if (visited === null) return;
    visited.sockets += 1;
    visited.unopened += 1;
    this.#idle.delete(visited);
  }

  /** Its player is known. False: there is no room for one more. */
  admit(visit: Visit): boolean {
    if (this.#opened >= this.#config.socketsMax) return false;
    visit.isOpened = true;
    this.#unopened -= 1;
    this.#opened += 1;
    if (visit.visited !== null) visit.visited.unopened -= 1;
    return true;
  }

  left({ visited, isOpened }: Visit): void {
    if (isOpened) this.#opened -= 1;
    else this.#unopened -= 1;
    if (visited === null) return;
    visited.sockets -= 1;
    if (!isOpened) visited.unopened -= 1;
    if (visited.sockets === 0) this.#rest(visited);
  }

  /** How long no token of this address is looked at; 0: it is. */
  waitMs({ visited }: Visit, nowMs: number): number {
    return visited === null ? 0 : this.#untilTried(visited, nowMs);
  }

  /** A token of this address was not accepted. */
  failed({ visited }: Visit, nowMs: number): void {
    if (visited !== null) take(visited.failures, this.#failures, 1, nowMs);
  }

  /** Forgets the addresses of which nothing is left to know. */
  sweep(nowMs: number): void {
    for (const visited of this.#idle) {
      if (visited.upgrades.fullAtMs > nowMs || visited.failures.fullAtMs > nowMs) continue;
      this.#forget(visited);
    }
  }

  /** Looks, and spends nothing. */
  #untilTried({ failures }: Visited, nowMs: number): number {
    return take({ fullAtMs: failures.fullAtMs }, this.#failures, 1, nowMs);
  }

  #remember(group: string): Visited {
    const known = this.#visited.get(group);
    if (known !== undefined) {
      if (this.#idle.delete(known)) this.#idle.add(known);
      return known;
    }
    const spender = () => ({ fullAtMs: 0 });
    const visited = { group, sockets: 0, unopened: 0, upgrades: spender(), failures: spender() };
    this.#visited.set(group, visited);
    this.#rest(visited);
    return visited;
  }

  #rest(visited: Visited): void {
    this.#idle.add(visited);
    if (this.#idle.size <= this.#limits.addressesMax) return;
    for (const oldest of this.#idle) {
      this.#forget(oldest);
      break;
    }
  }

  #forget(visited: Visited): void {
    this.#idle.delete(visited);
    this.#visited.delete(visited.group);
  }
}

function refusal(bound: DoorBound, waitMs = 0): DoorRefusal {
  const retryAfterSeconds = Math.max(SOON_SECONDS, Math.ceil(waitMs / 1_000));
  return { status: '429', bound, text: TEXTS[bound], retryAfterSeconds };
}

function noRoom(text: string): DoorRefusal {
  return { status: '503', bound: null, text, retryAfterSeconds: SOON_SECONDS };
}
