// One socket and what goes out to it. It waits for session.open, is open, and is closed; `socket`
// is null from the first moment of the close, and only this file sends (inbound.ts has what comes
// in). Replies and private events are never dropped: a socket that does not take them is closed,
// and the player resumes. What was asked for is no sign of a slow reader, however much it is, as
// long as it is read: backlog.ts tells the two apart. Ten thousand of these lie idle: what is
// seldom needed is allocated late.

import { CLOSES, type CloseName } from '../../protocol/closes.ts';
import { encodeReply, withBudget } from '../../protocol/codec.ts';
import type { Budget, Role } from '../../protocol/commands/session.ts';
import { replyOutcome } from '../../protocol/frame-head.ts';
import { type Outcome, REJECTS, type RejectBody } from '../../protocol/rejects.ts';
import { Backlog } from './backlog.ts';
import type { GatewayContext } from './context.ts';
import type { Visitor } from './door.ts';
import { type Ending, OUTCOME_NUMBER } from './metrics.ts';
import type { Channel } from './outbound.ts';
import { Pending } from './pending.ts';
import type { Player } from './players.ts';
import type { ReplyTarget } from './port.ts';
import type { FeedReader } from './private-feed.ts';
import { budgetOf, charge, pointsOf, take, waitFor } from './rate-limit.ts';
import type { Route } from './refusals.ts';
import type { WebSocket } from './uws.ts';

/** What uWebSockets keeps for us with each socket. */
export interface SocketSeat {
  session: Session;
}

const DROPPED = 2;
/** A large answer is sent when less than this share of what pauses public channels waits. */
const ROOM_SHARE = 1 / 4;
/** And while this share of the budget of answers is there, which is left for commands. */
const RESERVE_SHARE = 1 / 4;
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
  /** What is on its way to it. */
  readonly #backlog = new Backlog();
  /** What waits for room; null while nothing does. */
  #waiting: (() => void)[] | null = null;
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

  sendReply(frame: Uint8Array, databaseMs = 0): void {
    this.sendAnswer(this.wantsBudget ? withBudget(frame, this.budget()) : frame, databaseMs);
  }

  /** What was asked for: it is paid by what it is, and does not count as slowness. */
  sendAnswer(frame: Uint8Array, databaseMs: number): void {
    this.#pay(frame.length, databaseMs, performance.now());
    if (!this.alive || !this.#send(frame)) return;
    this.#backlog.asked(frame.length);
    this.#look();
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
    let bytes = 0;
    for (let i = 0; i < replies.length; i += 3) {
      bytes += (replies[i + 2] as number) - (replies[i + 1] as number);
      const outcome = replyOutcome(arena, replies[i + 1] as number);
      const pending = this.pending;
      if (pending?.take(replies[i] as number) !== true) continue;
      const tookMs = nowMs - pending.arrivedAtMs;
      this.context.metrics.engineReply(pending.command, outcome, tookMs);
    }
    this.#pay(bytes, 0, nowMs);
    if (!this.alive) return;
    corked.session = this;
    corked.arena = arena;
    corked.replies = replies;
    this.socket?.cork(sendCorked);
    this.#backlog.asked(bytes);
    this.#look();
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

  /** What was not asked for: whoever takes less of it than there is has to come back. */
  sendPrivate(frame: Uint8Array): void {
    if (!this.alive || !this.#send(frame)) return;
    const { publicBytesMax, privateBytesMax } = this.context.config;
    if (this.#look() <= publicBytesMax) return;
    // One frame alone, however large it is, says nothing about the reader.
    const unasked = this.unaskedBytes();
    if (unasked - frame.length > privateBytesMax) this.overrun();
    else if (unasked > publicBytesMax) this.context.outbound.pause(this);
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

  /** A snapshot of a public channel, which its player pays for; see {@link sendPublic}. */
  sendSnapshot(frame: Uint8Array): void {
    if (this.player !== null) this.context.snapshots.sent(this, this.player, frame.length);
    this.sendPublic(frame);
    this.#backlog.asked(frame.length);
  }

  bufferedBytes(): number {
    return this.socket?.getBufferedAmount() ?? 0;
  }

  /** Of the bytes that wait, those that nobody asked for; some of them at least. */
  unaskedBytes(): number {
    return this.#backlog.unasked(this.bufferedBytes());
  }

  /** Whether so much waits to be read that nothing more should be asked. */
  get isCrowded(): boolean {
    return this.#backlog.isLarge && this.bufferedBytes() > this.context.config.privateBytesMax;
  }

  /** In how many milliseconds the player may ask again, after what was answered; 0: now. */
  answersWaitMs(nowMs: number, share = 0): number {
    const rate = this.context.answerRates[this.role];
    if (rate === null || this.player === null) return 0;
    return waitFor(this.player.answers, rate, Math.max(1, share * rate.burst), nowMs);
  }

  #pay(bytes: number, databaseMs: number, nowMs: number): void {
    const rate = this.context.answerRates[this.role];
    if (rate === null || this.player === null) return;
    const { answers, nodes } = this.player;
    charge(answers, rate, nodes * pointsOf(bytes, databaseMs), nowMs);
  }

  /** Calls back once there is room for a large answer and the budget has something left for it. */
  whenReady(goOn: () => void): void {
    if (!this.alive) return;
    if (this.#waiting === null && this.#isReady()) {
      goOn();
      return;
    }
    this.#waiting ??= [];
    this.#waiting.push(goOn);
    this.context.crowded.add(this);
  }

  /** What waits for room goes on as far as there is some. */
  goOn(): void {
    while (this.alive && this.#waiting !== null && this.#isReady()) {
      const goOn = this.#waiting.shift();
      if (this.#waiting.length === 0) {
        this.#waiting = null;
        this.context.crowded.delete(this);
      }
      goOn?.();
    }
  }

  #isReady(): boolean {
    if (this.bufferedBytes() > this.context.config.publicBytesMax * ROOM_SHARE) return false;
    return this.answersWaitMs(performance.now(), RESERVE_SHARE) === 0;
  }

  /** The socket has taken something. */
  drained(): void {
    this.#backlog.drained(performance.now());
    this.#look();
    this.goOn();
  }

  /** Notes how much waits, and returns it. */
  #look(): number {
    const bytes = this.bufferedBytes();
    this.#backlog.look(bytes, this.context.config.publicBytesMax);
    return bytes;
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
    const { sessions, crowded, door, snapshots, outbound, windows, feeds, players } = this.context;
    const { metrics, realm } = this.context;
    sessions.delete(this);
    this.#waiting = null;
    crowded.delete(this);
    door.left(this.visitor, this.player !== null);
    snapshots.leave(this);
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
    if (this.#backlog.isStalled(nowMs, this.context.config.stallTimeoutMs)) this.overrun();
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
