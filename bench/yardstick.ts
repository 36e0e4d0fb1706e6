// How fast this machine is at the moment: a program that nobody here changes, nodejs-order-book, on
// the flow of `matching live`, a part of it between any two parts of what is measured. A rate over
// its rate says the same on a fast machine, a slow one, and one that others use at the same time.

import { LIVE, replay, writeFlow } from './flow.ts';
import { PeerBookRun } from './peers/order-book.ts';

const ROUND = 100_000;

export class Yardstick {
  readonly #flow = writeFlow(LIVE);
  #book = new PeerBookRun();
  #at = 0;
  #orders = 0;
  #seconds = 0;

  constructor() {
    // Until it is compiled, it is slower than it will be.
    this.round();
    this.#orders = 0;
    this.#seconds = 0;
  }

  /** Plays the next part. */
  round(): void {
    const { before } = this.#flow;
    if (this.#at === 0 || this.#at + ROUND > before + LIVE.count) {
      this.#book = new PeerBookRun();
      replay(this.#book, this.#flow, 0, before);
      this.#at = before;
    }
    const startedMs = performance.now();
    replay(this.#book, this.#flow, this.#at, this.#at + ROUND);
    this.#seconds += (performance.now() - startedMs) / 1_000;
    this.#at += ROUND;
    this.#orders += ROUND;
  }

  /** Orders a second over all rounds. */
  get perSecond(): number {
    return this.#orders / this.#seconds;
  }
}
