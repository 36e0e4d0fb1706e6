// Integer arithmetic on money and quantities: the only file that divides an amount.
// Amounts are integers in minor units within 0 .. 2^53 - 1, rates are basis points.

import { assert } from './assert.ts';

/** The largest amount that can be owned, asked or paid: 2^53 - 1 minor units. */
export const AMOUNT_MAX = Number.MAX_SAFE_INTEGER;

/** 100 %. */
export const BPS_ONE = 10_000;

/**
 * `price * quantity`, or -1 when it is larger than {@link AMOUNT_MAX}. Both are positive integers.
 */
export function multiply(price: number, quantity: number): number {
  const product = price * quantity;
  return product <= AMOUNT_MAX ? product : -1;
}

/**
 * The share `bps` of `amount`, rounded down, so a fee never exceeds its rate. Exact over the whole
 * range: the amount is split before it is multiplied, because amount * bps can pass 2^53.
 */
export function shareOf(amount: number, bps: number): number {
  assert(Number.isSafeInteger(amount) && amount >= 0, 'an amount is a non-negative safe integer');
  assert(Number.isInteger(bps) && bps >= 0 && bps <= BPS_ONE, 'a rate is 0 to 10,000 bps');
  const whole = Math.floor(amount / BPS_ONE);
  const rest = amount - whole * BPS_ONE;
  return whole * bps + Math.floor((rest * bps) / BPS_ONE);
}

/** How many times `base` an `amount` is, in basis points, rounded down; at most 2^53 - 1. */
export function ratioBps(amount: number, base: number): number {
  assert(Number.isSafeInteger(amount) && amount >= 0, 'an amount is a non-negative safe integer');
  assert(Number.isSafeInteger(base) && base > 0, 'a base is a positive safe integer');
  const ratio = (BigInt(amount) * BigInt(BPS_ONE)) / BigInt(base);
  return ratio > BigInt(AMOUNT_MAX) ? AMOUNT_MAX : Number(ratio);
}
