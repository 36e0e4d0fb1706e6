// What is kept of trades for a start, in tables of its own: they follow the trades, stay bounded,
// and are never in doubt, wherever a fold is interrupted.

import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FactGroup, TradeFact } from '../../src/engine/fact.ts';
import { Projector, TablesMovedError } from '../../src/projection/projector.ts';
import { Random } from '../sim/random.ts';
import { ANN, BOB, COINS, sampleGroups, T0 } from '../support/facts.ts';
import { readerOf, rowsOf } from '../support/journal-rows.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';

const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e9, keyRetentionMs: 1e9 };
const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const AMOUNT_MAX = Number.MAX_SAFE_INTEGER;
/** A commodity, a unique item, and three instances of it. */
const [IRON, RING, RINGS] = [10, 11, [12, 13, 14]] as const;

let test: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
});
afterAll(() => test.close());
beforeEach(async () => {
  const tables = 'trades, latest_trades, market_quarters, items, instances, accounts, orders';
  await client.query(`truncate ${tables}, transfers, keys, players, locations`);
  await client.query(`update projection set position = 0, epoch = 0, sequence = 0, at_ms = 0,
    last_order = 0, last_trade = 0, folded_trade = 0`);
});

function trade(
  id: number,
  asset: number,
  location: number,
  price: number,
  quantity = 1,
): TradeFact {
  const parties = { maker: 1, taker: 0, buyer: ANN, seller: BOB, buyerFee: 0, sellerFee: 0 };
  return { kind: 'trade', id, asset, location, price, quantity, takerSide: 'buy', ...parties };
}

const [beginning] = sampleGroups;
const definitions: FactGroup = {
  sequence: 2,
  atMs: T0,
  facts: [
    ...[IRON, RING].map(asset => ({
      ...({ kind: 'item', asset, name: `item${asset}`, currency: COINS, halted: false } as const),
      itemKind: asset === IRON ? ('commodity' as const) : ('unique' as const),
      ...{ tickSize: 1, lotSize: 1, minPrice: 1, maxPrice: AMOUNT_MAX, attributes: {} },
    })),
    ...RINGS.map(asset => {
      const kind = 'instance' as const;
      return { kind, asset, name: `ring#${asset}`, item: RING, attributes: {} };
    }),
  ],
};

/** Trades of two days at three places, some in each entry. */
function trading(count: number): FactGroup[] {
  const random = new Random(5);
  const groups: FactGroup[] = [beginning as FactGroup, definitions];
  for (let id = 1; id <= count; ) {
    const facts: TradeFact[] = [];
    for (let some = random.between(1, 4); some > 0 && id <= count; some--) {
      const asset = random.pick([IRON, IRON, ...RINGS]);
      facts.push(
        trade(id++, asset, random.between(0, 2), random.between(1, 50), random.between(1, 9)),
      );
    }
    const atMs = T0 + Math.floor((id / 700) * 2 * DAY_MS);
    groups.push({ sequence: groups.length + 1, atMs, facts });
  }
  return groups;
}

async function project(groups: readonly FactGroup[], foldTrades: number, rowsMax = 7) {
  const reader = readerOf(rowsOf(groups), rowsMax);
  const options = { ...OPTIONS, foldTrades };
  const projector = await Projector.begin(test.database, client, reader, options);
  while (await projector.step());
  return projector;
}

async function read(query: string): Promise<unknown[]> {
  return (await client.query(query)).rows;
}

const FOLDED = `(select t.*, coalesce(n.item, t.asset) as item from trades as t
  left join instances as n on n.asset = t.asset
  where t.id <= (select folded_trade from projection))`;
const LATEST_DUE = `select item, location, id, asset, price, quantity, at_ms, taker_side from (
  select *, row_number() over (partition by item, location order by id desc) as newest
  from ${FOLDED} as t) as ranked where newest <= 50 order by id`;
const LATEST = `select item, location, id, asset, price, quantity, at_ms, taker_side
  from latest_trades order by id`;
const QUARTERS_DUE = `select at_ms / ${QUARTER_MS} as bucket, item, location,
  (array_agg(price order by id))[1] as open, max(price) as high, min(price) as low,
  sum(quantity)::bigint as volume, count(*) as trades
  from ${FOLDED} as t group by 1, 2, 3 order by 1, 2, 3`;
const QUARTERS = `select bucket, item, location, open, high, low, volume, trades
  from market_quarters order by bucket, item, location`;

