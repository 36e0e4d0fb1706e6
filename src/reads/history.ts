// history.trades: what a player bought and sold, newest first.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import type { TradeView } from '../../protocol/fields.ts';
import { assetName, placeName, playerName } from './lines.ts';
import { page, pageRows, type Source } from './source.ts';
import { latest } from './walk.ts';

/** Each side has its own index; nobody trades with himself, so no trade is found twice. */
const side = (column: 'buyer' | 'seller') =>
  `(${latest('realm.trades', column, '(select id from realm.players where name = $1)')})`;

const TRADES = `select t.id as trade, t.at_ms as "atMs", ${assetName('t.asset')} as item,
    ${placeName('t.location')} as location, t.price, t.quantity, t.maker, t.taker,
    t.taker_side as "takerSide", t.buyer_fee as "buyerFee", t.seller_fee as "sellerFee",
    ${playerName('t.buyer')} = $1 as "isBuyer"
  from (${side('buyer')} union all ${side('seller')}) as t
  order by t.id desc limit $3`;

interface Row {
  readonly trade: number;
  readonly atMs: number;
  readonly item: string;
  readonly location: string;
  readonly price: number;
  readonly quantity: number;
  readonly maker: number;
  readonly taker: number;
  /** 0: the buyer came in; 1: the seller did. */
  readonly takerSide: number;
  readonly buyerFee: number;
  readonly sellerFee: number;
  readonly isBuyer: boolean;
}

export async function getTrades(
  source: Source,
  player: string,
  payload: Omit<Payload<'history.trades'>, 'player'>,
): Promise<Result<'history.trades'>> {
  const limit = pageRows(payload.limit);
  const { rows } = await source.query<Row>(TRADES, [
    player,
    payload.before ?? Number.MAX_SAFE_INTEGER,
    limit + 1,
  ]);
  const { page: trades, next } = page(rows, limit, row => row.trade);
  return { trades: trades.map(tradeView), next };
}

/** As the player sees it: `fee` and `order` are his own. */
function tradeView(row: Row): TradeView {
  const { trade, atMs, item, location, price, quantity, isBuyer } = row;
  const isTaker = isBuyer === (row.takerSide === 0);
  const order = isTaker ? row.taker : row.maker;
  return {
    trade,
    atMs,
    item,
    location,
    side: isBuyer ? 'buy' : 'sell',
    price,
    quantity,
    fee: isBuyer ? row.buyerFee : row.sellerFee,
    order: order === 0 ? null : order,
  };
}
