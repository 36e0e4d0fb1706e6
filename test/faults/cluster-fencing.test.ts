// The lease is a courtesy; the journal's key is the fence. Two candidates that both believe to hold
// the lease take the realm over at the same moment: whatever happens, one of them can write.

import { expect } from 'vitest';
import { DeposedError } from '../../src/journal/journal.ts';
import { PostgresJournal } from '../../src/journal/postgres-journal.ts';
import { type Leadership, takeLeadership } from '../../src/leadership.ts';
import { openStore } from '../../src/store.ts';
import { createFaultRealm, onPostgres } from '../support/fault-realm.ts';
import { quiet } from '../support/postgres.ts';

const RACES = 10;
const CLAIM_RACES = 40;
const NO_FACTS = new Uint8Array(0);

onPostgres(
  'of two candidates that take the realm at once exactly one can write, every time',
  { timeout: 90_000 },
  async () => {
    const realm = await createFaultRealm();
    const config = realm.config();
    const store = await openStore(config, quiet);
    for (let race = 0; race < RACES; race++) {
      const candidates = [1, 2].map(() => takeLeadership(store.database, config, quiet));
      const taken = await Promise.allSettled(candidates);
      const leaders: Leadership[] = [];
      for (const one of taken) {
        if (one.status === 'fulfilled') leaders.push(one.value);
        else expect(one.reason).toBeInstanceOf(DeposedError);
      }
      await expectOneWriter(
        leaders.map(({ engine, journal, offset }) => {
          const { sequence, changedAtMs: atMs } = engine.state;
          return journal.append({ sequence, atMs, facts: NO_FACTS, offset });
        }),
      );
      await Promise.all(leaders.map(leader => leader.close()));
    }
    // And without the time that loading takes: here both have claimed when both begin to write.
    for (let race = 0; race < CLAIM_RACES; race++) {
      const journals = [1, 2].map(() => new PostgresJournal(store.database, quiet));
      const claims = await Promise.all(journals.map(journal => journal.claim()));
      expect(new Set(claims.map(({ epoch }) => epoch)).size).toBe(2);
      const batch = { sequence: 0, atMs: 0, facts: NO_FACTS, offset: '' };
      await expectOneWriter(journals.map(journal => journal.append(batch)));
      await Promise.all(journals.map(journal => journal.close()));
    }
    await store.close();
    console.log(`${RACES + CLAIM_RACES} times two candidates at once, each time one writer.`);
    const rows = await realm.sql<{ position: number; epoch: number }>(
      'select position, epoch from journal order by position',
    );
    // Two claims and one batch of each race.
    expect(rows.map(row => row.position)).toEqual(rows.map((_, index) => index + 1));
    expect(rows).toHaveLength(3 * (RACES + CLAIM_RACES));
    const epochs = rows.map(row => row.epoch);
    expect(epochs).toEqual([...epochs].sort((one, other) => one - other));
  },
);

async function expectOneWriter(appends: readonly Promise<number>[]): Promise<void> {
  const writes = await Promise.allSettled(appends);
  expect(writes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const one of writes) {
    if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(DeposedError);
  }
}
