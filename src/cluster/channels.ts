// What is published between the leader and the nodes. Redis delivers at most once, so every message
// can be missed: feeds are counted, states repeated, questions and replies have deadlines. Messages
// of one leader leave through one connection and arrive in their order.

import type { Redis } from 'ioredis';
import type { Log } from '../base/log.ts';
import type { RealmKeys } from './keys.ts';
import { oneWrite } from './links.ts';
import {
  type Answered,
  type Ask,
  decodeMessage,
  encodeMessage,
  type FeedBatch,
  type Message,
  type Messages,
  type NodeState,
  type Orders,
  type Question,
  type ReplyBatch,
  type Tag,
} from './messages.ts';
import type { LeaderChannel, NodeChannel } from './port.ts';

export interface ChannelOptions {
  readonly commands: Redis;
  readonly listening: Redis;
  readonly keys: RealmKeys;
  readonly node: string;
  readonly log: Log;
}

type Callbacks = { [Name in Tag]?: (content: Messages[Name]) => void };

/** Publishes and receives; what is not connected is dropped, and said. */
class Channels {
  readonly #options: ChannelOptions;
  readonly #callbacks: Callbacks = {};
  readonly #receive = (channel: Buffer, bytes: Buffer) => this.#received(channel, bytes);
  readonly #subscribe = () => void this.#join();
  readonly #joined: () => void;
  readonly #names: readonly string[];

  constructor(options: ChannelOptions, names: readonly string[], joined: () => void) {
    this.#options = options;
    this.#names = names;
    this.#joined = joined;
    const { listening } = options;
    listening.on('messageBuffer', this.#receive);
    listening.on('ready', this.#subscribe);
    if (listening.status === 'ready') void this.#join();
  }

  on<Name extends Tag>(tag: Name, callback: (content: Messages[Name]) => void): void {
    Object.assign(this.#callbacks, { [tag]: callback });
  }

  publish<Name extends Tag>(channel: string, tag: Name, content: Messages[Name]): void {
    const { commands, log } = this.#options;
    if (commands.status !== 'ready') return;
    oneWrite(commands);
    commands.publish(channel, encodeMessage(tag, content)).catch((error: unknown) => {
      log.warn({ error: String(error), tag }, 'a message was not published');
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
      this.#joined();
    } catch (error) {
      this.#options.log.warn({ error: String(error), channels: this.#names }, 'not subscribed');
    }
  }

  #received(channel: Buffer, bytes: Buffer): void {
    if (!this.#names.includes(channel.toString('utf8'))) return;
    let message: Message;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      this.#options.log.error({ error: String(error) }, 'a message of the cluster is not for us');
      return;
    }
    const callback = this.#callbacks[message.tag] as ((content: unknown) => void) | undefined;
    callback?.(message.content);
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
