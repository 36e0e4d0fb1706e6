// What must hold in the tables that a start reads instead of all trades: they are what the trades
// themselves come to. audit.ts runs these checks with its own.

import { AMOUNT_MAX, TRADES_SNAPSHOT_MAX } from '../../protocol/limits.ts';
import { DAY_MS, QUARTER_MS } from '../base/times.ts';
import type { Check } from './audit.ts';

/** Every trade that was folded, with the item whose market it belongs to. */
const FOLDED = `(select t.*, coalesce(n.item, t.asset) as item
  from realm.trades as t left join realm.instances as n on n.asset = t.asset
  where t.id <= (select folded_trade from realm.projection))`;

const TRADE = `item, location, id, at_ms, asset, price, quantity, maker, taker, taker_side, buyer,
  seller, buyer_fee, seller_fee`;

const LATEST = `select ${TRADE} from (
  select *, row_number() over (partition by item, location order by id desc) as newest
  from ${FOLDED} as t) as ranked where newest <= ${TRADES_SNAPSHOT_MAX}`;

const FIRST_BUCKET = `(select (at_ms - ${DAY_MS}) / ${QUARTER_MS} from realm.projection)`;

const QUARTER = 'bucket, item, location, open, high, low, volume, trades';

const QUARTERS = `select at_ms / ${QUARTER_MS} as bucket, item, location,
    (min(array[id, price]))[2] as open, max(price) as high, min(price) as low,
    least(sum(quantity), ${AMOUNT_MAX})::bigint as volume, count(*) as trades
  from ${FOLDED} as t where at_ms / ${QUARTER_MS} >= ${FIRST_BUCKET} group by 1, 2, 3`;

/** Rows that are in one of two queries alone. */
const difference = (due: string, kept: string) => `
  select 'missing' as what, * from (${due} except all ${kept}) as missing
  union all select 'surplus', * from (${kept} except all ${due}) as surplus`;

export const TRADE_CHECKS: readonly Check[] = [
  {
    check: 'the latest trades of each market are those of the table of trades',
    over: 'latest_trades',
    broken: difference(LATEST, `select ${TRADE} from realm.latest_trades`),
  },
  {
    check: 'the quarters of the last day are what its trades come to',
    over: 'market_quarters',
    broken: difference(
      QUARTERS,
      `select ${QUARTER} from realm.market_quarters where bucket >= ${FIRST_BUCKET}`,
    ),
  },
];
