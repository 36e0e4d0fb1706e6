// What the feed starts from: the latest trades of each market, and the last day in quarters of an
// hour. Instances have no market of their own: their trades belong to the market of their item.

import type { TradePrint } from '../../protocol/events.ts';
import { TRADES_SNAPSHOT_MAX } from '../../protocol/limits.ts';
import { SIDES, wordOf } from '../journal/words.ts';
import type { Source } from './source.ts';

const QUARTER_MS = 15 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Trades of instances are looked for in this many of the latest trades of the realm. */
const UNIQUE_TRADES_MAX = 100_000;

/** Numbers of a market: asset of the item, and location. */
interface Market {
  readonly item: number;
  readonly location: number;
}

export interface PastTrade extends Market {
  readonly print: TradePrint;
}

/** A quarter of an hour; `bucket` is its start divided by its length. */
export interface PastQuarter extends Market {
  readonly bucket: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  /** At most 2^53 - 1. */
  readonly volume: number;
  readonly trades: number;
}

const COMMODITY_TRADES = `select i.asset as item, l.id as location, t.id, i.name, t.price,
    t.quantity, t.taker_side as "takerSide", t.at_ms as "atMs"
  from items as i cross join locations as l
  cross join lateral (select * from trades where asset = i.asset and location = l.id
    order by id desc limit ${TRADES_SNAPSHOT_MAX}) as t
  where i.kind = 1 order by t.id`;

const UNIQUE_TRADES = `select * from (
    select n.item, t.location, t.id, n.name, t.price, t.quantity, t.taker_side as "takerSide",
      t.at_ms as "atMs",
      row_number() over (partition by n.item, t.location order by t.id desc) as newest
    from (select * from trades order by id desc limit ${UNIQUE_TRADES_MAX}) as t
    join instances as n on n.asset = t.asset
  ) as ranked where newest <= ${TRADES_SNAPSHOT_MAX} order by id`;

const QUARTERS = `select coalesce(n.item, t.asset) as item, t.location,
    t.at_ms / ${QUARTER_MS} as bucket, (min(array[t.id, t.price]))[2] as open,
    max(t.price) as high, min(t.price) as low,
    least(sum(t.quantity), ${Number.MAX_SAFE_INTEGER})::bigint as volume, count(*) as trades
  from trades as t left join instances as n on n.asset = t.asset
  where t.at_ms >= $1 group by 1, 2, 3 order by bucket`;

interface Row extends Market {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
  readonly takerSide: number;
  readonly atMs: number;
}

/** The latest trades of every market, oldest first. */
export async function getLatestTrades(source: Source): Promise<PastTrade[]> {
  const commodities = await source.query<Row>(COMMODITY_TRADES);
  const uniques = await source.query<Row>(UNIQUE_TRADES);
  return [...commodities.rows, ...uniques.rows].map(row => ({
    item: row.item,
    location: row.location,
    print: [
      row.id,
      row.name,
      row.price,
      row.quantity,
      wordOf(SIDES, row.takerSide),
      row.atMs,
    ] satisfies TradePrint,
  }));
}

/** The quarters of every market that lie within a day before `nowMs`, wholly or in part. */
export async function getQuarters(source: Source, nowMs: number): Promise<PastQuarter[]> {
  const firstMs = Math.floor((nowMs - DAY_MS) / QUARTER_MS) * QUARTER_MS;
  return (await source.query<PastQuarter>(QUARTERS, [firstMs])).rows;
}
