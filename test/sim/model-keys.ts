// What the naive model knows of keys: every one that was ever decided, for good. So it sees when
// one is executed a second time. What the engine forgets is its own affair within bounds: the facts
// say it, and here it is checked that no more is forgotten than may be, and no less than must be.

import { KEY_AHEAD_MAX_MS } from '../../protocol/limits.ts';
import type { Entry } from '../../src/engine/entry.ts';
import type { Fact } from '../../src/engine/fact.ts';
import type { Rules } from '../../src/engine/rules.ts';
import type { Predicted } from './model.ts';

interface ModelKey {
  readonly key: string;
  readonly digest: number;
  /** How long the realm had lived by then, in whole seconds. */
  readonly livedSeconds: number;
  readonly answer: Predicted;
}

const SPARE_MAX = 64;
const FORGOTTEN_PER_ENTRY = 16;

/** What is known of a key: the first answer, that it may be executed, or why it may not be. */
export type Knowledge = ModelKey | 'fresh' | 'KEY_EXPIRED' | 'KEY_AHEAD';

export class ModelKeys {
  readonly #decided = new Map<string, Map<string, ModelKey>>();
  readonly #watermarks = new Map<string, string>();

  /** `key` belongs to `entry`, or is what it asks about. */
  known(entry: Entry, key: string, nowMs: number): Knowledge {
    const known = this.#of(entry.player).get(key);
    if (key > (this.#watermarks.get(entry.player) ?? '')) {
      if (known !== undefined) return known;
      return timeOf(key) > nowMs + KEY_AHEAD_MAX_MS ? 'KEY_AHEAD' : 'fresh';
    }
    if ((entry.sender ?? 'player') === 'player') return 'KEY_EXPIRED';
    const { recalled = null } = entry;
    if (recalled === null || recalled.answered !== null) return known ?? 'fresh';
    if (recalled.floor !== null && key <= recalled.floor) return 'KEY_EXPIRED';
    return known ?? 'fresh';
  }

  /** Whether the engine may want to have the entry again, with what the tables know. */
  mayRecall(entry: Entry, key: string): boolean {
    const isBelow = key <= (this.#watermarks.get(entry.player) ?? '');
    return isBelow && (entry.sender ?? 'player') !== 'player';
  }

  decide(entry: Entry, key: string, livedMs: number, answer: Predicted): void {
    const { digest } = entry;
    const livedSeconds = Math.ceil(livedMs / 1_000);
    this.#of(entry.player).set(key, { key, digest, livedSeconds, answer });
  }

  /** What the entry made the engine forget. Throws when the bounds of that are broken. */
  learn(entry: Entry, facts: readonly Fact[], livedMs: number, rules: Rules, nameOf: NameOf): void {
    if (facts.length === 0) return;
    const isOver = (one: ModelKey) => one.livedSeconds * 1_000 + rules.keyRetentionMs <= livedMs;
    const max = entry.sender === 'service' ? rules.keysPerServiceMax : rules.keysPerPlayerMax;
    const lowest = Math.min(rules.keysPerPlayerMax, rules.keysPerServiceMax);
    let count = 0;
    for (const fact of facts) {
      if (fact.kind !== 'forgotten') continue;
      const player = nameOf(fact.player);
      const before = this.#remembered(player);
      if (fact.key <= (this.#watermarks.get(player) ?? '')) throw new Error('a watermark fell');
      this.#watermarks.set(player, fact.key);
      const after = this.#remembered(player);
      count += before.length - after.length;
      if (after.length < lowest && !before.some(isOver)) {
        throw new Error(`${player} has ${after.length} keys left, and none was too old`);
      }
    }
    const own = this.#remembered(entry.player).length;
    const spare = Math.min(max >> 4, SPARE_MAX);
    const isKeyed = facts.some(fact => fact.kind === 'decided');
    if (isKeyed && own > max + spare && count === 0) throw new Error(`${own} keys are remembered`);
    const areOver = [...this.#decided.keys()].some(player => this.#remembered(player).some(isOver));
    if (areOver && count < FORGOTTEN_PER_ENTRY) throw new Error('a key is remembered too long');
  }

  #remembered(player: string): ModelKey[] {
    const watermark = this.#watermarks.get(player) ?? '';
    return [...this.#of(player).values()].filter(({ key }) => key > watermark);
  }

  #of(player: string): Map<string, ModelKey> {
    let keys = this.#decided.get(player);
    if (keys === undefined) {
      keys = new Map();
      this.#decided.set(player, keys);
    }
    return keys;
  }
}

type NameOf = (player: number) => string;

function timeOf(key: string): number {
  return Number.parseInt(key.replaceAll('-', '').slice(0, 12), 16);
}
