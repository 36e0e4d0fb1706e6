import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../protocol/commands/registry.ts';
import { meSnapshot } from '../../protocol/events.ts';
import { REPORTS_PER_DAY_MAX } from '../../protocol/limits.ts';
import { Projector } from '../../src/projection/projector.ts';
import { answerDirect } from '../../src/reads/direct-reader.ts';
import { getOffer, getOwnOffers } from '../../src/reads/offers.ts';
import { getPrivateSnapshot } from '../../src/reads/private-snapshot.ts';
import { getWindow } from '../../src/reads/window-history.ts';
import { getReports, reportWindow } from '../../src/reads/window-reports.ts';
import { getBlocked, getOwnWindows } from '../../src/reads/windows.ts';
import { directGroups, MANIFEST_1, MANIFEST_3, T1 } from '../support/direct-facts.ts';
import { sampleGroups, T0 } from '../support/facts.ts';
import { readerOf, rowsOf } from '../support/journal-rows.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let client: pg.Client;

const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e6, keyRetentionMs: 1e6 };
const ANN = { player: 'ann', role: 'player' };
const groups = [...sampleGroups, ...directGroups];

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
  const reader = readerOf(rowsOf(groups), 7);
  const projector = await Projector.begin(test.database, client, reader, OPTIONS);
  while (await projector.step());
});
afterAll(() => test.close());

const coins = (quantity: number) => ({ asset: 'coins', location: 'main', quantity });
const ore = (quantity: number) => ({ asset: 'ore', location: 'main', quantity });
const sword = { asset: 'sword#1', location: 'main', quantity: 1 };

const get = (window: number, who = ANN) => getWindow(client, who, { window }, 'en-US');

async function pagesOf(window: number, limit: number) {
  const pages: NonNullable<Awaited<ReturnType<typeof get>>>[] = [];
  let before: number | null = null;
  do {
    const ask = before === null ? { window, limit } : { window, limit, before };
    const page = await getWindow(client, ANN, ask, 'en-US');
    if (page === null) throw new Error('there is no such window');
    pages.push(page);
    before = page.next;
  } while (before !== null);
  return pages;
}

const traded = {
  window: 1,
  status: 'done',
  reason: null,
  revision: 2,
  sides: [
    { player: 'ann', assets: [coins(500)], accepted: true, confirmed: true, present: true },
    { player: 'bob', assets: [ore(4)], accepted: true, confirmed: true, present: true },
  ],
  armedAtMs: T0 + 1_000,
  expiresAtMs: T0 + 30_000,
  manifest: MANIFEST_1.body.manifest,
} as const;

const invitation = {
  window: 4,
  status: 'invited',
  reason: null,
  revision: 0,
  sides: [
    { player: 'bob', assets: [], accepted: false, confirmed: false, present: false },
    { player: 'ann', assets: [], accepted: false, confirmed: false, present: true },
  ],
  armedAtMs: 0,
  // He who invited is away, and that is over before the invitation.
  expiresAtMs: T1 + 15_015,
  manifest: null,
} as const;

