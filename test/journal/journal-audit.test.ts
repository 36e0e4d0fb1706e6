import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import { PostgresJournal } from '../../src/journal/postgres-journal.ts';
import { PostgresJournalReader } from '../../src/journal/postgres-reader.ts';
import { auditJournal } from '../../src/journal-audit.ts';
import { Projector, readStanding } from '../../src/projection/projector.ts';
import { directGroups } from '../support/direct-facts.ts';
import { sampleGroups } from '../support/facts.ts';
import { openTestDatabase, quiet, type TestDatabase } from '../support/postgres.ts';

const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e6, keyRetentionMs: 1e6 };

let test: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
  const journal = new PostgresJournal(test.database, quiet);
  await journal.claim();
  const writer = new FactWriter();
  for (const { sequence, atMs, facts } of [...sampleGroups, ...directGroups]) {
    writer.reset();
    writer.group(sequence, atMs);
    for (const fact of facts) writer.fact(fact);
    await journal.append({ sequence, atMs, facts: writer.bytes });
  }
  await journal.close();
  const reader = new PostgresJournalReader(client);
  const projector = await Projector.begin(test.database, client, reader, OPTIONS);
  while (await projector.step());
});
afterAll(() => test.close());

/** What is wrong, a line each. */
async function broken(): Promise<string[]> {
  const findings = await auditJournal(client, await readStanding(client));
  return findings.filter(({ ok }) => !ok).map(({ check, detail }) => `${check}: ${detail}`);
}

describe('the audit of the journal', () => {
  it('is content with tables that are what the journal says', async () => {
    expect(await broken()).toEqual([]);
    const findings = await auditJournal(client, await readStanding(client));
    const seen = Object.fromEntries(findings.map(({ check, detail }) => [check, detail]));
    expect(seen).toMatchObject({
      'windows are as the journal has them last': '4 windows',
      'the log of windows is that of the journal': '17 steps',
      'every manifest of the journal is in its table': '2 manifests',
      'offers are as the journal has them last': '4 offers',
      'blocks, privacy and friends are as the journal has them last': '7 choices',
    });
  });

  it('misses an answer only when it is one of the newest of its player', async () => {
    const older = `insert into keys select 100 + i, 1, 0, player, true, 'k', ''
      from (select player from keys) as p, generate_series(1, $1) as i`;
    for (const [count, isMissed] of [
      [2, true],
      [3, false],
    ] as const) {
      await client.query('begin');
      await client.query(older, [count]);
      await client.query('delete from keys where sequence < 100');
      const found = await broken();
      await client.query('rollback');
      expect(found).toHaveLength(isMissed ? 1 : 0);
    }
  });

  it.each([
    ['update accounts set available = available + 1 where id = 2', 'accounts are'],
    ['update orders set price = 1 where id = 1', 'orders are'],
    ['update trades set price = 1 where id = 1', 'every trade'],
    ['update transfers set quantity = 7 where reference = 3', 'transfers are'],
    ['update keys set digest = 1', 'every remembered answer'],
    ['update windows set deadline_ms = 1 where id = 1', 'windows are'],
    ['update windows set by = 3 where id = 3', 'windows are'],
    ['update windows set invited_baseline[3] = 9 where id = 3', 'windows are'],
    ['delete from windows where id = 4', 'windows are'],
    ['update window_log set lines[3] = 50 where revision = 1 and window_id = 1', 'the log'],
    [`update window_log set lines = '{}' where window_id = 2`, 'the log'],
    ['delete from window_log where window_id = 2', 'the log'],
    [
      `insert into window_log select window_id, sequence, at_ms, revision, 9, by, event,
         lines from window_log where window_id = 4 and step = 1`,
      'the log',
    ],
    [`update manifests set body = body || '\\x00'`, 'every manifest'],
    ['delete from manifests where window_id = 3', 'every manifest'],
    ['update offers set status = 3 where id = 2', 'offers are'],
    ['update offers set want[3] = 1 where id = 1', 'offers are'],
    [`update offers set message = 'x' where id = 4`, 'offers are'],
    ['insert into blocks values (2, 4, true)', 'blocks, privacy and friends'],
    ['delete from blocks where player = 4', 'blocks, privacy and friends'],
    ['update privacy set closed = false', 'blocks, privacy and friends'],
    ['update friends set sequence = 1', 'blocks, privacy and friends'],
    ['insert into friends values (3, 4, 3)', 'blocks, privacy and friends'],
  ])('finds %s', async (damage, check) => {
    await client.query('begin');
    await client.query(damage);
    const found = await broken();
    await client.query('rollback');
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(check);
  });
});
