// The words that are stored as numbers, in journal rows and, as smallints, in the tables. The
// number of a word is its place in its list: lists grow at their ends alone.

import { assert } from '../base/assert.ts';

/** What opens each record of a journal row. */
export const TAG = {
  group: 0,
  player: 1,
  location: 2,
  item: 3,
  instance: 4,
  balance: 5,
  /** A balance below zero, written without its sign. */
  debt: 6,
  transfer: 7,
  order: 8,
  trade: 9,
  decided: 10,
  window: 11,
  manifest: 12,
  offer: 13,
  block: 14,
  privacy: 15,
  /** Before the balance of an account that was opened just then. */
  opened: 16,
  closed: 17,
  forgotten: 18,
  friend: 19,
} as const;

export const ITEM_KINDS = ['currency', 'commodity', 'unique'] as const;
export const TIMES_IN_FORCE = ['gtc', 'gtd', 'ioc', 'fok'] as const;
export const ORDER_STATUSES = ['open', 'filled', 'cancelled', 'expired'] as const;
export const SIDES = ['buy', 'sell'] as const;

/** The number that stands for a word: in stored bytes and, as a smallint, in the tables. */
export function codeOf<Word extends string>(words: readonly Word[], word: Word): number {
  const code = words.indexOf(word);
  assert(code >= 0, 'a stored word has a number');
  return code;
}

/** The word that a stored number stands for. */
export function wordOf<Word extends string>(words: readonly Word[], code: number): Word {
  const word = words[code];
  assert(word !== undefined, 'a stored number stands for a word');
  return word;
}
