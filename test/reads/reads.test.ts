import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../protocol/commands/registry.ts';
import { meSnapshot } from '../../protocol/events.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import { Projector } from '../../src/projection/projector.ts';
import { getTrades } from '../../src/reads/history.ts';
import { getItem } from '../../src/reads/items.ts';
import { getListing, getOwnBids, getOwnListings } from '../../src/reads/orders.ts';
import { getPlaces } from '../../src/reads/places.ts';
import { getPrivateSnapshot } from '../../src/reads/private-snapshot.ts';
import { getWallet } from '../../src/reads/wallet.ts';
import { sampleGroups, T0 } from '../support/facts.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
  const writer = new FactWriter();
  for (const { sequence, atMs, facts } of sampleGroups) {
    writer.group(sequence, atMs);
    for (const fact of facts) writer.fact(fact);
  }
  const row = { position: 1, epoch: 1, sequence: 10, atMs: T0 + 10, facts: writer.bytes };
  const reader = { readAfter: async (position: number) => (position === 0 ? [row] : []) };
  const options = { roundBytesMax: 1e6, journalRetentionMs: 1e6, keyRetentionMs: 1e6 };
  const projector = await Projector.begin(test.database, client, reader, options);
  await projector.step();
});
afterAll(() => test.close());

const bobsListing = {
  id: 1,
  item: 'ore',
  location: 'main',
  price: 100,
  quantity: 10,
  remaining: 6,
  timeInForce: 'gtc',
  postOnly: false,
  expiresAtMs: null,
  createdAtMs: T0 + 4,
  status: 'open',
} as const;

const annsBid = {
  ...bobsListing,
  id: 3,
  price: 90,
  quantity: 2,
  remaining: 2,
  timeInForce: 'gtd',
  expiresAtMs: T0 + 1_000_000,
  createdAtMs: T0 + 10,
} as const;

describe('items.get', () => {
  it('shows an item, and an instance with its own attributes and its rules', async () => {
    const ore = await getItem(client, { item: 'ore' });
    expect(ore).toMatchObject({ item: 'ore', kind: 'commodity', currency: 'coins', halted: false });
    expect(ore?.attributes).toEqual({ colour: 'rød', weight: 3, rare: false });
    expect(COMMANDS['items.get'].result.parse(ore)).toEqual(ore);
    const sword = await getItem(client, { item: 'sword#1' });
    expect(sword).toMatchObject({ item: 'sword#1', kind: 'unique', attributes: { edge: 9 } });
  });

  it('knows nothing of what was never defined', async () => {
    expect(await getItem(client, { item: 'unicorn' })).toBe(null);
    expect(await getItem(client, { item: 'sword#2' })).toBe(null);
  });
});

describe('places.list', () => {
  it('has every place, page by page in the order in which they were defined', async () => {
    await client.query('begin');
    await client.query(`insert into locations (id, name) values (1, 'north'), (2, 'harbour')`);
    const first = await getPlaces(client, { limit: 2 });
    expect(first).toEqual({ places: [{ place: 'main' }, { place: 'north' }], next: 1 });
    const rest = await getPlaces(client, { after: first.next as number });
    expect(rest).toEqual({ places: [{ place: 'harbour' }], next: null });
    await client.query('rollback');
  });
});

describe('wallet.get', () => {
  const coins = { asset: 'coins', location: 'main', available: 3_520, held: 180 };
  const ore = { asset: 'ore', location: 'main', available: 4, held: 0 };
  const sword = { asset: 'sword#1', location: 'main', available: 1, held: 0 };

  it('shows balances other than zero', async () => {
    expect(await getWallet(client, 'ann', {})).toEqual({
      balances: [coins, ore, sword],
      next: null,
    });
    expect(await getWallet(client, 'nobody', {})).toEqual({ balances: [], next: null });
    const bob = await getWallet(client, 'bob', {});
    expect(bob.balances.map(balance => balance.asset)).toEqual(['coins', 'ore']);
  });

  it('goes page by page, and shows one asset alone', async () => {
    const first = await getWallet(client, 'ann', { limit: 2 });
    expect(first.balances).toEqual([coins, ore]);
    const rest = await getWallet(client, 'ann', { limit: 2, after: first.next as number });
    expect(rest).toEqual({ balances: [sword], next: null });
    expect((await getWallet(client, 'ann', { asset: 'ore' })).balances).toEqual([ore]);
  });
});

describe('listings and bids', () => {
  it('shows any listing by id, closed ones too, but no bid', async () => {
    expect(await getListing(client, { listing: 1 })).toEqual(bobsListing);
    expect(await getListing(client, { listing: 2 })).toMatchObject({
      item: 'sword#1',
      status: 'filled',
      remaining: 0,
    });
    expect(await getListing(client, { listing: 3 })).toBe(null);
    expect(await getListing(client, { listing: 4 })).toBe(null);
  });

  it("shows the player's own, newest first, open ones alone unless all are asked for", async () => {
    expect(await getOwnListings(client, 'bob', {})).toEqual({
      listings: [bobsListing],
      next: null,
    });
    const all = await getOwnListings(client, 'bob', { all: true, limit: 1 });
    expect(all.listings.map(order => order.id)).toEqual([2]);
    const rest = await getOwnListings(client, 'bob', { all: true, before: all.next as number });
    expect(rest.listings).toEqual([bobsListing]);
    expect(await getOwnBids(client, 'bob', {})).toEqual({ bids: [], next: null });
    expect(await getOwnBids(client, 'ann', {})).toEqual({ bids: [annsBid], next: null });
    expect(await getOwnListings(client, 'ann', { all: true })).toEqual({
      listings: [],
      next: null,
    });
  });
});

describe('history.trades', () => {
  it('shows trades from the side of the player, newest first, page by page', async () => {
    const ann = await getTrades(client, 'ann', { limit: 2 });
    expect(ann.trades).toMatchObject([
      { trade: 3, item: 'sword#1', side: 'buy', price: 900, order: null, atMs: T0 + 9 },
      { trade: 2, item: 'ore', side: 'buy', quantity: 1, order: null },
    ]);
    const rest = await getTrades(client, 'ann', { before: ann.next as number });
    expect(rest.trades.map(trade => trade.trade)).toEqual([1]);
    const bob = await getTrades(client, 'bob', {});
    expect(bob.trades.map(trade => [trade.trade, trade.side, trade.order])).toEqual([
      [3, 'sell', 2],
      [2, 'sell', 1],
      [1, 'sell', 1],
    ]);
    expect(COMMANDS['history.trades'].result.parse(bob)).toEqual(bob);
    expect(await getTrades(client, 'nobody', {})).toEqual({ trades: [], next: null });
  });
});

describe('the private snapshot', () => {
  it('has balances other than zero, open orders, and where they stand', async () => {
    const ann = await getPrivateSnapshot(client, 'ann');
    expect(ann.sequence).toBe(10);
    expect(ann.data.balances).toHaveLength(3);
    expect(ann.data.orders).toEqual([{ side: 'buy', ...annsBid }]);
    expect(meSnapshot.parse(ann.data)).toEqual(ann.data);
    const bob = await getPrivateSnapshot(client, 'bob');
    expect(bob.data.orders).toEqual([{ side: 'sell', ...bobsListing }]);
    const nobody = await getPrivateSnapshot(client, 'nobody');
    const nothing = { balances: [], orders: [], offers: [], windows: [] };
    expect(nobody).toEqual({ sequence: 10, data: { ...nothing, more: false }, next: null });
  });
});
