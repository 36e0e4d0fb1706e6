// What becomes of what is set aside: what it halts, an engine that is loaded from the tables with
// it, and the tables once it is settled.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { decodeGroups } from '../../src/journal/fact-reader.ts';
import { mend, settleMended } from '../../src/projection/mend.ts';
import { Quarantine } from '../../src/projection/quarantine.ts';
import { loadEngine } from '../../src/recovery.ts';
import { rowsOf } from '../support/journal-rows.ts';
import { quiet } from '../support/postgres.ts';
import {
  databases,
  groups,
  later,
  offer,
  RefusingTables,
  TABLES,
} from '../support/refusing-tables.ts';

describe.each(databases)('on %s', (_, url) => {
  let tables: RefusingTables;

  beforeAll(async () => {
    tables = await RefusingTables.open(url);
  });
  afterAll(() => tables.close());
  beforeEach(() => tables.empty());

  it('halts what depends on it', async () => {
    const nothing = { everything: false, assets: [], offers: [], windows: [], players: [] };
    for (const [table, when, halts] of [
      ['offers', 'new.id = 1', { offers: [1] }],
      ['windows', 'new.id = 3', { windows: [3] }],
      ['manifests', 'true', { windows: [1, 3] }],
      ['orders', 'new.id = 1', { assets: [1] }],
      ['trades', 'new.id = 3', { assets: [3] }],
      ['accounts', 'new.asset = 1', { assets: [1] }],
      ['items', 'new.asset = 1', { assets: [1] }],
      ['players', 'new.id = 2', { everything: true }],
      ['locations', 'new.id = 0', { everything: true }],
      ['blocks', 'true', {}],
      ['transfers', 'true', {}],
      ['keys', 'true', {}],
    ] as const) {
      await tables.empty();
      await tables.refusing(table, when, async () => {
        const { quarantine } = await tables.project(rowsOf(groups));
        expect(quarantine.unsettled.length, table).toBeGreaterThan(0);
        expect(quarantine.suspension(), table).toEqual({ ...nothing, ...halts });
      });
    }
  });

  it('an engine is given what the tables lack, each thing in its place', async () => {
    const ids = async (table: string, column: string) =>
      (await tables.client.query(`select ${column} as id from ${table} order by 1`)).rows.map(
        ({ id }) => `new.${column} = ${id}`,
      );
    await tables.project(rowsOf(groups));
    const whole = (await loadEngine(tables.database, DEFAULT_RULES, quiet)).hash();
    const cases: [string, string][] = [
      ['players', 'true'],
      ['accounts', 'true'],
      ['offers', 'true'],
      ['windows', 'true'],
      ['blocks', 'true'],
      ['privacy', 'true'],
      ['friends', 'true'],
      ['manifests', 'true'],
      ['keys', 'true'],
      ['trades', 'true'],
      ['transfers', 'true'],
      ['window_log', 'true'],
    ];
    for (const [table, column] of [
      ['players', 'id'],
      ['locations', 'id'],
      ['items', 'asset'],
      ['instances', 'asset'],
      ['accounts', 'id'],
      ['orders', 'id'],
      ['windows', 'id'],
      ['offers', 'id'],
    ] as const) {
      const each = await ids(table, column);
      for (const at of [0, -1]) cases.push([table, each.at(at) as string]);
    }
    expect(cases.length).toBeGreaterThan(25);
    for (const [table, when] of cases) {
      await tables.empty();
      await tables.refusing(table, when, async () => {
        await tables.project(rowsOf(groups), 4);
        expect((await tables.aside()).length, `${table} ${when}`).toBeGreaterThan(0);
        const loaded = await loadEngine(tables.database, DEFAULT_RULES, quiet);
        expect(auditState(loaded.state)).toEqual([]);
        // Where a place or an item is missing, the tables do not know what was paid last.
        if (table === 'locations' || table === 'items') return;
        expect(loaded.hash(), `${table} ${when}`).toBe(whole);
      });
    }
  }, 120_000);

  it('what is settled is in the tables, and is no more set aside', async () => {
    await tables.project(rowsOf([...groups, later(1, [offer(10, 'g\0g\u202e!')])]));
    const { unsettled } = await Quarantine.read(tables.client);
    for (const each of unsettled) {
      await settleMended(tables.database, tables.client, each, mend(each.fact));
    }
    expect(await tables.offers()).toEqual([{ id: 10, message: 'gg!' }]);
    const how = 'message: "g\\u0000g\\u202e!" became "gg!"';
    expect(await tables.aside()).toMatchObject([{ settled_how: how }]);
    expect((await Quarantine.read(tables.client)).unsettled).toEqual([]);
    const [settled] = (await tables.client.query('select mended from quarantine')).rows;
    expect(decodeGroups(settled.mended)).toEqual([later(1, [offer(10, 'gg!')])]);
  });

  it('whatever was refused, settling it later makes the tables that would have been', async () => {
    await tables.project(rowsOf(groups));
    const contents = async () => {
      const all: unknown[] = [];
      for (const table of TABLES) {
        all.push([
          table,
          (await tables.client.query(`select * from ${table} as t order by t::text`)).rows,
        ]);
      }
      return all;
    };
    const whole = await contents();
    for (const table of [
      'accounts',
      'orders',
      'windows',
      'window_log',
      'offers',
      'trades',
      'keys',
    ]) {
      await tables.empty();
      await tables.refusing(table, 'true', async () => {
        await tables.project(rowsOf(groups), 4);
      });
      const { unsettled } = await Quarantine.read(tables.client);
      expect(unsettled.length, table).toBeGreaterThan(0);
      for (const each of unsettled) {
        await settleMended(tables.database, tables.client, each, mend(each.fact));
      }
      expect(await contents(), table).toEqual(whole);
    }
  }, 60_000);
});
