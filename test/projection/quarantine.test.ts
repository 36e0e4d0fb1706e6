// What the tables refuse: exactly that is set aside, the rest goes in, and an engine that is loaded
// from both is the engine that the facts came from. On a server and on the embedded database.

import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import type { Fact, FactGroup, OfferFact } from '../../src/engine/fact.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { decodeGroups } from '../../src/journal/fact-reader.ts';
import type { JournalRow } from '../../src/journal/journal.ts';
import { mend, settleMended } from '../../src/projection/mend.ts';
import { Projector } from '../../src/projection/projector.ts';
import {
  AUTHOR_FACTS_MAX,
  QUARANTINE_MAX,
  Quarantine,
  QuarantineFullError,
} from '../../src/projection/quarantine.ts';
import { loadEngine } from '../../src/recovery.ts';
import { directGroups } from '../support/direct-facts.ts';
import { ANN, BOB, balance, listing, sampleGroups, T0 } from '../support/facts.ts';
import { readerOf, rowsOf } from '../support/journal-rows.ts';
import { openTestDatabase, quiet, serverUrl, type TestDatabase } from '../support/postgres.ts';

const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e6, keyRetentionMs: 1e6 };
const TABLES = `accounts, blocks, instances, items, keys, locations, manifests, offers, orders, players,
  privacy, trades, transfers, window_log, windows, quarantine, journal`;
const EMPTY = `truncate ${TABLES};
  update projection set position = 0, epoch = 0, sequence = 0, at_ms = 0,
    last_order = 0, last_trade = 0, last_window = 0, last_offer = 0`;

const groups = [...sampleGroups, ...directGroups];
const last = groups.at(-1) as FactGroup;

const PLACES = [
  ['Postgres', serverUrl],
  ['the embedded database', null],
] as const;

