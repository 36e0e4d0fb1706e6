// How a window ended, as its last frame shows it, from the tables; and what their log keeps of it.

import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { windowSnapshot } from '../../protocol/events.ts';
import { Changes } from '../../src/projection/changes.ts';
import { Projector } from '../../src/projection/projector.ts';
import { getWindowEnd } from '../../src/reads/window-end.ts';
import { getWindow } from '../../src/reads/window-history.ts';
import { directGroups, MANIFEST_1 } from '../support/direct-facts.ts';
import { sampleGroups } from '../support/facts.ts';
import { readerOf, rowsOf } from '../support/journal-rows.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let client: pg.Client;

const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e6, keyRetentionMs: 1e6 };

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
  const reader = readerOf(rowsOf([...sampleGroups, ...directGroups]), 7);
  const projector = await Projector.begin(test.database, client, reader, OPTIONS);
  while (await projector.step());
});
afterAll(() => test.close());

describe('the end of a window', () => {
  it('of a swap has its manifest and its receipt, at the sequence of the swap', async () => {
    const end = await getWindowEnd(client, 'ann', 1, 'en-US');
    const { log } = (await getWindow(
      client,
      { player: 'ann', role: 'player' },
      { window: 1 },
      'en-US',
    )) ?? {
      log: [],
    };
    const done = log.at(0);
    const { manifest } = MANIFEST_1.body;
    expect(end?.data).toMatchObject({
      window: { window: 1, status: 'done', manifest },
      manifest: MANIFEST_1.body,
      receipt: { window: 1, manifest, atMs: done?.atMs },
    });
    const group = directGroups.find(({ facts }) =>
      facts.some(fact => fact.kind === 'window' && fact.id === 1 && fact.status === 'done'),
    );
    expect(end?.sequence).toBe(group?.sequence);
    expect(windowSnapshot.safeParse(end?.data).error).toBeUndefined();
    expect((await getWindowEnd(client, 'bob', 1, 'en-US'))?.data).toEqual(end?.data);
  });

  it('of one that was cancelled says why', async () => {
    const end = await getWindowEnd(client, 'cat', 2, 'en-US');
    expect(end?.data).toMatchObject({
      ...{ window: { status: 'cancelled', reason: 'declined' }, manifest: null, receipt: null },
    });
    expect(windowSnapshot.safeParse(end?.data).error).toBeUndefined();
  });

  it.each([
    ['of others', 'dan', 1],
    ['that is live', 'ann', 4],
    ['that there is not', 'ann', 99],
  ])('of a window %s is not known', async (_, player, window) => {
    expect(await getWindowEnd(client, player, window, 'en-US')).toBeNull();
  });
});

it('the log of a window keeps no coming and going that took nothing back', () => {
  const facts = directGroups.flatMap(group => group.facts.filter(fact => fact.kind === 'window'));
  const [window] = facts;
  if (window === undefined) throw new Error('There is a window among the samples.');
  const changes = new Changes();
  const entry = { sequence: 1, atMs: 1, livedMs: 1 };
  changes.put(entry, 0, { ...window, event: 'left', isLogged: false });
  changes.put(entry, 1, { ...window, event: 'returned', isLogged: false });
  changes.put(entry, 2, { ...window, event: 'left', isLogged: true });
  expect(changes.windowLog.map(({ step }) => step)).toEqual([2]);
  expect(changes.windows.get(window.id)).toMatchObject({ event: 'left' });
});
