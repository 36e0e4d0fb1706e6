// The cluster in memory, for tests of what stands on it: what was sent and told is kept, and the
// test says what arrives.

import { expect } from 'vitest';
import { decodeServerFrame, writeReply } from '../../protocol/codec.ts';
import { FrameWriter } from '../../protocol/msgpack-writer.ts';
import type { Outcome } from '../../protocol/rejects.ts';
import type {
  Answered,
  Ask,
  CommandBatch,
  FeedBatch,
  NodeState,
  Orders,
  Piece,
  Question,
  ReplyBatch,
  SentCommand,
  SentPresence,
} from '../../src/cluster/messages.ts';
import type {
  CommandReader,
  CommandSender,
  LeaderChannel,
  NodeChannel,
  ReceivedBatch,
} from '../../src/cluster/port.ts';
import type { NodeSink, ReplyTarget } from '../../src/gateway/port.ts';
import { RecordingSink } from './recording-sink.ts';

export class FakeSender implements CommandSender {
  readonly sent: SentCommand[] = [];
  /** Who came and went, and how many commands were sent before. */
  readonly presence: (SentPresence & { readonly behind: number })[] = [];
  hasRoom = true;
  failPresence: () => void = () => {};
  fail: (numbers: readonly number[], fate: 'unsent' | 'unknown') => void = () => {};
  enter: (numbers: readonly number[], entry: string) => void = () => {};

  get isTaking(): boolean {
    return this.hasRoom;
  }

  send(command: Omit<SentCommand, 'n'>): number {
    if (!this.hasRoom) return -1;
    this.sent.push({ n: this.sent.length + 1, ...command });
    return this.sent.length;
  }

  tellPresence(piece: Piece, present: SentPresence['present']): boolean {
    if (!this.hasRoom) return false;
    const count = this.presence.length + 1;
    this.presence.push({ count, piece, present, behind: this.sent.length });
    return true;
  }

  get presenceTold(): number {
    return this.presence.length;
  }

  onPresenceFailed(callback: () => void): void {
    this.failPresence = callback;
  }

  onFailed(callback: (numbers: readonly number[], fate: 'unsent' | 'unknown') => void): void {
    this.fail = callback;
  }

  onEntered(callback: (numbers: readonly number[], entry: string) => void): void {
    this.enter = callback;
  }

  close(): void {}
}

export class FakeNodeChannel implements NodeChannel {
  readonly asked: { n: number; ask: Ask }[] = [];
  readonly told: NodeState[] = [];
  isConnected = true;
  feed: (feed: FeedBatch) => void = () => {};
  replies: (replies: ReplyBatch) => void = () => {};
  answer: (answered: Answered) => void = () => {};
  orders: (orders: Orders) => void = () => {};
  interrupt: () => void = () => {};
  /** What a leader would do when it hears it. */
  heard: (state: NodeState) => void = () => {};

  ask(ask: Ask): number {
    const n = this.asked.length + 1;
    this.asked.push({ n, ask });
    return n;
  }

  tell(state: NodeState): void {
    this.told.push(state);
    this.heard(state);
  }

  onFeed(callback: (feed: FeedBatch) => void): void {
    this.feed = callback;
  }

  onReplies(callback: (replies: ReplyBatch) => void): void {
    this.replies = callback;
  }

  onAnswer(callback: (answered: Answered) => void): void {
    this.answer = callback;
  }

  onOrders(callback: (orders: Orders) => void): void {
    this.orders = callback;
  }

  onInterrupted(callback: () => void): void {
    this.interrupt = callback;
  }

  close(): void {}
}

export class FakeLeaderChannel implements LeaderChannel {
  /** Everything that was published, in its order. */
  readonly published: { kind: string; node: string; content: unknown }[] = [];
  question: (question: Question) => void = () => {};
  state: (state: NodeState) => void = () => {};

  publishFeed(content: FeedBatch): void {
    this.published.push({ kind: 'feed', node: '', content });
  }

  reply(node: string, content: ReplyBatch): void {
    this.published.push({ kind: 'replies', node, content });
  }

  answer(node: string, content: Answered): void {
    this.published.push({ kind: 'answer', node, content });
  }

  order(node: string, content: Orders): void {
    this.published.push({ kind: 'orders', node, content });
  }

  onQuestion(callback: (question: Question) => void): void {
    this.question = callback;
  }

