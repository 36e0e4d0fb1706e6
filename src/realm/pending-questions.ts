// What a node has asked the leader and waits to hear. A question for a snapshot is asked once for
// all who want it, and again until there is an answer: behind it stands a client who must not be
// left in silence. Questions of readers have a deadline.

import type { Answered, Ask } from '../cluster/messages.ts';
import type { NodeChannel } from '../cluster/port.ts';

const DEADLINE_MS = 2_000;
const AGAIN_MS = 1_000;

interface Waiting {
  readonly name: string;
  readonly ask: Ask;
  n: number;
  askedAtMs: number;
  readonly untilMs: number;
  readonly callbacks: ((answer: unknown) => void)[];
}

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
      this.#put(name, ask, performance.now() + DEADLINE_MS, resolve);
    });
  }

  askUntilAnswered(ask: Ask, callback: (answer: unknown) => void): void {
    const name = JSON.stringify(ask);
    const waiting = this.#byName.get(name);
    if (waiting !== undefined) waiting.callbacks.push(callback);
    else this.#put(name, ask, Number.POSITIVE_INFINITY, callback);
  }

  settle({ n, answer }: Answered): void {
    const waiting = this.#byNumber.get(n);
    if (waiting === undefined) return;
    this.#byNumber.delete(n);
    this.#byName.delete(waiting.name);
    for (const callback of waiting.callbacks) callback(answer);
  }

  /** Asks everything again: there is a new leader, or the questions may have been lost. */
  askAgain(): void {
    const nowMs = performance.now();
    for (const waiting of this.#byName.values()) this.#repeat(waiting, nowMs);
  }

  sweep(nowMs: number): void {
    for (const [name, waiting] of this.#byName) {
      if (nowMs >= waiting.untilMs) {
        this.#byName.delete(name);
        this.#byNumber.delete(waiting.n);
        for (const callback of waiting.callbacks) callback(undefined);
      } else if (nowMs - waiting.askedAtMs >= AGAIN_MS) {
        this.#repeat(waiting, nowMs);
      }
    }
  }

  /** Answers all who have a deadline; the others are not waited for any more. */
  close(): void {
    for (const { callbacks, untilMs } of this.#byName.values()) {
      if (untilMs === Number.POSITIVE_INFINITY) continue;
      for (const callback of callbacks) callback(undefined);
    }
    this.#byName.clear();
    this.#byNumber.clear();
  }

  #put(name: string, ask: Ask, untilMs: number, callback: (answer: unknown) => void): void {
    const waiting = { name, ask, n: 0, askedAtMs: 0, untilMs, callbacks: [callback] };
    this.#byName.set(name, waiting);
    this.#repeat(waiting, performance.now());
  }

  #repeat(waiting: Waiting, nowMs: number): void {
    this.#byNumber.delete(waiting.n);
    waiting.n = this.#channel.ask(waiting.ask);
    waiting.askedAtMs = nowMs;
    this.#byNumber.set(waiting.n, waiting);
  }
}
