// How rows reach a table: what is known to be new is appended, the rest updated, with a second way
// for rows that turned out not to exist.

import type { Statement, Table } from './table.ts';

/** What the tables hold already, and what the database can do. */
export interface Target {
  /** The highest ids in the tables: what is above them is new. */
  readonly accountMax: number;
  readonly orderMax: number;
  readonly windowMax: number;
  readonly offerMax: number;
  readonly hasCopy: boolean;
}

/** A statement, and what to do instead for rows that turned out not to exist. */
export interface Write {
  readonly statement: Statement;
  readonly otherwise: (() => Statement) | null;
}

export function always(statement: Statement): Write {
  return { statement, otherwise: null };
}

/** Rows that no table has yet. */
export function append<Row>(table: Table<Row>, rows: readonly Row[], { hasCopy }: Target): Write {
  return always(hasCopy ? table.copy(rows) : table.insert(rows));
}

/** Rows that should be there. */
export function update<Row>(table: Table<Row>, rows: readonly Row[]): Write {
  return { statement: table.update(rows), otherwise: () => table.upsert(rows) };
}

/** The last state of things that are counted: those up to `max` are there already. */
export function byId<Row>(
  table: Table<Row>,
  changed: ReadonlyMap<number, Row>,
  max: number,
  target: Target,
): Write[] {
  return sorted(table, changed, id => id <= max, target);
}

/**
 * The last state of things with numbers, of which some are there already. By number, so that
 * neighbours in a page are written together.
 */
export function sorted<Row>(
  table: Table<Row>,
  changed: ReadonlyMap<number, Row>,
  isKnown: (id: number, row: Row) => boolean,
  target: Target,
): Write[] {
  const known: Row[] = [];
  const fresh: Row[] = [];
  for (const id of Float64Array.from(changed.keys()).sort()) {
    const row = changed.get(id) as Row;
    (isKnown(id, row) ? known : fresh).push(row);
  }
  return [update(table, known), append(table, fresh, target)];
}
