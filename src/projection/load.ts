// Tables back to facts: what the engine is restored from, before it is given what the journal has
// behind them (src/recovery.ts). All tables are seen at one moment. What they could not take comes
// from the quarantine (set-aside.ts).

import type pg from 'pg';
import type { Attributes } from '../../protocol/fields.ts';
import type { Fact, InstanceFact, ItemFact, OrderFact } from '../engine/fact.ts';
import { decodeBody } from '../journal/fact-reader.ts';
import { ITEM_KINDS, ORDER_STATUSES, SIDES, TIMES_IN_FORCE, wordOf } from '../journal/words.ts';
import { loadDirectTrades } from './direct-load.ts';
import { loadMarkets, type MarketTaker } from './market-load.ts';
import { readStanding, type Standing } from './projector.ts';
import { type Cells, each } from './rows.ts';
import { withSetAside } from './set-aside.ts';

/** Takes back what the tables have. */
export interface RealmTaker extends MarketTaker {
  /** With the times of its entry as far as they matter: of trades, and the lived one of keys. */
  fact(fact: Fact, atMs: number, livedMs: number): void;
}

/**
 * Gives `taker` everything that the engine remembers: names in the order of their numbers, then
 * balances, open orders by priority, the past of the markets, what is open of direct trades with
 * who wants nothing from whom, watermarks of keys, keys by sequence. `client` sees one moment: see
 * {@link atOneMoment}.
 * @returns where the engine stood when the last of these facts came out.
 */
export async function loadRealm(client: pg.ClientBase, taker: RealmTaker): Promise<Standing> {
  // A million orders are sorted in memory rather than on disk.
  await client.query(`set local work_mem to '256MB'`);
  // All rows are wanted, not the first ones soon: what is over is then not looked through by id.
  await client.query('set local cursor_tuple_fraction to 1');
  const { whole, end } = await withSetAside(client, taker);
  const standing = await readStanding(client);
  const { atMs, livedMs } = standing;
  const restore = (fact: Fact) => whole.fact(fact, atMs, livedMs);
  await each(client, PLAYERS, ([player, name]) =>
    restore({ kind: 'player', player: player as number, name: name as string }),
  );
  await each(client, LOCATIONS, ([location, name]) =>
    restore({ kind: 'location', location: location as number, name: name as string }),
  );
  await each(client, ASSETS, cells => restore(assetOf(cells)));
  await each(client, ACCOUNTS, cells => restore(balanceOf(cells)));
  await each(client, OPEN_ORDERS, cells => restore(orderOf(cells)));
  await loadMarkets(client, whole, livedMs);
  await loadDirectTrades(client, standing, restore);
  await each(client, FORGOTTEN, ([player, key]) =>
    restore({ kind: 'forgotten', player: player as number, key: key as string }),
  );
  await each(client, KEYS, cells => whole.fact(decidedOf(cells), atMs, cells[5] as number));
  end();
  return standing;
}

const PLAYERS = 'select id, name from realm.players order by id';
const LOCATIONS = 'select id, name from realm.locations order by id';
/** Items and instances are numbered together. Null stands for what the other kind has. */
const ASSETS = `select asset, name, attributes, null as item, kind, currency, tick_size, lot_size,
    min_price, max_price, halted from realm.items
  union all select asset, name, attributes, item, null, null, null, null, null, null, null
  from realm.instances order by asset`;
const ACCOUNTS =
  'select id, owner, asset, location, available, held from realm.accounts order by id';
const OPEN_ORDERS = `select id, side, player, asset, location, price, quantity, remaining, held,
  fee_bps, priority, time_in_force, post_only, expires_at_ms, created_at_ms, status
  from realm.orders where status = 0 order by priority`;
/** Before all keys. */
const NO_KEY = '00000000-0000-0000-0000-000000000000';
const FORGOTTEN = 'select player, key from realm.forgotten_keys order by player';
/**
 * What is remembered: above the watermarks. Of service keys there may be a day's, so those are
 * found by player.
 */
const KEYS = `with recursive served as (
    (select player from realm.service_keys order by player limit 1)
    union all
    select after.player from served cross join lateral (select player from realm.service_keys
      where player > served.player order by player limit 1) as after
  ), remembered as (
    select k.*, false as service from realm.keys as k
    left join realm.forgotten_keys as f using (player)
    where f.key is null or k.key > f.key
    union all
    select k.*, true from served as s left join realm.forgotten_keys as f using (player)
    cross join lateral (select * from realm.service_keys where player = s.player
      and key > coalesce(f.key, '${NO_KEY}')) as k
  )
  select player, key, digest, ok, body, lived_ms, service from remembered order by sequence`;

function assetOf(cells: Cells): ItemFact | InstanceFact {
  const [asset, name, attributes, item] = cells as [number, string, Attributes, number | null];
  if (item !== null) return { kind: 'instance', asset, name, item, attributes };
  return {
    kind: 'item',
    asset,
    name,
    itemKind: wordOf(ITEM_KINDS, cells[4] as number),
    currency: cells[5] as number,
    tickSize: cells[6] as number,
    lotSize: cells[7] as number,
    minPrice: cells[8] as number,
    maxPrice: cells[9] as number,
    halted: cells[10] as boolean,
    attributes,
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
    opened: false,
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

function decidedOf(cells: Cells): Fact {
  return {
    kind: 'decided',
    player: cells[0] as number,
    key: cells[1] as string,
    digest: cells[2] as number,
    ok: cells[3] as boolean,
    service: cells[6] as boolean,
    body: decodeBody(cells[4] as Uint8Array),
  };
}
