// What must hold in the tables of a realm, each rule one query that finds what breaks it. The
// queries look at every row there is, so this is for an audit, not for a running game. What the
// journal says is held against the tables elsewhere. A transfer names its accounts by numbers,
// which others may have by now (`since`): whose it was is known of those that are still there.

import { TRANSFER_REASONS } from '../engine/fact.ts';
import { codeOf } from '../journal/words.ts';
import { DIRECT_CHECKS, HELD_DIRECTLY } from './audit-direct.ts';
import { TRADE_CHECKS } from './audit-trades.ts';
import type { Source } from './source.ts';

/** One rule. `detail` says what was looked at, or shows what broke it. */
export interface TableFinding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Check {
  readonly check: string;
  /** The table whose rows are counted for the detail. */
  readonly over:
    | 'accounts'
    | 'orders'
    | 'transfers'
    | 'trades'
    | 'latest_trades'
    | 'market_quarters'
    | 'instances'
    | 'windows'
    | 'window_log'
    | 'manifests'
    | 'offers'
    | 'blocks'
    | 'journal';
  /** Finds no row when all is well. */
  readonly broken: string;
}

const SHOWN_MAX = 3;
const TRADE_REASON = codeOf(TRANSFER_REASONS, 'trade');

const CHECKS: readonly Check[] = [
  {
    check: 'what all accounts have of an asset adds up to zero',
    over: 'accounts',
    broken: `select asset, sum(available) + sum(held) as sum from realm.accounts
      group by asset having sum(available) + sum(held) <> 0`,
  },
  {
    check: 'nobody but the issuer is below zero',
    over: 'accounts',
    broken: `select * from realm.accounts
      where held < 0 or (available < 0
        and owner <> (select id from realm.players where name = '$issuer'))`,
  },
  {
    check: 'each account has what its transfers brought, less what they took',
    over: 'transfers',
    broken: `select a.*, moved.sum from realm.accounts as a full join (
        select account, sum(quantity) as sum from (
          select credit as account, quantity from realm.transfers
          union all select debit, -quantity from realm.transfers) as movements
        group by account) as moved on moved.account = a.id
      where coalesce(moved.sum, 0) <> coalesce(a.available::numeric + a.held, 0)`,
  },
  {
    check: 'each account holds what its open orders, live windows and open offers hold',
    over: 'accounts',
    broken: `select owner, asset, location, a.held, holds.held as "heldByThem"
      from (select * from realm.accounts where held <> 0) as a full join (
        select owner, asset, location, sum(held) as held from (
          select o.player as owner,
            case when o.side = 1 then o.asset else i.currency end as asset,
            case when o.side = 1 then o.location
              else (select id from realm.locations where name = 'main') end as location,
            o.held
          from realm.orders as o left join realm.items as i on i.asset = o.asset where o.status = 0
          union all ${HELD_DIRECTLY}
        ) as all_holds group by 1, 2, 3) as holds using (owner, asset, location)
      where coalesce(a.held, 0) <> coalesce(holds.held, 0)`,
  },
  {
    check: 'an open listing holds its goods, an open bid its money, a closed order nothing',
    over: 'orders',
    broken: `select * from realm.orders where held <> case
      when status <> 0 then 0
      when side = 1 then remaining
      else price::numeric * remaining + floor(price::numeric * remaining * fee_bps / 10000) end`,
  },
  {
    check: 'an open order has something left, a filled one nothing',
    over: 'orders',
    broken: `select * from realm.orders
      where (status = 0 and remaining = 0) or (status = 1 and remaining <> 0)`,
  },
  {
    check: 'each order was filled by its trades',
    over: 'orders',
    broken: `select o.id, o.quantity, o.remaining, fills.sum from realm.orders as o full join (
        select id, sum(quantity) as sum from (
          select maker as id, quantity from realm.trades
          union all select taker, quantity from realm.trades where taker <> 0) as parts
        group by id) as fills on fills.id = o.id
      where o.id is null or coalesce(fills.sum, 0) <> o.quantity - o.remaining`,
  },
  {
    check: 'each trade moved its goods and its price',
    over: 'trades',
    broken: `select t.id, t.quantity, t.price, moved.sum from realm.trades as t full join (
        select reference as id, count(*) as count, sum(quantity) as sum, max(quantity) as max
        from realm.transfers where reason = ${TRADE_REASON} group by 1) as moved on moved.id = t.id
      where t.id is null or moved.count is distinct from 2
        or moved.sum <> t.quantity::numeric + t.price::numeric * t.quantity
        or moved.max <> t.price::numeric * t.quantity`,
  },
  {
    check: 'each trade moved its goods from the seller, its price from the buyer',
    over: 'trades',
    broken: `select t.id, m.debit, m.credit from realm.trades as t
      join realm.transfers as m on m.reference = t.id and m.reason = ${TRADE_REASON}
      join realm.accounts as d on d.id = m.debit and d.since <= m.sequence
      join realm.accounts as c on c.id = m.credit and c.since <= m.sequence
      where d.asset <> c.asset or (d.owner, c.owner) is distinct from case
        when d.asset = t.asset then (t.seller, t.buyer) else (t.buyer, t.seller) end`,
  },
  {
    check: 'nobody traded with himself',
    over: 'trades',
    broken: 'select * from realm.trades where buyer = seller',
  },
  {
    check: 'an instance has at most one owner',
    over: 'instances',
    broken: `select a.asset, sum(a.available) + sum(a.held) as owned
      from realm.accounts as a join realm.instances as n on n.asset = a.asset
      where a.owner <> (select id from realm.players where name = '$issuer')
      group by a.asset having sum(a.available) + sum(a.held) > 1`,
  },
  {
    check: 'no bid reaches the price of a listing in the same book',
    over: 'orders',
    broken: `select o.asset, o.location, max(o.price) filter (where o.side = 0) as bid,
        min(o.price) filter (where o.side = 1) as ask
      from realm.orders as o join realm.items as i on i.asset = o.asset
      where o.status = 0 and not i.halted group by o.asset, o.location
      having max(o.price) filter (where o.side = 0) >= min(o.price) filter (where o.side = 1)`,
  },
  {
    check: 'no id is above the last one given out',
    over: 'orders',
    broken: `select * from realm.projection
      where last_order < (select max(id) from realm.orders)
        or last_trade < (select max(id) from realm.trades)
        or last_trade < folded_trade
        or last_window < (select max(id) from realm.windows)
        or last_offer < (select max(id) from realm.offers)`,
  },
  ...TRADE_CHECKS,
  ...DIRECT_CHECKS,
  {
    check: 'the tables have caught up with the journal',
    over: 'journal',
    broken: `select p.position, j.last from realm.projection as p,
        (select coalesce(max(position), 0) as last from realm.journal) as j
      where p.position <> j.last`,
  },
];

/** All rules, in a fixed order. Wants one moment: call it in a repeatable-read transaction. */
export async function auditTables(source: Source): Promise<TableFinding[]> {
  const findings: TableFinding[] = [];
  for (const { check, over, broken } of CHECKS) {
    const { rows } = await source.query(
      `select to_json(broken)::text as shown from (${broken}) as broken limit ${SHOWN_MAX}`,
    );
    const ok = rows.length === 0;
    const detail = ok ? await countOf(source, over) : rows.map(row => row.shown).join('; ');
    findings.push({ check, ok, detail });
  }
  return findings;
}

async function countOf(source: Source, table: string): Promise<string> {
  const { rows } = await source.query<{ count: number }>(
    `select count(*) as count from realm.${table}`,
  );
  return `${rows[0]?.count.toLocaleString('en-US')} ${table}`;
}
