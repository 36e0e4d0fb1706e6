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

/** What is known of an address; all its sockets share it. */
export interface Visitor {
  readonly group: string;
  /** False: it stands for all addresses that have no bounds. */
  readonly isBounded: boolean;
  sockets: number;
  unopened: number;
  readonly upgrades: Spender;
  readonly failures: Spender;
}

const TEXTS: Readonly<Record<DoorBound, string>> = {
  sockets: 'This address has too many sockets: close one first.\n',
  unopened: 'Too many sockets of this address wait for session.open.\n',
  upgrades: 'Too many connections from this address in too short a time.\n',
  failures: 'Too many tokens from this address were refused.\n',
};
const CROWDED = 'Too many sockets wait for session.open here.\n';
const FULL = 'There is no room for more players here.\n';
/** What the log calls addresses without bounds. */
const EXEMPT = 'exempt';
/** When a socket may be gone again. */
const SOON_SECONDS = 1;

export class Door {
  readonly #config: GatewayConfig;
  readonly #limits: AddressLimits;
  readonly #upgrades: Rate;
  readonly #failures: Rate;
  readonly #trusted: Networks;
  readonly #exempt: Networks;
  readonly #exemptVisitor = visitorOf(EXEMPT, false);
  readonly #visitors = new Map<string, Visitor>();
  /** Those without a socket, the one that was left longest ago first. */
  readonly #idle = new Set<Visitor>();
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
    return this.#visitors.size;
  }

  /** Whether what a proxy says of its peer counts. */
  trusts(peer: string): boolean {
    return this.#trusted.has(plainAddress(peer) ?? '');
  }

  /** Whose socket it is. `forwardedFor`: the lines of X-Forwarded-For, in their order. */
  visitor(peer: string, forwardedFor: readonly string[]): Visitor {
    const address = clientAddress(peer, forwardedFor, this.#trusted);
    if (this.#exempt.has(address)) return this.#exemptVisitor;
    return this.#remember(addressGroup(address));
  }

  /** Asks to come in. Null: it may, and has spent one of the upgrades of its address. */
  knock(visitor: Visitor, nowMs: number): DoorRefusal | null {
    if (visitor.isBounded) {
      const { socketsMax, unopenedMax } = this.#limits;
      if (visitor.sockets >= socketsMax) return refusal('sockets');
      if (visitor.unopened >= unopenedMax) return refusal('unopened');
      const failuresMs = this.waitMs(visitor, nowMs);
      if (failuresMs > 0) return refusal('failures', failuresMs);
      const upgradesMs = take(visitor.upgrades, this.#upgrades, 1, nowMs);
      if (upgradesMs > 0) return refusal('upgrades', upgradesMs);
    }
    const { socketsMax, unopenedMax } = this.#config;
    if (this.#opened >= socketsMax) return noRoom(FULL);
    return this.#unopened >= unopenedMax ? noRoom(CROWDED) : null;
  }

  /** A socket is there; nobody knows yet whose. */
  entered(visitor: Visitor): void {
    this.#unopened += 1;
    visitor.sockets += 1;
    visitor.unopened += 1;
    this.#idle.delete(visitor);
  }

  /** Its player is known. False: there is no room for one more. */
  admit(visitor: Visitor): boolean {
    if (this.#opened >= this.#config.socketsMax) return false;
    this.#unopened -= 1;
    this.#opened += 1;
    visitor.unopened -= 1;
    return true;
  }

  /** @param isOpened whether its player was known. */
  left(visitor: Visitor, isOpened: boolean): void {
    visitor.sockets -= 1;
    if (isOpened) {
      this.#opened -= 1;
    } else {
      this.#unopened -= 1;
      visitor.unopened -= 1;
    }
    if (visitor.sockets === 0 && visitor.isBounded) this.#rest(visitor);
  }

  /** How long no token of this address is looked at; 0: it is. */
  waitMs({ isBounded, failures }: Visitor, nowMs: number): number {
    // It looks, and spends nothing.
    return isBounded ? take({ fullAtMs: failures.fullAtMs }, this.#failures, 1, nowMs) : 0;
  }

  /** A token of this address was not accepted. */
  failed({ isBounded, failures }: Visitor, nowMs: number): void {
    if (isBounded) take(failures, this.#failures, 1, nowMs);
  }

  /** Forgets the addresses of which nothing is left to know. */
  sweep(nowMs: number): void {
    for (const visitor of this.#idle) {
      const { upgrades, failures } = visitor;
      if (upgrades.fullAtMs <= nowMs && failures.fullAtMs <= nowMs) this.#forget(visitor);
    }
  }

  #remember(group: string): Visitor {
    const known = this.#visitors.get(group);
    if (known !== undefined) {
      if (this.#idle.delete(known)) this.#idle.add(known);
      return known;
    }
    const visitor = visitorOf(group, true);
    this.#visitors.set(group, visitor);
    this.#rest(visitor);
    return visitor;
  }

  #rest(visitor: Visitor): void {
    this.#idle.add(visitor);
    if (this.#idle.size <= this.#limits.addressesMax) return;
    for (const oldest of this.#idle) {
      this.#forget(oldest);
      break;
    }
  }

  #forget(visitor: Visitor): void {
    this.#idle.delete(visitor);
    this.#visitors.delete(visitor.group);
  }
}

function visitorOf(group: string, isBounded: boolean): Visitor {
  const spender = () => ({ fullAtMs: 0 });
  return {
    ...{ group, isBounded, sockets: 0, unopened: 0 },
    ...{ upgrades: spender(), failures: spender() },
  };
}

function refusal(bound: DoorBound, waitMs = 0): DoorRefusal {
  const retryAfterSeconds = Math.max(SOON_SECONDS, Math.ceil(waitMs / 1_000));
  return { status: '429', bound, text: TEXTS[bound], retryAfterSeconds };
}

function noRoom(text: string): DoorRefusal {
  return { status: '503', bound: null, text, retryAfterSeconds: SOON_SECONDS };
}
