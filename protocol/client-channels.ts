// The channels of a client on its connection: joins them, asks for a snapshot where something was
// missed, and joins them again on the next connection. Who gets which frame is feed.ts's.

import { ME } from './channels.ts';
import { RejectedError } from './client-options.ts';
import type { ServerEvent } from './codec.ts';
import { Feed, type FeedListener } from './feed.ts';
import { CHANNELS_PER_COMMAND_MAX } from './limits.ts';
import type { Answer } from './outbox.ts';

type JoinCommand = 'session.subscribe' | 'session.resync';
type ChannelCommand = JoinCommand | 'session.unsubscribe';
type Channels = { channels: string[] };

export interface ChannelSender {
  state(): string;
  /** Sends on this connection, or not at all. */
  now(command: ChannelCommand, payload: Channels): Promise<Answer<ChannelCommand>>;
  /** Sends now or on the next connection. @throws {RejectedError} */
  call(command: JoinCommand, payload: Channels): Promise<Channels>;
}

const RETRY_MS = 1_000;

export class ClientChannels {
  readonly #sender: ChannelSender;
  readonly #feed = new Feed();
  /** Counts connections, so that what was begun on one is not continued on another. */
  #connection = 0;

  constructor(sender: ChannelSender) {
    this.#sender = sender;
  }

  /** Where the private feed can go on. */
  resume(): { epoch: number; sequence: number } | null {
    return this.#feed.resume();
  }

  async subscribe<Channel extends string>(
    channel: Channel,
    listener: FeedListener<Channel>,
    over: (error: Error) => void,
  ): Promise<() => void> {
    const deliver = listener as (event: ServerEvent) => void;
    const isFirst = this.#feed.add(channel, deliver, over);
    const cancel = () => {
      if (!this.#feed.remove(channel, deliver) || this.#sender.state() !== 'open') return;
      void this.#sender.now('session.unsubscribe', { channels: [channel] });
    };
    const channels = [channel];
    try {
      // Whoever joins later needs a snapshot of his own; the others get it too, which is harmless.
      const asked = isFirst ? null : await this.#sender.call('session.resync', { channels });
      const isKnown = asked?.channels.includes(channel) === true;
      if (!isKnown) await this.#sender.call('session.subscribe', { channels });
    } catch (error) {
      this.#feed.remove(channel, deliver);
      throw error;
    }
    return cancel;
  }

  /** A session is open again: joins what the server does not resume. */
  opened(isResumed: boolean): void {
    const missing = this.#feed.channels.filter(name => name !== ME || !isResumed);
    void this.#join('session.subscribe', missing);
  }

  /** A frame came in. */
  received(event: ServerEvent): void {
    if (this.#feed.receive(event)) void this.#join('session.resync', [event.channel]);
  }

  /** The connection is gone. */
  lost(): void {
    this.#connection += 1;
    this.#feed.lost();
  }

  /** There will be no other connection. */
  end(error: Error): void {
    this.#connection += 1;
    this.#feed.end(error);
  }

  /** Subscribes or resyncs, again and again while this connection lasts and somebody listens. */
  async #join(command: JoinCommand, channels: readonly string[]): Promise<void> {
    const connection = this.#connection;
    for (let start = 0; start < channels.length; start += CHANNELS_PER_COMMAND_MAX) {
      const chunk = channels.slice(start, start + CHANNELS_PER_COMMAND_MAX);
      const answer = await this.#sender.now(command, { channels: chunk });
      if (connection !== this.#connection) return;
      if (answer.outcome === 'ok') {
        const { channels: joined } = answer.body;
        const left = this.#feed.listened(chunk.filter(name => !joined.includes(name)));
        void this.#join('session.subscribe', left);
        continue;
      }
      if (answer.body.code === 'WINDOW_NOT_FOUND') {
        this.#findOver(command, chunk, new RejectedError(answer.outcome, answer.body));
        continue;
      }
      await new Promise(wake => setTimeout(wake, answer.body.retryAfterMs ?? RETRY_MS));
      if (connection !== this.#connection) return;
      await this.#join(command, this.#feed.listened(chunk));
    }
  }

  /** Among these is the channel of a window that is over: asks for each alone to find it. */
  #findOver(command: JoinCommand, channels: readonly string[], error: RejectedError): void {
    const [only, ...others] = channels;
    if (only !== undefined && others.length === 0) this.#feed.over(only, error);
    else for (const one of channels) void this.#join(command, this.#feed.listened([one]));
  }
}
