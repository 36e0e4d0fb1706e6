// The rules of a realm that its operator may set. They decide future commands only: what was
// decided before stays as the facts have it, so rules may change between two starts.

import { KEY_RETENTION_MS } from '../../protocol/limits.ts';
import { assert } from '../base/assert.ts';
import { BPS_ONE } from '../base/units.ts';

export interface Rules {
  /** Charged on price * quantity when a listing is created, and kept whatever becomes of it. */
  readonly listingFeeBps: number;
  /** Charged on each fill, rounded down per fill. */
  readonly tradeFeeBps: number;
  readonly tradeFeePayer: 'buyer' | 'seller';
  /** Open listings and bids of one player together. */
  readonly openOrdersMax: number;
  /** Fills of one command: what would need more is rejected whole with LIMIT_REACHED. */
  readonly fillsPerCommandMax: number;
  /** Remembered keys of one player; beyond it his oldest one is forgotten. */
  readonly keysPerPlayerMax: number;
  /** How long a key is remembered. */
  readonly keyRetentionMs: number;
}

export const DEFAULT_RULES: Rules = Object.freeze({
  listingFeeBps: 0,
  tradeFeeBps: 0,
  tradeFeePayer: 'seller',
  openOrdersMax: 1_000,
  fillsPerCommandMax: 1_000,
  keysPerPlayerMax: 1_024,
  keyRetentionMs: KEY_RETENTION_MS,
});

/** Throws when the rules contradict themselves. */
export function assertRules(rules: Rules): void {
  for (const bps of [rules.listingFeeBps, rules.tradeFeeBps]) {
    assert(Number.isInteger(bps) && bps >= 0 && bps <= BPS_ONE, 'a fee is 0 to 10,000 bps');
  }
  for (const max of [rules.openOrdersMax, rules.fillsPerCommandMax, rules.keysPerPlayerMax]) {
    assert(Number.isSafeInteger(max) && max >= 1, 'a bound is at least 1');
  }
  assert(rules.keyRetentionMs >= KEY_RETENTION_MS, 'keys are kept as long as the protocol says');
}
