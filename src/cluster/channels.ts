// What is published between the leader and the nodes. Redis delivers at most once, so every message
// can be missed: feeds are counted, states repeated, questions and replies have deadlines. Messages
// of one leader leave through one connection and arrive in their order. Invariant: whatever
// arrives, nothing is thrown into the connection; what is no message of this realm is not handed
// on, and what a taker chokes on costs that message alone.

import type { Redis } from 'ioredis';
import type { Log } from '../base/log.ts';
import { SampledLog } from '../base/sampled-log.ts';
import type { Envelope } from './envelope.ts';
import type { RealmKeys } from './keys.ts';
import { oneWrite } from './links.ts';
import type {
  Answered,
  Ask,
  FeedBatch,
  Message,
  Messages,
  NodeState,
  Orders,
  Question,
  ReplyBatch,
  Tag,
} from './messages.ts';
import type { LeaderChannel, NodeChannel } from './port.ts';
import { type Refused, RefusedError } from './refused.ts';

export interface ChannelOptions {
  readonly commands: Redis;
  readonly listening: Redis;
  readonly keys: RealmKeys;
  readonly node: string;
  readonly envelope: Envelope;
  readonly refused: Refused;
  readonly log: Log;
}

type Callbacks = { [Name in Tag]?: (content: Messages[Name]) => void };

/** Publishes and receives; what is not connected is dropped, and said. */
class Channels {
  readonly #options: ChannelOptions;
  readonly #log: SampledLog;
  readonly #callbacks: Callbacks = {};
  readonly #receive = (channel: Buffer, bytes: Buffer) => this.#received(channel, bytes);
  readonly #subscribe = () => void this.#join();
  readonly #names: readonly string[];
  /** Something may be missing: the subscription is new, or a message could not be taken. */
  readonly #missed: () => void;

  constructor(options: ChannelOptions, names: readonly string[], missed: () => void) {
    this.#options = options;
    this.#log = new SampledLog(options.log);
    this.#names = names;
    this.#missed = missed;
    const { listening } = options;
    listening.on('messageBuffer', this.#receive);
    listening.on('ready', this.#subscribe);
    if (listening.status === 'ready') void this.#join();
  }

  on<Name extends Tag>(tag: Name, callback: (content: Messages[Name]) => void): void {
    Object.assign(this.#callbacks, { [tag]: callback });
  }

  publish<Name extends Tag>(channel: string, tag: Name, content: Messages[Name]): void {
    const { commands, envelope } = this.#options;
    if (commands.status !== 'ready') return;
    oneWrite(commands);
    commands.publish(channel, envelope.seal(channel, tag, content)).catch((error: unknown) => {
      const fields = () => ({ error: String(error), tag });
      this.#log.warn(tag, 'a message was not published', fields);
    });
  }

  close(): void {
    const { listening } = this.#options;
    listening.off('messageBuffer', this.#receive);
    listening.off('ready', this.#subscribe);
    if (listening.status === 'ready') listening.unsubscribe(...this.#names).catch(() => {});
  }

  async #join(): Promise<void> {
    try {
      await this.#options.listening.subscribe(...this.#names);
      this.#missed();
    } catch (error) {
      this.#options.log.warn({ error: String(error), channels: this.#names }, 'not subscribed');
    }
  }

  #received(name: Buffer, bytes: Buffer): void {
    const { envelope, refused } = this.#options;
    const channel = name.toString('utf8');
    if (!this.#names.includes(channel)) return;
    try {
      const message = envelope.open(channel, bytes);
      if (message !== null) this.#hand(message);
    } catch (error) {
      const isRefused = error instanceof RefusedError;
      refused.note(isRefused ? error.refusal : 'failed', channel, error);
      // It may have been taken in part. What was refused was not for us to begin with.
      if (!isRefused) this.#missed();
    }
  }

  #hand({ tag, content }: Message): void {
    const callback = this.#callbacks[tag] as ((content: unknown) => void) | undefined;
    callback?.(content);
  }
}

export class RedisLeaderChannel implements LeaderChannel {
  readonly #keys: RealmKeys;
  readonly #channels: Channels;

  constructor(options: ChannelOptions) {
    this.#keys = options.keys;
    this.#channels = new Channels(options, [options.keys.leader], () => {});
  }

  publishFeed(feed: FeedBatch): void {
    this.#channels.publish(this.#keys.feed, 'feed', feed);
  }

  reply(node: string, replies: ReplyBatch): void {
    this.#channels.publish(this.#keys.node(node), 'replies', replies);
  }

  answer(node: string, answered: Answered): void {
    this.#channels.publish(this.#keys.node(node), 'answer', answered);
  }

  order(node: string, orders: Orders): void {
    this.#channels.publish(this.#keys.node(node), 'orders', orders);
  }

  onQuestion(callback: (question: Question) => void): void {
    this.#channels.on('question', callback);
  }

  onState(callback: (state: NodeState) => void): void {
    this.#channels.on('state', callback);
  }

  close(): void {
    this.#channels.close();
  }
}

export class RedisNodeChannel implements NodeChannel {
  readonly #options: ChannelOptions;
  readonly #channels: Channels;
  #asked = 0;
  #interrupted: () => void = () => {};

  constructor(options: ChannelOptions) {
    this.#options = options;
    const { keys, node } = options;
    this.#channels = new Channels(options, [keys.feed, keys.node(node)], () => this.#interrupted());
  }

  get isConnected(): boolean {
    const { commands, listening } = this.#options;
    return commands.status === 'ready' && listening.status === 'ready';
  }

  ask(ask: Ask): number {
    const n = ++this.#asked;
    const { keys, node } = this.#options;
    this.#channels.publish(keys.leader, 'question', { node, n, ask });
    return n;
  }

  tell(state: NodeState): void {
    this.#channels.publish(this.#options.keys.leader, 'state', state);
  }

  onFeed(callback: (feed: FeedBatch) => void): void {
    this.#channels.on('feed', callback);
  }

  onReplies(callback: (replies: ReplyBatch) => void): void {
    this.#channels.on('replies', callback);
  }

  onAnswer(callback: (answered: Answered) => void): void {
    this.#channels.on('answer', callback);
  }

  onOrders(callback: (orders: Orders) => void): void {
    this.#channels.on('orders', callback);
  }

  onInterrupted(callback: () => void): void {
    this.#interrupted = callback;
  }

  close(): void {
    this.#channels.close();
  }
}
