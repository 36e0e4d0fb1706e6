// How one table is written, thousands of rows by one statement: every column one binary array, or
// all rows behind a COPY. What the tables are is in tables.ts.

import {
  boolArray,
  byteaArray,
  int2Array,
  int4Array,
  int8Array,
  textArray,
} from '../database/arrays.ts';
import { type CopyColumn, copyBytes } from '../database/copy.ts';

/** One statement for many rows: with its columns as parameters, or with the rows behind it. */
export type Statement =
  | {
      readonly kind: 'query';
      readonly name: string;
      readonly text: string;
      readonly rows: number;
      readonly values: readonly Buffer[];
    }
  | {
      readonly kind: 'copy';
      readonly name: string;
      readonly text: string;
      readonly rows: number;
      readonly bytes: Buffer;
    };

export interface Column<Row> {
  readonly name: string;
  readonly type: 'int8' | 'int4' | 'int2' | 'bool' | 'text' | 'bytea' | 'json' | 'int8[]' | 'uuid';
  readonly array: (rows: readonly Row[]) => Buffer;
  readonly copy: CopyColumn<Row>;
}

/** How the rows of one table are written. */
export class Table<Row> {
  readonly #name: string;
  readonly #columns: readonly Column<Row>[];
  readonly #updated: readonly Column<Row>[];
  readonly #insert: string;
  readonly #upsert: string;
  readonly #update: string;
  readonly #keyed: readonly Column<Row>[];
  readonly #removeById: string;
  readonly #remove: string;

  /**
   * The first column is the primary key, or so many of them. `changing` are the columns that an
   * update sets.
   */
  constructor(
    name: string,
    columns: readonly Column<Row>[],
    changing: readonly string[] = [],
    keyColumns = 1,
  ) {
    const key = columns.slice(0, keyColumns).map(column => column.name);
    const changed = columns.filter(column => changing.includes(column.name));
    this.#name = name;
    this.#columns = columns;
    this.#updated = columns.filter((column, i) => i < keyColumns || changed.includes(column));
    this.#insert = `insert into realm.${name} (${namesOf(columns)})
      select ${columns.map(column => read('n', column)).join(', ')} from ${rowsOf(columns)}`;
    this.#upsert = `${this.#insert} on conflict (${key.join(', ')}) do update
      set ${changed.map(column => `${column.name} = excluded.${column.name}`).join(', ')}`;
    this.#update = `update realm.${name} as t
      set ${changed.map(column => `${column.name} = ${read('n', column)}`).join(', ')}
      from ${rowsOf(this.#updated)}
      where ${key.map(column => `t.${column} = n.${column}`).join(' and ')}`;
    this.#removeById = `delete from realm.${name} where ${key[0]} = any($1::int4[])`;
    this.#keyed = columns.slice(0, keyColumns);
    this.#remove = `with n as (select * from ${rowsOf(this.#keyed)}),
      gone as (
        delete from realm.${name} as t using n
        where ${key.map(column => `t.${column} = n.${column}`).join(' and ')}
      )
      select from n`;
  }

  insert(rows: readonly Row[]): Statement {
    return this.#statement('insert', this.#insert, this.#columns, rows);
  }

  /** As {@link insert}, at half the cost, where there is COPY. */
  copy(rows: readonly Row[]): Statement {
    const name = `copy_${this.#name}`;
    const text = `copy realm.${this.#name} (${namesOf(this.#columns)}) from stdin (format binary)`;
    return {
      kind: 'copy',
      name,
      text,
      bytes: copyBytes(
        rows,
        this.#columns.map(column => column.copy),
      ),
      rows: rows.length,
    };
  }

  /** Counts fewer rows than it was given when some did not exist. */
  update(rows: readonly Row[]): Statement {
    return this.#statement('update', this.#update, this.#updated, rows);
  }

  upsert(rows: readonly Row[]): Statement {
    return this.#statement('upsert', this.#upsert, this.#columns, rows);
  }

  /** By their keys. Counts those that did not exist as well: they are gone. */
  remove(rows: readonly Row[]): Statement {
    return this.#statement('remove', this.#remove, this.#keyed, rows);
  }

  /** Of tables whose key is one int4. */
  removeById(ids: readonly number[]): Statement {
    const values = [int4Array(ids, id => id)];
    const name = `remove_by_id_${this.#name}`;
    return { kind: 'query', name, text: this.#removeById, values, rows: ids.length };
  }

  #statement(
    verb: string,
    text: string,
    columns: readonly Column<Row>[],
    rows: readonly Row[],
  ): Statement {
    const values = columns.map(column => column.array(rows));
    return { kind: 'query', name: `${verb}_${this.#name}`, text, values, rows: rows.length };
  }
}

function namesOf(columns: readonly Column<never>[]): string {
  return columns.map(column => column.name).join(', ');
}

const UUID_BYTES = 16;

/** What has no array type of its own, or would be spread out with it, travels as text. */
function isText({ type }: Column<never>): boolean {
  return type === 'json' || type === 'int8[]' || type === 'uuid';
}

function read(source: string, column: Column<never>): string {
  return `${source}.${column.name}${isText(column) ? `::${column.type}` : ''}`;
}

/** The parameters as rows. */
function rowsOf(columns: readonly Column<never>[]): string {
  const arrays = columns.map(
    (column, i) => `$${i + 1}::${isText(column) ? 'text' : column.type}[]`,
  );
  return `unnest(${arrays.join(', ')}) as n (${namesOf(columns)})`;
}

export const int8 = <Row>(name: string, of: (row: Row) => number): Column<Row> => ({
  name,
  type: 'int8',
  array: rows => int8Array(rows, of),
  copy: { bytes: 8, of },
});
export const int4 = <Row>(name: string, of: (row: Row) => number): Column<Row> => ({
  name,
  type: 'int4',
  array: rows => int4Array(rows, of),
  copy: { bytes: 4, of },
});
export const int2 = <Row>(name: string, of: (row: Row) => number): Column<Row> => ({
  name,
  type: 'int2',
  array: rows => int2Array(rows, of),
  copy: { bytes: 2, of },
});
export const bool = <Row>(name: string, of: (row: Row) => boolean): Column<Row> => ({
  name,
  type: 'bool',
  array: rows => boolArray(rows, of),
  copy: { bytes: 1, of: row => (of(row) ? 1 : 0) },
});
export const text = <Row>(name: string, of: (row: Row) => string): Column<Row> => ({
  name,
  type: 'text',
  array: rows => textArray(rows, of),
  copy: {
    bytes: null,
    width: row => Buffer.byteLength(of(row)),
    write: (row, { bytes }, at) => bytes.write(of(row), at),
  },
});
export const json = <Row>(name: string, of: (row: Row) => object): Column<Row> => ({
  ...text<Row>(name, row => JSON.stringify(of(row))),
  type: 'json',
});
export const uuid = <Row>(name: string, of: (row: Row) => string): Column<Row> => ({
  name,
  type: 'uuid',
  array: rows => textArray(rows, of),
  copy: {
    bytes: null,
    width: () => UUID_BYTES,
    write: (row, { bytes }, at) => bytes.write(of(row).replaceAll('-', ''), at, 'hex'),
  },
});
export const bytea = <Row>(name: string, of: (row: Row) => Uint8Array): Column<Row> => ({
  name,
  type: 'bytea',
  array: rows => byteaArray(rows, of),
  copy: {
    bytes: null,
    width: row => of(row).length,
    write: (row, { bytes }, at) => bytes.set(of(row), at),
  },
});
