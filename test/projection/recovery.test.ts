// An engine is loaded wherever the tables stand: from what they say, and from the journal behind
// that. The tables may be level with the journal, or have seen nothing of it.

import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Fact, TradeFact } from '../../src/engine/fact.ts';
import type { Rules } from '../../src/engine/rules.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import type { JournalReader } from '../../src/journal/journal.ts';
import { PostgresJournal } from '../../src/journal/postgres-journal.ts';
import { PostgresJournalReader } from '../../src/journal/postgres-reader.ts';
import { Preparation } from '../../src/preparation.ts';
import { Projector } from '../../src/projection/projector.ts';
import { MarketPast } from '../../src/realm/market-past.ts';
import { loadEngine, Recovery } from '../../src/recovery.ts';
import { Random } from '../sim/random.ts';
import { randomRules, Workload } from '../sim/workload.ts';
import { openTestDatabase, quiet, type TestDatabase } from '../support/postgres.ts';

const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e9, keyRetentionMs: 1e9 };
const ENTRIES = 400;
const ENTRIES_PER_ROW = 4;
/** Rows that the tables are behind, and trades that are folded together. */
const FOLDS = [
  [150, 1e6],
  [120, 7],
  [60, 1],
  [30, 1e6],
  [0, 3],
] as const;

let test: TestDatabase;
let client: pg.Client;
let journal: PostgresJournal;
let rules: Rules;
let live: Engine;
let workload: Workload;
/** The position of the last row. */
let last = 0;
let epoch = 0;
let traded: { readonly fact: TradeFact; readonly atMs: number }[] = [];

beforeEach(async () => {
  test = await openTestDatabase();
  client = await test.client();
  journal = new PostgresJournal(test.database, quiet);
  ({ epoch, position: last } = await journal.claim());
  const random = new Random(77);
  rules = { ...randomRules(random), emptyAccountsMax: 1 };
  live = new Engine(rules);
  workload = new Workload(random);
  traded = [];
});
afterEach(async () => {
  await journal.close();
  await test.close();
});

/** Some of a day of trading, in rows of a few entries each. */
async function trade(entries: number): Promise<void> {
  const writer = new FactWriter();
  for (let n = 1; n <= entries; n++) {
    const entry = workload.next();
    const applied = live.apply(entry);
    workload.observe(entry, applied);
    const facts = applied.output.filter((one): one is Fact => one.kind !== 'level');
    for (const fact of facts) {
      if (fact.kind === 'trade') traded.push({ fact, atMs: entry.atMs });
    }
    if (facts.length > 0) {
      writer.group(applied.sequence, entry.atMs);
      for (const fact of facts) writer.fact(fact);
    }
    if (n % ENTRIES_PER_ROW > 0 && n < entries) continue;
    const { sequence, changedAtMs: atMs } = live.state;
    last = await journal.append({ sequence, atMs, facts: writer.bytes });
    writer.reset();
  }
}

async function count(table: string): Promise<number> {
  const { rows } = await client.query(`select count(*) as count from ${table}`);
  return rows[0].count;
}

/** Brings the tables to `position`. */
async function project(position: number, foldTrades = 20): Promise<void> {
  const rows = new PostgresJournalReader(client);
  const reader: JournalReader = {
    readAfter: async (after, bytesMax) =>
      (await rows.readAfter(after, bytesMax)).filter(row => row.position <= position),
  };
  const projector = await Projector.begin(test.database, client, reader, {
    ...OPTIONS,
    foldTrades,
    trimsKeys: true,
    livedStepMaxMs: rules.livedStepMaxMs,
  });
  while (await projector.step());
}

