// The private snapshot of a player: all balances other than zero, all open orders and offers, and
// his live windows, with the sequence that they stand at. One statement, so that all of it is of
// one moment, and one round trip, since everybody asks for it after a restart.

import { WINDOW_STATUSES, type WindowNotice } from '../../protocol/direct.ts';
import type { MeSnapshot, OwnOrder } from '../../protocol/events.ts';
import { SIDES, wordOf } from '../journal/words.ts';
import { linesAsJson, playerName } from './lines.ts';
import { type OfferRow, offerView } from './offers.ts';
import { type OrderRow, orderView } from './orders.ts';
import type { Source } from './source.ts';
import { EXPIRES_AT_MS } from './windows.ts';

const SNAPSHOT = `with me as (select id from realm.players where name = $1)
  select p.sequence,
    (select coalesce(json_agg(json_build_object('asset', coalesce(i.name, n.name),
        'location', l.name, 'available', a.available, 'held', a.held) order by a.id), '[]')
      from realm.accounts as a
      join realm.locations as l on l.id = a.location
      left join realm.items as i on i.asset = a.asset
      left join realm.instances as n on n.asset = a.asset
      where a.owner = (select id from me) and (a.available <> 0 or a.held <> 0)) as balances,
    (select coalesce(json_agg(json_build_object('side', o.side, 'id', o.id,
        'item', coalesce(i.name, n.name), 'location', l.name, 'price', o.price,
        'quantity', o.quantity, 'remaining', o.remaining, 'timeInForce', o.time_in_force,
        'postOnly', o.post_only, 'expiresAtMs', o.expires_at_ms,
        'createdAtMs', o.created_at_ms, 'status', o.status) order by o.id), '[]')
      from realm.orders as o
      join realm.locations as l on l.id = o.location
      left join realm.items as i on i.asset = o.asset
      left join realm.instances as n on n.asset = o.asset
      where o.player = (select id from me) and o.status = 0) as orders,
    (select coalesce(json_agg(json_build_object('offer', o.id, 'from', ${playerName('o.maker')},
        'to', ${playerName('o.taker')}, 'give', ${linesAsJson('o.give')},
        'want', ${linesAsJson('o.want')}, 'message', o.message, 'status', o.status,
        'createdAtMs', o.created_at_ms, 'expiresAtMs', o.expires_at_ms,
        'counterOf', o.counter_of) order by o.id), '[]')
      from (select * from realm.offers where maker = (select id from me) and status = 0
        union all select * from realm.offers where taker = (select id from me) and status = 0) as o
    ) as offers,
    (select coalesce(json_agg(json_build_object('window', w.id, 'status', w.status,
        'player', case when w.invited = (select id from me) then ${playerName('w.inviter')}
          else ${playerName('w.invited')} end,
        'invited', w.invited = (select id from me),
        'expiresAtMs', ${EXPIRES_AT_MS}) order by w.id), '[]')
      from (select * from realm.windows where inviter = (select id from me) and status < 3
        union all
        select * from realm.windows where invited = (select id from me) and status < 3) as w
    ) as windows
  from realm.projection as p`;

interface Row {
  readonly sequence: number;
  readonly balances: MeSnapshot['balances'];
  readonly orders: (OrderRow & { readonly side: number })[];
  readonly offers: OfferRow[];
  readonly windows: (Omit<WindowNotice, 'status' | 'reason'> & { readonly status: number })[];
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
  const offers = row.offers.map(offerView);
  const windows = row.windows.map(
    ({ window, status, player: other, invited, expiresAtMs }): WindowNotice => ({
      window,
      status: wordOf(WINDOW_STATUSES, status),
      reason: null,
      player: other,
      invited,
      expiresAtMs,
    }),
  );
  return { sequence: row.sequence, data: { balances: row.balances, orders, offers, windows } };
}
