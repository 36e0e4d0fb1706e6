// The statements that bring changes into the tables: one per table and kind of change, thousands of
// rows each, every column one binary array. What is known to be new is inserted, the rest updated:
// an update by primary key costs half of an upsert, and stays within its page.

import {
  boolArray,
  byteaArray,
  int2Array,
  int4Array,
  int8Array,
  textArray,
} from '../database/arrays.ts';
import { type BalanceFact, type OrderFact, TRANSFER_REASONS } from '../engine/fact.ts';
import {
  codeOf,
  ITEM_KINDS,
  ORDER_STATUSES,
  SIDES,
  TIMES_IN_FORCE,
} from '../journal/fact-codec.ts';
import type { Changes } from './changes.ts';

export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Buffer[];
  readonly rows: number;
}

type Column<Row> = readonly [
  name: string,
  type: ColumnType,
  array: (rows: readonly Row[]) => Buffer,
];
type ColumnType = 'int8' | 'int4' | 'int2' | 'bool' | 'text' | 'bytea' | 'json';

/** How the rows of one table are written. */
class Table<Row> {
  readonly #name: string;
  readonly #columns: readonly Column<Row>[];
  readonly #updated: readonly Column<Row>[];
  readonly #insert: string;
  readonly #upsert: string;
  readonly #update: string;

