// What the generators of payloads look at, and the names they share.

import type { Command } from '../../src/engine/entry.ts';
import type { Random } from './random.ts';

export const PLAYERS = ['ann', 'bob', 'cid', 'dee'] as const;
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
}

export type Ask = Command & { readonly player: string };
