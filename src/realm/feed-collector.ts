// The leader's sink: what the announcer publishes in one turn leaves as one message to every node.
// It counts the messages, and when there is nothing to say it says that, so that a node notices
// both a hole and a silence.

import type { MeEvent } from '../../protocol/events.ts';
import type { FeedBatch } from '../cluster/messages.ts';
import type { LeaderChannel } from '../cluster/port.ts';
import type { FeedSink } from '../gateway/port.ts';
import type { RealmClock } from './engine-clock.ts';
import type { NodeRegistry } from './node-registry.ts';

export interface CollectorOptions {
  readonly channel: LeaderChannel;
  readonly registry: NodeRegistry;
  readonly epoch: number;
  readonly node: string;
  /** Where in the stream of commands this epoch begins. */
  readonly begin: string;
  /** What is durable and may be known. */
  readonly position: () => number;
  /** How far the tables are behind. */
  readonly lagMs: () => number;
  readonly clock: RealmClock;
  readonly standing: () => Standing;
}

/** Whether the leader takes commands, and whether all is well with it. */
export type Standing = Pick<FeedBatch, 'isTaking' | 'isReady'>;

/** Nodes take three seconds of silence for a loss. */
export const HEARTBEAT_MS = 500;

type Head = Omit<FeedBatch, 'isHeartbeat' | 'published' | 'windows' | 'ended' | 'private'>;
type Mutable<List> = List extends readonly (infer Item)[] ? Item[] : never;

export class FeedCollector implements FeedSink {
  readonly #options: CollectorOptions;
  #published: Mutable<FeedBatch['published']> = [];
  #windows: Mutable<FeedBatch['windows']> = [];
  #private: Mutable<FeedBatch['private']> = [];
  #ended: number[] = [];
  #count = 0;
  #isScheduled = false;
  #isClosed = false;
  readonly #timer: NodeJS.Timeout;
  #hasSent = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  /** Says at once that there is a leader: a node may have been waiting for one. */
  begin(): void {
    this.#beat();
  }

  publish(channel: string, frame: Uint8Array): void {
    this.#published.push([channel, frame]);
    this.#schedule();
  }

  /** Which node has subscribers of what is not known here: each node asks only its own sockets. */
  hasSubscribers(): boolean {
    return true;
  }

  hasPrivateListeners(): boolean {
    return this.#options.registry.hasListeners;
  }

  listensPrivately(player: string): boolean {
    return this.#options.registry.listens(player);
  }

  publishPrivate(player: string, sequence: number, event: MeEvent): void {
    this.#private.push([player, sequence, event]);
    this.#schedule();
  }

  listensToWindow(): boolean {
    return true;
  }

  publishWindow(players: readonly [string, string], window: number, frame: Uint8Array): void {
    this.#windows.push([players, window, frame]);
    this.#schedule();
  }

  endWindow(window: number): void {
    this.#ended.push(window);
    this.#schedule();
  }

  /** Sends what is waiting, now. */
  flush(): void {
    this.#isScheduled = false;
    const what = {
      published: this.#published,
      windows: this.#windows,
      ended: this.#ended,
      private: this.#private,
    };
    const isEmpty = Object.values(what).every(list => list.length === 0);
    if (isEmpty || this.#isClosed) return;
    this.#count++;
    this.#published = [];
    this.#windows = [];
    this.#ended = [];
    this.#private = [];
    this.#send({ isHeartbeat: false, ...what });
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.flush());
  }

  #beat(): void {
    // What it says of the position must not come before what was announced up to there.
    this.flush();
    if (!this.#hasSent) {
      this.#send({ isHeartbeat: true, published: [], windows: [], ended: [], private: [] });
    }
    this.#hasSent = false;
  }

  #send(what: Omit<FeedBatch, keyof Head>): void {
    const { channel, epoch, node: leader, begin, clock, ...of } = this.#options;
    this.#hasSent = true;
    const count = this.#count;
    const [position, lagMs, nowMs] = [of.position(), of.lagMs(), clock.nowMs()];
    const { isSure: clockSure } = clock;
    const taking = { clockSure, ...of.standing() };
    const head: Head = { epoch, count, position, leader, begin, lagMs, nowMs, ...taking };
    channel.publishFeed({ ...head, ...what });
  }
}
