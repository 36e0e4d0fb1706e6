// What goes into the engine: one entry per command, and a tick when only time has passed.

import type { EngineCommand, Payload } from '../../protocol/commands/registry.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { EngineOutput } from './fact.ts';
import type { Suspension } from './suspension.ts';

/** A command with its validated payload. */
export type Command = {
  [Name in EngineCommand]: { readonly command: Name; readonly payload: Payload<Name> };
}[EngineCommand];

/** Nothing is asked: due expiries happen. Answered by nobody. */
export interface Tick {
  readonly command: 'tick';
  readonly payload: null;
}

/**
 * A player's last socket is gone, or their first one is there. Matters to windows; and a player who
 * is there for the first time is known from then on. Answered by nobody.
 */
export interface Presence {
  readonly command: 'presence';
  readonly payload: { readonly present: boolean };
}

/** This writer has just begun: who was connected is not known any more. Answered by nobody. */
export interface Restart {
  readonly command: 'restart';
  readonly payload: null;
}

/** From now on this is halted, and nothing else: see suspension.ts. Answered by nobody. */
export interface Suspend {
  readonly command: 'suspend';
  readonly payload: Suspension;
}

export type Internal = Tick | Presence | Restart | Suspend;

/** Whether an entry is no command of anybody. */
export function isInternal<Kind extends { readonly command: string }>(
  entry: Kind,
): entry is Extract<Kind, Internal> {
  const { command } = entry;
  if (command === 'tick' || command === 'presence') return true;
  return command === 'restart' || command === 'suspend';
}

/**
 * Whose socket a command came by: the player's own; one of the service role, for itself or for a
 * player. Keys that the service role sends are kept by the tables for longer than here.
 */
export type Sender = 'player' | 'service' | 'proxy';

/** The first answer to a key. */
export interface Answered {
  readonly digest: number;
  readonly ok: boolean;
  readonly body: ReplyBody;
}

/** What the tables said about a key of the service role at one moment: see key-check.ts. */
export interface Recalled {
  /** How far the tables had come. */
  readonly sequence: number;
  /** The watermark of the player at that moment, and the greatest key that they have dropped. */
  readonly watermark: string | null;
  readonly floor: string | null;
  /** Null when they have no such key. */
  readonly answered: Answered | null;
}

export type Entry = (Command | Internal) & {
  /** Engine time. Never before that of the entry before it. */
  readonly atMs: number;
  /** Who the command is for: a verified identity. Empty for a tick. */
  readonly player: string;
  /** The idempotency key, or null. */
  readonly key: string | null;
  /** 53-bit digest of command and payload; 0 without a key. */
  readonly digest: number;
  /** Left out: 'player'. */
  readonly sender?: Sender;
  /** When the entry comes again because of 'recall'. */
  readonly recalled?: Recalled | null;
};

export type ReplyBody = Readonly<Record<string, unknown>>;

/** `bytes[start..end)`: one MessagePack value. */
export interface Encoded {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** What an entry came to. */
export interface Applied {
  /** The number of the last entry that had facts: this one's when `output` has any. */
  readonly sequence: number;
  /**
   * 'invalid' only for KEY_REUSED, KEY_EXPIRED and KEY_AHEAD. 'recall': nothing was decided, and
   * nobody is answered; the entry is to come again with what the tables know of its key.
   */
  readonly outcome: 'ok' | 'rejected' | 'invalid' | 'recall';
  readonly body: ReplyBody | RejectBody;
  /** The body as bytes when a key has just remembered all of it. As it is kept. */
  readonly encoded: Encoded | null;
  /** In the order in which they came about. Empty when nothing changed. */
  readonly output: readonly EngineOutput[];
}
