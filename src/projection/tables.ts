// The tables of the projection, and the statements that bring changes into them. What is known to
// be new is inserted, the rest updated: an update by primary key costs half of an upsert, and stays
// within its page.

import { TRANSFER_REASONS } from '../engine/fact.ts';
import {
  codeOf,
  ITEM_KINDS,
  ORDER_STATUSES,
  SIDES,
  TIMES_IN_FORCE,
} from '../journal/fact-codec.ts';
import type { Changes } from './changes.ts';
import { bool, bytea, int2, int4, int8, json, type Statement, Table, text } from './table.ts';

type Element<List> = List extends readonly (infer Row)[]
  ? Row
  : List extends ReadonlyMap<number, infer Row>
    ? Row
    : never;
type RowOf<Name extends keyof Changes> = Element<Changes[Name]>;

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

/** What the tables hold already, and what the database can do. */
export interface Target {
  /** The highest ids in the tables: what is above them is new. */
  readonly accountMax: number;
  readonly orderMax: number;
  readonly hasCopy: boolean;
}

/** A statement, and what to do instead for rows that turned out not to exist. */
export interface Write {
  readonly statement: Statement;
  readonly otherwise: (() => Statement) | null;
}

/** All writes of a round, none of them empty. */
export function writesFor(changes: Changes, target: Target): Write[] {
  const append = <Row>(table: Table<Row>, rows: readonly Row[]) =>
    target.hasCopy ? table.copy(rows) : table.insert(rows);
  const accountsById = inOrder(changes.accounts);
  const ordersById = inOrder(changes.orders);
  const known = accountsById.filter(row => row.account <= target.accountMax);
  const knownOrders = ordersById.filter(row => row.id <= target.orderMax);
  const writes: Write[] = [
    always(players.upsert([...changes.players.values()])),
    always(locations.upsert([...changes.locations.values()])),
    always(items.upsert([...changes.items.values()])),
    always(instances.upsert([...changes.instances.values()])),
    { statement: accounts.update(known), otherwise: () => accounts.upsert(known) },
    always(append(accounts, accountsById.slice(known.length))),
    { statement: orders.update(knownOrders), otherwise: () => orders.upsert(knownOrders) },
    always(append(orders, ordersById.slice(knownOrders.length))),
    always(append(transfers, changes.transfers)),
    always(append(trades, changes.trades)),
    always(keys.insert(changes.keys)),
  ];
  return writes.filter(write => write.statement.rows > 0);
}

function always(statement: Statement): Write {
  return { statement, otherwise: null };
}

/** By id, so that neighbours in a page are written together. */
function inOrder<Row>(rows: ReadonlyMap<number, Row>): Row[] {
  const ids = Float64Array.from(rows.keys()).sort();
  return Array.from(ids, id => rows.get(id) as Row);
}
