// Commands on their way: each is settled exactly once, by its reply, its deadline, or the loss of
// the connection. A command that may be repeated (it carries a key, or changes nothing) survives a
// lost connection and is sent again byte for byte; of any other, nobody knows what became of it.

import { encodeRequest, type Reply } from './codec.ts';
import { COMMANDS, type CommandName, type Payload, type Result } from './commands/registry.ts';
import type { Budget } from './commands/session.ts';
import { REQUEST_ID_MAX } from './limits.ts';
import { type Outcome, REJECTS, type RejectBody, type RejectCode } from './rejects.ts';

/** What became of a command. */
export type Answer<Name extends CommandName> =
  | { readonly outcome: 'ok'; readonly body: Result<Name>; readonly budget?: Budget }
  | {
      readonly outcome: Exclude<Outcome, 'ok'>;
      readonly body: RejectBody;
      readonly budget?: Budget;
    };

export interface Outgoing<Name extends CommandName> {
  readonly command: Name;
  readonly payload: Payload<Name>;
  readonly key: string | null;
  readonly player: string | null;
  readonly deadlineMs: number;
  /** False for what belongs to one connection and must not be sent on the next one. */
  readonly survives: boolean;
}

interface Pending {
  readonly id: number;
  readonly frame: Uint8Array;
  readonly mayRepeat: boolean;
  readonly survives: boolean;
  readonly settle: (answer: Answer<CommandName>) => void;
  readonly deadline: ReturnType<typeof setTimeout>;
  /** Sent on the connection that is up now. */
  sent: boolean;
  /** Sent on some connection. */
  everSent: boolean;
}

export class Outbox {
  readonly #pending = new Map<number, Pending>();
  readonly #max: number;
  #lastId = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Takes a command; `send` tries to put its frame on the wire now and says whether it did. The
   * bound is for what survives a connection: a full outbox must not keep a session from opening.
   * Resolves with the answer, and never rejects for what the server or the network does.
   * @throws {TypeError} for a payload that the wire cannot carry.
   */
  add<Name extends CommandName>(
    outgoing: Outgoing<Name>,
    send: (frame: Uint8Array) => boolean,
  ): Promise<Answer<Name>> {
    if (outgoing.survives && this.#pending.size >= this.#max) {
      return Promise.resolve(refusal('SERVICE_UNAVAILABLE', 'Too many commands await an answer.'));
    }
    const { command, payload, key, player, deadlineMs, survives } = outgoing;
    const id = this.#nextId();
    const frame = encodeRequest(id, command, payload, { key, player });
    const mayRepeat =
      key !== null || COMMANDS[command].answeredBy !== 'engine' || command === 'keys.get';
    return new Promise(resolve => {
      const settle = resolve as (answer: Answer<CommandName>) => void;
      const deadline = setTimeout(() => this.#expire(id), deadlineMs);
      const sent = send(frame);
      const state = { sent, everSent: sent };
      this.#pending.set(id, { id, frame, mayRepeat, survives, settle, deadline, ...state });
    });
  }

  /** A reply came in. Ignored when nothing waits for it. */
  settle(reply: Reply): void {
    const { id, outcome, body, budget } = reply;
    if (id === null) return;
    const answer = budget === undefined ? { outcome, body } : { outcome, body, budget };
    this.#finish(id, answer as Answer<CommandName>);
  }

  /** Sends what was not yet sent on this connection, oldest first. */
  flush(send: (frame: Uint8Array) => boolean): void {
    for (const pending of this.#pending.values()) {
      if (pending.sent || !send(pending.frame)) continue;
      pending.sent = true;
      pending.everSent = true;
    }
  }

  /** The connection is gone: settles what cannot be sent again, keeps the rest. */
  lost(): void {
    for (const pending of [...this.#pending.values()]) {
      if (!pending.survives || (pending.everSent && !pending.mayRepeat)) {
        this.#giveUp(pending, 'The connection was lost.');
      } else {
        pending.sent = false;
      }
    }
  }

  /** There will be no other connection: settles everything. */
  end(reason: string): void {
    for (const pending of [...this.#pending.values()]) this.#giveUp(pending, reason);
  }

  #expire(id: number): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined) this.#giveUp(pending, 'No answer came in time.');
  }

  #giveUp(pending: Pending, reason: string): void {
    const code = pending.everSent ? 'OUTCOME_UNKNOWN' : 'SERVICE_UNAVAILABLE';
    this.#finish(pending.id, refusal(code, reason));
  }

  #finish(id: number, answer: Answer<CommandName>): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.deadline);
    pending.settle(answer);
  }

  #nextId(): number {
    do this.#lastId = this.#lastId >= REQUEST_ID_MAX ? 1 : this.#lastId + 1;
    while (this.#pending.has(this.#lastId));
    return this.#lastId;
  }
}

/** What the client itself answers when the server can't. */
export function refusal(
  code: RejectCode,
  message: string,
): { outcome: Exclude<Outcome, 'ok'>; body: RejectBody } {
  return { outcome: REJECTS[code].outcome, body: { code, message } };
}