describe('trades that are folded', () => {
  it.each([1, 2, 13, 100, 700])(
    'by %i are the latest 50 of each market, and its quarters',
    async n => {
      await project(trading(700), n);
      const [{ folded }] = (await read('select folded_trade as folded from projection')) as [
        { folded: number },
      ];
      expect(folded).toBeGreaterThan(700 - n);
      expect(await read(LATEST)).toEqual(await read(LATEST_DUE));
      expect(await read(QUARTERS)).toEqual(await read(QUARTERS_DUE));
      const perMarket = await read(
        'select count(*) as count from latest_trades group by item, location',
      );
      expect(perMarket).toEqual(Array.from({ length: 6 }, () => ({ count: 50 })));
    },
  );

  it('are left in their own table until enough have come together', async () => {
    const groups = trading(99);
    await project(groups, 100);
    expect(await read('select folded_trade from projection')).toEqual([{ folded_trade: 0 }]);
    expect(await read(LATEST)).toEqual([]);
    const [sequence, facts] = [groups.length + 1, [trade(100, IRON, 0, 5)]];
    await project([...groups, { sequence, atMs: T0 + DAY_MS, facts }], 100);
    expect(await read('select folded_trade from projection')).toEqual([{ folded_trade: 100 }]);
  });

  it('make a volume of 2^53 - 1 at most', async () => {
    const facts = [1, 2, 3].map(id => trade(id, IRON, 0, 5, AMOUNT_MAX));
    const groups = [beginning as FactGroup, definitions];
    await project([...groups, { sequence: 3, atMs: T0, facts: facts.slice(0, 2) }], 1);
    await project(
      [
        ...groups,
        { sequence: 3, atMs: T0, facts: facts.slice(0, 2) },
        { sequence: 4, atMs: T0, facts: facts.slice(2) },
      ],
      1,
    );
    expect(await read('select volume, trades from market_quarters')).toEqual([
      { volume: AMOUNT_MAX, trades: 3 },
    ]);
  });

  it('are forgotten by quarters a day later, and of the latest nothing is', async () => {
    const projector = await project(trading(700), 1);
    const latest = await read(LATEST);
    while (await projector.prune());
    const first = Math.floor((projector.standing.atMs - DAY_MS) / QUARTER_MS);
    const due = (await read(QUARTERS_DUE)) as { bucket: number }[];
    expect(await read(QUARTERS)).toEqual(due.filter(({ bucket }) => bucket >= first));
    expect(await read(LATEST)).toEqual(latest);
  });

  it('are whole after a fold that was interrupted at any statement', async () => {
    const groups = trading(60);
    await project(groups, 1e6);
    let stops = 0;
    for (let budget = 0; ; budget++) {
      const [id, sequence] = [61 + budget, groups.length + 1];
      groups.push({ sequence, atMs: T0 + 3 * DAY_MS, facts: [trade(id, IRON, 0, 5)] });
      const before = [await read(LATEST), await read(QUARTERS)];
      if (await foldFor(budget, groups)) break;
      stops++;
      expect([await read(LATEST), await read(QUARTERS)]).toEqual(before);
    }
    expect(stops).toBeGreaterThan(4);
    expect(await read(LATEST)).toEqual(await read(LATEST_DUE));
    expect(await read(QUARTERS)).toEqual(await read(QUARTERS_DUE));
  });

  it('are folded by one projector alone', async () => {
    const groups = trading(60);
    const other = await test.client();
    const reader = readerOf(rowsOf(groups), 100);
    const options = { ...OPTIONS, foldTrades: 50 };
    const slow = await Projector.begin(test.database, other, reader, options);
    await client.query('update projection set folded_trade = 7');
    await expect(slow.step()).rejects.toThrow(TablesMovedError);
    await other.query('rollback');
    expect(await read(LATEST)).toEqual([]);
  });
});

/** Projects, and folds until `budget` statements were sent; then it loses the connection. */
async function foldFor(budget: number, groups: readonly FactGroup[]): Promise<boolean> {
  const own = await test.client();
  let left = budget;
  let isMoved = false;
  let isFolding = false;
  const query = (first: unknown, ...rest: unknown[]): unknown => {
    const text = first instanceof Object && 'text' in first ? String(first.text) : String(first);
    if (text === 'begin' && isMoved) isFolding = true;
    if (text === 'commit') isMoved = true;
    if (!isFolding || left-- > 0) return Reflect.apply(own.query, own, [first, ...rest]);
    return own.end().then(() => Promise.reject(new Error('cut')));
  };
  const counted = { query } as unknown as Pick<pg.Client, 'query'>;
  const options = { ...OPTIONS, foldTrades: 20 };
  const reader = readerOf(rowsOf(groups), 3);
  try {
    const projector = await Projector.begin(test.database, counted, reader, options);
    while (await projector.step());
    return true;
  } catch (error) {
    expect((error as Error).message).toBe('cut');
    return false;
  }
}
