// The TypeScript client: commands with typed answers, channels with repaired gaps, and a connection
// that comes back by itself. A session is opened on each connection before anything else is sent;
// then the channels are joined again, then the commands that wait in the outbox follow.
// It runs in browsers and in Node (before 22, give it the WebSocket of the `ws` package).

import { ME } from './channels.ts';
import {
  type ClientOptions,
  type ClientState,
  RejectedError,
  type RequestOptions,
  type Session,
  type SocketConstructor,
} from './client-options.ts';
import { CLOSES } from './closes.ts';
import { decodeServerFrame, type ServerEvent } from './codec.ts';
import type { CommandName, Payload, Result } from './commands/registry.ts';
import { Feed, type FeedListener } from './feed.ts';
import { CHANNELS_PER_COMMAND_MAX } from './limits.ts';
import { Link } from './link.ts';
import { type Answer, Outbox, refusal } from './outbox.ts';
import type { Outcome, RejectBody } from './rejects.ts';

const RETRY_MS = 1_000;
/** A token is renewed when this share of its life is over. */
const RENEWAL_SHARE = 0.8;
const TIMER_MS_MAX = 2 ** 31 - 1;

export class TradeClient {
  readonly #options: ClientOptions;
  readonly #deadlineMs: number;
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #feed = new Feed();
  #state: ClientState | 'new' = 'new';
  #token = '';
  #session: Session | null = null;
  #first: { resolve: (session: Session) => void; reject: (error: Error) => void } | null = null;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  /** When the token expires, by the clock of this machine. */
  #expiresAtMs = 0;
  /** Counts connections, so that what was begun on one is not continued on another. */
  #connection = 0;

