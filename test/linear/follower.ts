// A player on a socket of their own, who follows their wallet, a book and their window, now at one
// node and then at another: each snapshot is a read that began when it was asked for, each event is
// something that was shown, and a feed that is resumed has everything from before it was.

import type { ServerEvent } from '../../protocol/codec.ts';
import type { WindowView } from '../../protocol/direct.ts';
import { sleep } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken } from '../support/server-process.ts';
import type { Clients } from './clients.ts';

export interface FollowerOptions {
  readonly player: string;
  readonly item: string;
  /** A window of the player. */
  readonly window: number;
  readonly clients: Clients;
  readonly random: () => number;
}

interface Balance {
  readonly asset: string;
  readonly available: number;
}

const SNAPSHOT_MS = 1_500;
const FOLLOW_MS = 150;
const ROUNDS = 4;

export class Follower {
  readonly #options: FollowerOptions;
  #socket: JudgeSocket | null = null;
  /** Where the feed stands, to resume it. */
  #epoch = 0;
  #sequence = -1;
  #coins = 0;
  /** When each channel was asked for whose snapshot has not come. */
  readonly #asked = new Map<string, number>();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  close(): void {
    this.#socket?.destroy();
  }

  /** Connects to some node, follows for a while, and breaks off. */
  async follow(): Promise<void> {
    const { clients, player, random } = this.#options;
    const port = clients.somewhere();
    try {
      await this.#open(port);
      for (let round = 0; round < ROUNDS && clients.isRunning; round++) {
        if (round > 0) await this.#leave();
        await this.#subscribe();
        await sleep(FOLLOW_MS * (1 + random()));
      }
    } catch {
      // The node is away, or went: the next one is tried.
      clients.count(`${player} was interrupted`);
      await sleep(20);
    }
    this.#socket?.destroy();
  }

  async #open(port: number): Promise<void> {
    const { clients, player } = this.#options;
    this.#asked.clear();
    const at = { epoch: this.#epoch, sequence: this.#sequence };
    const token = await processToken(player, 'standard');
    const socket = await JudgeSocket.connect(port, event => {
      if (this.#socket === socket) this.#hear(event, port);
    });
    this.#socket = socket;
    const invokedMs = performance.now();
    const resume = at.sequence < 0 ? {} : { resume: at };
    const { outcome, body } = await within(socket.ask('session.open', { token, ...resume }));
    if (outcome !== 'ok') throw new Error('The node lets nobody in.');
    if (body.resumed !== true) {
      this.#sequence = -1;
      return;
    }
    // What was missed comes right behind the answer.
    await within(socket.ask('session.ping', {}));
    clients.count('resumed');
    this.#saw(`resumed at ${port}`, invokedMs, this.#coins);
  }

  get #channels(): string[] {
    const { item, window } = this.#options;
    return ['me', `book:${item}`, `window:${window}`];
  }

  /**
   * What is not subscribed to sends nothing, so that the first snapshot of each channel is the one
   * that was asked for. Those who follow may get one at any time, which says nothing of when it
   * was begun.
   */
  async #subscribe(): Promise<void> {
    const invokedMs = performance.now();
    const channels = this.#channels;
    for (const channel of channels) this.#asked.set(channel, invokedMs);
    await within((this.#socket as JudgeSocket).ask('session.subscribe', { channels }));
    const untilMs = invokedMs + SNAPSHOT_MS;
    while (this.#asked.size > 0) {
      if (performance.now() > untilMs) throw new Error('A snapshot does not come.');
      await sleep(5);
    }
  }

  async #leave(): Promise<void> {
    const { clients } = this.#options;
    const channels = this.#channels;
    await within((this.#socket as JudgeSocket).ask('session.unsubscribe', { channels }));
    clients.count('left and came back');
    // Without a feed there is no chain.
    this.#sequence = -1;
  }

  #hear(event: ServerEvent, port: number): void {
    const { item, window } = this.#options;
    if (event.kind === 'heartbeat') return;
    const isSnapshot = event.kind === 'snapshot';
    const invokedMs = (isSnapshot ? this.#asked.get(event.channel) : undefined) ?? 0;
    if (isSnapshot) this.#asked.delete(event.channel);
    const what = `${event.channel} ${event.kind} ${event.sequence} at ${port}`;
    if (event.channel === 'me') this.#hearOfMe(event, what, invokedMs);
    else if (event.channel === `book:${item}` && isSnapshot) {
      const [best] = (event.data as { asks: [number, number, number][] }).asks;
      this.#note(what, `price ${item}`, invokedMs, best?.[0] ?? -1);
    } else if (event.channel === `window:${window}`) {
      const view = (event.data as { window: WindowView }).window;
      this.#note(what, `revision ${window}`, invokedMs, view.revision);
    }
  }

  /** The chain: no event at or below what was shown before it, none left out. */
  #hearOfMe(event: ServerEvent, what: string, invokedMs: number): void {
    const { clients, player } = this.#options;
    const { epoch, sequence, previousSequence, kind } = event;
    const follows = epoch === this.#epoch && sequence > this.#sequence;
    const isNext = follows && previousSequence === this.#sequence;
    if (kind === 'event' && !isNext) {
      const before = `${this.#epoch}/${this.#sequence}`;
      clients.faults.push(`${player}: ${what} after ${previousSequence} follows ${before}`);
    }
    if (kind === 'snapshot' && epoch === this.#epoch && sequence < this.#sequence) {
      clients.faults.push(`${player}: ${what} is before ${this.#sequence}`);
    }
    [this.#epoch, this.#sequence] = [epoch, sequence];
    const { balances } = event.data as { balances: Balance[] };
    const coins = balances.find(({ asset }) => asset === 'coins');
    if (kind === 'snapshot') this.#coins = coins?.available ?? 0;
    else this.#coins = coins?.available ?? this.#coins;
    if (kind === 'snapshot' || coins !== undefined) this.#saw(what, invokedMs, this.#coins);
  }

  #saw(what: string, invokedMs: number, coins: number): void {
    this.#note(what, `coins ${this.#options.player}`, invokedMs, coins);
  }

  #note(what: string, register: string, invokedMs: number, value: number): void {
    const { clients } = this.#options;
    if (invokedMs > 0) clients.count(`snapshot ${register.split(' ')[0]}`);
    const returnedMs = performance.now();
    // An event says when it was shown, not that somebody asked.
    if (register.startsWith('price ') && invokedMs === 0) return;
    clients.note({ what, register, kind: 'read', invokedMs, returnedMs, value });
  }
}

/** Rejects when it takes too long: the node may be frozen. */
async function within<Found>(answer: Promise<Found>): Promise<Found> {
  const late = sleep(SNAPSHOT_MS).then(() => {
    throw new Error('The node does not answer.');
  });
  answer.catch(() => {});
  return Promise.race([answer, late]);
}
