// Who has traded with whom: a friend of a player is somebody with whom they completed a window or
// an offer, both of their own will. Nobody becomes one by what they alone do. Invariant: a player
// has FRIENDS_MAX friends at most, and forgets the one whose last trade with them is the oldest.
// What a friend may do that a stranger may not is in offers.ts.

import { FRIENDS_MAX } from '../../protocol/limits.ts';
import { assert } from '../base/assert.ts';
import type { FriendFact } from './fact.ts';
import { NONE } from './hash-index.ts';
import { Numbered } from './numbered.ts';
import type { State } from './state.ts';

export class Friends {
  /** By player: their friends, each with the entry of their last trade. */
  readonly #of = new Numbered<Map<number, number>>();

  /** Whether `other` is a friend of `player`; the opposite may have been forgotten. */
  has(player: number, other: number): boolean {
    return this.#of.get(player)?.has(other) ?? false;
  }

  countOf(player: number): number {
    return this.#of.get(player)?.size ?? 0;
  }

  put({ player, other, sequence, isKept }: FriendFact): void {
    const own = this.#of.get(player) ?? new Map<number, number>();
    if (isKept) own.set(other, sequence);
    else own.delete(other);
    if (own.size > 0) this.#of.set(player, own);
    else this.#of.delete(player);
  }

  /** The fact that `player` and `other` are no friends any more; null when they are none. */
  forgetting(player: number, other: number): FriendFact | null {
    const sequence = this.#of.get(player)?.get(other);
    if (sequence === undefined) return null;
    return { kind: 'friend', player, other, sequence, isKept: false };
  }

  /** The friend of `player` whose last trade with them is the oldest. O(friends). */
  oldestOf(player: number): number {
    let oldest = NONE;
    let oldestSequence = Number.POSITIVE_INFINITY;
    for (const [other, sequence] of this.#of.get(player) ?? []) {
      if (sequence >= oldestSequence) continue;
      oldest = other;
      oldestSequence = sequence;
    }
    assert(oldest !== NONE, 'only somebody with friends can forget one');
    return oldest;
  }

  /** Everything, in the order of the players' numbers. */
  *entries(): Generator<readonly [player: number, other: number, sequence: number]> {
    for (const [player, others] of this.#of.entries()) {
      const sorted = [...others].sort(([one], [other]) => one - other);
      for (const [other, sequence] of sorted) yield [player, other, sequence];
    }
  }
}

/** Two players have completed a trade, in the entry at hand: each is the newest friend of both. */
export function befriend(state: State, one: number, other: number): void {
  remember(state, one, other);
  remember(state, other, one);
}

/** `player` does not want to know `other`. */
export function unfriend(state: State, player: number, other: number): void {
  const fact = state.friends.forgetting(player, other);
  if (fact !== null) tell(state, fact);
}

function remember(state: State, player: number, other: number): void {
  const { friends } = state;
  const sequence = state.sequence + 1;
  tell(state, { kind: 'friend', player, other, sequence, isKept: true });
  if (friends.countOf(player) > FRIENDS_MAX) unfriend(state, player, friends.oldestOf(player));
}

function tell(state: State, fact: FriendFact): void {
  state.friends.put(fact);
  state.output.push(fact);
}
