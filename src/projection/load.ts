// Tables back to facts: what the engine is restored from at a start, after the projection has
// caught up with the journal. One database transaction sees all tables at one moment; rows come in
// pieces, the next one being fetched while the engine takes the last, so memory stays bounded.

import type pg from 'pg';
import type { Fact, InstanceFact, ItemFact, OrderFact } from '../engine/fact.ts';
import {
  ITEM_KINDS,
  ORDER_STATUSES,
  SIDES,
  TIMES_IN_FORCE,
  wordOf,
} from '../journal/fact-codec.ts';
import { decodeBody } from '../journal/fact-reader.ts';
import { readStanding, type Standing } from './projector.ts';

const CHUNK_ROWS = 10_000;

/** Takes a fact back, with the time of the entry that it came from as far as that matters. */
export type Restore = (fact: Fact, atMs: number) => void;

type Cells = readonly unknown[];

/**
 * Gives `restore` everything that the engine remembers: names in the order of their numbers, then
 * balances, open orders by priority, and keys by sequence.
 * @returns where the engine stood when the last of these facts came out.
 */
export async function loadRealm(client: pg.ClientBase, restore: Restore): Promise<Standing> {
  await client.query('begin transaction isolation level repeatable read read only');
  try {
    // A million orders are sorted in memory rather than on disk.
    await client.query(`set local work_mem to '256MB'`);
    const standing = await readStanding(client);
    const { atMs } = standing;
    await each(client, PLAYERS, ([player, name]) =>
      restore({ kind: 'player', player: player as number, name: name as string }, atMs),
    );
    await each(client, LOCATIONS, ([location, name]) =>
      restore({ kind: 'location', location: location as number, name: name as string }, atMs),
    );
    await loadAssets(client, fact => restore(fact, atMs));
    await each(client, ACCOUNTS, cells => restore(balanceOf(cells), atMs));
    await each(client, OPEN_ORDERS, cells => restore(orderOf(cells), atMs));
    await each(client, KEYS, cells => restore(decidedOf(cells), cells[5] as number));
    return standing;
  } finally {
    await client.query('rollback');
  }
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
const KEYS = 'select player, key, digest, ok, body, at_ms from keys order by sequence';

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

/** Calls `take` with each row of `query`, as an array, in order. */
async function each(
  client: pg.ClientBase,
  query: string,
  take: (cells: Cells) => void,
): Promise<void> {
  await client.query(`declare loading no scroll cursor for ${query}`);
  const fetch = () =>
    client.query<unknown[]>({ text: `fetch ${CHUNK_ROWS} from loading`, rowMode: 'array' });
  let chunk = await fetch();
  while (chunk.rows.length > 0) {
    const ahead = chunk.rows.length === CHUNK_ROWS ? fetch() : null;
    ahead?.catch(() => {});
    for (const cells of chunk.rows) take(cells);
    if (ahead === null) break;
    chunk = await ahead;
  }
  await client.query('close loading');
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
