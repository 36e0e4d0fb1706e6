// Who is here: one record per player, shared by all his sockets. A record lives as long as anything
// depends on it: a socket, a command in flight, a rate limit that is not full again, or a private
// feed that may still be resumed.

import type { PrivateFeed } from './private-feed.ts';
import type { Spender } from './rate-limit.ts';
import type { Session } from './session.ts';

export class Player implements Spender {
  readonly name: string;
  /** Open sockets, oldest first. */
  readonly sessions: Session[] = [];
  /** Commands that await their answers, over all sockets. */
  inFlight = 0;
  fullAtMs = 0;
  /** What their answers have cost. */
  readonly answers: Spender = { fullAtMs: 0 };
  /** What snapshots of public channels have cost, and coming back. */
  readonly snapshots: Spender = { fullAtMs: 0 };
  /** Reads that ask the database, and those that wait for one of them to end. */
  readsAtOnce = 0;
  waitingReads: (() => void)[] | null = null;
  /** On how many nodes he is: each gives him its part of his budget. */
  nodes = 1;
  /** Live while somebody listens, and for a grace after that. */
  feed: PrivateFeed | null = null;

  constructor(name: string) {
    this.name = name;
  }
}

export class Players {
  readonly #byName = new Map<string, Player>();
  /** Without a socket: candidates for being forgotten. */
  readonly #absent = new Set<Player>();
  /** On other nodes too, as far as the leader has said. */
  readonly #shared = new Set<Player>();

  get size(): number {
    return this.#byName.size;
  }

  find(name: string): Player | undefined {
    return this.#byName.get(name);
  }

  /** Adds a socket to its player. */
  enter(name: string, session: Session): Player {
    let player = this.#byName.get(name);
    if (player === undefined) {
      player = new Player(name);
      this.#byName.set(name, player);
    }
    this.#absent.delete(player);
    player.sessions.push(session);
    return player;
  }

  leave(player: Player, session: Session): void {
    const index = player.sessions.indexOf(session);
    if (index >= 0) player.sessions.splice(index, 1);
    if (player.sessions.length === 0) this.#absent.add(player);
  }

  /** A player is on so many nodes now. */
  share(name: string, nodes: number): void {
    const player = this.#byName.get(name);
    if (player === undefined) return;
    player.nodes = Math.max(1, nodes);
    if (player.nodes > 1) this.#shared.add(player);
    else this.#shared.delete(player);
  }

  /** These are all who are on several nodes. */
  shareAll(shares: readonly (readonly [player: string, nodes: number])[]): void {
    for (const player of this.#shared) player.nodes = 1;
    this.#shared.clear();
    for (const [name, nodes] of shares) this.share(name, nodes);
  }

  /** Forgets the players of whom nothing is left to know. */
  sweep(nowMs: number): void {
    for (const player of this.#absent) {
      if (player.inFlight > 0 || player.feed !== null) continue;
      const { fullAtMs, answers, snapshots } = player;
      if (Math.max(fullAtMs, answers.fullAtMs, snapshots.fullAtMs) > nowMs) continue;
      this.#absent.delete(player);
      this.#shared.delete(player);
      this.#byName.delete(player.name);
    }
  }
}
