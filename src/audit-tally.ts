// What an audit looked at, in figures, and the first things that it found wrong.

import type pg from 'pg';

/** One thing that was looked at. `detail` has figures, or what is wrong. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

export type Source = Pick<pg.ClientBase, 'query'>;

const SHOWN_MAX = 3;
const COMPARED_AT_ONCE = 10_000;

/** Columns as text, by id; undefined where there must be no row. */
export type Expected = Map<number, string | undefined>;

/** Counts comparisons and remembers the first differences. */
export class Tally {
  readonly #check: string;
  readonly #what: string;
  #compared = 0;
  #differences = 0;
  readonly #shown: string[] = [];

  constructor(check: string, what: string) {
    this.#check = check;
    this.#what = what;
  }

  compare(id: string | number, expected: string | undefined, actual: string | undefined): void {
    this.#compared += 1;
    if (expected === actual) return;
    this.differs(`${id} is ${actual ?? 'missing'}, the journal has ${expected ?? 'nothing'}`);
  }

  agrees(count = 1): void {
    this.#compared += count;
  }

  differs(text: string): void {
    this.#differences += 1;
    if (this.#shown.length < SHOWN_MAX) this.#shown.push(text);
  }

  get finding(): Finding {
    const ok = this.#differences === 0;
    const seen = `${this.#compared.toLocaleString('en-US')} ${this.#what}`;
    const more = this.#differences - this.#shown.length;
    const rest = more > 0 ? ` and ${more} more` : '';
    return {
      check: this.#check,
      ok,
      detail: ok ? seen : `${this.#shown.join('; ')}${rest} (of ${seen})`,
    };
  }
}

/** The columns of a row as one text: of the journal and of a table the same when they agree. */
export function text(columns: readonly unknown[]): string {
  return columns
    .map(column => (Array.isArray(column) ? `{${column.join(',')}}` : column))
    .join(',');
}

/** The rows of a query, as arrays of their columns. */
export async function cellsOf(
  source: Source,
  query: string,
  values: unknown[],
): Promise<unknown[][]> {
  const { rows } = await source.query<unknown[]>({ text: query, values, rowMode: 'array' });
  return rows;
}

/** Holds the rows of `query`, which takes ids and gives them first, against what is expected. */
export async function compareById(
  source: Source,
  query: string,
  tally: Tally,
  expected: Expected,
): Promise<void> {
  const ids = [...expected.keys()];
  for (let start = 0; start < ids.length; start += COMPARED_AT_ONCE) {
    const some = ids.slice(start, start + COMPARED_AT_ONCE);
    const rows = await cellsOf(source, query, [some]);
    const actual = new Map(rows.map(([id, ...columns]) => [id as number, text(columns)]));
    for (const id of some) tally.compare(id, expected.get(id), actual.get(id));
  }
}
