// What snapshots of public channels cost, and coming back; what is private is paid for as an answer
// (rate-limit.ts). A snapshot is paid for by its bytes, which are known once it is there: so
// whoever has anything left may have one, and pays afterwards; a large one is made up for by
// waiting. Each player has one budget over all sockets. What must wait is kept as wishes: of each
// channel of a socket one at most, however often it was asked for. Invariant: over any time no
// player is sent more than the burst, the rate, and what was on its way when the budget ran out.

import type { Player } from './players.ts';
import type { Spender } from './rate-limit.ts';
import type { Session } from './session.ts';

/** Paid when it is asked for, against what is on its way: asking has its price, too. */
export const SNAPSHOT_BYTES_MIN = 512;
/** What opening a session costs: it is looked up, announced, and may be told to a partner. */
export const OPEN_BYTES = 8 * 1024;

export interface SnapshotRates {
  readonly snapshotBytesPerSecond: number;
  readonly snapshotBytesBurst: number;
}

/** Bytes that may be spent beforehand, and are waited for afterwards. */
export class ByteBudget {
  readonly #msPerByte: number;
  readonly #capacityMs: number;

  constructor({ snapshotBytesPerSecond, snapshotBytesBurst }: SnapshotRates) {
    this.#msPerByte = 1_000 / snapshotBytesPerSecond;
    this.#capacityMs = snapshotBytesBurst * this.#msPerByte;
  }

  /** How long until there is anything left; 0: there is. */
  waitMs({ fullAtMs }: Spender, nowMs: number): number {
    const beyondMs = fullAtMs - nowMs - this.#capacityMs + this.#msPerByte;
    return beyondMs <= 1e-6 ? 0 : Math.max(1, Math.ceil(beyondMs));
  }

  /** Spends, below nothing too. */
  charge(spender: Spender, bytes: number, nowMs: number): void {
    spender.fullAtMs = Math.max(spender.fullAtMs, nowMs) + bytes * this.#msPerByte;
  }
}

export class SnapshotBudget {
  readonly #bytes: ByteBudget;
  /** Channels of a socket that wait for a snapshot, and how each is asked for. */
  readonly #wishes = new Map<Session, Map<string, () => void>>();

  constructor(rates: SnapshotRates) {
    this.#bytes = new ByteBudget(rates);
  }

  /** Sockets with a snapshot that waits. */
  get waiting(): number {
    return this.#wishes.size;
  }

  /** How long a player must wait; 0: now. The game server never waits. */
  waitMs(session: Session, player: Player, nowMs: number): number {
    return session.role === 'service' ? 0 : this.#bytes.waitMs(player.snapshots, nowMs);
  }

  /** A player who is on several nodes has a part of it on each. */
  charge(session: Session, player: Player, bytes: number, nowMs: number): void {
    if (session.role === 'service') return;
    this.#bytes.charge(player.snapshots, bytes * player.nodes, nowMs);
  }

  /**
   * Has `ask` called: at once, or when its player has something left. `ask` must see for itself
   * whether the socket still wants it.
   */
  wish(session: Session, player: Player, channel: string, ask: () => void): void {
    const nowMs = performance.now();
    const wishes = this.#wishes.get(session);
    // Nobody overtakes those that wait already.
    if (wishes === undefined && this.waitMs(session, player, nowMs) === 0) {
      this.charge(session, player, SNAPSHOT_BYTES_MIN, nowMs);
      ask();
    } else if (wishes === undefined) {
      this.#wishes.set(session, new Map([[channel, ask]]));
    } else {
      wishes.set(channel, ask);
    }
  }

  /** A snapshot of this size went to a socket. */
  sent(session: Session, player: Player, bytes: number): void {
    const rest = Math.max(0, bytes - SNAPSHOT_BYTES_MIN);
    this.charge(session, player, rest, performance.now());
  }

  /** The socket does not want this channel any more. */
  drop(session: Session, channel: string): void {
    const wishes = this.#wishes.get(session);
    wishes?.delete(channel);
    if (wishes?.size === 0) this.#wishes.delete(session);
  }

  /** The socket is closed. */
  leave(session: Session): void {
    this.#wishes.delete(session);
  }

  /** Asks for what may be had by now. */
  sweep(nowMs: number, ask: (session: Session, wish: () => void) => void): void {
    for (const [session, wishes] of this.#wishes) {
      const { player } = session;
      if (player === null) continue;
      for (const [channel, wish] of wishes) {
        if (this.waitMs(session, player, nowMs) > 0) break;
        wishes.delete(channel);
        this.charge(session, player, SNAPSHOT_BYTES_MIN, nowMs);
        ask(session, wish);
      }
      if (wishes.size === 0) this.#wishes.delete(session);
    }
  }
}
