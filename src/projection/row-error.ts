// Tells what is wrong with a row from what is wrong with the database. A row that the database
// refuses is refused whenever it comes again: waiting helps an outage, and nothing else.

import { cleanText } from '../../protocol/text.ts';

/** A row could not even be put together. */
export class RowError extends Error {
  override readonly name = 'RowError';
}

/**
 * Classes of SQLSTATE: data exceptions, integrity constraints, and limits of the program such as
 * the length of an entry of an index.
 */
const DATA_CLASSES: readonly string[] = ['22', '23', '54'];
const SQLSTATE = /^[0-9A-Z]{5}$/;
const NO_SQLSTATE = '';
const ERROR_TEXT = { max: 300 } as const;

/** Whether the same row would fail again. */
export function isDataError(error: unknown): boolean {
  return error instanceof RowError || DATA_CLASSES.includes(sqlstateOf(error).slice(0, 2));
}

/** Empty when the error is not one of the database. */
export function sqlstateOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : NO_SQLSTATE;
  return SQLSTATE.test(code) ? code : NO_SQLSTATE;
}

/** What the error says, such that any database stores it and any log shows it. */
export function errorText(error: unknown): string {
  return cleanText(error instanceof Error ? error.message : String(error), ERROR_TEXT);
}

/** Runs what puts rows together: numbers and strings that no column takes become a RowError. */
export function buildingRows<Outcome>(build: () => Outcome): Outcome {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new RowError(error.message, { cause: error });
  }
}
