// The rules of a realm that its operator may set. They decide future commands only: what was
// decided before stays as the facts have it, so rules may change between two starts.

import type { WarningLevel } from '../../protocol/direct.ts';
import { KEY_RETENTION_MS } from '../../protocol/limits.ts';
import { assert } from '../base/assert.ts';
import { BPS_ONE } from '../base/units.ts';
import { KEY_KEPT_MS, LIVED_STEP_MAX_MS } from './lived-time.ts';

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
  /** Remembered keys of one player; beyond it their smallest one is forgotten. */
  readonly keysPerPlayerMax: number;
  /** The same of a service itself; what is forgotten of those is still in the tables. */
  readonly keysPerServiceMax: number;
  /** Keys decided below a watermark that are kept until the tables surely have them. */
  readonly lateKeysMax: number;
  /** How long a key is remembered, in lived time: see lived-time.ts. */
  readonly keyRetentionMs: number;
  /** How much of what is due one entry ends: orders, windows, offers, and lines that they hold. */
  readonly endsPerEntryMax: number;
  /** Accounts without anything that are kept; beyond it they are closed. */
  readonly emptyAccountsMax: number;
  /** How much of the time between two decisions counts as lived. */
  readonly livedStepMaxMs: number;
  readonly direct: DirectRules;
}

/** Windows and offers. Times in milliseconds; in production the configuration has floors. */
export interface DirectRules {
  /** Kept back from money that changes hands in a window or an offer, rounded down per line. */
  readonly feeBps: number;
  /** How long accepting is barred after additions; after something was taken away or swapped. */
  readonly armAddedMs: number;
  readonly armTakenMs: number;
  /** How much longer when somebody had accepted already. */
  readonly armAcceptedMs: number;
  /** How long a manifest must be looked at before it can be confirmed. */
  readonly reviewMs: number;
  /** How long an invitation, an idle table, a review lasts. */
  readonly inviteTimeoutMs: number;
  readonly openTimeoutMs: number;
  readonly reviewTimeoutMs: number;
  /**
   * How long a player has no socket before they are away; 0: at once. Whoever changes connections
   * or nodes within it is not away, and nobody is told.
   */
  readonly awayAfterMs: number;
  /** How long a window waits for a player who is away. */
  readonly graceMs: number;
  /** Invitations of one player within a minute: in all, and to the same player. */
  readonly invitesPerMinuteMax: number;
  readonly invitesPerPlayerMax: number;
  /** Changes of one window by commands of its players; beyond it, it can only be concluded. */
  readonly windowStepsMax: number;
  /** Warnings of this level or above must be acknowledged. */
  readonly acknowledgeFrom: WarningLevel;
  /** VALUE_RATIO: from this much of what he gets on, what a player gives is a danger to him. */
  readonly valueRatioBps: number;
  /** Open offers that one player has made, in all and to the same player; that wait for one. */
  readonly openOffersMax: number;
  readonly offersPerPlayerMax: number;
  readonly receivedOffersMax: number;
  /** How long an offer lasts that does not say; and at most. */
  readonly offerDefaultMs: number;
  readonly offerLifeMaxMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export const DEFAULT_DIRECT_RULES: DirectRules = Object.freeze({
  feeBps: 0,
  armAddedMs: 1_000,
  armTakenMs: 4_000,
  armAcceptedMs: 3_000,
  reviewMs: 2_000,
  inviteTimeoutMs: 30_000,
  openTimeoutMs: 300_000,
  reviewTimeoutMs: 60_000,
  awayAfterMs: 2_000,
  graceMs: 15_000,
  invitesPerMinuteMax: 10,
  invitesPerPlayerMax: 3,
  windowStepsMax: 1_000,
  acknowledgeFrom: 'caution',
  valueRatioBps: 30_000,
  openOffersMax: 50,
  offersPerPlayerMax: 5,
  receivedOffersMax: 100,
  offerDefaultMs: 7 * DAY_MS,
  offerLifeMaxMs: 30 * DAY_MS,
});

export const DEFAULT_RULES: Rules = Object.freeze({
  listingFeeBps: 0,
  tradeFeeBps: 0,
  tradeFeePayer: 'seller',
  openOrdersMax: 1_000,
  fillsPerCommandMax: 1_000,
  keysPerPlayerMax: 1_024,
  keysPerServiceMax: 65_536,
  lateKeysMax: 16_384,
  keyRetentionMs: KEY_KEPT_MS,
  livedStepMaxMs: LIVED_STEP_MAX_MS,
  endsPerEntryMax: 2_000,
  emptyAccountsMax: 10_000,
  direct: DEFAULT_DIRECT_RULES,
});

/** Throws when the rules contradict themselves. */
export function assertRules(rules: Rules): void {
  for (const bps of [rules.listingFeeBps, rules.tradeFeeBps]) {
    assert(Number.isInteger(bps) && bps >= 0 && bps <= BPS_ONE, 'a fee is 0 to 10,000 bps');
  }
  const { openOrdersMax, fillsPerCommandMax, keysPerPlayerMax, endsPerEntryMax } = rules;
  const bounds = [openOrdersMax, fillsPerCommandMax, keysPerPlayerMax, endsPerEntryMax];
  const { keysPerServiceMax, lateKeysMax, livedStepMaxMs } = rules;
  for (const max of [...bounds, keysPerServiceMax, lateKeysMax, livedStepMaxMs]) {
    assert(Number.isSafeInteger(max) && max >= 1, 'a bound is at least 1');
  }
  const { emptyAccountsMax } = rules;
  assert(Number.isSafeInteger(emptyAccountsMax) && emptyAccountsMax >= 0, 'a bound is at least 0');
  assertDirectRules(rules.direct);
  assert(rules.keyRetentionMs >= KEY_RETENTION_MS, 'keys are kept as long as the protocol says');
}

function assertDirectRules(rules: DirectRules): void {
  const { acknowledgeFrom, feeBps, ...numbers } = rules;
  assert(Number.isInteger(feeBps) && feeBps >= 0 && feeBps <= BPS_ONE, 'a fee is 0 to 10,000 bps');
  for (const number of Object.values(numbers)) {
    assert(Number.isSafeInteger(number) && number >= 0, 'a time or bound is a natural number');
  }
}
