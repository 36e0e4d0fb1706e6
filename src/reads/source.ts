// What the reads need of the database, and the page sizes they share. Every read answers from the
// tables as they stand; who calls waits for the projection first, where it matters.

import type pg from 'pg';
import { PAGE_ROWS_MAX } from '../../protocol/limits.ts';

/** A pool, or a connection. */
export interface Source {
  query<Row extends pg.QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: Row[] }>;
}

/** Rows of a page when nothing is said. */
const PAGE_ROWS = 50;

export function pageRows(limit: number | undefined, max = PAGE_ROWS_MAX): number {
  return Math.min(limit ?? PAGE_ROWS, max);
}

/**
 * The page itself of rows that were asked for with one more than fits, and where the next begins.
 */
export function page<Row>(
  rows: readonly Row[],
  limit: number,
  idOf: (row: Row) => number,
): { page: readonly Row[]; next: number | null } {
  const last = rows[limit - 1];
  if (rows.length <= limit || last === undefined) return { page: rows, next: null };
  return { page: rows.slice(0, limit), next: idOf(last) };
}
