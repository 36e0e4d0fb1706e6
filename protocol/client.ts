// The TypeScript client: commands with typed answers, channels with repaired gaps, and a connection
// that comes back by itself. A session is opened on each connection before anything else is sent;
// then the channels are joined again, then the commands that wait in the outbox follow.
// It runs in browsers and in Node (before 22, give it the WebSocket of the `ws` package).

import { ClientChannels } from './client-channels.ts';
import { ServerClock } from './client-clock.ts';
import {
  type ClientOptions,
  type ClientState,
  type KeyOptions,
  RejectedError,
  type RequestOptions,
  type Session,
  type SocketConstructor,
} from './client-options.ts';
import { TokenKeeper } from './client-token.ts';
import { CLOSES } from './closes.ts';
import { decodeServerFrame } from './codec.ts';
import { COMMANDS, type CommandName, type Payload, type Result } from './commands/registry.ts';
import type { FeedListener } from './feed.ts';
import { KeyMaker } from './key.ts';
import { Link } from './link.ts';
import { type Answer, Outbox, refusal } from './outbox.ts';
import type { Outcome, RejectBody } from './rejects.ts';
import { TradeWindow } from './trade-window.ts';

/** Close codes after which another token may be good. */
const NEEDS_TOKEN: ReadonlySet<number> = new Set([CLOSES.unauthorized.code, CLOSES.ended.code]);

export class TradeClient {
  readonly #options: ClientOptions;
  readonly #deadlineMs: number;
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #channels: ClientChannels;
  readonly #clock = new ServerClock();
  readonly #keys = new KeyMaker(() => this.#clock.nowMs());
  readonly #tokens: TokenKeeper;
  #state: ClientState | 'new' = 'new';
  #token = '';
  #session: Session | null = null;
  #player: string | null = null;
  #first: { resolve: (session: Session) => void; reject: (error: Error) => void } | null = null;
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
    this.#channels = new ClientChannels({
      state: () => this.#state,
      now: (command, payload) => this.#now(command, payload),
      call: (command, payload) => this.call(command, payload),
    });
    this.#tokens = new TokenKeeper(options.token, {
      renew: token => this.#renew(token),
      renewed: session => this.#accept(session),
    });
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
        quiet: () => void this.#ping(),
        lost: () => this.#lost(),
        mended: code => NEEDS_TOKEN.has(code) && this.#tokens.isRenewable,
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

  /** Who this client is; null before the first session. */
  get player(): string | null {
    return this.#player;
  }

  /** The time of the server, or a little before it. */
  serverNowMs(): number {
    return this.#clock.nowMs();
  }

  /** A new idempotency key, after all that this client has made before. */
  newKey(): string {
    return this.#keys.next();
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
   * With a key it is sent again, after a lost connection, until its deadline: with `key` of the
   * options, or else one that is made here. With `key: null`, a command that was sent and changes
   * something resolves as 'unknown' when the connection is lost.
   * Rejects only with a TypeError, for a payload that the wire cannot carry.
   */
  async request<Name extends CommandName>(
    command: Name,
    payload: Payload<Name>,
    options: RequestOptions = {},
  ): Promise<Answer<Name>> {
    if (this.#state === 'closed') return refusal('SERVICE_UNAVAILABLE', 'The client is closed.');
    const isKeyed = COMMANDS[command].answeredBy === 'engine' && command !== 'keys.get';
    const { key = isKeyed ? this.newKey() : null } = options;
    const { player = null, deadlineMs = this.#deadlineMs } = options;
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
   * whenever something was missed. Resolves with the function that ends it. `over` is told once
   * when nothing more will come: the window of the channel is over, or the client is closed.
   * @throws {RejectedError} when the server refuses the channel.
   */
  async subscribe<Channel extends string>(
    channel: Channel,
    listener: FeedListener<Channel>,
    over: (error: Error) => void = () => undefined,
  ): Promise<() => void> {
    return this.#channels.subscribe(channel, listener, over);
  }

  /** Asks a player to trade face to face. @throws {RejectedError} */
  invite(player: string, options: KeyOptions = {}): Promise<TradeWindow> {
    return TradeWindow.invite(this, player, options);
  }

  /** Comes to the window that somebody invited this player to. @throws {RejectedError} */
  joinWindow(window: number, options: KeyOptions = {}): Promise<TradeWindow> {
    return TradeWindow.join(this, window, options);
  }

  /** A window of this player that is there already, from before a restart of the program. */
  watchWindow(window: number): Promise<TradeWindow> {
    return TradeWindow.watch(this, window);
  }

  /** Ends everything. What is unanswered resolves as 'unknown', or 'unavailable' if never sent. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#link.stop();
    this.#end('The client was closed.');
  }

  async #prepare(): Promise<void> {
    this.#become('connecting');
    this.#token = await this.#tokens.next();
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
    const resume = this.#channels.resume();
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
    this.#channels.opened(answer.body.resumed);
    this.#outbox.flush(frame => this.#link.send(frame));
    this.#first?.resolve(answer.body);
    this.#first = null;
  }

  /** The session was not opened: for good, or for now. */
  #refused(outcome: Outcome, body: RejectBody): void {
    const mendable = body.code === 'UNAUTHORIZED' && this.#tokens.isRenewable;
    if (outcome !== 'invalid' || mendable) {
      this.#link.restart(body.retryAfterMs);
      return;
    }
    this.#link.stop();
    this.#end(`${body.code}: ${body.message}`);
  }

  #receive(bytes: Uint8Array): void {
    const frame = decodeServerFrame(bytes);
    if (frame === null) this.#link.restart();
    else if (frame.type === 'reply') this.#outbox.settle(frame);
    else this.#channels.received(frame);
  }

  #accept(session: Session): void {
    this.#session = session;
    this.#player = session.player;
    this.#clock.opened(session.serverTimeMs);
    this.#tokens.accepted(session);
  }

  async #ping(): Promise<void> {
    const answer = await this.#now('session.ping', {});
    if (answer.outcome === 'ok') this.#clock.heard(answer.body.serverTimeMs);
  }

  async #renew(token: string): Promise<Session | null> {
    const { budget = false } = this.#options;
    const answer = await this.#now('session.open', { token, budget });
    return answer.outcome === 'ok' ? answer.body : null;
  }

  #lost(): void {
    this.#connection += 1;
    this.#session = null;
    this.#tokens.lost();
    this.#channels.lost();
    this.#outbox.lost();
    this.#become('waiting');
  }

  #end(reason: string): void {
    this.#connection += 1;
    this.#session = null;
    this.#tokens.lost();
    this.#become('closed', reason);
    this.#outbox.end(reason);
    this.#channels.end(new Error(reason));
    this.#first?.reject(new Error(reason));
    this.#first = null;
  }

  #become(state: ClientState, reason?: string): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.#options.onState?.(state, reason);
  }
}
