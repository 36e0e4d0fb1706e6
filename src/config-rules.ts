// The rules of the realm from the environment: fees and limits of the market, times and limits of
// windows and offers. Invariant: in production nobody is hurried: the times for which accepting and
// confirming are barred have floors. Elsewhere they may be anything, and the start says so.

import { WARNING_LEVELS } from '../protocol/direct.ts';
import { FILLS_MAX } from '../protocol/limits.ts';
import { BPS_ONE } from './base/units.ts';
import { ConfigError, type Environment, integer, oneOf } from './config-values.ts';
import { DEFAULT_RULES, type DirectRules, type Rules } from './engine/rules.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const YEAR_MS = 365 * DAY_MS;

/** Without them a last change goes unseen, so production does not start below. */
const FLOORS = [
  { variable: 'WINDOW_ARM_ADDED_MS', rule: 'armAddedMs', floorMs: 1_000 },
  { variable: 'WINDOW_ARM_TAKEN_MS', rule: 'armTakenMs', floorMs: 2_000 },
  { variable: 'WINDOW_REVIEW_MS', rule: 'reviewMs', floorMs: 1_000 },
] as const;

export function readRules(env: Environment, isProduction: boolean): Rules {
  const defaults = DEFAULT_RULES;
  const direct = readDirectRules(env);
  checkTimes(direct);
  if (isProduction) checkFloors(direct);
  return Object.freeze({
    listingFeeBps: integer(env, 'LISTING_FEE_BPS', defaults.listingFeeBps, 0, BPS_ONE),
    tradeFeeBps: integer(env, 'TRADE_FEE_BPS', defaults.tradeFeeBps, 0, BPS_ONE),
    tradeFeePayer: oneOf(env, 'TRADE_FEE_PAYER', defaults.tradeFeePayer, ['buyer', 'seller']),
    openOrdersMax: integer(env, 'OPEN_ORDERS_MAX', defaults.openOrdersMax, 1),
    fillsPerCommandMax: integer(
      env,
      'FILLS_PER_COMMAND_MAX',
      defaults.fillsPerCommandMax,
      1,
      FILLS_MAX,
    ),
    keysPerPlayerMax: integer(env, 'KEYS_PER_PLAYER_MAX', defaults.keysPerPlayerMax, 1, 1_000_000),
    keysPerServiceMax: integer(
      env,
      'KEYS_PER_SERVICE_MAX',
      defaults.keysPerServiceMax,
      1,
      10_000_000,
    ),
    lateKeysMax: defaults.lateKeysMax,
    keyRetentionMs: defaults.keyRetentionMs,
    endsPerEntryMax: defaults.endsPerEntryMax,
    emptyAccountsMax: defaults.emptyAccountsMax,
    livedStepMaxMs: defaults.livedStepMaxMs,
    direct,
  });
}

/** What production would refuse about the times of windows, in one line; null when nothing. */
export function hurriedWindows(rules: DirectRules): string | null {
  const below = FLOORS.filter(({ rule, floorMs }) => rules[rule] < floorMs);
  if (below.length === 0) return null;
  const named = below.map(
    ({ variable, rule, floorMs }) => `${variable}=${rules[rule]} (at least ${floorMs})`,
  );
  return `Players can be hurried; production would refuse ${named.join(', ')}.`;
}

