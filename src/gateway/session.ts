// One socket and what goes out to it. It waits for session.open, is open, and is closed; `socket`
// is null from the first moment of the close, and only this file sends (inbound.ts has what comes
// in). Replies and private events are never dropped: a socket that does not take them is closed,
// and the player resumes. Ten thousand of these lie idle: what is seldom needed is allocated late.

import { CLOSES, type CloseName } from '../../protocol/closes.ts';
import { encodeReply, withBudget } from '../../protocol/codec.ts';
import type { Budget, Role } from '../../protocol/commands/session.ts';
import { replyOutcome } from '../../protocol/frame-head.ts';
import { type Outcome, REJECTS, type RejectBody } from '../../protocol/rejects.ts';
import type { GatewayContext } from './context.ts';
import type { Visitor } from './door.ts';
import { type Ending, OUTCOME_NUMBER } from './metrics.ts';
import type { Channel } from './outbound.ts';
import { Pending } from './pending.ts';
import type { Player } from './players.ts';
import type { ReplyTarget } from './port.ts';
import type { FeedReader } from './private-feed.ts';
import { budgetOf, take } from './rate-limit.ts';
import type { Route } from './refusals.ts';
import type { WebSocket } from './uws.ts';

/** What uWebSockets keeps for us with each socket. */
export interface SocketSeat {
  session: Session;
}

const DROPPED = 2;
const CLIENT_CLOSE_LOST = 1006;

export class Session implements ReplyTarget, FeedReader {
  readonly context: GatewayContext;
  /** Where it came from. */
  readonly visitor: Visitor;
  /** Null before it is open and after it is closed. */
  socket: WebSocket<SocketSeat> | null = null;
  /** Who it is, once session.open succeeded. */
  player: Player | null = null;
  role: Role = 'guest';
  /** The token of the upgrade's Authorization header, until session.open has used it. */
  upgradeToken: string | null;
  /** Until when session.open must have come, then the token lasts; by the monotonic clock. */
  deadlineMs: number;
  /** The `iat` of its token, in seconds. */
  issuedAt = 0;
  /** A token of this socket is being verified. */
  verifying = false;
  /** Each reply carries the remaining budget. */
  wantsBudget = false;
  followsMe = false;
  /** Public channels; the first `liveChannels` of them are subscribed, the others are paused. */
  channels: Channel[] | null = null;
  liveChannels = 0;
  /** The windows that it listens to. */
  windows: number[] | null = null;
  /** Windows of commands that wait for the realm to show them. */
  awaitedWindows = 0;
  /** uWebSockets dropped something that was published. */
  publicDropped = false;
  /** The flood guard. */
  fullAtMs = 0;
  /** Commands that await the engine; null while there are none for long. */
  pending: Pending | null = null;
  malformedFrames = 0;
  malformedSinceMs = 0;
  /** Why it was closed by us. */
  #ending: CloseName | null = null;

  constructor(context: GatewayContext, visitor: Visitor, upgradeToken: string | null) {
    this.context = context;
    this.visitor = visitor;
    this.upgradeToken = upgradeToken;
    this.deadlineMs = performance.now() + context.config.openTimeoutMs;
  }

  /** Whom the log names: its player, or its address before it is open. */
  get who(): string {
    return this.player?.name ?? this.visitor.group;
  }

  /** Whether anything may still be sent. */
  get alive(): boolean {
    return this.socket !== null && this.#ending === null;
  }

  opened(socket: WebSocket<SocketSeat>): void {
    this.socket = socket;
    this.context.sessions.add(this);
    this.context.door.entered(this.visitor);
  }

  /** The flood guard, for frames of every kind. False: the socket is being closed. */
  spendFrames(frames: number, nowMs: number): boolean {
    if (this.role === 'service') return true;
    if (take(this, this.context.floodRate, frames, nowMs) === 0) return true;
    this.end('flooding');
    return false;
  }

  /** Answers a command of this socket that the gateway refuses. */
  refuse(id: number, route: Route, body: RejectBody): void {
    this.reply(id, route, REJECTS[body.code].outcome, body);
  }

  /** Answers a command of this socket. */
  reply(id: number, route: Route, outcome: Outcome, body: object): void {
    this.context.metrics.count(route.index, OUTCOME_NUMBER[outcome]);
    this.sendReply(encodeReply(id, outcome, body));
  }

  sendReply(frame: Uint8Array): void {
    this.sendPrivate(this.wantsBudget ? withBudget(frame, this.budget()) : frame);
  }

  /** What is left of the player's rate limit. */
  budget(): Budget {
    const rate = this.context.rates[this.role];
    return rate === null || this.player === null
      ? null
      : budgetOf(this.player, rate, performance.now(), this.player.nodes);
  }

