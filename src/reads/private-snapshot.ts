// The private snapshot of a player: all balances other than zero and all open orders, with the
// sequence that they stand at. One statement, so that all of it is of one moment, and one round
// trip, since everybody asks for it after a restart.

import type { MeSnapshot, OwnOrder } from '../../protocol/events.ts';
import { SIDES, wordOf } from '../journal/words.ts';
import { type OrderRow, orderView } from './orders.ts';
import type { Source } from './source.ts';

const SNAPSHOT = `with me as (select id from players where name = $1)
  select p.sequence,
    (select coalesce(json_agg(json_build_object('asset', coalesce(i.name, n.name),
        'location', l.name, 'available', a.available, 'held', a.held) order by a.id), '[]')
      from accounts as a
      join locations as l on l.id = a.location
      left join items as i on i.asset = a.asset
      left join instances as n on n.asset = a.asset
      where a.owner = (select id from me) and (a.available <> 0 or a.held <> 0)) as balances,
    (select coalesce(json_agg(json_build_object('side', o.side, 'id', o.id,
        'item', coalesce(i.name, n.name), 'location', l.name, 'price', o.price,
        'quantity', o.quantity, 'remaining', o.remaining, 'timeInForce', o.time_in_force,
        'postOnly', o.post_only, 'expiresAtMs', o.expires_at_ms,
        'createdAtMs', o.created_at_ms, 'status', o.status) order by o.id), '[]')
      from orders as o
      join locations as l on l.id = o.location
      left join items as i on i.asset = o.asset
      left join instances as n on n.asset = o.asset
      where o.player = (select id from me) and o.status = 0) as orders
  from projection as p`;

interface Row {
  readonly sequence: number;
  readonly balances: MeSnapshot['balances'];
  readonly orders: (OrderRow & { readonly side: number })[];
}

export async function getPrivateSnapshot(
  source: Source,
  player: string,
): Promise<{ sequence: number; data: MeSnapshot }> {
  const [row] = (await source.query<Row>(SNAPSHOT, [player])).rows;
  if (row === undefined) throw new Error('The projection has no position.');
  const orders = row.orders.map(
    ({ side, ...order }): OwnOrder => ({ side: wordOf(SIDES, side), ...orderView(order) }),
  );
  return { sequence: row.sequence, data: { balances: row.balances, orders } };
}
