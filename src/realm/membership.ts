// Whether the leader still knows this node, so that private events are announced to it. The leader
// forgets a node that he has not heard for a while; what he announces meanwhile is lost to it
// although the feed has no hole. Invariant: the node stops believing that it is known before the
// leader can have forgotten it, whichever of the two directions is interrupted; and it finds out
// that it was forgotten by the number that the leader gives to each of his memories of it.

import { SILENCE_MAX_MS } from './node-registry.ts';

/** Beats that may be on their way. */
const BEATS_MAX = 16;

export class Membership {
  /** As the leader named it; 0 before he did. */
  #number = 0;
  #orders = 0;
  /** By the monotonic clock: from when on the leader may have forgotten us. */
  #sureUntilMs = Number.NEGATIVE_INFINITY;
  /** When the beats that are not answered yet were told. */
  readonly #beats = new Map<number, number>();

  /** There is another leader: he is told everything at this moment, and forgets it no earlier. */
  begin(nowMs: number): void {
    this.#number = 0;
    this.#orders = 0;
    this.#beats.clear();
    this.#sureUntilMs = nowMs + SILENCE_MAX_MS;
  }

  told(beat: number, nowMs: number): void {
    this.#beats.set(beat, nowMs);
    const [oldest] = this.#beats.keys();
    if (this.#beats.size > BEATS_MAX) this.#beats.delete(oldest as number);
  }

  /** The leader has heard a beat: he keeps us in mind from the moment in which it was told. */
  answered(beat: number): void {
    const toldAtMs = this.#beats.get(beat);
    if (toldAtMs === undefined) return;
    for (const earlier of this.#beats.keys()) if (earlier <= beat) this.#beats.delete(earlier);
    this.#sureUntilMs = Math.max(this.#sureUntilMs, toldAtMs + SILENCE_MAX_MS);
  }

  /** Whether the leader surely knows us. */
  isSure(nowMs: number): boolean {
    return nowMs < this.#sureUntilMs;
  }

  /**
   * Takes the numbers of orders. `forgotten`: the leader has not known us for a while; `missed`:
   * orders of his did not come.
   */
  take(membership: number, count: number): { forgotten: boolean; missed: boolean } {
    const isNew = membership !== this.#number;
    const forgotten = isNew && this.#number !== 0;
    const missed = count !== (isNew ? 0 : this.#orders) + 1;
    this.#number = membership;
    this.#orders = count;
    return { forgotten, missed };
  }
}