function readDirectRules(env: Environment): DirectRules {
  const defaults = DEFAULT_RULES.direct;
  const timeMs = (name: string, otherwise: number, minMs: number, maxMs: number) =>
    integer(env, name, otherwise, minMs, maxMs);
  const count = (name: string, otherwise: number) => integer(env, name, otherwise, 1, 1_000_000);
  return Object.freeze({
    feeBps: integer(env, 'DIRECT_FEE_BPS', defaults.feeBps, 0, BPS_ONE),
    armAddedMs: timeMs('WINDOW_ARM_ADDED_MS', defaults.armAddedMs, 0, MINUTE_MS),
    armTakenMs: timeMs('WINDOW_ARM_TAKEN_MS', defaults.armTakenMs, 0, MINUTE_MS),
    armAcceptedMs: timeMs('WINDOW_ARM_ACCEPTED_MS', defaults.armAcceptedMs, 0, MINUTE_MS),
    reviewMs: timeMs('WINDOW_REVIEW_MS', defaults.reviewMs, 0, MINUTE_MS),
    inviteTimeoutMs: timeMs('WINDOW_INVITE_TIMEOUT_MS', defaults.inviteTimeoutMs, 1, DAY_MS),
    openTimeoutMs: timeMs('WINDOW_OPEN_TIMEOUT_MS', defaults.openTimeoutMs, 1, DAY_MS),
    reviewTimeoutMs: timeMs('WINDOW_REVIEW_TIMEOUT_MS', defaults.reviewTimeoutMs, 1, DAY_MS),
    awayAfterMs: timeMs('WINDOW_AWAY_AFTER_MS', defaults.awayAfterMs, 0, MINUTE_MS),
    graceMs: timeMs('WINDOW_GRACE_MS', defaults.graceMs, 0, DAY_MS),
    invitesPerMinuteMax: count('WINDOW_INVITES_PER_MINUTE_MAX', defaults.invitesPerMinuteMax),
    invitesPerPlayerMax: count('WINDOW_INVITES_PER_PLAYER_MAX', defaults.invitesPerPlayerMax),
    windowStepsMax: count('WINDOW_STEPS_MAX', defaults.windowStepsMax),
    acknowledgeFrom: oneOf(
      env,
      'WINDOW_ACKNOWLEDGE_FROM',
      defaults.acknowledgeFrom,
      WARNING_LEVELS,
    ),
    valueRatioBps: integer(
      env,
      'WINDOW_VALUE_RATIO_BPS',
      defaults.valueRatioBps,
      BPS_ONE,
      1_000_000 * BPS_ONE,
    ),
    openOffersMax: count('OPEN_OFFERS_MAX', defaults.openOffersMax),
    offersPerPlayerMax: count('OFFERS_PER_PLAYER_MAX', defaults.offersPerPlayerMax),
    receivedOffersMax: count('RECEIVED_OFFERS_MAX', defaults.receivedOffersMax),
    offerDefaultMs: timeMs('OFFER_DEFAULT_MS', defaults.offerDefaultMs, 1, YEAR_MS),
    offerLifeMaxMs: timeMs('OFFER_LIFE_MAX_MS', defaults.offerLifeMaxMs, 1, YEAR_MS),
  });
}

/** Times that contradict one another: what is barred for longer than it lasts never happens. */
function checkTimes(rules: DirectRules): void {
  const { armAddedMs, armTakenMs, armAcceptedMs, reviewMs, offerLifeMaxMs } = rules;
  const armingMs = Math.max(armAddedMs, armTakenMs) + armAcceptedMs;
  if (rules.openTimeoutMs <= armingMs) {
    throw new ConfigError(
      `WINDOW_OPEN_TIMEOUT_MS=${rules.openTimeoutMs}: expected more than ${armingMs}, the ` +
        'longest time for which accepting is barred.',
    );
  }
  if (rules.reviewTimeoutMs <= reviewMs) {
    throw new ConfigError(
      `WINDOW_REVIEW_TIMEOUT_MS=${rules.reviewTimeoutMs}: expected more than ${reviewMs}, ` +
        'which is WINDOW_REVIEW_MS.',
    );
  }
  if (rules.offerDefaultMs > offerLifeMaxMs) {
    throw new ConfigError(
      `OFFER_DEFAULT_MS=${rules.offerDefaultMs}: expected at most ${offerLifeMaxMs}, which is ` +
        'OFFER_LIFE_MAX_MS.',
    );
  }
}

function checkFloors(rules: DirectRules): void {
  for (const { variable, rule, floorMs } of FLOORS) {
    if (rules[rule] >= floorMs) continue;
    throw new ConfigError(
      `${variable}=${rules[rule]}: expected at least ${floorMs} with NODE_ENV=production, so ` +
        'that nobody is hurried past a change.',
    );
  }
}