describe('an engine that is loaded', () => {
  it('is the live one, however far the tables are behind the journal', async () => {
    await trade(ENTRIES);
    for (const lag of [last, 60, 30, 7, 1, 0]) {
      await project(last - lag);
      const loaded = await loadEngine(test.database, rules, quiet);
      expect(loaded.hash(), `${lag} rows behind`).toBe(live.hash());
      expect(auditState(loaded.state)).toEqual([]);
    }
  });

  it('goes on with what is written while and after it is loaded', async () => {
    await trade(ENTRIES / 2);
    await project(last - 10);
    const recovery = new Recovery(test.database, rules, quiet);
    const loading = recovery.load();
    await trade(40);
    await loading;
    for (let n = 0; n < 5; n++) {
      await trade(12);
      await recovery.follow();
      expect(recovery.standing).toMatchObject({ position: last, epoch });
    }
    recovery.resume();
    recovery.close();
    expect(recovery.engine.hash()).toBe(live.hash());
  });

  it('stops at the row that is wanted, and has nothing of the next', async () => {
    await trade(60);
    const [position, hash] = [last, live.hash()];
    await trade(60);
    const recovery = new Recovery(test.database, rules, quiet);
    await recovery.load(position - 5);
    expect(recovery.standing.position).toBe(position - 5);
    await recovery.follow(position);
    expect(recovery.standing.position).toBe(position);
    recovery.resume();
    recovery.close();
    expect(recovery.engine.hash()).toBe(hash);
  });

  it('knows the past of every market, wherever tables and folded trades stand', async () => {
    await trade(ENTRIES * 3);
    const told = new MarketPast();
    const markets = new Map<string, readonly [number, number]>();
    for (const { fact, atMs } of traded) {
      const { id, asset, location, price, quantity, takerSide } = fact;
      const item = live.state.market(asset).item.asset;
      const name = live.state.assetNames.name(asset);
      told.of(item, location).add([id, name, price, quantity, takerSide, atMs]);
      markets.set(`${item} ${location}`, [item, location]);
    }
    expect(markets.size).toBeGreaterThan(1);
    for (const [lag, foldTrades] of FOLDS) {
      await project(last - lag, foldTrades);
      const recovery = new Recovery(test.database, rules, quiet);
      await recovery.load();
      recovery.close();
      for (const [item, location] of markets.values()) {
        const [ours, theirs] = [recovery.past.of(item, location), told.of(item, location)];
        expect(ours.latest(50)).toEqual(theirs.latest(50));
        const { nowMs } = live.state;
        expect(ours.ticker.state(nowMs, 1, 2)).toEqual(theirs.ticker.state(nowMs, 1, 2));
      }
    }
    expect(await count('latest_trades')).toBeGreaterThan(0);
    expect(await count('market_quarters')).toBeGreaterThan(0);
  });
});

describe('a journal that is damaged behind the tables', () => {
  const DAMAGES = [
    ['delete from journal where position = $1', 'is missing'],
    // Some rows are without facts.
    [
      `update journal set facts = facts || '\\x00'::bytea where position = $1`,
      'was changed after it was written',
    ],
    [`update journal set digest = '' where position = $1`, 'was changed after it was written'],
  ] as const;

  it.each(DAMAGES)('is not loaded: %s', async (damage, fault) => {
    await trade(100);
    await project(last - 10);
    await client.query(damage, [last - 4]);
    const named = `The journal is damaged: its position ${last - 4} ${fault}.`;
    await expect(loadEngine(test.database, rules, quiet)).rejects.toThrow(named);
  });

  it.each(DAMAGES)('is not followed: %s', async (damage, fault) => {
    await trade(100);
    const recovery = new Recovery(test.database, rules, quiet);
    await recovery.load(last - 7);
    await client.query(damage, [last - 2]);
    await expect(recovery.follow()).rejects.toThrow(`its position ${last - 2} ${fault}.`);
    expect(recovery.standing.position).toBe(last - 3);
    recovery.close();
  });
});

describe('an engine that is made ready while another one leads', () => {
  const prepare = () => new Preparation({ database: test.database, rules, log: quiet });

  it('is at the end of the journal when it is taken', async () => {
    await trade(100);
    const preparation = prepare();
    expect(preparation.isReady).toBe(false);
    await expect.poll(() => preparation.isReady).toBe(true);
    await trade(60);
    const recovery = await preparation.take();
    await recovery?.follow();
    recovery?.resume();
    recovery?.close();
    expect(recovery?.engine.hash()).toBe(live.hash());
  });

  it('is loaded to its end when it is taken before', async () => {
    await trade(100);
    const recovery = await prepare().take();
    recovery?.resume();
    recovery?.close();
    expect(recovery?.engine.hash()).toBe(live.hash());
  });

  it('is none when what the tables say cannot be', async () => {
    await trade(100);
    await project(last);
    await client.query('update accounts set available = available + 1 where id = 7');
    const preparation = prepare();
    expect(await preparation.take()).toBeNull();
    expect(preparation.isReady).toBe(false);
  });

  it('is none when it was dropped', async () => {
    await trade(40);
    const preparation = prepare();
    preparation.drop();
    expect(await preparation.take()).toBeNull();
    expect(preparation.isReady).toBe(false);
  });

  it('begins anew for as long as it fails', async () => {
    await trade(40);
    await client.query(`update journal set position = -position where position = $1`, [last - 3]);
    const preparation = prepare();
    await new Promise(resolve => setTimeout(resolve, 400));
    expect(preparation.isReady).toBe(false);
    await client.query(`update journal set position = -position where position < 0`);
    await expect.poll(() => preparation.isReady, { timeout: 5_000 }).toBe(true);
    const recovery = await preparation.take();
    recovery?.resume();
    recovery?.close();
    expect(recovery?.engine.hash()).toBe(live.hash());
  });

  it('is of no use once rows that it has not read are gone, as the tables show them', async () => {
    await trade(40);
    const recovery = new Recovery(test.database, rules, quiet);
    await recovery.load();
    const { position } = recovery.standing;
    await trade(40);
    await project(last);
    await client.query('delete from journal where position < $1', [last]);
    await expect(recovery.follow()).rejects.toThrow(`its position ${position + 1} is missing`);
    recovery.close();
    expect((await loadEngine(test.database, rules, quiet)).hash()).toBe(live.hash());
  });
});
