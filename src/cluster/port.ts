// What the rest of a node needs of the cluster, whatever carries it. src/realm is written against
// these; the Redis side is in this folder, and tests may put something smaller in its place.

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
} from './messages.ts';

/** The gateway's way to the leader. */
export interface CommandSender {
  /**
   * Puts a command into the batch of this turn and returns its number, or -1 when nothing can be
   * sent: Redis is away, or too much is on its way. Then it was not sent and never will be.
   */
  send(command: Omit<SentCommand, 'n'>): number;
  /** Whether {@link send} would take a command now: Redis is there and takes what is new. */
  readonly isTaking: boolean;
  /** Commands whose batch failed: `unsent` never entered the stream, `unknown` may have. */
  onFailed(callback: (numbers: readonly number[], fate: 'unsent' | 'unknown') => void): void;
  /** Commands whose batch is in the stream, and as which entry. */
  onEntered(callback: (numbers: readonly number[], entry: string) => void): void;
  /**
   * Puts who came and went behind the commands that were sent before, and before those that come
   * after. False when nothing can be sent; then it was not told.
   */
  tellPresence(piece: Piece, present: SentPresence['present']): boolean;
  /** The count of what was told last of it. */
  readonly presenceTold: number;
  /** Something of what was told may not have come: the whole must be told again. */
  onPresenceFailed(callback: () => void): void;
  close(): void;
}

/** An entry in the order of the stream. */
export interface ReceivedBatch {
  /** Null: nothing is to be executed or answered, but the entry is passed all the same. */
  readonly batch: CommandBatch | null;
  /** Its place in the stream: what the journal stores when everything up to it is durable. */
  readonly offset: string;
  /** Its life was over when it was read: nothing of it may be executed. */
  readonly isLate: boolean;
}

/** The leader's reading of the stream. */
export interface CommandReader {
  /**
   * Hands over each entry after `offset`, in order and once; a promise holds back the next one.
   * After Redis was emptied, or spoiled, it goes on after `offset` by itself.
   */
  start(offset: string, take: (received: ReceivedBatch) => Promise<void> | null): void;
  /** Everything up to `offset` is durable and may leave the stream. */
  release(offset: string): void;
  /** Entries left the stream unread: of which node (empty: not known), and how many batches. */
  onLost(callback: (what: { node: string; batches: number }) => void): void;
  stop(): Promise<void>;
}

/** Liveness only: who should lead, and who is next. Safety is the journal's. */
export interface Lease {
  /** Resolves when this node holds the lease; false after `close`. */
  acquire(): Promise<boolean>;
  /** Whether it is surely ours at this moment, though {@link onLost} may not have been called. */
  readonly isHeld: boolean;
  /** The lease is not held any more (lost, or could not be renewed in time). */
  onLost(callback: () => void): void;
  /**
   * The leader wants this node, which is next, to make itself ready; or, with false, it does not
   * any more. Until then `isReady` is asked for, and told to the leader.
   */
  onAsked(callback: (isAsked: boolean) => void, isReady: () => boolean): void;
  /**
   * Asks whoever is next to make himself ready, until the lease is given up. Resolves when he is:
   * false when there is none, or he is not after `timeoutMs`.
   */
  summon(timeoutMs: number): Promise<boolean>;
  /** Passes the lease to the one who is ready; without one, another node may have it at once. */
  giveUp(): Promise<void>;
  /** Seeks and renews no more. What is held is not given up by it. */
  close(): void;
}

/** The leader's side of what is published. All messages leave in the order of the calls. */
export interface LeaderChannel {
  publishFeed(feed: FeedBatch): void;
  reply(node: string, replies: ReplyBatch): void;
  answer(node: string, answered: Answered): void;
  order(node: string, orders: Orders): void;
  onQuestion(callback: (question: Question) => void): void;
  onState(callback: (state: NodeState) => void): void;
  close(): void;
}

/** A node's side. Messages of one leader arrive in the order in which it published them. */
export interface NodeChannel {
  ask(ask: Ask): number;
  tell(state: NodeState): void;
  onFeed(callback: (feed: FeedBatch) => void): void;
  onReplies(callback: (replies: ReplyBatch) => void): void;
  onAnswer(callback: (answered: Answered) => void): void;
  onOrders(callback: (orders: Orders) => void): void;
  /** The subscription was interrupted and is back: something may have been missed. */
  onInterrupted(callback: () => void): void;
  readonly isConnected: boolean;
  close(): void;
}
