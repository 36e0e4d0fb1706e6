// What a realm shows from memory, when the journal may be ahead of it: an answer to an append that
// is still to come, another writer, rows that are lost. It waits, or refuses; it never shows the
// past.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReadRequest } from '../../src/gateway/port.ts';
import { DeposedError } from '../../src/journal/journal.ts';
import { settled } from '../support/fake-journal.ts';
import { EPOCH, SeatStage } from '../support/seat-stage.ts';

const BOOK = {
  command: 'market.book',
  payload: { item: 'ore' },
  player: 'ann',
  role: 'standard',
} as ReadRequest;
const NOT_THERE = { outcome: 'rejected', body: { code: 'ITEM_NOT_FOUND' } };

let stage: SeatStage;
/** What came of everything that was asked. */
let heard: unknown[];

beforeEach(async () => {
  stage = new SeatStage(1_000);
  heard = [];
  await stage.quietly();
});

afterEach(() => stage.stop());

function ask(): void {
  void stage.realm.read(BOOK).then(answer => heard.push(answer));
}

function snapshot(on: object = {}): void {
  const asker = { on, isWaiting: () => true };
  stage.realm.snapshot('book:ore', () => heard.push('shown'), asker);
}

/** Something is on its way to the journal. */
async function appending(): Promise<void> {
  stage.realm.settle();
  await settled();
}

describe('what is shown from memory', () => {
  it('is shown at once when the journal has no more than was released', async () => {
    ask();
    snapshot();
    await settled();
    expect(heard).toMatchObject([NOT_THERE, 'shown']);
  });

  it('waits for an append that the journal has and whose answer is still to come', async () => {
    await appending();
    stage.journalEnd = { head: stage.realm.released + 1, epoch: EPOCH };
    ask();
    snapshot();
    await settled();
    expect(heard).toEqual([]);
    await stage.journal.commit();
    await settled();
    expect(heard).toHaveLength(2);
    expect(heard).toContain('shown');
  });

  it.each([
    ['another writer goes on', 1, EPOCH + 1],
    ['the database has lost rows', -1, EPOCH],
    ['it was restored to the rows of a former writer', -1, EPOCH - 1],
  ])('is refused when %s, and the realm finds out', async (_, ahead, epoch) => {
    stage.journalEnd = { head: stage.realm.released + ahead, epoch };
    ask();
    snapshot();
    await settled();
    expect(heard).toMatchObject([{ outcome: 'unavailable' }]);
    expect(stage.journal.isAppending).toBe(true);
    await stage.journal.fail(new DeposedError('another'));
    expect(stage.failures.length).toBe(1);
    stage.journalEnd = null;
    ask();
    await settled();
    expect(heard).toMatchObject([{ outcome: 'unavailable' }, { outcome: 'unavailable' }]);
  });

  it('is asked for once by each who asks, and again for who asked again meanwhile', async () => {
    const [one, two] = [{}, {}];
    for (let i = 0; i < 5; i++) snapshot(one);
    snapshot(two);
    await settled();
    await settled();
    expect(heard).toEqual(['shown', 'shown']);
  });

  it('is made for nobody who does not wait any more', async () => {
    let isWaiting = true;
    const asker = { on: {}, isWaiting: () => isWaiting };
    stage.realm.snapshot('book:ore', () => heard.push('shown'), asker);
    isWaiting = false;
    await settled();
    expect(heard).toEqual([]);
  });
});
