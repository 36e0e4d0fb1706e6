// The tables of the projection, and the statements that bring changes into them. What is known to
// be new is inserted, the rest updated: an update by primary key costs half of an upsert, and stays
// within its page.

import { TRANSFER_REASONS } from '../engine/fact.ts';
import { codeOf, ITEM_KINDS, ORDER_STATUSES, SIDES, TIMES_IN_FORCE } from '../journal/words.ts';
import type { Changes, RowOf } from './changes.ts';
import { directWrites } from './direct-tables.ts';
import { bool, bytea, int2, int4, int8, json, Table, text, uuid } from './table.ts';
import { always, append, byId, sorted, type Target, type Write } from './write.ts';

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
    int4('id', row => row.balance.account),
    int8('available', row => row.balance.available),
    int8('held', row => row.balance.held),
    int8('since', row => row.since),
    int4('owner', row => row.balance.owner),
    int4('asset', row => row.balance.asset),
    int4('location', row => row.balance.location),
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

const keyColumns = [
  int8<RowOf<'keys'>>('sequence', row => row.sequence),
  int8<RowOf<'keys'>>('at_ms', row => row.atMs),
  int8<RowOf<'keys'>>('lived_ms', row => row.livedMs),
  int8<RowOf<'keys'>>('digest', row => row.fact.digest),
  int4<RowOf<'keys'>>('player', row => row.fact.player),
  bool<RowOf<'keys'>>('ok', row => row.fact.ok),
  uuid<RowOf<'keys'>>('key', row => row.fact.key),
  bytea<RowOf<'keys'>>('body', row => row.fact.bodyBytes),
];
const keys = new Table<RowOf<'keys'>>('keys', keyColumns);
const serviceKeys = new Table<RowOf<'serviceKeys'>>('service_keys', keyColumns);

const forgotten = new Table<RowOf<'forgotten'>>(
  'forgotten_keys',
  [int4('player', row => row.player), uuid('key', row => row.key)],
  ['key'],
);

/**
 * What was closed goes first: its number may be taken again, and an account like it be there under
 * another number.
 */
function accountWrites({ accounts: changed, closed }: Changes, target: Target): Write[] {
  const gone: number[] = [];
  for (const [account, wasThere] of closed) {
    if (wasThere && account <= target.accountMax) gone.push(account);
  }
  const isKnown = (id: number, { since }: RowOf<'accounts'>) =>
    since === 0 && id <= target.accountMax;
  return [always(accounts.removeById(gone)), ...sorted(accounts, changed, isKnown, target)];
}

/** All writes of a round, none of them empty. */
export function writesFor(changes: Changes, target: Target): Write[] {
  const writes: Write[] = [
    always(players.upsert([...changes.players.values()])),
    always(locations.upsert([...changes.locations.values()])),
    always(items.upsert([...changes.items.values()])),
    always(instances.upsert([...changes.instances.values()])),
    ...directWrites(changes, target),
    ...accountWrites(changes, target),
    ...byId(orders, changes.orders, target.orderMax, target),
    append(transfers, changes.transfers, target),
    append(trades, changes.trades, target),
    always(forgotten.upsert([...changes.forgotten.values()])),
    append(serviceKeys, changes.serviceKeys, target),
    append(keys, changes.keys, target),
  ];
  return writes.filter(write => write.statement.rows > 0);
}
