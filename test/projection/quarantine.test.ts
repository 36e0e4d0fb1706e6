// What the tables refuse: exactly that is set aside, and the rest goes in; bounded, whatever comes.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../src/engine/fact.ts';
import { decodeGroups } from '../../src/journal/fact-reader.ts';
import {
  AUTHOR_FACTS_MAX,
  QUARANTINE_MAX,
  QuarantineFullError,
} from '../../src/projection/quarantine.ts';
import { ANN, BOB, balance, listing } from '../support/facts.ts';
import { rowsOf } from '../support/journal-rows.ts';
import {
  databases,
  groups,
  last,
  later,
  offer,
  RefusingTables,
} from '../support/refusing-tables.ts';
import { testKey } from '../support/test-key.ts';

describe.each(databases)('on %s', (_, url) => {
  let tables: RefusingTables;

  beforeAll(async () => {
    tables = await RefusingTables.open(url);
  });
  afterAll(() => tables.close());
  beforeEach(() => tables.empty());

  it('a NUL in the message of an offer sets that fact aside, and nothing else', async () => {
    const rows = rowsOf([...groups, later(1, [offer(10, 'gg'), offer(11, 'g\0g'), offer(12, '')])]);
    await tables.project(rows);
    expect(await tables.offers()).toEqual([
      { id: 10, message: 'gg' },
      { id: 12, message: '' },
    ]);
    const [found, ...rest] = await tables.aside();
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
    const { rows: stand } = await tables.client.query(
      'select position, last_offer from projection',
    );
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
      await tables.empty();
      await tables.project(rowsOf([...groups, ...more]), rowsMax);
      const ids = Array.from({ length: 80 }, (_, i) => 100 + i);
      expect((await tables.offers()).map(({ id }) => id)).toEqual(ids.filter(id => !bad(id)));
      expect((await tables.aside()).map(({ subject }) => subject)).toEqual(
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
      { kind: 'decided', player: ANN, key: testKey('k\0'), digest: 1, ok: true, body: {} },
      '22021',
      `decided ${last.sequence + 1} 0`,
    ],
  ] as const)('%s is set aside', async (_what, fact, sqlstate, subject) => {
    await tables.project(rowsOf([...groups, later(1, [fact as Fact, offer(10, 'gg')])]));
    expect(await tables.aside()).toMatchObject([{ subject, sqlstate }]);
    expect(await tables.offers()).toHaveLength(1);
  });

  it('an outage is none: it is reported, and nothing is set aside', async () => {
    await tables.project(rowsOf(groups));
    await tables.client.query('alter table offers rename to offers_away');
    try {
      const rows = rowsOf([...groups, later(1, [offer(10, 'gg')])]);
      await expect(tables.project(rows)).rejects.toThrow('offers');
      await tables.client.query('rollback');
    } finally {
      await tables.client.query('alter table offers_away rename to offers');
    }
    expect(await tables.aside()).toEqual([]);
  });

  it('a later fact of the same thing takes its place, in the tables or set aside', async () => {
    const bad = rowsOf([...groups, later(1, [offer(10, '\0'), offer(11, '\0')])]);
    await tables.project(bad);
    const good = { ...offer(10, 'gg'), status: 'cancelled' } as const;
    const worse = { ...offer(11, '\0'), status: 'accepted' } as const;
    const projector = await tables.project([
      ...bad,
      ...rowsOf([...groups, later(1, []), later(2, [good, worse])]).slice(bad.length),
    ]);
    expect(await tables.offers()).toEqual([{ id: 10, message: 'gg' }]);
    const superseded = 'superseded by a later fact of the same thing';
    expect(await tables.aside()).toMatchObject([
      { subject: 'offer 10', is_last: false, settled_how: superseded },
      { subject: 'offer 11', is_last: false, settled_how: superseded },
      { subject: 'offer 11', is_last: true, settled_how: null },
    ]);
    expect(projector.quarantine.unsettled).toMatchObject([
      { sequence: last.sequence + 2, fact: { status: 'accepted' } },
    ]);
  });

  it('a player whose facts fail again and again is named as such', async () => {
    const bad = (count: number) =>
      rowsOf([
        ...groups,
        later(
          1,
          Array.from({ length: count }, (_, i) => offer(10 + i, '\0')),
        ),
      ]);
    const few = await tables.project(bad(AUTHOR_FACTS_MAX - 1));
    expect(few.quarantine.suspension().players).toEqual([]);
    await tables.empty();
    const many = await tables.project(bad(AUTHOR_FACTS_MAX));
    expect(many.quarantine.suspension().players).toEqual([ANN]);
  });

  it('the tables stand still when too many are set aside, and lose nothing', async () => {
    const rows = rowsOf([...groups, later(1, [offer(10, '\0'), offer(11, '\0')])]);
    await tables.project(rows.slice(0, -1));
    await tables.client.query(
      `insert into quarantine select i, 0, 1, 0, 0, 'block', 'block 1 ' || i, $1, '', '', 0, true
       from generate_series(1000, 999 + $2) as i`,
      [rowsOf([later(1, [{ kind: 'privacy', player: BOB, closed: true }])])[1]?.facts, 9_999],
    );
    expect(QUARANTINE_MAX).toBe(10_000);
    await expect(tables.project(rows)).rejects.toThrow(QuarantineFullError);
    await tables.client.query('rollback');
    const { rows: stand } = await tables.client.query('select position from projection');
    expect(stand).toEqual([{ position: rows.length - 1 }]);
    await tables.client.query('delete from quarantine where sequence = 1000');
    await tables.project(rows);
    expect((await tables.aside()).filter(({ kind }) => kind === 'offer')).toHaveLength(2);
  });
});
