// Who wants nothing from whom: block lists, and players who take no invitations at all.

import type { BlockFact, PrivacyFact } from './fact.ts';
import { Numbered } from './numbered.ts';

export class Blocks {
  /** By player: whom they have blocked, never many; and who is closed. */
  readonly #blocked = new Numbered<Set<number>>();
  readonly #closed = new Numbered<PrivacyFact>();

  /** Whether `player` has blocked `other`. */
  has(player: number, other: number): boolean {
    return this.#blocked.get(player)?.has(other) ?? false;
  }

  countOf(player: number): number {
    return this.#blocked.get(player)?.size ?? 0;
  }

  /** Whether nobody may invite `player`. */
  isClosed(player: number): boolean {
    return this.#closed.get(player) !== undefined;
  }

  put({ player, other, blocked }: BlockFact): void {
    const own = this.#blocked.get(player) ?? new Set<number>();
    if (blocked) own.add(other);
    else own.delete(other);
    if (own.size > 0) this.#blocked.set(player, own);
    else this.#blocked.delete(player);
  }

  setPrivacy(fact: PrivacyFact): void {
    if (fact.closed) this.#closed.set(fact.player, fact);
    else this.#closed.delete(fact.player);
  }

  /** Everything, in the order of the players' numbers: for the hash. */
  *entries(): Generator<readonly [player: number, other: number]> {
    for (const [player, others] of this.#blocked.entries()) {
      for (const other of [...others].sort(byNumber)) yield [player, other];
    }
  }

  /** Who takes no invitations, in the order of their numbers. */
  *closed(): Generator<number> {
    for (const { player } of this.#closed.values()) yield player;
  }
}

function byNumber(a: number, b: number): number {
  return a - b;
}