  onState(callback: (state: NodeState) => void): void {
    this.state = callback;
  }

  close(): void {}

  /** What was published of one kind. */
  of<Content>(kind: string): { node: string; content: Content }[] {
    return this.published.filter(one => one.kind === kind) as { node: string; content: Content }[];
  }
}

export class FakeReader implements CommandReader {
  readonly released: string[] = [];
  startedAt: string | null = null;
  isStopped = false;
  take: (received: ReceivedBatch) => Promise<void> | null = () => null;
  lose: (what: { node: string; batches: number }) => void = () => {};

  start(offset: string, take: (received: ReceivedBatch) => Promise<void> | null): void {
    this.startedAt = offset;
    this.take = take;
  }

  release(offset: string): void {
    this.released.push(offset);
  }

  onLost(callback: (what: { node: string; batches: number }) => void): void {
    this.lose = callback;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
  }

  /** An entry of a node, as it comes off the stream. */
  entry(
    offset: string,
    commands: CommandBatch['commands'],
    more: { node?: string; isLate?: boolean } = {},
  ): Promise<void> | null {
    const { node = 'b', isLate = false } = more;
    const batch = { node, incarnation: 1, count: 1, sentAtMs: 0, lifeMs: 5_000, commands };
    return this.take({ batch, offset, isLate });
  }

  /** An entry that is passed, with nothing in it to execute. */
  nothing(offset: string): Promise<void> | null {
    return this.take({ batch: null, offset, isLate: false });
  }
}

/** Orders that say nothing but this. */
export function ordersOf(more: Partial<Orders>): Orders {
  const head = { epoch: 1, membership: 1, count: 1, heard: 0 };
  const wants = { wantsListening: false, wantsPresence: false };
  return { ...head, ...wants, shares: [], isComplete: false, kept: [], ...more };
}

/** A state that says nothing but this. */
export function stateOf(more: Partial<NodeState>): NodeState {
  const head = { node: 'b', count: 1, isBeat: false, piece: 'change' as const, listening: [] };
  return { ...head, presence: 0, wantsOrders: false, isLeaving: false, ...more };
}

/** The names of the commands among what a node sent. */
export function commandsOf(sent: CommandBatch['commands']): string[] {
  return sent.flatMap(one => ('present' in one ? [] : [one.command]));
}

/** A gateway among several. */
export class RecordingNodeSink extends RecordingSink implements NodeSink {
  restarts = 0;
  readonly shares: [player: string, nodes: number][] = [];
  /** Complete lists of them. */
  readonly allShares: (readonly (readonly [player: string, nodes: number])[])[] = [];
  readonly closed: [player: string, kept: number][] = [];

  restart(): void {
    this.restarts++;
  }

  share(player: string, nodes: number): void {
    this.shares.push([player, nodes]);
  }

  shareAll(shares: readonly (readonly [player: string, nodes: number])[]): void {
    this.allShares.push(shares);
  }

  closeOldest(player: string, kept: number): void {
    this.closed.push([player, kept]);
  }
}

export interface Reply {
  readonly id: number | null;
  readonly outcome: string;
  readonly body: Record<string, unknown>;
}

/** A session that keeps its replies. */
export class Inbox implements ReplyTarget {
  readonly replies: Reply[] = [];
  deliveries = 0;

  deliver(arena: Uint8Array, replies: readonly number[]): void {
    this.deliveries++;
    for (let i = 0; i < replies.length; i += 3) {
      const reply = decodeReply(arena.slice(replies[i + 1], replies[i + 2]));
      expect(reply.id).toBe(replies[i]);
      this.replies.push(reply);
    }
  }
}

export function decodeReply(bytes: Uint8Array): Reply {
  const frame = decodeServerFrame(bytes);
  if (frame?.type !== 'reply') throw new Error('A reply frame was expected.');
  return { id: frame.id, outcome: frame.outcome, body: { ...frame.body } };
}

/** Replies as the leader writes them: `n`, outcome and body of each. */
export function replyBatch(
  position: number,
  replies: readonly (readonly [n: number, outcome: Outcome, body: object])[],
): ReplyBatch {
  const writer = new FrameWriter();
  const places: number[] = [];
  for (const [n, outcome, body] of replies) {
    const start = writer.length;
    writeReply(writer, n, outcome, body);
    places.push(n, start, writer.length);
  }
  return { epoch: 1, position, frames: writer.bytes.slice(0, writer.length), places };
}
