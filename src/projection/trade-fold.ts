// What a start needs of trades, kept as tables: the latest trades of each market, and its last day
// in quarters of an hour. They follow `trades` by themselves, many trades at a time, so a
// trade costs a round nothing more. Invariant: they hold exactly the trades up to
// `projection.folded_trade`; a start reads them, and from `trades` only what comes after
// (market-load.ts). So it reads at most LATEST_TRADES_MAX trades and 98 quarters of a market, and
// the trades of one step and one round.

import type pg from 'pg';
import { AMOUNT_MAX, TRADES_SNAPSHOT_MAX } from '../../protocol/limits.ts';
import { assert } from '../base/assert.ts';
import { DAY_MS, QUARTER_MS } from '../base/times.ts';
import { type Database, prepared } from '../database/connection.ts';
import { RECENT_MAX } from '../engine/recent-prices.ts';

/** Trades of a market that are kept: as many as the feed shows. */
const LATEST_TRADES_MAX = TRADES_SNAPSHOT_MAX;
assert(RECENT_MAX <= LATEST_TRADES_MAX, 'the trades that make a price are among those shown');

/** So many trades are folded together; a step that is behind takes up to twice as many. */
const FOLD_TRADES = 50_000;
const STEP_TRADES_MAX = 2 * FOLD_TRADES;
const PRUNE_QUARTERS_MAX = 10_000;

const FOLDED = 'select folded_trade as "foldedTrade" from realm.projection';

const ADVANCE = 'update realm.projection set folded_trade = $2 where folded_trade = $1';

/** Trades after $1 up to $2, each with the item whose market it belongs to. */
const TRADES = `(select t.*, coalesce(n.item, t.asset) as item
  from realm.trades as t left join realm.instances as n on n.asset = t.asset
  where t.id > $1 and t.id <= $2)`;

/** Trades come in the order of their times, so the first one of a quarter opens it for good. */
const FOLD_QUARTERS = `insert into realm.market_quarters as q
    (bucket, item, location, open, high, low, volume, trades)
  select at_ms / ${QUARTER_MS}, item, location, (min(array[id, price]))[2], max(price), min(price),
    least(sum(quantity), ${AMOUNT_MAX})::bigint, count(*)
  from ${TRADES} as t group by 1, 2, 3
  on conflict (bucket, item, location) do update set high = greatest(q.high, excluded.high),
    low = least(q.low, excluded.low), volume = least(q.volume + excluded.volume, ${AMOUNT_MAX}),
    trades = q.trades + excluded.trades`;

const LATEST_COLUMNS = `id, at_ms, price, quantity, maker, taker, buyer_fee, seller_fee, item,
  location, asset, buyer, seller, taker_side`;

/** What came is put in; of what was there, as many as have room beside it stay. */
const FOLD_LATEST = `with fresh as materialized (
    select * from (
      select *, row_number() over (partition by item, location order by id desc) as newest
      from ${TRADES} as t) as ranked
    where newest <= ${LATEST_TRADES_MAX}
  ), markets as (
    select item, location, count(*) as came from fresh group by item, location
  ), gone as (
    delete from realm.latest_trades where ctid = any (array(
      select surplus.ctid from markets as m cross join lateral (
        select ctid from realm.latest_trades where item = m.item and location = m.location
        order by id desc offset ${LATEST_TRADES_MAX} - m.came) as surplus))
  )
  insert into realm.latest_trades (${LATEST_COLUMNS}) select ${LATEST_COLUMNS} from fresh`;

const PRUNE_QUARTERS = `delete from realm.market_quarters where (bucket, item, location) in (
  select bucket, item, location from realm.market_quarters where bucket < $1
  order by bucket limit ${PRUNE_QUARTERS_MAX})`;

export interface TradeFoldOptions {
  readonly database: Database;
  readonly client: Pick<pg.Client, 'query'>;
  /** So many trades are folded together. */
  readonly trades?: number | undefined;
}

export class TradeFold {
  readonly #options: TradeFoldOptions;
  readonly #trades: number;
  #folded: number;

  private constructor(options: TradeFoldOptions, folded: number) {
    this.#options = options;
    this.#trades = options.trades ?? FOLD_TRADES;
    this.#folded = folded;
  }

  static async begin(options: TradeFoldOptions): Promise<TradeFold> {
    const { rows } = await options.client.query<{ foldedTrade: number }>(FOLDED);
    return new TradeFold(options, rows[0]?.foldedTrade ?? 0);
  }

  /**
   * Folds a step's worth when enough trades have come together. False when somebody else folded
   * them: then everything begins anew.
   */
  async follow(lastTrade: number): Promise<boolean> {
    if (lastTrade - this.#folded < this.#trades) return true;
    const until = Math.min(lastTrade, this.#folded + STEP_TRADES_MAX);
    const values = [this.#folded, until];
    const { client } = this.#options;
    await client.query('begin');
    const advanced = await client.query({ ...this.#prepared('advance_fold', ADVANCE), values });
    if (advanced.rowCount !== 1) return false;
    await client.query({ ...this.#prepared('fold_quarters', FOLD_QUARTERS), values });
    await client.query({ ...this.#prepared('fold_latest', FOLD_LATEST), values });
    const { command } = await client.query('commit');
    if (command !== 'COMMIT') return false;
    this.#folded = until;
    return true;
  }

  /** Removes a step's worth of quarters of more than a day ago. True when there may be more. */
  async prune(atMs: number): Promise<boolean> {
    const first = Math.floor((atMs - DAY_MS) / QUARTER_MS);
    const { rowCount } = await this.#options.client.query(PRUNE_QUARTERS, [first]);
    return rowCount === PRUNE_QUARTERS_MAX;
  }

  #prepared(name: string, text: string): pg.QueryConfig {
    return prepared(this.#options.database, name, text);
  }
}
