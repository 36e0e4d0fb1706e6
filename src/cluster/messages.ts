// What the nodes of a realm say to each other: the vocabulary. Every message carries the version of
// this page, so that nodes of two adjacent versions work together while a cluster is restarted node
// by node. How it becomes bytes, and whose it is, stands in envelope.ts; what is taken for such a
// message in shapes.ts, which has to follow every change here. Nothing of it leaves the cluster.

/**
 * Rises with every change of a message. 2: the identity of the realm, signatures, `sentAtMs`; the
 * feed tells engine time. 3: commands say by whose socket they came.
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

/** One entry of the stream: the commands that a node sent in one turn. */
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
  readonly commands: readonly SentCommand[];
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
  | { readonly kind: 'window'; readonly player: string; readonly window: number };

export interface Question {
  readonly node: string;
  readonly n: number;
  readonly ask: Ask;
}

export interface Answered {
  readonly epoch: number;
  readonly n: number;
  /** A frame for `snapshot` and `window` (null: not to be seen), an answer for `market`. */
  readonly answer: unknown;
}

/**
 * What a node tells of itself: once a second, and at once when something changes. Complete, so
 * that a lost one does not matter; players only where they changed since `since`, or all of them.
 */
export interface NodeState {
  readonly node: string;
  readonly count: number;
  /** True: `listening` and `present` are complete. False: they are what changed. */
  readonly isComplete: boolean;
  /** Players whose private feed is live here (or not any more). */
  readonly listening: readonly (readonly [player: string, isOn: boolean])[];
  /** Players with sockets here: how many, 0 when the last one is gone. */
  readonly present: readonly (readonly [player: string, sockets: number])[];
  readonly isLeaving: boolean;
}

/** From the leader to one node. What they say holds by itself: told twice, it changes nothing. */
export interface Orders {
  readonly epoch: number;
  /** The leader has missed something: tell everything. */
  readonly wantsState: boolean;
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
