// Tables back to facts: what the engine is restored from, before it is given what the journal has
// behind them (src/recovery.ts). All tables are seen at one moment.

import type pg from 'pg';
import type { Fact, InstanceFact, ItemFact, OrderFact, TradeFact } from '../engine/fact.ts';
import { RECENT_MAX } from '../engine/recent-prices.ts';
import { decodeBody } from '../journal/fact-reader.ts';
import {
  codeOf,
  ITEM_KINDS,
  ORDER_STATUSES,
  SIDES,
  TIMES_IN_FORCE,
  wordOf,
} from '../journal/words.ts';
import { loadDirectTrades } from './direct-load.ts';
import { readStanding, type Standing } from './projector.ts';
import { type Cells, each } from './rows.ts';

/** Takes a fact back, with the lived time of its entry as far as that matters: of decided keys. */
export type Restore = (fact: Fact, livedMs: number) => void;

/**
 * Gives `restore` everything that the engine remembers: names in the order of their numbers, then
 * balances, open orders by priority, the latest trades of each market, what is open of direct
 * trades with who wants nothing from whom, and keys by sequence. `client` sees one moment:
 * see {@link atOneMoment}.
 * @returns where the engine stood when the last of these facts came out.
 */
export async function loadRealm(client: pg.ClientBase, restore: Restore): Promise<Standing> {
  // A million orders are sorted in memory rather than on disk.
  await client.query(`set local work_mem to '256MB'`);
  const standing = await readStanding(client);
  const { livedMs } = standing;
  await each(client, PLAYERS, ([player, name]) =>
    restore({ kind: 'player', player: player as number, name: name as string }, livedMs),
  );
  await each(client, LOCATIONS, ([location, name]) =>
    restore({ kind: 'location', location: location as number, name: name as string }, livedMs),
  );
  await loadAssets(client, fact => restore(fact, livedMs));
  await each(client, ACCOUNTS, cells => restore(balanceOf(cells), livedMs));
  await each(client, OPEN_ORDERS, cells => restore(orderOf(cells), livedMs));
  await each(client, RECENT_TRADES, cells => restore(tradeOf(cells), livedMs));
  await loadDirectTrades(client, standing, fact => restore(fact, livedMs));
  await each(client, KEYS, cells => restore(decidedOf(cells), cells[5] as number));
  return standing;
}

const PLAYERS = 'select id, name from players order by id';
const LOCATIONS = 'select id, name from locations order by id';
const INSTANCES = 'select asset, name, item, attributes from instances order by asset';
const ITEMS = `select asset, name, kind, currency, tick_size, lot_size, min_price, max_price,
  halted, attributes from items order by asset`;
const ACCOUNTS = 'select id, owner, asset, location, available, held from accounts order by id';
const OPEN_ORDERS = `select id, side, player, asset, location, price, quantity, remaining, held,
  fee_bps, priority, time_in_force, post_only, expires_at_ms, created_at_ms, status
  from orders where status = 0 order by priority`;
/** What the prices of commodities are remembered from. */
const RECENT_TRADES = `select t.id, t.asset, t.location, t.price, t.quantity, t.maker, t.taker,
    t.taker_side, t.buyer, t.seller, t.buyer_fee, t.seller_fee
  from items as i cross join locations as l
  cross join lateral (select * from trades where asset = i.asset and location = l.id
    order by id desc limit ${RECENT_MAX}) as t
  where i.kind = ${codeOf(ITEM_KINDS, 'commodity')} order by t.id`;
const KEYS = 'select player, key, digest, ok, body, lived_ms from keys order by sequence';

/** Items and instances are numbered together. There are few items, so they wait for their turn. */
async function loadAssets(client: pg.ClientBase, restore: (fact: Fact) => void): Promise<void> {
  const items: ItemFact[] = [];
  await each(client, ITEMS, cells => items.push(itemOf(cells)));
  let next = 0;
  const itemsBelow = (asset: number) => {
    for (let item = items[next]; item !== undefined && item.asset < asset; item = items[next]) {
      restore(item);
      next++;
    }
  };
  await each(client, INSTANCES, cells => {
    const instance = instanceOf(cells);
    itemsBelow(instance.asset);
    restore(instance);
  });
  itemsBelow(Number.POSITIVE_INFINITY);
}

function itemOf(cells: Cells): ItemFact {
  return {
    kind: 'item',
    asset: cells[0] as number,
    name: cells[1] as string,
    itemKind: wordOf(ITEM_KINDS, cells[2] as number),
    currency: cells[3] as number,
    tickSize: cells[4] as number,
    lotSize: cells[5] as number,
    minPrice: cells[6] as number,
    maxPrice: cells[7] as number,
    halted: cells[8] as boolean,
    attributes: cells[9] as ItemFact['attributes'],
  };
}

function instanceOf(cells: Cells): InstanceFact {
  return {
    kind: 'instance',
    asset: cells[0] as number,
    name: cells[1] as string,
    item: cells[2] as number,
    attributes: cells[3] as InstanceFact['attributes'],
  };
}

function balanceOf(cells: Cells): Fact {
  return {
    kind: 'balance',
    account: cells[0] as number,
    owner: cells[1] as number,
    asset: cells[2] as number,
    location: cells[3] as number,
    available: cells[4] as number,
    held: cells[5] as number,
  };
}

function orderOf(cells: Cells): OrderFact {
  return {
    kind: 'order',
    id: cells[0] as number,
    side: wordOf(SIDES, cells[1] as number),
    player: cells[2] as number,
    asset: cells[3] as number,
    location: cells[4] as number,
    price: cells[5] as number,
    quantity: cells[6] as number,
    remaining: cells[7] as number,
    held: cells[8] as number,
    feeBps: cells[9] as number,
    priority: cells[10] as number,
    timeInForce: wordOf(TIMES_IN_FORCE, cells[11] as number),
    postOnly: cells[12] as boolean,
    expiresAtMs: cells[13] as number,
    createdAtMs: cells[14] as number,
    status: wordOf(ORDER_STATUSES, cells[15] as number),
  };
}

function tradeOf(cells: Cells): TradeFact {
  return {
    kind: 'trade',
    id: cells[0] as number,
    asset: cells[1] as number,
    location: cells[2] as number,
    price: cells[3] as number,
    quantity: cells[4] as number,
    maker: cells[5] as number,
    taker: cells[6] as number,
    takerSide: wordOf(SIDES, cells[7] as number),
    buyer: cells[8] as number,
    seller: cells[9] as number,
    buyerFee: cells[10] as number,
    sellerFee: cells[11] as number,
  };
}

function decidedOf(cells: Cells): Fact {
  return {
    kind: 'decided',
    player: cells[0] as number,
    key: cells[1] as string,
    digest: cells[2] as number,
    ok: cells[3] as boolean,
    body: decodeBody(cells[4] as Uint8Array),
  };
}
