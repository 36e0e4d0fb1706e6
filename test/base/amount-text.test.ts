import { describe, expect, it } from 'vitest';
import { AMOUNT_LOCALES, amountDigits, amountWords } from '../../src/base/amount-text.ts';

const MAX = Number.MAX_SAFE_INTEGER;

describe('an amount in digits', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_200_000, '1,200,000'],
    [MAX, '9,007,199,254,740,991'],
  ])('%d is %s', (amount, digits) => {
    expect(amountDigits(amount)).toBe(digits);
  });
});

describe('an amount in words', () => {
  it.each([
    ['en-US', 0, 'zero'],
    ['en-US', 1, 'one'],
    ['en-US', 1_200, 'one thousand two hundred'],
    ['en-US', 1_000_000, 'one million'],
    ['en-GB', 1_201, 'one thousand two hundred and one'],
    ['de-DE', 21, 'einundzwanzig'],
    ['es-ES', 1_200, 'mil doscientos'],
    ['fr-FR', 80, 'quatre-vingts'],
    ['it-IT', 21, 'ventuno'],
  ] as const)('%s: %d is %s', (locale, amount, words) => {
    expect(amountWords(amount, locale)).toBe(words);
  });

  it.each(AMOUNT_LOCALES)(
    '%s: a missing zero reads otherwise, up to the largest amount',
    locale => {
      const words = new Set(
        Array.from({ length: 16 }, (_, zeros) => amountWords(10 ** zeros, locale)),
      );
      expect(words.size).toBe(16);
      const largest = amountWords(MAX, locale);
      expect(largest.length).toBeGreaterThan(50);
      expect(largest).not.toMatch(/\d/);
    },
  );
});