  /** @throws {TypeError} for a url that is none, or when there is no WebSocket to use. */
  constructor(options: ClientOptions) {
    const global = globalThis as { WebSocket?: unknown };
    const WebSocket = options.WebSocket ?? (global.WebSocket as SocketConstructor | undefined);
    if (WebSocket === undefined) throw new TypeError('There is no WebSocket: pass one.');
    const url = new URL(options.url).href;
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? 10_000;
    this.#outbox = new Outbox(options.outboxMax ?? 1_000);
    this.#link = new Link(
      {
        open: () => new WebSocket(url),
        silenceMs: options.silenceMs ?? 30_000,
        openTimeoutMs: options.openTimeoutMs ?? 10_000,
        backoffBaseMs: options.backoffBaseMs ?? 500,
        backoffMaxMs: options.backoffMaxMs ?? 30_000,
        random: options.random ?? Math.random,
      },
      {
        prepare: () => this.#prepare(),
        opened: () => void this.#open(),
        received: frame => this.#receive(frame),
        quiet: () => void this.#now('session.ping', {}),
        lost: () => this.#lost(),
        mended: code => code === CLOSES.unauthorized.code && typeof options.token !== 'string',
        ended: (code, meaning) => this.#end(`Closed with ${code}: ${meaning}`),
      },
    );
  }

  get state(): ClientState | 'new' {
    return this.#state;
  }

  /** What the server said when the session was opened; null while there is none. */
  get session(): Session | null {
    return this.#session;
  }

  /**
   * Connects, and keeps trying until it succeeds, so a server may start later than its clients.
   * Rejects when trying again is no use (the token was refused), or when `close` is called.
   */
  connect(): Promise<Session> {
    if (this.#state !== 'new') throw new TypeError('A client connects once.');
    return new Promise((resolve, reject) => {
      this.#first = { resolve, reject };
      this.#link.start();
    });
  }

  /**
   * Sends a command, now or as soon as there is a session, and resolves with what became of it.
   * With a key it is sent again, after a lost connection, until its deadline. Without a key, a
   * command that was sent and changes something resolves as 'unknown' when the connection is lost.
   * Rejects only with a TypeError, for a payload that the wire cannot carry.
   */
  async request<Name extends CommandName>(
    command: Name,
    payload: Payload<Name>,
    options: RequestOptions = {},
  ): Promise<Answer<Name>> {
    if (this.#state === 'closed') return refusal('SERVICE_UNAVAILABLE', 'The client is closed.');
    const { key = null, player = null, deadlineMs = this.#deadlineMs } = options;
    return this.#outbox.add(
      { command, payload, key, player, deadlineMs, survives: true },
      frame => this.#state === 'open' && this.#link.send(frame),
    );
  }

  /**
   * As `request`, for callers that expect success.
   * @throws {RejectedError} for every outcome but `ok`.
   */
  async call<Name extends CommandName>(
    command: Name,
    payload: Payload<Name>,
    options: RequestOptions = {},
  ): Promise<Result<Name>> {
    const answer = await this.request(command, payload, options);
    if (answer.outcome !== 'ok') throw new RejectedError(answer.outcome, answer.body);
    return answer.body;
  }

  /**
   * Listens to a channel: first a snapshot, then everything that follows, and a fresh snapshot
   * whenever something was missed. Resolves with the function that ends it.
   * @throws {RejectedError} when the server refuses the channel.
   */
  async subscribe<Channel extends string>(
    channel: Channel,
    listener: FeedListener<Channel>,
  ): Promise<() => void> {
    const deliver = listener as (event: ServerEvent) => void;
    const isFirst = this.#feed.add(channel, deliver);
    const cancel = () => {
      if (!this.#feed.remove(channel, deliver) || this.#state !== 'open') return;
      void this.#now('session.unsubscribe', { channels: [channel] });
    };
    const channels = [channel];
    try {
      // Whoever joins later needs a snapshot of his own; the others get it too, which is harmless.
      const known = isFirst ? [] : (await this.call('session.resync', { channels })).channels;
      if (!known.includes(channel)) await this.call('session.subscribe', { channels });
    } catch (error) {
      this.#feed.remove(channel, deliver);
      throw error;
    }
    return cancel;
  }

  /** Ends everything. What is unanswered resolves as 'unknown', or 'unavailable' if never sent. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#link.stop();
    this.#end('The client was closed.');
  }

  async #prepare(): Promise<void> {
    this.#become('connecting');
    const { token } = this.#options;
    this.#token = typeof token === 'string' ? token : await token();
  }

  /** Sends a command that belongs to this connection, past the outbox's queue. */
  #now<Name extends CommandName>(command: Name, payload: Payload<Name>): Promise<Answer<Name>> {
    return this.#outbox.add(
      { command, payload, key: null, player: null, deadlineMs: this.#deadlineMs, survives: false },
      frame => this.#link.send(frame),
    );
  }

  async #open(): Promise<void> {
    const connection = ++this.#connection;
    const resume = this.#feed.resume();
    const answer = await this.#now('session.open', {
      token: this.#token,
      ...(resume === null ? {} : { resume }),
      ...(this.#options.budget === true ? { budget: true } : {}),
    });
    if (connection !== this.#connection || this.#state === 'closed') return;
    if (answer.outcome !== 'ok') {
      this.#refused(answer.outcome, answer.body);
      return;
    }
    this.#link.established();
    this.#accept(answer.body);
    this.#become('open');
    const missing = this.#feed.channels.filter(name => name !== ME || !answer.body.resumed);
    void this.#join('session.subscribe', missing);
    this.#outbox.flush(frame => this.#link.send(frame));
    this.#first?.resolve(answer.body);
    this.#first = null;
  }

  /** The session was not opened: for good, or for now. */
  #refused(outcome: Outcome, body: RejectBody): void {
    const mendable = body.code === 'UNAUTHORIZED' && typeof this.#options.token !== 'string';
    if (outcome !== 'invalid' || mendable) {
      this.#link.restart(body.retryAfterMs);
      return;
    }
    this.#link.stop();
    this.#end(`${body.code}: ${body.message}`);
  }

  /** Subscribes or resyncs, again and again while this connection lasts and somebody listens. */
  async #join(
    command: 'session.subscribe' | 'session.resync',
    channels: readonly string[],
  ): Promise<void> {
    const connection = this.#connection;
    for (let start = 0; start < channels.length; start += CHANNELS_PER_COMMAND_MAX) {
      const chunk = channels.slice(start, start + CHANNELS_PER_COMMAND_MAX);
      const answer = await this.#now(command, { channels: chunk });
      if (connection !== this.#connection || this.#state !== 'open') return;
      if (answer.outcome === 'ok') {
        const { channels: joined } = answer.body;
        const left = this.#feed.listened(chunk.filter(name => !joined.includes(name)));
        void this.#join('session.subscribe', left);
        continue;
      }
      await new Promise(wake => setTimeout(wake, answer.body.retryAfterMs ?? RETRY_MS));
      if (connection !== this.#connection || this.#state !== 'open') return;
      await this.#join(command, this.#feed.listened(chunk));
    }
  }

  #receive(bytes: Uint8Array): void {
    const frame = decodeServerFrame(bytes);
    if (frame === null) this.#link.restart();
    else if (frame.type === 'reply') this.#outbox.settle(frame);
    else if (this.#feed.receive(frame)) void this.#join('session.resync', [frame.channel]);
  }

  #accept(session: Session): void {
    this.#session = session;
    this.#expiresAtMs = Date.now() + session.expiresAtMs - session.serverTimeMs;
    this.#renewLater();
  }

  /** Puts a fresh token on the live socket before the old one expires; a failure is tried again. */
  #renewLater(): void {
    clearTimeout(this.#renewal);
    const { token } = this.#options;
    if (typeof token === 'string') return;
    const leftMs = (this.#expiresAtMs - Date.now()) * RENEWAL_SHARE;
    const delayMs = Math.min(Math.max(leftMs, RETRY_MS), TIMER_MS_MAX);
    this.#renewal = setTimeout(() => void this.#renew(token), delayMs);
  }

  async #renew(source: () => string | Promise<string>): Promise<void> {
    const connection = this.#connection;
    const isOurs = () => connection === this.#connection && this.#state === 'open';
    try {
      const token = await source();
      if (!isOurs()) return;
      const { budget = false } = this.#options;
      const answer = await this.#now('session.open', { token, budget });
      if (isOurs() && answer.outcome === 'ok') this.#accept(answer.body);
      else if (isOurs()) this.#renewLater();
    } catch {
      if (isOurs()) this.#renewLater();
    }
  }

  #lost(): void {
    this.#connection += 1;
    this.#session = null;
    clearTimeout(this.#renewal);
    this.#feed.lost();
    this.#outbox.lost();
    this.#become('waiting');
  }

  #end(reason: string): void {
    this.#connection += 1;
    this.#session = null;
    clearTimeout(this.#renewal);
    this.#become('closed', reason);
    this.#outbox.end(reason);
    this.#first?.reject(new Error(reason));
    this.#first = null;
  }

  #become(state: ClientState, reason?: string): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.#options.onState?.(state, reason);
  }
}
