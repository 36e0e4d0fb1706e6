// An outside judge: it sends keyed commands over real sockets, writes down what it was told, and
// afterwards asks the recovered server whether all of it is so. It knows the protocol and nothing
// of the server's insides. What it holds the server to: an acknowledged command is decided for
// ever, its answer the same to the byte; an unacknowledged one took effect once or not at all; and
// the answers together account for every coin and every unit that any player owns.

import { isDeepStrictEqual } from 'node:util';
import type { EngineCommand, Payload } from '../../protocol/commands/registry.ts';
import type { Outcome } from '../../protocol/rejects.ts';
import { checkAccounts } from './judge-account.ts';
import {
  broken,
  ITEMS,
  keyOf,
  PLAYERS,
  playerName,
  type Spoken,
  START_COINS,
  START_UNITS,
} from './judge-history.ts';
import { JudgeSocket } from './judge-socket.ts';
import { seeded } from './seeded.ts';

export interface JudgeOptions {
  readonly seed: number;
  /** A token of the service role. */
  readonly token: string;
  readonly sockets?: number;
  readonly inFlight?: number;
  /** A pause after each answer, for a load that leaves the machine some air. */
  readonly paceMs?: number;
}

const EXAMINED_AT_ONCE = 2_000;
const RETRY_MS = 20;