describe('windows.get', () => {
  it('shows a window with its manifest in digits and words', async () => {
    const found = await get(1);
    expect(found).toMatchObject({ window: traded, createdAtMs: T0 + 11 });
    expect(found?.manifests).toHaveLength(1);
    const [shown] = found?.manifests ?? [];
    expect(shown).toMatchObject(MANIFEST_1.body);
    expect(shown?.sides.map(side => side.assets.map(line => [line.digits, line.words]))).toEqual([
      [['500', 'five hundred']],
      [['4', 'four']],
    ]);
    expect(COMMANDS['windows.get'].result.parse(found)).toEqual(found);
  });

  it('says amounts in the language of the realm', async () => {
    const german = await getWindow(client, ANN, { window: 1 }, 'de-DE');
    expect(german?.manifests[0]?.sides[0].assets[0]?.words).toBe('fünfhundert');
  });

  it('tells what happened, by whom, and what it changed', async () => {
    const log = (await get(1))?.log ?? [];
    expect(log.map(entry => [entry.event, entry.player, entry.revision, entry.atMs - T0])).toEqual([
      ['done', 'bob', 2, 18],
      ['confirmed', 'ann', 2, 17],
      ['reviewed', 'bob', 2, 16],
      ['accepted', 'ann', 2, 15],
      ['put', 'bob', 2, 14],
      ['put', 'ann', 1, 13],
      ['joined', 'bob', 0, 12],
      ['invited', 'ann', 0, 11],
    ]);
    const added = { change: 'added', location: 'main', from: 0 };
    expect(log.flatMap(entry => entry.changes)).toEqual([
      { ...added, player: 'bob', asset: 'ore', to: 4 },
      { ...added, player: 'ann', asset: 'coins', to: 500 },
    ]);
  });

  it('goes page by page, with the manifests of each, whatever the pages are', async () => {
    const whole = await get(1);
    expect(whole?.next).toBe(null);
    for (const limit of [1, 2, 3, 7, 8]) {
      const pages = await pagesOf(1, limit);
      expect(pages.flatMap(({ log }) => log)).toEqual(whole?.log);
      expect(pages.flatMap(({ manifests }) => manifests)).toEqual(whole?.manifests);
      expect(pages).toHaveLength(Math.ceil(8 / limit));
    }
    // Two steps of one moment are never parted.
    const pages = await pagesOf(3, 1);
    const sizes = pages.map(({ log }) => log.length);
    expect(sizes.filter(size => size > 1)).toEqual([2]);
    expect(pages.flatMap(({ log }) => log)).toEqual((await get(3))?.log);
  });

  it('keeps the steps of one entry in their order, and says when it was nobody', async () => {
    const both = (await get(3))?.log.filter(({ atMs }) => atMs === T1 + 6);
    expect(both?.map(({ event }) => event)).toEqual(['put', 'joined']);
    const log = (await get(4))?.log.map(({ event, player }) => [event, player]);
    expect(log).toEqual([
      ['left', null],
      ['invited', 'bob'],
    ]);
  });

  it('is for the two players and the service role alone', async () => {
    expect(await get(1, { player: 'cat', role: 'player' })).toBe(null);
    expect(await get(1, { player: 'game', role: 'service' })).toMatchObject({ window: traded });
    expect(await get(9, { player: 'game', role: 'service' })).toBe(null);
    const answer = await answerDirect(
      client,
      'windows.get',
      { player: 'cat', role: 'player', payload: { window: 1 } },
      'en-US',
    );
    expect(answer).toMatchObject({ outcome: 'rejected', body: { code: 'WINDOW_NOT_FOUND' } });
  });

  it('says why a window was cancelled', async () => {
    const found = await get(2, { player: 'cat', role: 'player' });
    expect(found?.window).toMatchObject({ status: 'cancelled', reason: 'declined' });
  });
});

describe('windows.mine', () => {
  it('shows windows of either side, newest first, page by page', async () => {
    const first = await getOwnWindows(client, 'ann', { limit: 2 });
    expect(first.windows.map(({ window }) => window)).toEqual([4, 3]);
    expect(first.windows[0]).toEqual(invitation);
    expect(first.windows[1]).toMatchObject({
      status: 'review',
      manifest: MANIFEST_3.body.manifest,
    });
    const rest = await getOwnWindows(client, 'ann', { before: first.next as number });
    expect(rest).toEqual({ windows: [traded], next: null });
    expect(COMMANDS['windows.mine'].result.parse(first)).toEqual(first);
    expect(await getOwnWindows(client, 'nobody', {})).toEqual({ windows: [], next: null });
  });
});

describe('windows.blocked', () => {
  it("shows the player's own choices, as they are now", async () => {
    expect(await getBlocked(client, 'cat')).toEqual({ invitations: 'all', blocked: ['dan'] });
    expect(await getBlocked(client, 'bob')).toEqual({ invitations: 'none', blocked: [] });
    const untouched = { invitations: 'all', blocked: [] };
    expect(await getBlocked(client, 'ann')).toEqual(untouched);
    expect(await getBlocked(client, 'nobody')).toEqual(untouched);
  });
});

const REPORTED = { reported: true };

describe('windows.report', () => {
  it('keeps the first report of each player of a window, and none of others', async () => {
    const reported = { window: 1, reported: true };
    expect(await reportWindow(client, 'ann', { window: 1, reason: 'odd' })).toEqual(reported);
    expect(await reportWindow(client, 'ann', { window: 1, reason: 'again' })).toEqual(reported);
    expect(await reportWindow(client, 'bob', { window: 1, reason: 'he lies' })).toEqual(reported);
    expect(await reportWindow(client, 'cat', { window: 1, reason: 'me too' })).toBe('no-window');
    expect(await reportWindow(client, 'ann', { window: 9, reason: 'what' })).toBe('no-window');
    const first = await getReports(client, { limit: 1 });
    expect(first.reports).toMatchObject([{ window: 1, player: 'bob', reason: 'he lies' }]);
    expect(Math.abs((first.reports[0]?.atMs ?? 0) - Date.now())).toBeLessThan(60_000);
    const rest = await getReports(client, { before: first.next as number });
    expect(rest.reports).toMatchObject([{ window: 1, player: 'ann', reason: 'odd' }]);
    expect(rest.next).toBe(null);
    expect(COMMANDS['windows.reports'].result.parse(rest)).toEqual(rest);
  });

  it('takes so many of a player within a day, and the first ones again', async () => {
    const ofAnn = `player = (select id from players where name = 'ann')`;
    const many = `insert into window_reports (window_id, player, at_ms, reason)
      select 100 + n, (select id from players where name = 'ann'),
        extract(epoch from now()) * 1000, '' from generate_series(1, $1::int) as n`;
    await client.query('begin');
    await client.query(`delete from window_reports where ${ofAnn}`);
    await client.query(many, [REPORTS_PER_DAY_MAX - 1]);
    expect(await reportWindow(client, 'ann', { window: 1, reason: 'x' })).toMatchObject(REPORTED);
    expect(await reportWindow(client, 'ann', { window: 4, reason: 'x' })).toBe('too-many');
    const asking = { payload: { window: 4, reason: 'x' }, ...ANN };
    expect(await answerDirect(client, 'windows.report', asking, 'en-US')).toMatchObject({
      outcome: 'rejected',
      body: { code: 'LIMIT_REACHED', details: { limit: 'reports', max: REPORTS_PER_DAY_MAX } },
    });
    expect(await reportWindow(client, 'ann', { window: 1, reason: 'x' })).toMatchObject(REPORTED);
    expect(await reportWindow(client, 'bob', { window: 4, reason: 'x' })).toMatchObject(REPORTED);
    await client.query(`update window_reports set at_ms = at_ms - 24 * 3600000 where ${ofAnn}`);
    expect(await reportWindow(client, 'ann', { window: 4, reason: 'x' })).toMatchObject(REPORTED);
    await client.query('rollback');
  });
});

