import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../src/engine/fact.ts';
import { loadRealm } from '../../src/projection/load.ts';
import { Projector, readStanding } from '../../src/projection/projector.ts';
import { atOneMoment } from '../../src/projection/rows.ts';
import { directGroups, MANIFEST_3 } from '../support/direct-facts.ts';
import { ORE, sampleGroups } from '../support/facts.ts';
import { readerOf, rowsOf } from '../support/journal-rows.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';

const allGroups = [...sampleGroups, ...directGroups];
const rows = rowsOf(allGroups);
const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e6, keyRetentionMs: 1e6 };

let test: TestDatabase;
let client: pg.Client;

beforeEach(async () => {
  test = await openTestDatabase();
  client = await test.client();
  const projector = await Projector.begin(test.database, client, readerOf(rows, 3), OPTIONS);
  while (await projector.step());
});
afterEach(() => test.close());

describe('loading from the tables', () => {
  async function load(): Promise<Fact[]> {
    const loaded: Fact[] = [];
    const take = (fact: Fact) => void loaded.push(fact);
    await atOneMoment(client, () =>
      loadRealm(client, { fact: take, pastTrade: take, quarter: () => {} }),
    );
    return loaded;
  }

  it('gives the last state of everything, and of orders and offers the open ones', async () => {
    const last = new Map<string, Fact>();
    for (const fact of allGroups.flatMap(({ facts }) => facts)) {
      if (fact.kind === 'balance') last.set(`balance ${fact.account}`, fact);
      else if (fact.kind === 'order' || fact.kind === 'offer' || fact.kind === 'window')
        last.set(`${fact.kind} ${fact.id}`, fact);
      else if (fact.kind === 'block') last.set(`block ${fact.player} ${fact.other}`, fact);
      else if (fact.kind === 'privacy') last.set(`privacy ${fact.player}`, fact);
      else if (fact.kind === 'friend') last.set(`friend ${fact.player} ${fact.other}`, fact);
      else if (fact.kind !== 'transfer') last.set(JSON.stringify(fact), fact);
    }
    const isKept = (fact: Fact) => {
      if (fact.kind === 'order' || fact.kind === 'offer') return fact.status === 'open';
      // The first was begun more than a minute before the last fact.
      if (fact.kind === 'window') return fact.id > 1;
      if (fact.kind === 'manifest') return fact.window === 3;
      if (fact.kind === 'block') return fact.blocked;
      if (fact.kind === 'friend') return fact.isKept;
      return fact.kind !== 'privacy' || fact.closed;
    };
    const kept = [...last.values()].filter(isKept);
    const loaded = await load();
    expect(loaded).toHaveLength(kept.length);
    expect(loaded).toEqual(expect.arrayContaining(kept));
    expect(loaded).toContainEqual(MANIFEST_3);
  });

  it('says where the engine stood', async () => {
    const nothing = { fact: () => {}, pastTrade: () => {}, quarter: () => {} };
    const standing = await atOneMoment(client, () => loadRealm(client, nothing));
    expect(standing).toEqual(await readStanding(client));
    const ids = { lastOrder: 3, lastTrade: 3, lastWindow: 4, lastOffer: 4 };
    expect(standing).toMatchObject({ sequence: allGroups.length, atMs: rows.at(-1)?.atMs, ...ids });
  });

  it('gives names by number, items and instances together, and orders by priority', async () => {
    await client.query('update orders set priority = 99 where id = 1');
    const order: string[] = [];
    for (const fact of await load()) {
      if (fact.kind === 'item' || fact.kind === 'instance')
        order.push(`${fact.kind} ${fact.asset}`);
      if (fact.kind === 'order') order.push(`order ${fact.id}`);
    }
    expect(order).toEqual(['item 0', 'item 1', 'item 2', 'instance 3', 'order 3', 'order 1']);
  });

  it('gives the latest trades of each market from the oldest, then those not folded', async () => {
    await client.query('delete from trades');
    await client.query(`insert into trades select 100 + i, 1, 1, i, 1, 1, 0, 0, 0, ${ORE}, i % 2, 2,
      3, 0 from generate_series(1, 10) as i`);
    await client.query(`insert into latest_trades select id, at_ms, price, quantity, maker, taker,
      buyer_fee, seller_fee, asset, location, asset, buyer, seller, taker_side
      from trades where id <= 106`);
    await client.query('update projection set folded_trade = 106');
    const prices = (await load()).flatMap(fact => (fact.kind === 'trade' ? [fact.price] : []));
    expect(prices).toEqual([2, 4, 6, 1, 3, 5, 7, 8, 9, 10]);
  });

  it('gives the parts of direct trades behind what they name, and each by its number', async () => {
    const kinds = (await load()).map(fact => fact.kind);
    const firsts = [...new Set(kinds)];
    expect(firsts).toEqual([
      ...['player', 'location', 'item', 'instance', 'balance', 'order', 'trade'],
      ...['block', 'privacy', 'friend', 'window', 'manifest', 'offer', 'decided'],
    ]);
    const ids = (await load()).flatMap(fact =>
      fact.kind === 'window' || fact.kind === 'offer' ? [`${fact.kind} ${fact.id}`] : [],
    );
    expect(ids).toEqual(['window 2', 'window 3', 'window 4', 'offer 1', 'offer 4']);
  });
});