  /** The first column is the primary key. `changing` are the columns that an update sets. */
  constructor(name: string, columns: readonly Column<Row>[], changing: readonly string[] = []) {
    const key = columns[0]?.[0];
    const read = columns.map(([column, type]) => (type === 'json' ? `${column}::json` : column));
    const set = (source: string) =>
      changing.map(column => `${column} = ${source}.${column}`).join(', ');
    this.#name = name;
    this.#columns = columns;
    this.#updated = columns.filter(([column], i) => i === 0 || changing.includes(column));
    this.#insert = `insert into ${name} (${namesOf(columns)}) select ${read} from ${rowsOf(columns)}`;
    this.#upsert = `${this.#insert} on conflict (${key}) do update set ${set('excluded')}`;
    this.#update = `update ${name} as t set ${set('n')} from ${rowsOf(this.#updated)}
      where t.${key} = n.${key}`;
  }

  insert(rows: readonly Row[]): Statement {
    return this.#statement('insert', this.#insert, this.#columns, rows);
  }

  /** Counts fewer rows than it was given when some did not exist. Not for tables with JSON. */
  update(rows: readonly Row[]): Statement {
    return this.#statement('update', this.#update, this.#updated, rows);
  }

  upsert(rows: readonly Row[]): Statement {
    return this.#statement('upsert', this.#upsert, this.#columns, rows);
  }

  #statement(
    verb: string,
    text: string,
    columns: readonly Column<Row>[],
    rows: readonly Row[],
  ): Statement {
    const values = columns.map(([, , array]) => array(rows));
    return { name: `${verb}_${this.#name}`, text, values, rows: rows.length };
  }
}

function namesOf(columns: readonly Column<never>[]): string {
  return columns.map(column => column[0]).join(', ');
}

/** The parameters as rows. */
function rowsOf(columns: readonly Column<never>[]): string {
  const arrays = columns.map(([, type], i) => `$${i + 1}::${type === 'json' ? 'text' : type}[]`);
  return `unnest(${arrays.join(', ')}) as n (${namesOf(columns)})`;
}

type Element<List> = List extends readonly (infer Row)[]
  ? Row
  : List extends ReadonlyMap<number, infer Row>
    ? Row
    : never;
type RowOf<Name extends keyof Changes> = Element<Changes[Name]>;

const int8 = <Row>(name: string, of: (row: Row) => number): Column<Row> => [
  name,
  'int8',
  rows => int8Array(rows, of),
];
const int4 = <Row>(name: string, of: (row: Row) => number): Column<Row> => [
  name,
  'int4',
  rows => int4Array(rows, of),
];
const int2 = <Row>(name: string, of: (row: Row) => number): Column<Row> => [
  name,
  'int2',
  rows => int2Array(rows, of),
];
const bool = <Row>(name: string, of: (row: Row) => boolean): Column<Row> => [
  name,
  'bool',
  rows => boolArray(rows, of),
];
const text = <Row>(name: string, of: (row: Row) => string): Column<Row> => [
  name,
  'text',
  rows => textArray(rows, of),
];
const json = <Row>(name: string, of: (row: Row) => object): Column<Row> => [
  name,
  'json',
  rows => textArray(rows, row => JSON.stringify(of(row))),
];
const bytea = <Row>(name: string, of: (row: Row) => Uint8Array): Column<Row> => [
  name,
  'bytea',
  rows => byteaArray(rows, of),
];

const players = new Table<RowOf<'players'>>(
  'players',
  [int4('id', row => row.player), text('name', row => row.name)],
  ['name'],
);

const locations = new Table<RowOf<'locations'>>(
  'locations',
  [int4('id', row => row.location), text('name', row => row.name)],
  ['name'],
);

const items = new Table<RowOf<'items'>>(
  'items',
  [
    int4('asset', row => row.asset),
    text('name', row => row.name),
    int2('kind', row => codeOf(ITEM_KINDS, row.itemKind)),
    int4('currency', row => row.currency),
    int8('tick_size', row => row.tickSize),
    int8('lot_size', row => row.lotSize),
    int8('min_price', row => row.minPrice),
    int8('max_price', row => row.maxPrice),
    bool('halted', row => row.halted),
    json('attributes', row => row.attributes),
  ],
  ['tick_size', 'lot_size', 'min_price', 'max_price', 'halted', 'attributes'],
);

const instances = new Table<RowOf<'instances'>>(
  'instances',
  [
    int4('asset', row => row.asset),
    text('name', row => row.name),
    int4('item', row => row.item),
    json('attributes', row => row.attributes),
  ],
  ['attributes'],
);

const accounts = new Table<RowOf<'accounts'>>(
  'accounts',
  [
    int4('id', row => row.account),
    int8('available', row => row.available),
    int8('held', row => row.held),
    int4('owner', row => row.owner),
    int4('asset', row => row.asset),
    int4('location', row => row.location),
  ],
  ['available', 'held'],
);

const orders = new Table<RowOf<'orders'>>(
  'orders',
  [
    int8('id', row => row.id),
    int8('price', row => row.price),
    int8('quantity', row => row.quantity),
    int8('remaining', row => row.remaining),
    int8('held', row => row.held),
    int8('priority', row => row.priority),
    int8('expires_at_ms', row => row.expiresAtMs),
    int8('created_at_ms', row => row.createdAtMs),
    int4('player', row => row.player),
    int4('asset', row => row.asset),
    int4('location', row => row.location),
    int2('fee_bps', row => row.feeBps),
    int2('side', row => codeOf(SIDES, row.side)),
    int2('time_in_force', row => codeOf(TIMES_IN_FORCE, row.timeInForce)),
    int2('status', row => codeOf(ORDER_STATUSES, row.status)),
    bool('post_only', row => row.postOnly),
  ],
  [
    'price',
    'quantity',
    'remaining',
    'held',
    'priority',
    'expires_at_ms',
    'time_in_force',
    'status',
  ],
);

const transfers = new Table<RowOf<'transfers'>>('transfers', [
  int8('sequence', row => row.sequence),
  int8('at_ms', row => row.atMs),
  int8('quantity', row => row.fact.quantity),
  int8('reference', row => row.fact.reference),
  int4('debit', row => row.fact.debit),
  int4('credit', row => row.fact.credit),
  int2('reason', row => codeOf(TRANSFER_REASONS, row.fact.reason)),
]);

const trades = new Table<RowOf<'trades'>>('trades', [
  int8('id', row => row.fact.id),
  int8('sequence', row => row.sequence),
  int8('at_ms', row => row.atMs),
  int8('price', row => row.fact.price),
  int8('quantity', row => row.fact.quantity),
  int8('maker', row => row.fact.maker),
  int8('taker', row => row.fact.taker),
  int8('buyer_fee', row => row.fact.buyerFee),
  int8('seller_fee', row => row.fact.sellerFee),
  int4('asset', row => row.fact.asset),
  int4('location', row => row.fact.location),
  int4('buyer', row => row.fact.buyer),
  int4('seller', row => row.fact.seller),
  int2('taker_side', row => codeOf(SIDES, row.fact.takerSide)),
]);

const keys = new Table<RowOf<'keys'>>('keys', [
  int8('sequence', row => row.sequence),
  int8('at_ms', row => row.atMs),
  int8('digest', row => row.fact.digest),
  int4('player', row => row.fact.player),
  bool('ok', row => row.fact.ok),
  text('key', row => row.fact.key),
  bytea('body', row => row.fact.bodyBytes),
]);

/** A statement, and what to do instead for rows that turned out not to exist. */
export interface Write extends Statement {
  readonly otherwise?: () => Statement;
}

/**
 * All writes of a round, none of them empty. `accountMax` and `orderMax` are the highest ids in the
 * tables: ids above them are new.
 */
export function writesFor(changes: Changes, accountMax: number, orderMax: number): Write[] {
  const writes = [
    players.upsert([...changes.players.values()]),
    locations.upsert([...changes.locations.values()]),
    items.upsert([...changes.items.values()]),
    instances.upsert([...changes.instances.values()]),
    ...split(
      accounts,
      [...changes.accounts.values()],
      (row: BalanceFact) => row.account,
      accountMax,
    ),
    ...split(orders, [...changes.orders.values()], (row: OrderFact) => row.id, orderMax),
    transfers.insert(changes.transfers),
    trades.insert(changes.trades),
    keys.insert(changes.keys),
  ];
  return writes.filter(write => write.rows > 0);
}

/** Rows in the order of their ids, so that neighbours in a page are written together. */
function split<Row>(
  table: Table<Row>,
  rows: Row[],
  idOf: (row: Row) => number,
  idMax: number,
): Write[] {
  rows.sort((a, b) => idOf(a) - idOf(b));
  const known = rows.filter(row => idOf(row) <= idMax);
  const fresh = rows.filter(row => idOf(row) > idMax);
  return [{ ...table.update(known), otherwise: () => table.upsert(known) }, table.insert(fresh)];
}
