// The rate limits: a token bucket in one number. Instead of tokens it keeps the time at which the
// bucket will be full again (GCRA), so nothing needs refilling and a full, idle bucket is simply a
// time in the past. Commands are paid before they are taken. Answers are paid by what they were, so
// afterwards: that bucket may owe something, and whoever owes waits. Times are of one monotonic
// clock, in milliseconds.

import type { Budget } from '../../protocol/commands/session.ts';
import type { TierLimit } from './config.ts';

/** Whatever spends: a player with their commands or their answers, a socket with its frames. */
export interface Spender {
  /** When the bucket is full again. 0 for one that was never used. */
  fullAtMs: number;
}

/** A bucket that holds `burst` tokens and gains one every `intervalMs`. */
export interface Rate {
  readonly intervalMs: number;
  readonly burst: number;
}

export function ratePerMinute(limit: TierLimit | Pick<TierLimit, 'perMinute' | 'burst'>): Rate {
  return Object.freeze({ intervalMs: 60_000 / limit.perMinute, burst: limit.burst });
}

/** Of answers: points a minute, and as many at once. */
export function answerRate({ answersPerMinute }: TierLimit): Rate {
  return Object.freeze({ intervalMs: 60_000 / answersPerMinute, burst: answersPerMinute });
}

const BYTES_PER_POINT = 1024;

/** What an answer costs: a point for each kilobyte and for each millisecond of the database. */
export function pointsOf(bytes: number, databaseMs: number): number {
  return bytes / BYTES_PER_POINT + databaseMs;
}

/** Takes `tokens`, whether there are as many or not. */
export function charge(spender: Spender, rate: Rate, tokens: number, nowMs: number): void {
  spender.fullAtMs = Math.max(spender.fullAtMs, nowMs) + tokens * rate.intervalMs;
}

/** In how many milliseconds there are `tokens`, without taking any; 0: now. */
export function waitFor(spender: Spender, rate: Rate, tokens: number, nowMs: number): number {
  const waitMs = spender.fullAtMs - nowMs - (rate.burst - tokens) * rate.intervalMs;
  return waitMs > 0 ? Math.max(1, Math.ceil(waitMs)) : 0;
}

/**
 * Takes `tokens` when there are enough and returns 0; otherwise takes nothing and returns how many
 * milliseconds to wait, at least 1.
 */
export function take(spender: Spender, rate: Rate, tokens: number, nowMs: number): number {
  const capacityMs = rate.burst * rate.intervalMs;
  // A player whose tier got smaller is not made to pay for the larger bucket he had.
  const fullAtMs = Math.min(Math.max(spender.fullAtMs, nowMs), nowMs + capacityMs);
  const nextMs = fullAtMs + tokens * rate.intervalMs;
  // The tolerance absorbs rounding, which would otherwise cost the last token of a full bucket.
  const waitMs = nextMs - nowMs - capacityMs;
  if (waitMs > 1e-6) return Math.max(1, Math.ceil(waitMs));
  spender.fullAtMs = nextMs;
  return 0;
}

/** For how many commands of `tokens` it lasts, and in how many milliseconds it is full again. */
export function budgetOf(
  spender: Spender,
  rate: Rate,
  nowMs: number,
  tokens = 1,
): NonNullable<Budget> {
  const spentMs = Math.max(0, spender.fullAtMs - nowMs);
  const remaining = Math.floor((rate.burst - spentMs / rate.intervalMs + 1e-6) / tokens);
  return { remaining: Math.max(0, remaining), refillMs: Math.ceil(spentMs) };
}
