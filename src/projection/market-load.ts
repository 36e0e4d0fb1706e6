// The past of the markets back from their tables: what an engine values things by, and what the
// feed starts from. What is folded (trade-fold.ts) comes first, then the trades after that.

import type pg from 'pg';
import type { TradeFact } from '../engine/fact.ts';
import { SIDES, wordOf } from '../journal/words.ts';
import { type Cells, each } from './rows.ts';

/** A quarter of an hour of a market; `bucket` is its start divided by its length. */
export interface Quarter {
  /** Numbers: asset of the item, and location. */
  readonly item: number;
  readonly location: number;
  readonly bucket: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  /** At most 2^53 - 1. */
  readonly volume: number;
  readonly trades: number;
}

/** Takes the past of the markets. */
export interface MarketTaker {
  /** One of the latest trades of its market. Its quarter knows of it already. */
  pastTrade(fact: TradeFact, atMs: number): void;
  quarter(quarter: Quarter): void;
  /** A trade that no quarter knows of. */
  fact(fact: TradeFact, atMs: number, livedMs: number): void;
}

const COLUMNS = `id, at_ms, asset, location, price, quantity, maker, taker, taker_side, buyer,
  seller, buyer_fee, seller_fee`;
const LATEST = `select ${COLUMNS} from realm.latest_trades order by item, location, id`;
const QUARTERS = `select bucket, item, location, open, high, low, volume, trades
  from realm.market_quarters order by bucket`;
const UNFOLDED = `select ${COLUMNS} from realm.trades
  where id > (select folded_trade from realm.projection) order by id`;

/** Of each market the oldest first. */
export async function loadMarkets(
  client: pg.ClientBase,
  taker: MarketTaker,
  livedMs: number,
): Promise<void> {
  await each(client, LATEST, cells => taker.pastTrade(tradeOf(cells), cells[1] as number));
  await each(client, QUARTERS, cells => taker.quarter(quarterOf(cells)));
  await each(client, UNFOLDED, cells => taker.fact(tradeOf(cells), cells[1] as number, livedMs));
}

function quarterOf(cells: Cells): Quarter {
  return {
    bucket: cells[0] as number,
    item: cells[1] as number,
    location: cells[2] as number,
    open: cells[3] as number,
    high: cells[4] as number,
    low: cells[5] as number,
    volume: cells[6] as number,
    trades: cells[7] as number,
  };
}

function tradeOf(cells: Cells): TradeFact {
  return {
    kind: 'trade',
    id: cells[0] as number,
    asset: cells[2] as number,
    location: cells[3] as number,
    price: cells[4] as number,
    quantity: cells[5] as number,
    maker: cells[6] as number,
    taker: cells[7] as number,
    takerSide: wordOf(SIDES, cells[8] as number),
    buyer: cells[9] as number,
    seller: cells[10] as number,
    buyerFee: cells[11] as number,
    sellerFee: cells[12] as number,
  };
}
