// Amounts for people: digits in groups, and words, so that a missing zero is seen. Words come from
// a library and only in the languages listed here; what the clients compute with is the number.

import { toCardinal as german } from 'n2words/de-DE';
import { toCardinal as british } from 'n2words/en-GB';
import { toCardinal as american } from 'n2words/en-US';
import { toCardinal as spanish } from 'n2words/es-ES';
import { toCardinal as french } from 'n2words/fr-FR';
import { toCardinal as italian } from 'n2words/it-IT';

export const AMOUNT_LOCALES = ['en-US', 'en-GB', 'de-DE', 'es-ES', 'fr-FR', 'it-IT'] as const;
export type AmountLocale = (typeof AMOUNT_LOCALES)[number];

const CARDINALS: Readonly<Record<AmountLocale, (amount: number) => string>> = {
  'en-US': amount => american(amount),
  'en-GB': amount => british(amount),
  'de-DE': amount => german(amount),
  'es-ES': amount => spanish(amount),
  'fr-FR': amount => french(amount),
  'it-IT': amount => italian(amount),
};

/** `1,200`: the digits of a natural number in groups of three, the same in every language. */
export function amountDigits(amount: number): string {
  return `${amount}`.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `one thousand two hundred`: a natural number up to 2^53 - 1 in the words of a language. */
export function amountWords(amount: number, locale: AmountLocale): string {
  return CARDINALS[locale](amount);
}
