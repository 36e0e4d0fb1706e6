// What the nodes of a realm say to each other: the vocabulary. Every message carries the version of
// this page, so that nodes of two adjacent versions work together while a cluster is restarted node
// by node. How it becomes bytes, and whose it is, stands in envelope.ts; what is taken for such a
// message in shapes.ts, which has to follow every change here. Nothing of it leaves the cluster.

/**
 * Rises with every change of a message. 2: the identity of the realm, signatures, `sentAtMs`; the
 * feed tells engine time. 3: who is here is told in the stream, and in differences; commands say by
 * whose socket they came.
 */
export const CLUSTER_VERSION = 3;

/** One command on its way to the leader. `n` names it within its node's incarnation. */
export interface SentCommand {
  readonly n: number;
  readonly player: string;
  readonly key: string | null;
  /** Whose socket it came by: see EngineRequest of the gateway. */
  readonly sender: 'player' | 'service' | 'proxy';
  /** An engine command whose payload the gateway has validated; the leader does so again. */
  readonly command: string;
  readonly payload: unknown;
}

/**
 * Of what is told in differences: a difference, or a piece of the whole, which is told in pieces of
 * a bounded size, all in one turn. What no piece of a whole has is over with its last piece.
 */
export const PIECES = ['change', 'first', 'next', 'last', 'only'] as const;
export type Piece = (typeof PIECES)[number];

/** More players than any piece has. */
export const PIECE_PLAYERS_MAX = 1_000;

/** Who came to a node and who went, in one order with its commands. */
export interface SentPresence {
  /** Counts what a node tells of it, from 1 on, as long as it lives. A hole means a loss. */
  readonly count: number;
  readonly piece: Piece;
  /** Players with sockets there: how many, 0 when the last one is gone. */
  readonly present: readonly (readonly [player: string, sockets: number])[];
}

/** One entry of the stream: what a node sent in one turn. */
export interface CommandBatch {
  readonly node: string;
  /** Changes when the node can't tell any more what of it has reached the stream. */
  readonly incarnation: number;
  /**
   * Counts the batches of an incarnation from 1. A hole means that entries were lost; one that does
   * not rise means that an entry came again, and is not executed again.
   */
  readonly count: number;
  /** When it was sent, by the clock of Redis as its node knows it. */
  readonly sentAtMs: number;
  /** How long after that it may still be executed. */
  readonly lifeMs: number;
  /** In their order, and between them who came and went. */
  readonly commands: readonly (SentCommand | SentPresence)[];
}

/** From the leader to one node: complete reply frames whose request id is `n`. */
export interface ReplyBatch {
  readonly epoch: number;
  /** Everything up to here is durable: what the node's readers must see from now on. */
  readonly position: number;
  readonly frames: Uint8Array;
  /** Of each reply: n, start and end in `frames`. */
  readonly places: readonly number[];
}

/** From the leader to all nodes, in its order: what was committed, or that nothing was. */
export interface FeedBatch {
  readonly epoch: number;
  /** Counts from 1 within an epoch; a heartbeat repeats the last one. A hole is a gap. */
  readonly count: number;
  readonly position: number;
  readonly leader: string;
  /** Behind this entry of the stream it began: up to it, only a former leader answers. */
  readonly begin: string;
  /** How far the tables are behind the journal: nodes show it. */
  readonly lagMs: number;
  /** Engine time, and whether the leader is sure of it. */
  readonly nowMs: number;
  readonly clockSure: boolean;
  /** Whether the leader takes commands at the moment, and whether all is well with it. */
  readonly isTaking: boolean;
  readonly isReady: boolean;
  /** Nothing is in it. */
  readonly isHeartbeat: boolean;
  /** Public frames by channel. */
  readonly published: readonly (readonly [channel: string, frame: Uint8Array])[];
  /** Frames of windows with the two players who may see them. */
  readonly windows: readonly (readonly [
    players: readonly [string, string],
    window: number,
    frame: Uint8Array,
  ])[];
  /** Windows that ended so long ago that their channels end too. */
  readonly ended: readonly number[];
  /** Private events of players that some node listens to. */
  readonly private: readonly (readonly [player: string, sequence: number, event: unknown])[];
}

/** What a node wants of the leader, or tells it. Not durable: repeated, or asked again. */
export type Ask =
  | { readonly kind: 'snapshot'; readonly channel: string }
  | { readonly kind: 'market'; readonly command: string; readonly payload: unknown }
  /** His private events are wanted from the answer on, which is the position that it stands at. */
  | { readonly kind: 'listen'; readonly player: string }
  /** All at one moment: what is announced later comes behind all of them. */
  | { readonly kind: 'windows'; readonly player: string; readonly windows: readonly number[] };

export interface Question {
  readonly node: string;
  readonly n: number;
  readonly ask: Ask;
}

export interface Answered {
  readonly epoch: number;
  readonly n: number;
  /**
   * A frame for `snapshot`, one for each of `windows` (null: not to be seen), an answer for
   * `market`.
   */
  readonly answer: unknown;
}

/**
 * What a node tells of itself: twice a second, and at once when something changes. Who is there
 * comes by the stream; here is how much of that was told, so that a loss is noticed.
 */
export interface NodeState {
  readonly node: string;
  /** A hole means a loss: then the whole is asked for. */
  readonly count: number;
  /** One of the two of each second, which are answered. */
  readonly isBeat: boolean;
  readonly piece: Piece;
  /** Players whose private feed is live here (or not any more). */
  readonly listening: readonly (readonly [player: string, isOn: boolean])[];
  /** The count of what was told last of who is here: see {@link SentPresence}. */
  readonly presence: number;
  /** Orders were lost: all that holds is to be told again. */
  readonly wantsOrders: boolean;
  readonly isLeaving: boolean;
}

/** From the leader to one node. What they say holds by itself: told twice, it changes nothing. */
export interface Orders {
  readonly epoch: number;
  /**
   * Which of its memories of the node the leader has: another one than before means that he had
   * forgotten it, and announced nothing private to it meanwhile. 0: he does not know it yet.
   */
  readonly membership: number;
  /** Counts the orders of a membership. A hole means that some were lost. */
  readonly count: number;
  /** The beat that this answers; 0 when it answers none. */
  readonly heard: number;
  /** The leader has missed something: tell all whose private feeds are live; all who are here. */
  readonly wantsListening: boolean;
  readonly wantsPresence: boolean;
  /** On how many nodes each of these players is now: his budget is divided by it. */
  readonly shares: readonly (readonly [player: string, nodes: number])[];
  /** True: players who are not in `shares` are on one node. False: they are what changed. */
  readonly isComplete: boolean;
  /** Who has too many sockets in all may keep so many here: the oldest ones are closed. */
  readonly kept: readonly (readonly [player: string, sockets: number])[];
}

/** By its tag, every message and its content. */
export interface Messages {
  commands: CommandBatch;
  replies: ReplyBatch;
  feed: FeedBatch;
  question: Question;
  answer: Answered;
  state: NodeState;
  orders: Orders;
}
export type Tag = keyof Messages;
export type Message = { [Name in Tag]: { tag: Name; content: Messages[Name] } }[Tag];