describe.each(serverUrl === null ? PLACES.slice(1) : PLACES)('on %s', (_, url) => {
  let test: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    test = await openTestDatabase(url);
    client = await test.client();
    await client.query(`create function refuse() returns trigger language plpgsql as $$
      begin raise exception 'refused' using errcode = '22000'; end $$`);
  });
  afterAll(() => test.close());
  beforeEach(async () => {
    await client.query(EMPTY);
  });

  /** All rows in one round, or in as many as are needed; gives the projector. */
  async function project(rows: readonly JournalRow[], rowsMax = 1_000): Promise<Projector> {
    const reader = readerOf(rows, rowsMax);
    const projector = await Projector.begin(test.database, client, reader, OPTIONS);
    while (await projector.step());
    return projector;
  }

  async function aside(): Promise<Record<string, unknown>[]> {
    const { rows } = await client.query(
      `select sequence, step, position, at_ms, kind, subject, fact, sqlstate, is_last, settled_how
       from quarantine order by sequence, step`,
    );
    return rows;
  }

  /** Runs `work` while the table refuses every row that `when` says. */
  async function refusing(table: string, when: string, work: () => Promise<void>): Promise<void> {
    await client.query(`create trigger refusal before insert or update on ${table}
      for each row when (${when}) execute function refuse()`);
    try {
      await work();
    } finally {
      await client.query(`drop trigger refusal on ${table}`);
    }
  }

  const offers = async () =>
    (await client.query('select id, message from offers where id > 9 order by id')).rows;

  it('a NUL in the message of an offer sets that fact aside, and nothing else', async () => {
    const rows = rowsOf([...groups, later(1, [offer(10, 'gg'), offer(11, 'g\0g'), offer(12, '')])]);
    await project(rows);
    expect(await offers()).toEqual([
      { id: 10, message: 'gg' },
      { id: 12, message: '' },
    ]);
    const [found, ...rest] = await aside();
    expect(rest).toEqual([]);
    expect(found).toMatchObject({
      sequence: last.sequence + 1,
      step: 1,
      position: rows.length,
      at_ms: last.atMs + 1,
      kind: 'offer',
      subject: 'offer 11',
      sqlstate: expect.stringMatching(/^22/),
      is_last: true,
      settled_how: null,
    });
    expect(decodeGroups(found?.fact as Uint8Array)).toEqual([later(1, [offer(11, 'g\0g')])]);
    const { rows: stand } = await client.query('select position, last_offer from projection');
    expect(stand).toEqual([{ position: rows.length, last_offer: 12 }]);
  });

  it('many of them, in many rows and rounds, are found one by one', async () => {
    const bad = (id: number) => id % 7 === 0 || id % 11 === 0;
    const more = Array.from({ length: 40 }, (_, i) =>
      later(
        i + 1,
        [100 + 2 * i, 101 + 2 * i].map(id => offer(id, bad(id) ? '\0' : 'gg')),
      ),
    );
    for (const rowsMax of [1_000, 3]) {
      await client.query(EMPTY);
      await project(rowsOf([...groups, ...more]), rowsMax);
      const ids = Array.from({ length: 80 }, (_, i) => 100 + i);
      expect((await offers()).map(({ id }) => id)).toEqual(ids.filter(id => !bad(id)));
      expect((await aside()).map(({ subject }) => subject)).toEqual(
        ids.filter(bad).map(id => `offer ${id}`),
      );
    }
  });

  it.each([
    ['a balance below zero', balance('annCoins', -1), '23514', 'account 2'],
    [
      'a number that its column does not hold',
      { ...listing(3), id: 50, player: 2 ** 31 },
      '',
      'order 50',
    ],
    ['a name that another has', { kind: 'player', player: 99, name: 'ann' }, '23505', 'player 99'],
    [
      'an answer under a key that no text can be',
      { kind: 'decided', player: ANN, key: 'k\0', digest: 1, ok: true, body: {} },
      '22021',
      `decided ${last.sequence + 1} 0`,
    ],
  ] as const)('%s is set aside', async (_what, fact, sqlstate, subject) => {
    await project(rowsOf([...groups, later(1, [fact as Fact, offer(10, 'gg')])]));
    expect(await aside()).toMatchObject([{ subject, sqlstate }]);
    expect(await offers()).toHaveLength(1);
  });

  it('an outage is none: it is reported, and nothing is set aside', async () => {
    await project(rowsOf(groups));
    await client.query('alter table offers rename to offers_away');
    try {
      const rows = rowsOf([...groups, later(1, [offer(10, 'gg')])]);
      await expect(project(rows)).rejects.toThrow('offers');
      await client.query('rollback');
    } finally {
      await client.query('alter table offers_away rename to offers');
    }
    expect(await aside()).toEqual([]);
  });

  it('a later fact of the same thing takes its place, in the tables or set aside', async () => {
    const bad = rowsOf([...groups, later(1, [offer(10, '\0'), offer(11, '\0')])]);
    await project(bad);
    const good = { ...offer(10, 'gg'), status: 'cancelled' } as const;
    const worse = { ...offer(11, '\0'), status: 'accepted' } as const;
    const projector = await project([
      ...bad,
      ...rowsOf([...groups, later(1, []), later(2, [good, worse])]).slice(bad.length),
    ]);
    expect(await offers()).toEqual([{ id: 10, message: 'gg' }]);
    const superseded = 'superseded by a later fact of the same thing';
    expect(await aside()).toMatchObject([
      { subject: 'offer 10', is_last: false, settled_how: superseded },
      { subject: 'offer 11', is_last: false, settled_how: superseded },
      { subject: 'offer 11', is_last: true, settled_how: null },
    ]);
    expect(projector.quarantine.unsettled).toMatchObject([
      { sequence: last.sequence + 2, fact: { status: 'accepted' } },
    ]);
  });

  it('says what must not go on: the offer, the window, the item; all for money and names', async () => {
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
      await client.query(EMPTY);
      await refusing(table, when, async () => {
        const { quarantine } = await project(rowsOf(groups));
        expect(quarantine.unsettled.length, table).toBeGreaterThan(0);
        expect(quarantine.suspension(), table).toEqual({ ...nothing, ...halts });
      });
    }
  });

  it('an engine is given what the tables lack, each thing in its place', async () => {
    const ids = async (table: string, column: string) =>
      (await client.query(`select ${column} as id from ${table} order by 1`)).rows.map(
        ({ id }) => `new.${column} = ${id}`,
      );
    await project(rowsOf(groups));
    const whole = (await loadEngine(test.database, DEFAULT_RULES, quiet)).hash();
    const cases: [string, string][] = [
      ['players', 'true'],
      ['accounts', 'true'],
      ['offers', 'true'],
      ['windows', 'true'],
      ['blocks', 'true'],
      ['privacy', 'true'],
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
      await client.query(EMPTY);
      await refusing(table, when, async () => {
        await project(rowsOf(groups), 4);
        expect((await aside()).length, `${table} ${when}`).toBeGreaterThan(0);
        const loaded = await loadEngine(test.database, DEFAULT_RULES, quiet);
        expect(auditState(loaded.state)).toEqual([]);
        // Where a place or an item is missing, the tables do not know what was paid last.
        if (table === 'locations' || table === 'items') return;
        expect(loaded.hash(), `${table} ${when}`).toBe(whole);
      });
    }
  }, 120_000);

  it('what is settled is in the tables as it should have been, and is no more set aside', async () => {
    await project(rowsOf([...groups, later(1, [offer(10, 'g\0g\u202e!')])]));
    const { unsettled } = await Quarantine.read(client);
    for (const each of unsettled) {
      await settleMended(test.database, client, each, mend(each.fact));
    }
    expect(await offers()).toEqual([{ id: 10, message: 'gg!' }]);
    const how = 'message: "g\\u0000g\\u202e!" became "gg!"';
    expect(await aside()).toMatchObject([{ settled_how: how }]);
    expect((await Quarantine.read(client)).unsettled).toEqual([]);
    const [settled] = (await client.query('select mended from quarantine')).rows;
    expect(decodeGroups(settled.mended)).toEqual([later(1, [offer(10, 'gg!')])]);
  });

  it('whatever was refused, settling it later makes the tables that would have been', async () => {
    await project(rowsOf(groups));
    const contents = async () => {
      const all: unknown[] = [];
      for (const table of TABLES.split(',').slice(0, -2)) {
        all.push([
          table,
          (await client.query(`select * from ${table} as t order by t::text`)).rows,
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
      await client.query(EMPTY);
      await refusing(table, 'true', async () => {
        await project(rowsOf(groups), 4);
      });
      const { unsettled } = await Quarantine.read(client);
      expect(unsettled.length, table).toBeGreaterThan(0);
      for (const each of unsettled) {
        await settleMended(test.database, client, each, mend(each.fact));
      }
      expect(await contents(), table).toEqual(whole);
    }
  }, 60_000);

  it('a player whose facts fail again and again is named as such', async () => {
    const bad = (count: number) =>
      rowsOf([
        ...groups,
        later(
          1,
          Array.from({ length: count }, (_, i) => offer(10 + i, '\0')),
        ),
      ]);
    const few = await project(bad(AUTHOR_FACTS_MAX - 1));
    expect(few.quarantine.suspension().players).toEqual([]);
    await client.query(EMPTY);
    const many = await project(bad(AUTHOR_FACTS_MAX));
    expect(many.quarantine.suspension().players).toEqual([ANN]);
  });

  it('the tables stand still when too many are set aside, and lose nothing', async () => {
    const rows = rowsOf([...groups, later(1, [offer(10, '\0'), offer(11, '\0')])]);
    await project(rows.slice(0, -1));
    await client.query(
      `insert into quarantine select i, 0, 1, 0, 'block', 'block 1 ' || i, $1, '', '', 0, true
       from generate_series(1000, 999 + $2) as i`,
      [rowsOf([later(1, [{ kind: 'privacy', player: BOB, closed: true }])])[1]?.facts, 9_999],
    );
    expect(QUARANTINE_MAX).toBe(10_000);
    await expect(project(rows)).rejects.toThrow(QuarantineFullError);
    await client.query('rollback');
    const { rows: stand } = await client.query('select position from projection');
    expect(stand).toEqual([{ position: rows.length - 1 }]);
    await client.query('delete from quarantine where sequence = 1000');
    await project(rows);
    expect((await aside()).filter(({ kind }) => kind === 'offer')).toHaveLength(2);
  });
});

/** Facts of one entry, so many entries after the little history. */
function later(steps: number, facts: Fact[]): FactGroup {
  return { sequence: last.sequence + steps, atMs: last.atMs + steps, facts };
}

function offer(id: number, message: string): OfferFact {
  return {
    kind: 'offer',
    id,
    maker: ANN,
    taker: BOB,
    give: [],
    want: [],
    message,
    status: 'open',
    createdAtMs: T0,
    expiresAtMs: T0 + 1e9,
    counterOf: 0,
  };
}
