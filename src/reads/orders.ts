// listings.get, listings.mine and bids.mine: orders by id, and a player's own, newest first.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import type { OrderView } from '../../protocol/fields.ts';
import type { Side } from '../engine/fact.ts';
import { codeOf, ORDER_STATUSES, SIDES, TIMES_IN_FORCE, wordOf } from '../journal/words.ts';
import { assetName, placeName } from './lines.ts';
import { page, pageRows, type Source } from './source.ts';
import { walk } from './walk.ts';

const VIEW = (orders: string) => `select o.id, ${assetName('o.asset')} as item,
    ${placeName('o.location')} as location, o.price, o.quantity, o.remaining,
    o.time_in_force as "timeInForce",
    o.post_only as "postOnly", o.expires_at_ms as "expiresAtMs",
    o.created_at_ms as "createdAtMs", o.status
  from (${orders}) as o
  order by o.id desc`;

const ONE = VIEW('select * from realm.orders where id = $1 and side = $2');

const PLAYER = '(select id from realm.players where name = $1)';
const ALL_OWN = VIEW(
  walk({
    table: 'realm.orders',
    of: { player: PLAYER, side: '$2::smallint' },
    after: { id: '$3::bigint' },
    direction: 'down',
    limit: '$4',
  }),
);
/** Open ones are so many at most: all are found, then cut (`offset 0` parts the two). */
const OPEN_OWN = VIEW(`select * from (
    select * from realm.orders where player = ${PLAYER} and status = 0 offset 0
  ) as open where side = $2 and id < $3 order by id desc limit $4`);

/** A row as the database has it: words are numbers, and 0 stands for never. */
export type OrderRow = Omit<OrderView, 'timeInForce' | 'status' | 'expiresAtMs'> & {
  readonly timeInForce: number;
  readonly status: number;
  readonly expiresAtMs: number;
};

/** Null when there is no listing of this id; a bid of this id is none. */
export async function getListing(
  source: Source,
  { listing }: Payload<'listings.get'>,
): Promise<Result<'listings.get'> | null> {
  const { rows } = await source.query<OrderRow>(ONE, [listing, codeOf(SIDES, 'sell')]);
  return rows[0] === undefined ? null : orderView(rows[0]);
}

export async function getOwnListings(
  source: Source,
  player: string,
  payload: Payload<'listings.mine'>,
): Promise<Result<'listings.mine'>> {
  const { orders, next } = await ownOrders(source, player, 'sell', payload);
  return { listings: orders, next };
}

export async function getOwnBids(
  source: Source,
  player: string,
  payload: Payload<'bids.mine'>,
): Promise<Result<'bids.mine'>> {
  const { orders, next } = await ownOrders(source, player, 'buy', payload);
  return { bids: orders, next };
}

export function orderView(row: OrderRow): OrderView {
  return {
    ...row,
    timeInForce: wordOf(TIMES_IN_FORCE, row.timeInForce),
    status: wordOf(ORDER_STATUSES, row.status),
    expiresAtMs: row.expiresAtMs === 0 ? null : row.expiresAtMs,
  };
}

async function ownOrders(
  source: Source,
  player: string,
  side: Side,
  { all, before, limit: asked }: Payload<'listings.mine'>,
): Promise<{ orders: OrderView[]; next: number | null }> {
  const limit = pageRows(asked);
  const values = [player, codeOf(SIDES, side), before ?? Number.MAX_SAFE_INTEGER, limit + 1];
  const { rows } = await source.query<OrderRow>(all === true ? ALL_OWN : OPEN_OWN, values);
  const { page: orders, next } = page(rows, limit, row => row.id);
  return { orders: orders.map(orderView), next };
}
