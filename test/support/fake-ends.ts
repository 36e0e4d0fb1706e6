// The ends of sessions for the tests of the gateway: in memory, and told by hand.

import type { SessionEnds } from '../../src/gateway/session-ends.ts';

export class FakeEnds implements SessionEnds {
  readonly #issuedFrom = new Map<string, number>();
  /** What the next end fails with. */
  failure: Error | null = null;
  isFull = false;
  #told: (player: string, issuedFrom: number) => void = () => {};

  issuedFrom(player: string): number {
    return this.#issuedFrom.get(player) ?? 0;
  }

  async end(player: string): Promise<number | null> {
    if (this.failure !== null) throw this.failure;
    if (this.isFull) return null;
    const issuedFrom = Math.floor(Date.now() / 1_000) + 1;
    this.#issuedFrom.set(player, issuedFrom);
    return issuedFrom;
  }

  onEnded(callback: (player: string, issuedFrom: number) => void): void {
    this.#told = callback;
  }

  /** Another node has ended the sessions of a player. */
  tell(player: string, issuedFrom: number): void {
    this.#issuedFrom.set(player, issuedFrom);
    this.#told(player, issuedFrom);
  }
}