const swordForOre = {
  offer: 1,
  from: 'ann',
  to: 'bob',
  give: [sword],
  want: [ore(3)],
  message: 'tåk',
  status: 'open',
  createdAtMs: T1 + 10,
  expiresAtMs: T1 + 1_000_000,
  counterOf: null,
} as const;

describe('offers', () => {
  it('shows an offer to the two of it, also after it ended', async () => {
    expect(await getOffer(client, 'ann', { offer: 1 })).toEqual(swordForOre);
    expect(await getOffer(client, 'bob', { offer: 1 })).toEqual(swordForOre);
    expect(await getOffer(client, 'cat', { offer: 1 })).toBe(null);
    expect(await getOffer(client, 'nobody', { offer: 1 })).toBe(null);
    const declined = { status: 'declined', give: [coins(100)], message: null };
    expect(await getOffer(client, 'ann', { offer: 2 })).toMatchObject(declined);
    expect(await getOffer(client, 'cat', { offer: 4 })).toMatchObject({ counterOf: 3, give: [] });
    const asking = { player: 'cat', role: 'service', payload: { offer: 1 } };
    expect(await answerDirect(client, 'offers.get', asking, 'en-US')).toMatchObject({
      outcome: 'rejected',
      body: { code: 'OFFER_NOT_FOUND' },
    });
  });

  it.each([
    [{}, [4, 1]],
    [{ direction: 'received' }, [4, 1]],
    [{ direction: 'sent' }, []],
    [{ all: true }, [4, 3, 2, 1]],
    [{ all: true, direction: 'sent' }, [3, 2]],
    [{ all: true, direction: 'received' }, [4, 1]],
    [{ all: true, before: 3 }, [2, 1]],
  ] as const)("lists a player's own: %j", async (ask, ids) => {
    const { offers, next } = await getOwnOffers(client, 'bob', ask);
    expect(offers.map(({ offer }) => offer)).toEqual(ids);
    expect(next).toBe(null);
  });

  it('goes page by page', async () => {
    const first = await getOwnOffers(client, 'bob', { all: true, limit: 3 });
    expect(first.offers.map(({ offer }) => offer)).toEqual([4, 3, 2]);
    const rest = await getOwnOffers(client, 'bob', { all: true, before: first.next as number });
    expect(rest).toEqual({ offers: [swordForOre], next: null });
    expect(COMMANDS['offers.mine'].result.parse(first)).toEqual(first);
  });
});

describe('the private snapshot', () => {
  it('has open offers of both directions and live windows, invitations included', async () => {
    const { sequence, data } = await getPrivateSnapshot(client, 'ann');
    expect(sequence).toBe(groups.length);
    expect(data.offers).toEqual([swordForOre]);
    expect(data.windows).toEqual([
      {
        window: 3,
        status: 'review',
        reason: null,
        player: 'cat',
        invited: true,
        expiresAtMs: T1 + 60_000,
      },
      {
        window: 4,
        status: 'invited',
        reason: null,
        player: 'bob',
        invited: true,
        expiresAtMs: T1 + 15_015,
      },
    ]);
    expect(meSnapshot.parse(data)).toEqual(data);
    const bob = await getPrivateSnapshot(client, 'bob');
    expect(bob.data.offers.map(({ offer }) => offer)).toEqual([1, 4]);
    expect(bob.data.windows).toMatchObject([{ window: 4, player: 'ann', invited: false }]);
  });
});
