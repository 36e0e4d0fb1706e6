// The private snapshot of a player: all balances other than zero, all open orders and offers, and
// their live windows, with the sequence that they stand at. It is read part by part, since nothing
// bounds what a player owns: each part is one statement, so that all of it is of one moment, and
// goes on in all four lists at once, each in the order of an index.

import { WINDOW_STATUSES, type WindowNotice } from '../../protocol/direct.ts';
import type { MeSnapshot, OwnOrder } from '../../protocol/events.ts';
import {
  ME_BALANCES_MAX,
  ME_OFFERS_MAX,
  ME_ORDERS_MAX,
  ME_WINDOWS_MAX,
} from '../../protocol/limits.ts';
import { SIDES, wordOf } from '../journal/words.ts';
import { assetName, linesAsJson, placeName, playerName } from './lines.ts';
import { type OfferRow, offerView } from './offers.ts';
import { type OrderRow, orderView } from './orders.ts';
import { page, type Source } from './source.ts';
import { accountCursor, accountsAfter, PLACE_OF_ACCOUNT } from './wallet.ts';
import { EXPIRES_AT_MS } from './windows.ts';

const ME = '(select id from me)';

const ownOffers = (column: 'maker' | 'taker') => `(select * from realm.offers
        where ${column} = ${ME} and status = 0 and id > $5 order by id limit ${ME_OFFERS_MAX + 1})`;
const ownWindows = (column: 'inviter' | 'invited') => `(select * from realm.windows
        where ${column} = ${ME} and status < 3 and id > $6
        order by id limit ${ME_WINDOWS_MAX + 1})`;

const PART = `with me as materialized (select id from realm.players where name = $1)
  select p.sequence,
    (select coalesce(json_agg(json_build_object('place', ${PLACE_OF_ACCOUNT},
        'asset', ${assetName('a.asset')}, 'location', ${placeName('a.location')},
        'available', a.available, 'held', a.held) order by a.asset, a.location), '[]')
      from (${accountsAfter(ME, '$2', '$3', `${ME_BALANCES_MAX + 1}`)}) as a) as balances,
    (select coalesce(json_agg(json_build_object('side', o.side, 'id', o.id,
        'item', ${assetName('o.asset')}, 'location', ${placeName('o.location')}, 'price', o.price,
        'quantity', o.quantity, 'remaining', o.remaining, 'timeInForce', o.time_in_force,
        'postOnly', o.post_only, 'expiresAtMs', o.expires_at_ms,
        'createdAtMs', o.created_at_ms, 'status', o.status) order by o.id), '[]')
      from (select * from realm.orders where player = ${ME} and status = 0 and id > $4
        order by id limit ${ME_ORDERS_MAX + 1}) as o) as orders,
    (select coalesce(json_agg(json_build_object('offer', o.id, 'from', ${playerName('o.maker')},
        'to', ${playerName('o.taker')}, 'give', ${linesAsJson('o.give')},
        'want', ${linesAsJson('o.want')}, 'message', o.message, 'status', o.status,
        'createdAtMs', o.created_at_ms, 'expiresAtMs', o.expires_at_ms,
        'counterOf', o.counter_of) order by o.id), '[]')
      from (select * from (${ownOffers('maker')} union all ${ownOffers('taker')}) as either
        order by id limit ${ME_OFFERS_MAX + 1}) as o) as offers,
    (select coalesce(json_agg(json_build_object('window', w.id, 'status', w.status,
        'player', case when w.invited = ${ME} then ${playerName('w.inviter')}
          else ${playerName('w.invited')} end,
        'invited', w.invited = ${ME},
        'expiresAtMs', ${EXPIRES_AT_MS}) order by w.id), '[]')
      from (select * from (${ownWindows('inviter')} union all ${ownWindows('invited')}) as either
        order by id limit ${ME_WINDOWS_MAX + 1}) as w) as windows
  from realm.projection as p`;

interface Row {
  readonly sequence: number;
  readonly balances: (MeSnapshot['balances'][number] & { readonly place: number })[];
  readonly orders: (OrderRow & { readonly side: number })[];
  readonly offers: OfferRow[];
  readonly windows: (Omit<WindowNotice, 'status' | 'reason'> & { readonly status: number })[];
}

/** Where the four lists go on. A list that is over goes on where nothing is any more. */
type Cursor = readonly [balances: number, orders: number, offers: number, windows: number];

const BEGIN: Cursor = [-1, 0, 0, 0];
const OVER = Number.MAX_SAFE_INTEGER;

export interface PrivatePart {
  readonly sequence: number;
  readonly data: MeSnapshot;
  /** Where the next part begins; null after the last one. */
  readonly next: readonly number[] | null;
}

/** A part of the snapshot; the first one without `from`. */
export async function getPrivateSnapshot(
  source: Source,
  player: string,
  from: readonly number[] | null = null,
): Promise<PrivatePart> {
  const [balancesAfter, ...others] = from === null ? BEGIN : (from as Cursor);
  const values = [player, ...accountCursor(balancesAfter), ...others];
  const [row] = (await source.query<Row>(PART, values)).rows;
  if (row === undefined) throw new Error('The projection has no position.');
  const balances = page(row.balances, ME_BALANCES_MAX, ({ place }) => place);
  const orders = page(row.orders, ME_ORDERS_MAX, ({ id }) => id);
  const offers = page(row.offers, ME_OFFERS_MAX, ({ offer }) => offer);
  const windows = page(row.windows, ME_WINDOWS_MAX, ({ window }) => window);
  const cursors = [balances, orders, offers, windows].map(({ next }) => next);
  const more = cursors.some(cursor => cursor !== null);
  const data: MeSnapshot = {
    balances: balances.page.map(({ place: _, ...balance }) => balance),
    orders: orders.page.map(ownOrder),
    offers: offers.page.map(offerView),
    windows: windows.page.map(windowNotice),
    more,
  };
  const next = more ? cursors.map(cursor => cursor ?? OVER) : null;
  return { sequence: row.sequence, data, next };
}

function ownOrder({ side, ...order }: Row['orders'][number]): OwnOrder {
  return { side: wordOf(SIDES, side), ...orderView(order) };
}

function windowNotice(row: Row['windows'][number]): WindowNotice {
  const { window, status, player, invited, expiresAtMs } = row;
  const word = wordOf(WINDOW_STATUSES, status);
  return { window, status: word, reason: null, player, invited, expiresAtMs };
}
