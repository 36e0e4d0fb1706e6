// What a node has asked the leader and waits to hear. Questions of readers have a deadline. One for
// a snapshot has none: it is asked once for all who want it, and again each second until there is
// an answer, since behind it stands a client who must not be left in silence, however long the
// outage. It is bounded all the same: who asks for the same again has one place, who does not wait
// any more has none, and a question that nobody waits for is not asked again. How many a socket may
// wait for is its own bound, which the gateway keeps.

import { OUTCOMES } from '../../protocol/rejects.ts';
import type { Answered, Ask } from '../cluster/messages.ts';
import type { NodeChannel } from '../cluster/port.ts';
import { RefusedError } from '../cluster/refused.ts';
import type { Asker } from '../gateway/port.ts';

const DEADLINE_MS = 2_000;
const AGAIN_MS = 1_000;

interface Waiting {
  readonly name: string;
  readonly ask: Ask;
  n: number;
  askedAtMs: number;
  readonly untilMs: number;
  /** By what they ask on. */
  readonly askers: Map<object, { readonly asker: Asker; readonly heard: Heard }>;
}

type Heard = (answer: unknown) => void;

export class PendingQuestions {
  readonly #channel: NodeChannel;
  readonly #byName = new Map<string, Waiting>();
  readonly #byNumber = new Map<number, Waiting>();
  #unnamed = 0;

  constructor(channel: NodeChannel) {
    this.#channel = channel;
  }

  /** The answer, or undefined when none comes in time. */
  ask(ask: Ask): Promise<unknown> {
    const name = `once ${++this.#unnamed}`;
    return new Promise(resolve => {
      const asker = { on: resolve, isWaiting: () => true };
      this.#put(name, ask, performance.now() + DEADLINE_MS).set(resolve, { asker, heard: resolve });
    });
  }

  askUntilAnswered(ask: Ask, heard: Heard, asker: Asker): void {
    const name = JSON.stringify(ask);
    const askers = this.#byName.get(name)?.askers ?? this.#put(name, ask, Number.POSITIVE_INFINITY);
    askers.set(asker.on, { asker, heard });
  }

  /** @throws {RefusedError} when it is no answer to what was asked: who waits for it waits on. */
  settle({ n, answer }: Answered): void {
    const waiting = this.#byNumber.get(n);
    if (waiting === undefined) return;
    if (!fits(waiting.ask, answer)) {
      throw new RefusedError(
        'malformed',
        `It is no answer to a question for a ${waiting.ask.kind}.`,
      );
    }
    this.#end(waiting, answer);
  }

  /** Asks everything again: there is a new leader, or the questions may have been lost. */
  askAgain(): void {
    const nowMs = performance.now();
    for (const waiting of this.#byName.values()) this.#repeat(waiting, nowMs);
  }

  sweep(nowMs: number): void {
    for (const waiting of this.#byName.values()) {
      if (nowMs >= waiting.untilMs) {
        this.#end(waiting, undefined);
      } else if (nowMs - waiting.askedAtMs >= AGAIN_MS) {
        this.#repeat(waiting, nowMs);
      }
    }
  }

  /** Answers all who have a deadline; the others are not waited for any more. */
  close(): void {
    for (const waiting of this.#byName.values()) {
      if (waiting.untilMs !== Number.POSITIVE_INFINITY) this.#end(waiting, undefined);
    }
    this.#byName.clear();
    this.#byNumber.clear();
  }

  /** Asks for the first time; who waits for it is put into what is returned. */
  #put(name: string, ask: Ask, untilMs: number): Waiting['askers'] {
    const waiting: Waiting = { name, ask, n: 0, askedAtMs: 0, untilMs, askers: new Map() };
    this.#byName.set(name, waiting);
    this.#send(waiting, performance.now());
    return waiting.askers;
  }

  /** Asks again, if anybody still waits. */
  #repeat(waiting: Waiting, nowMs: number): void {
    for (const [on, { asker }] of waiting.askers) {
      if (!asker.isWaiting()) waiting.askers.delete(on);
    }
    if (waiting.askers.size > 0) this.#send(waiting, nowMs);
    else this.#end(waiting, undefined);
  }

  #end(waiting: Waiting, answer: unknown): void {
    this.#byNumber.delete(waiting.n);
    this.#byName.delete(waiting.name);
    for (const { asker, heard } of waiting.askers.values()) if (asker.isWaiting()) heard(answer);
  }

  #send(waiting: Waiting, nowMs: number): void {
    this.#byNumber.delete(waiting.n);
    waiting.n = this.#channel.ask(waiting.ask);
    waiting.askedAtMs = nowMs;
    this.#byNumber.set(waiting.n, waiting);
  }
}

/** Whether an answer is of the kind that a question wants. */
function fits(ask: Ask, answer: unknown): boolean {
  switch (ask.kind) {
    case 'snapshot':
      return answer instanceof Uint8Array;
    case 'windows':
      return isOneEach(answer, ask.windows.length);
    case 'listen':
      return Number.isSafeInteger(answer);
    case 'market':
      return isAnswer(answer);
  }
}

function isOneEach(answer: unknown, count: number): boolean {
  if (!Array.isArray(answer) || answer.length !== count) return false;
  return answer.every(one => one === null || one instanceof Uint8Array);
}

function isAnswer(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const { outcome, body } = answer as { outcome?: unknown; body?: unknown };
  return OUTCOMES.some(known => known === outcome) && typeof body === 'object' && body !== null;
}
