// Who wants nothing from whom: block lists, and players who take no invitations at all.

import type { BlockFact, PrivacyFact } from './fact.ts';

export class Blocks {
  readonly #blocked = new Map<number, Set<number>>();
  readonly #closed = new Set<number>();

  /** Whether `player` has blocked `other`. */
  has(player: number, other: number): boolean {
    return this.#blocked.get(player)?.has(other) ?? false;
  }

  countOf(player: number): number {
    return this.#blocked.get(player)?.size ?? 0;
  }

  /** Whether nobody may invite `player`. */
  isClosed(player: number): boolean {
    return this.#closed.has(player);
  }

  put({ player, other, blocked }: BlockFact): void {
    const own = this.#blocked.get(player) ?? new Set<number>();
    if (blocked) own.add(other);
    else own.delete(other);
    if (own.size > 0) this.#blocked.set(player, own);
    else this.#blocked.delete(player);
  }

  setPrivacy({ player, closed }: PrivacyFact): void {
    if (closed) this.#closed.add(player);
    else this.#closed.delete(player);
  }

  /** Everything, in the order of the players' numbers: for the hash. */
  *entries(): Generator<readonly [player: number, other: number]> {
    for (const player of [...this.#blocked.keys()].sort(byNumber)) {
      for (const other of [...(this.#blocked.get(player) ?? [])].sort(byNumber)) {
        yield [player, other];
      }
    }
  }

  closed(): number[] {
    return [...this.#closed].sort(byNumber);
  }
}

function byNumber(a: number, b: number): number {
  return a - b;
}
