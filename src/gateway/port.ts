// What the gateway needs from a realm, and what it offers to one. The gateway knows sockets, frames
// and players; it does not know the engine, the journal or the cluster. src/realm implements
// RealmPort twice: where the realm is led (realm.ts), and for a node far from it (remote-realm.ts).

import type { EngineCommand, Payload, ReadCommand } from '../../protocol/commands/registry.ts';
import type { Role } from '../../protocol/commands/session.ts';
import type { MeEvent, MeSnapshot } from '../../protocol/events.ts';
import type { Outcome, RejectBody } from '../../protocol/rejects.ts';

/**
 * Where the replies of one batch go. Called once per batch that has replies for it, when the batch
 * is durable. `replies` has three numbers for each reply: the request id, and where its complete
 * reply frame starts and ends in `arena`. The arena is reused afterwards: send or copy at once.
 */
export interface ReplyTarget {
  deliver(arena: Uint8Array, replies: readonly number[]): void;
}

export interface EngineRequest<Name extends EngineCommand = EngineCommand> {
  readonly id: number;
  readonly command: Name;
  readonly payload: Payload<Name>;
  readonly key: string | null;
  /** The verified player the command is for. */
  readonly player: string;
  /** Whose socket it came by: the player's; the service role's, for itself or for the player. */
  readonly sender: 'player' | 'service' | 'proxy';
}

export interface ReadRequest<Name extends ReadCommand = ReadCommand> {
  readonly command: Name;
  readonly payload: Payload<Name>;
  readonly player: string;
  readonly role: Role;
}

export interface Answer {
  readonly outcome: Outcome;
  readonly body: Readonly<Record<string, unknown>> | RejectBody;
  /** How long the database was busy with it. */
  readonly databaseMs?: number;
}

/** A part of a private snapshot: the first one, or what comes after another part. */
export interface PrivatePart {
  readonly sequence: number;
  readonly data: MeSnapshot;
  /** Where the next part begins; null when this was the last one. */
  readonly next: readonly number[] | null;
  /** How long the database was busy with it. */
  readonly databaseMs: number;
}

/** Who waits for a snapshot, which in an outage may be long in coming. */
export interface Asker {
  /** Whose it is: asking for the same again, he takes the place of his first question. */
  readonly on: object;
  /** Whether it is still of use; when it is not, `deliver` is not called any more. */
  isWaiting(): boolean;
}

export interface Readiness {
  readonly leading: boolean;
  readonly databaseReachable: boolean;
  /** Committed but not yet in the tables. */
  readonly projectionLagMs: number;
  /** Facts that the tables could not take, and nobody has settled: see "npm run audit". */
  readonly quarantined: number;
  /** False while the clock of the leader is in doubt: commands are refused. */
  readonly clockSure: boolean;
  /** What a command would be answered now, when it would be refused; else null. */
  readonly refusal: string | null;
  readonly ready: boolean;
}

export interface RealmPort {
  readonly realm: string;
  /** The number of this leadership; every frame of the feed carries it. */
  readonly epoch: number;

  /** Engine time, as far as it is known here: never ahead of it. */
  nowMs(): number;

  /**
   * Sequences a command. Null when it was taken: then `target` gets exactly one reply for it,
   * unless the process ends before. Otherwise why not, and nothing was executed.
   */
  submit(request: EngineRequest, target: ReplyTarget): RejectBody | null;

  /**
   * Answers with everything that was acknowledged, or shown to anybody, before the call; or else
   * `unavailable`, never from the past. The same holds for every snapshot.
   */
  read(request: ReadRequest): Promise<Answer>;

  /**
   * Whether everything of this player that was acknowledged, or shown to anybody, before the call
   * has come through the sink, if it was asked for. False when that is not certain in time.
   */
  caughtUp(player: string): Promise<boolean>;

  /**
   * Gives `deliver` the frame that brings a new subscriber of a public channel up to date, once it
   * is certain that it is not of the past. What was published before it is in it; what is published
   * after it follows it. Never called when the realm ends before.
   */
  snapshot(channel: string, deliver: (frame: Uint8Array) => void, asker: Asker): void;

  /**
   * A player's balances and open orders, part by part (`from`: where, null for the first one), and
   * the sequence that the part stands at. From the first one on, and until `unlisten`, his private
   * events come through the sink, none of them missing; those up to that sequence have come when it
   * resolves.
   */
  privateSnapshot(player: string, from: readonly number[] | null): Promise<PrivatePart>;

  /**
   * As {@link snapshot}, for windows as they are committed, all of them at one moment and in the
   * order in which they are asked for. Null for one when `player` has no window of this number that
   * is live or ended within the last minute.
   */
  windowSnapshots(
    player: string,
    windows: readonly number[],
    deliver: (frames: readonly (Uint8Array | null)[]) => void,
    asker: Asker,
  ): void;

  /**
   * The frame with which a window of `player` ended, however long ago, from the tables; null when
   * none of theirs with this number has ended. Rejects when it cannot be found out now.
   */
  windowEnd(player: string, window: number): Promise<Uint8Array | null>;

  /** How many open sockets a player has here now; 0 when his last one is gone. */
  presence(player: string, sockets: number): void;

  /** The private feed of a player is of no use here any more. */
  unlisten(player: string): void;

  readiness(): Readiness;
}

/** What a realm needs from the gateway to announce what was committed. */
export interface FeedSink {
  /** Sends a frame to every subscriber of a public channel. */
  publish(channel: string, frame: Uint8Array): void;
  /** Whether anybody listens to a public channel. */
  hasSubscribers(channel: string): boolean;
  /** Whether anybody's private feed is live; false lets the realm skip building events. */
  hasPrivateListeners(): boolean;
  /** Whether this player's private feed is live. */
  listensPrivately(player: string): boolean;
  /** One decision of the engine as it concerns `player`. Sequences rise per player. */
  publishPrivate(player: string, sequence: number, event: MeEvent): void;
  /** Whether anybody listens to the channel of this window. */
  listensToWindow(window: number): boolean;
  /** Sends a frame to all sockets of both players that listen to the channel of the window. */
  publishWindow(players: readonly [string, string], window: number, frame: Uint8Array): void;
  /** Nothing more will come of this window: whoever listens to it does so no longer. */
  endWindow(window: number): void;
}

/** What a realm needs besides, when players may be on other nodes too. */
export interface NodeSink extends FeedSink {
  /** Something may have been missed, or the epoch is another: every channel begins anew. */
  restart(): void;
  /** A player is on so many nodes now: each gives him its part of his budget. */
  share(player: string, nodes: number): void;
  /** These are all the players who are on several nodes: everybody else is here alone. */
  shareAll(shares: readonly (readonly [player: string, nodes: number])[]): void;
  /** A player has too many sockets in all, and keeps so many here: the oldest ones are closed. */
  closeOldest(player: string, kept: number): void;
}
