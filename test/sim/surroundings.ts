// What the generators of payloads look at, and the names they share.

import type { Command, Internal } from '../../src/engine/entry.ts';
import type { FactTables } from './fact-tables.ts';
import type { Random } from './random.ts';

export const PLAYERS = ['ann', 'bob', 'cid', 'dee'] as const;
/** A player who owns nothing to begin with: the realm does not know him until he does something. */
export const STRANGER = 'zoe';
/** Whom others name now and then, and who is never there: the realm never knows him. */
export const UNKNOWN = 'yan';
/** Places that the game defines sooner or later, beside `main`. */
export const PLACES = ['north', 'vault', 'harbour'] as const;
/** One that it never defines. */
export const NOWHERE = 'nowhere';
export const SERVICE = 'game-server';

/** An order the workload knows of from a reply. */
export interface KnownOrder {
  readonly id: number;
  readonly side: 'buy' | 'sell';
  readonly player: string;
  readonly item: string;
}

export interface Surroundings {
  readonly random: Random;
  /** Prices and grants near 2^53. */
  readonly isHuge: boolean;
  readonly nowMs: number;
  readonly orders: readonly KnownOrder[];
  /** What the facts have said so far: players see their own of it, as their clients do. */
  readonly shown: FactTables;
}

export type Ask = Command & { readonly player: string };

/** What is sent next: by a player, or by the server itself. */
export interface Step {
  readonly ask: Ask | (Internal & { readonly player: string });
  /** Null: without a key. Left out: as it comes. */
  readonly key?: string | null;
  /** Not before this time. */
  readonly fromMs?: number;
}
