// Money in integers, checked against bigint; and the ledger's own refusals.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AMOUNT_MAX, multiply, shareOf } from '../../src/base/units.ts';
import { Ledger } from '../../src/engine/ledger.ts';

const amount = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 1, 9_999, 10_000, 2 ** 31, 2 ** 32 + 1, AMOUNT_MAX - 1, AMOUNT_MAX),
);
const bps = fc.integer({ min: 0, max: 10_000 });

describe('money', () => {
  test('a share is exact and rounded down over the whole range', () => {
    fc.assert(
      fc.property(amount, bps, (value, rate) => {
        expect(BigInt(shareOf(value, rate))).toBe((BigInt(value) * BigInt(rate)) / 10_000n);
      }),
      { numRuns: 20_000 },
    );
  });

  test('shares of parts are never more than the share of the whole', () => {
    fc.assert(
      fc.property(amount, fc.maxSafeNat(), bps, (value, cut, rate) => {
        const part = value === 0 ? 0 : cut % (value + 1);
        const parts = shareOf(part, rate) + shareOf(value - part, rate);
        expect(parts).toBeLessThanOrEqual(shareOf(value, rate));
      }),
      { numRuns: 5_000 },
    );
  });

  test('a product is exact or refused', () => {
    fc.assert(
      fc.property(amount, amount, (price, quantity) => {
        const exact = BigInt(price) * BigInt(quantity);
        const product = multiply(price, quantity);
        expect(product).toBe(exact > BigInt(AMOUNT_MAX) ? -1 : Number(exact));
      }),
      { numRuns: 20_000 },
    );
  });

  test('only what is an amount and a rate has a share', () => {
    expect(() => shareOf(1.5, 1)).toThrow('an amount is a non-negative safe integer');
    expect(() => shareOf(-1, 1)).toThrow('an amount is a non-negative safe integer');
    expect(() => shareOf(1, 10_001)).toThrow('a rate is 0 to 10,000 bps');
  });
});

describe('the ledger', () => {
  test('finds each of thousands of accounts by owner, asset and location', () => {
    const ledger = new Ledger();
    const opened = new Map<string, number>();
    for (let number = 0; number < 20_000; number += 1) {
      const of = [number % 331, number % 53, number % 3] as const;
      const account = ledger.open(...of);
      expect(opened.get(of.join()) ?? account).toBe(account);
      opened.set(of.join(), account);
    }
    expect(ledger.count).toBe(opened.size);
    for (const [of, account] of opened) {
      const [owner, asset, location] = of.split(',').map(Number) as [number, number, number];
      expect(ledger.find(owner, asset, location)).toBe(account);
    }
    expect(ledger.find(1, 999, 0)).toBe(-1);
  });

  test('refuses to move what is not there', () => {
    const ledger = new Ledger();
    const [from, to, other] = [ledger.open(2, 1, 0), ledger.open(3, 1, 0), ledger.open(3, 2, 0)];
    const move = { debit: from, from: 'available', credit: to, quantity: 1 } as const;
    expect(() => ledger.transfer(move, 'transfer', 0, [])).toThrow('nobody but the issuer');
    const across = { ...move, credit: other };
    expect(() => ledger.transfer(across, 'transfer', 0, [])).toThrow('moves one asset');
    const nothing = { ...move, quantity: 0 };
    expect(() => ledger.transfer(nothing, 'transfer', 0, [])).toThrow('a transfer is positive');
    expect(() => ledger.hold(to, 5)).toThrow('only what is available is held');
    expect(() => ledger.release(to, 5)).toThrow('only what is held is released');
  });
});
