// What a client is told when it is made, and what it tells its caller when a command fails.

import type { Result } from './commands/registry.ts';
import type { ClientSocket } from './link.ts';
import type { Outcome, RejectBody, RejectCode } from './rejects.ts';

export type SocketConstructor = new (url: string) => ClientSocket;

export interface ClientOptions {
  /** `ws://` or `wss://`. */
  readonly url: string;
  /** The token; or where to get one, asked before each connection and again before it expires. */
  readonly token: string | (() => string | Promise<string>);
  /** Default: the global one. */
  readonly WebSocket?: SocketConstructor;
  /** How long a command waits for its answer, connections included. Default 10 s. */
  readonly deadlineMs?: number;
  /** Longest silence of the server before the connection counts as dead. Default 30 s. */
  readonly silenceMs?: number;
  /** Longest time from dialling to an open session. Default 10 s. */
  readonly openTimeoutMs?: number;
  /** Bounds of the delay before a new connection. Default 0.5 s, growing to 30 s. */
  readonly backoffBaseMs?: number;
  readonly backoffMaxMs?: number;
  /** Commands without an answer; more are refused. Default 1,000. */
  readonly outboxMax?: number;
  /** Ask for the remaining rate budget with each answer. Default false. */
  readonly budget?: boolean;
  /** Source of jitter, 0 up to 1. Default Math.random. */
  readonly random?: () => number;
  /** Told of each change; 'closed' is the last one, with its reason. */
  readonly onState?: (state: ClientState, reason?: string) => void;
}

/** 'waiting': between two connections. 'closed': for good. */
export type ClientState = 'connecting' | 'open' | 'waiting' | 'closed';

export interface RequestOptions {
  /**
   * Idempotency key: makes the command safe to send again, which the client then does. Left out,
   * the client makes one for every command that changes something. Null: none; such a command is
   * sent once. Keep a key of your own, from `newKey`, to send the command again after a restart.
   */
  readonly key?: string | null;
  /** For the service role: the player it acts for. */
  readonly player?: string;
  readonly deadlineMs?: number;
}

/** For commands that a player gives for himself. */
export type KeyOptions = Omit<RequestOptions, 'player'>;

export type Session = Result<'session.open'>;

/** Thrown by `call` for every outcome but `ok`. */
export class RejectedError extends Error {
  override readonly name = 'RejectedError';
  readonly outcome: Exclude<Outcome, 'ok'>;
  readonly code: RejectCode;
  readonly details: RejectBody['details'];
  readonly retryAfterMs: number | undefined;

  constructor(outcome: Exclude<Outcome, 'ok'>, body: RejectBody) {
    super(`${body.code}: ${body.message}`);
    this.outcome = outcome;
    this.code = body.code;
    this.details = body.details;
    this.retryAfterMs = body.retryAfterMs;
  }
}

/** Why the client refuses a step of a window itself: mostly what the server would have said. */
export type NotSentCode =
  | 'NOT_SHOWN'
  | Extract<
      RejectCode,
      | 'WINDOW_STATUS'
      | 'STALE_REVISION'
      | 'HASH_MISMATCH'
      | 'NOT_ARMED'
      | 'STALE_MANIFEST'
      | 'NOT_ACKNOWLEDGED'
    >;

/** Thrown by a window instead of sending what its player should not say: nothing was sent. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
  readonly code: NotSentCode;
  /** With NOT_ARMED: from when on it can be sent, by the clock of the server. */
  readonly armedAtMs: number | undefined;

  constructor(code: NotSentCode, message: string, armedAtMs?: number) {
    super(`${code}: ${message}`);
    this.code = code;
    this.armedAtMs = armedAtMs;
  }
}