  deliver(arena: Uint8Array, replies: readonly number[]): void {
    const player = this.player as Player;
    player.inFlight -= replies.length / 3;
    const nowMs = performance.now();
    for (let i = 0; i < replies.length; i += 3) {
      const outcome = replyOutcome(arena, replies[i + 1] as number);
      const pending = this.pending;
      if (pending?.take(replies[i] as number) !== true) continue;
      const tookMs = nowMs - pending.arrivedAtMs;
      this.context.metrics.engineReply(pending.command, outcome, tookMs);
    }
    if (!this.alive) return;
    corked.session = this;
    corked.arena = arena;
    corked.replies = replies;
    this.socket?.cork(sendCorked);
    this.#checkBuffer();
  }

  /** Everything that `send` sends leaves in one piece. */
  together(send: () => void): void {
    if (!this.alive) return;
    let failure: { readonly error: unknown } | null = null;
    this.socket?.cork(() => {
      // An exception would leave through uWebSockets and not reach whoever called this.
      try {
        send();
      } catch (error) {
        failure = { error };
      }
    });
    if (failure !== null) throw (failure as { readonly error: unknown }).error;
  }

  sendPrivate(frame: Uint8Array): void {
    if (!this.alive) return;
    if (this.#send(frame)) this.#checkBuffer();
  }

  /** A snapshot of a private channel: its player pays for it. */
  sendSnapshot(frame: Uint8Array): void {
    this.pay(frame.length);
    this.sendPrivate(frame);
  }

  /** A snapshot of so many bytes is on its way. */
  pay(bytes: number): void {
    if (this.player !== null) this.context.snapshots.sent(this, this.player, bytes);
  }

  /** Sends without looking at the buffer; false when the frame was dropped. */
  #send(frame: Uint8Array): boolean {
    if (this.socket?.send(frame, true) !== DROPPED) return true;
    this.#fail();
    return false;
  }

  sendDelivered(arena: Uint8Array, replies: readonly number[]): void {
    for (let i = 0; i < replies.length; i += 3) {
      if (!this.alive) return;
      const frame = arena.subarray(replies[i + 1], replies[i + 2]);
      this.#send(this.wantsBudget ? withBudget(frame, this.budget()) : frame);
    }
  }

  /** A public frame may be dropped: its channels then pause and come back with snapshots. */
  sendPublic(frame: Uint8Array): void {
    if (!this.alive) return;
    if (this.socket?.send(frame, true) === DROPPED) this.context.outbound.dropped(this);
  }

  bufferedBytes(): number {
    return this.socket?.getBufferedAmount() ?? 0;
  }

  #checkBuffer(): void {
    if (!this.alive) return;
    const bytes = this.bufferedBytes();
    if (bytes <= this.context.config.publicBytesMax) return;
    if (bytes > this.context.config.privateBytesMax) this.overrun();
    else this.context.outbound.pause(this);
  }

  /** Closes a slow reader, later: whoever is sending may be in the middle of a list of sockets. */
  overrun(): void {
    if (!this.alive) return;
    this.#ending = 'slowConsumer';
    setImmediate(() => {
      this.socket?.end(CLOSES.slowConsumer.code, 'slowConsumer');
    });
  }

  /** Something was dropped, and so would the close frame be: the connection is cut, later. */
  #fail(): void {
    this.#ending = 'slowConsumer';
    setImmediate(() => {
      this.socket?.close();
    });
  }

  /** Closes with a reason. The close callback runs before this returns. */
  end(close: CloseName): void {
    if (!this.alive) return;
    this.#ending = close;
    this.socket?.end(CLOSES[close].code, close);
  }

  /** Cuts the connection after a bug of ours, whatever state it is in. */
  abort(): void {
    this.socket?.close();
  }

  /** The socket is gone. Replies may still be delivered; they count, and are not sent. */
  closed(code: number): void {
    this.socket = null;
    const { sessions, outbound, windows, feeds, players, metrics, realm } = this.context;
    sessions.delete(this);
    this.context.door.left(this.visitor, this.player !== null);
    this.context.snapshots.leave(this);
    outbound.leave(this);
    windows.leave(this);
    if (this.player !== null) {
      if (this.followsMe) feeds.leave(this.player, this);
      players.leave(this.player, this);
      realm?.presence(this.player.name, this.player.sessions.length);
    }
    const ending: Ending = this.#ending ?? (code === CLIENT_CLOSE_LOST ? 'lost' : 'client');
    metrics.closed(ending);
  }

  /** Closes it when its time is up; frees what it has not needed for a while. */
  sweep(nowMs: number): void {
    if (this.pending?.size === 0) this.pending = null;
    if (nowMs >= this.deadlineMs && !(this.player === null && this.verifying)) {
      this.end(this.player === null ? 'openTimeout' : 'unauthorized');
    }
  }

  /** Notes a command for the latency histogram. */
  await(id: number, route: Route, nowMs: number): void {
    this.pending ??= new Pending();
    this.pending.add(id, route.index, nowMs);
  }
}

// One closure for every corked delivery: only one socket is corked at a time.
const corked: { session: Session | null; arena: Uint8Array; replies: readonly number[] } = {
  session: null,
  arena: new Uint8Array(0),
  replies: [],
};

function sendCorked(): void {
  corked.session?.sendDelivered(corked.arena, corked.replies);
  corked.session = null;
}