export class Judge {
  readonly history: Spoken[] = [];
  readonly #options: JudgeOptions;
  readonly #random: () => number;
  /** Listings that may be open, for purchases and cancels. */
  readonly #listings: { id: number; player: string }[] = [];
  #sockets: JudgeSocket[] = [];
  #isSending = false;
  /** Answers seen in the present run. */
  answers = 0;
  /** When the last command was decided, and the longest wait between two that were. */
  decidedAtMs = 0;
  longestGapMs = 0;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#random = seeded(options.seed);
  }

  /** Defines the items and makes everybody rich. */
  async prepare(port: number): Promise<void> {
    const socket = await JudgeSocket.open(port, this.#options.token);
    const orders: [EngineCommand, Payload<EngineCommand>][] = ITEMS.map(item => [
      'items.define',
      { item, kind: 'commodity' },
    ]);
    for (let n = 0; n < PLAYERS; n++) {
      const player = playerName(n);
      orders.push(['wallet.grant', { player, asset: 'coins', quantity: START_COINS }]);
      for (const asset of ITEMS) {
        orders.push(['wallet.grant', { player, asset, quantity: START_UNITS }]);
      }
    }
    await Promise.all(
      orders.map(([command, payload]) =>
        this.#say(socket, this.#record('judge', command, payload)),
      ),
    );
    socket.destroy();
    for (const spoken of this.history) {
      if (spoken.outcome !== 'ok') throw broken('it was not ok', spoken, spoken.body);
    }
  }

  /** Connects and keeps commands in flight on each socket, until {@link halt}. */
  async begin(...ports: readonly [number, ...number[]]): Promise<void> {
    const { sockets = 6 } = this.#options;
    this.answers = 0;
    this.#isSending = true;
    this.#sockets = [];
    for (const port of ports) await this.join(port, Math.ceil(sockets / ports.length));
  }

  /** More sockets, on this node, for the run that has begun. */
  async join(port: number, sockets: number): Promise<void> {
    const { token, inFlight = 24 } = this.#options;
    const opening = Array.from({ length: sockets }, () => JudgeSocket.open(port, token));
    for (const socket of await Promise.all(opening)) {
      this.#sockets.push(socket);
      for (let n = 0; n < inFlight; n++) void this.#chat(socket);
    }
  }

  /** Measures {@link longestGapMs} from now on. */
  measureGaps(): void {
    this.decidedAtMs = performance.now();
    this.longestGapMs = 0;
  }

  /** Sends nothing more. What is in flight may still be answered. */
  stopSending(): void {
    this.#isSending = false;
  }

  /** Resolves when every socket has been closed by the server, with its close codes. */
  async ended(): Promise<number[]> {
    const codes = await Promise.all(this.#sockets.map(socket => socket.closed));
    this.#isSending = false;
    return codes;
  }

  /** Waits until nothing is in flight any more. */
  async settled(timeoutMs: number): Promise<void> {
    const endsAtMs = performance.now() + timeoutMs;
    while (this.#sockets.some(socket => socket.waiting > 0)) {
      if (performance.now() > endsAtMs) throw new Error('Commands were left without an answer.');
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }

  /** Cuts the sockets; what was not answered stays pending. */
  halt(): void {
    this.#isSending = false;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets = [];
  }

  /** How many commands had which outcome so far. */
  counts(): Record<Outcome | 'pending', number> {
    const counts = { ok: 0, rejected: 0, invalid: 0, unavailable: 0, unknown: 0, pending: 0 };
    for (const { outcome } of this.history) counts[outcome]++;
    return counts;
  }

  /**
   * Asks the server at `port` about every command from number `from` on: first what its key says,
   * then the command itself once more. Throws for the first broken promise.
   */
  async examine(port: number, from = 0): Promise<void> {
    const socket = await JudgeSocket.open(port, this.#options.token);
    try {
      for (let at = from; at < this.history.length; at += EXAMINED_AT_ONCE) {
        const some = this.history.slice(at, at + EXAMINED_AT_ONCE);
        await Promise.all(some.map(spoken => this.#examineOne(socket, spoken)));
      }
    } finally {
      socket.destroy();
    }
  }

  /** The numbers of commands that were decided, and whose answer never came. */
  async decidedUnheard(port: number): Promise<number[]> {
    const socket = await JudgeSocket.open(port, this.#options.token);
    const unheard = this.history.filter(spoken => spoken.outcome === 'pending');
    const found = await Promise.all(
      unheard.map(spoken =>
        socket.ask('keys.get', { key: keyOf(spoken) }, { player: spoken.player }),
      ),
    );
    socket.destroy();
    return unheard
      .filter((_, index) => found[index]?.body.status === 'decided')
      .map(spoken => spoken.id);
  }

  async #examineOne(socket: JudgeSocket, spoken: Spoken): Promise<void> {
    const { outcome, player } = spoken;
    const { body: found } = await socket.ask('keys.get', { key: keyOf(spoken) }, { player });
    const isDecided = found.status === 'decided';
    if (outcome === 'ok' || outcome === 'rejected') {
      const isSame = found.outcome === outcome && isDeepStrictEqual(found.body, spoken.body);
      if (!isDecided || !isSame) throw broken('its key does not find the answer', spoken, found);
    }
    // An entry that was never executed leaves its key free.
    if (outcome === 'unavailable' && isDecided) throw broken('it was executed', spoken, found);
    const before = { outcome, frame: spoken.frame };
    await this.#say(socket, spoken);
    if (spoken.outcome !== 'ok' && spoken.outcome !== 'rejected') {
      throw broken('it is not decided', spoken, spoken.body);
    }
    if (before.outcome === 'ok' || before.outcome === 'rejected') {
      if (!before.frame.equals(spoken.frame)) throw broken('its answer changed', spoken, before);
    } else if (isDecided && !isDeepStrictEqual(found.body, spoken.body)) {
      throw broken('its key found another answer', spoken, found);
    }
  }

  /**
   * Compares what every player owns with what the answers add up to. Call it after
   * {@link examine} of everything: each command is decided then.
   */
  async account(port: number): Promise<void> {
    const socket = await JudgeSocket.open(port, this.#options.token);
    try {
      await checkAccounts(this.history, socket);
    } finally {
      socket.destroy();
    }
  }

  /** Quantities of the transfers that were acknowledged: each is used by one command only. */
  transfersWith(outcome: Spoken['outcome']): number[] {
    return this.history
      .filter(spoken => spoken.command === 'wallet.transfer' && spoken.outcome === outcome)
      .map(spoken => (spoken.payload as Payload<'wallet.transfer'>).quantity);
  }

  async #chat(socket: JudgeSocket): Promise<void> {
    const { paceMs = 0 } = this.#options;
    while (this.#isSending && socket.isOpen) {
      const spoken = this.#invent();
      await this.#say(socket, spoken);
      if (spoken.outcome === 'pending') return;
      this.answers++;
      const { outcome } = spoken;
      if (outcome === 'ok' || outcome === 'rejected') this.#decided();
      const pauseMs = Math.max(paceMs, outcome === 'unavailable' ? RETRY_MS : 0);
      if (pauseMs > 0) await new Promise(resolve => setTimeout(resolve, pauseMs));
    }
  }

  #decided(): void {
    const nowMs = performance.now();
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.decidedAtMs);
    this.decidedAtMs = nowMs;
  }

  /** Sends a command, for the first time or again, and writes its answer down. */
  async #say(socket: JudgeSocket, spoken: Spoken): Promise<void> {
    const { id, command, payload, player } = spoken;
    const reply = await socket.tell(id, command, payload, { key: keyOf(spoken), player });
    if (reply === null) return;
    const isNews = spoken.outcome !== 'ok' && reply.outcome === 'ok';
    spoken.outcome = reply.outcome;
    spoken.body = reply.body;
    spoken.frame = reply.frame;
    if (isNews && command === 'listings.create') {
      this.#listings.push({ id: reply.body.listing as number, player });
    }
  }

  #record(player: string, command: EngineCommand, payload: Payload<EngineCommand>): Spoken {
    const id = this.history.length + 1;
    const frame = Buffer.alloc(0);
    const spoken: Spoken = { id, player, command, payload, outcome: 'pending', frame, body: {} };
    this.history.push(spoken);
    return spoken;
  }

  #invent(): Spoken {
    const player = playerName(this.#below(PLAYERS));
    const item = ITEMS[this.#below(ITEMS.length)] as string;
    const price = 95 + this.#below(11);
    const quantity = 1 + this.#below(5);
    const dice = this.#below(100);
    if (dice < 30) {
      const to = playerName(this.#below(PLAYERS));
      const from = to === player ? playerName(PLAYERS) : player;
      // The quantity names the transfer: no other one has it.
      const named = this.history.length + 1;
      return this.#record('judge', 'wallet.transfer', {
        from,
        to,
        asset: 'coins',
        quantity: named,
      });
    }
    if (dice < 35) {
      return this.#record('judge', 'wallet.burn', { player, asset: 'coins', quantity });
    }
    if (dice < 55) return this.#record(player, 'listings.create', { item, price, quantity });
    if (dice < 75) return this.#record(player, 'bids.create', { item, price, quantity });
    const [listing] = this.#listings.splice(this.#below(this.#listings.length), 1);
    if (listing === undefined || dice < 85) {
      return this.#record(player, 'purchases.create', { item, quantity, maxUnitPrice: 105 });
    }
    if (dice < 95) {
      return this.#record(player, 'purchases.create', { listing: listing.id, quantity: 1 });
    }
    return this.#record(listing.player, 'listings.cancel', { listing: listing.id });
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}
