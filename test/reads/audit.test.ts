import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Projector } from '../../src/projection/projector.ts';
import { auditTables } from '../../src/reads/audit.ts';
import { directGroups } from '../support/direct-facts.ts';
import { sampleGroups } from '../support/facts.ts';
import { readerOf, rowsOf } from '../support/journal-rows.ts';
import { openTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let client: pg.Client;

const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e6, keyRetentionMs: 1e6, foldTrades: 1 };

beforeAll(async () => {
  test = await openTestDatabase();
  client = await test.client();
  const reader = readerOf(rowsOf([...sampleGroups, ...directGroups]), 100);
  const projector = await Projector.begin(test.database, client, reader, OPTIONS);
  while (await projector.step());
  await client.query(
    `insert into journal select position, 1, sequence, at_ms, '', '' from projection`,
  );
});
afterAll(() => test.close());

describe('the audit of the tables', () => {
  it('is content with a sound realm', async () => {
    expect((await auditTables(client)).filter(finding => !finding.ok)).toEqual([]);
  });

  it.each([
    ['update accounts set available = available + 1 where id = 2', 'adds up to zero'],
    ['update accounts set available = available + 1 where id in (2)', 'transfers brought'],
    [
      'update accounts set available = available - 1, held = held + 1 where id = 5',
      'open offers hold',
    ],
    ['update orders set held = held - 1 where id = 3', 'an open bid its money'],
    ['update orders set status = 1 where id = 3', 'a filled one nothing'],
    ['update orders set remaining = 5, held = 5 where id = 1', 'filled by its trades'],
    ['update trades set quantity = 2 where id = 2', 'moved its goods'],
    ['update latest_trades set price = 1 where id = 2', 'the latest trades of each market'],
    ['update latest_trades set at_ms = 1 where id = 2', 'the latest trades of each market'],
    ['delete from latest_trades where id = 3', 'the latest trades of each market'],
    ['update latest_trades set item = 1 where id = 3', 'the latest trades of each market'],
    ['delete from trades where id = 3', 'the latest trades of each market'],
    ['update market_quarters set volume = 5 where item = 1', 'the quarters of the last day'],
    ['update market_quarters set open = 101 where item = 1', 'the quarters of the last day'],
    ['delete from market_quarters where item = 2', 'the quarters of the last day'],
    ['update projection set folded_trade = 2', 'the quarters of the last day'],
    ['update projection set folded_trade = 4', 'above the last one'],
    ['update trades set seller = buyer where id = 2', 'traded with himself'],
    ['update accounts set available = 1 where id = 8', 'at most one owner'],
    ['update orders set price = 100, held = 200 where id = 3', 'no bid reaches'],
    ['update projection set last_trade = 2', 'above the last one'],
    ['update projection set last_window = 3', 'above the last one'],
    ['update projection set last_offer = 3', 'above the last one'],
    [`insert into journal values (1000, 1, 10, 0, '', '')`, 'caught up'],
    [`delete from transfers where debit = 3`, 'moved its goods'],
    ['update windows set invited_lines[3] = 3 where id = 3', 'open offers hold'],
    [`update windows set status = 4 where id = 3`, 'open offers hold'],
    ['update offers set give[3] = 2 where id = 1', 'open offers hold'],
    ['update offers set status = 2 where id = 1', 'open offers hold'],
    ['update windows set inviter_lines[3] = 499 where id = 1', 'a window that was traded moved'],
    ['update windows set status = 3 where id = 3', 'a window that was traded moved'],
    ['update transfers set reference = 2 where reason = 6', 'no other moved anything'],
    ['update offers set status = 1 where id = 4', 'an offer that was accepted moved'],
    ['update windows set inviter = 3, invited = 4 where id = 3', 'two live windows'],
    ['update windows set revision = 7 where id = 2', 'the last line of its log'],
    ['update windows set invited_lines = $${}$$ where id = 1', 'the last line of its log'],
    [
      'update window_log set lines = null where window_id = 1 and by = 2',
      'the last line of its log',
    ],
    ['delete from window_log where window_id = 4 and step = 1', 'the last line of its log'],
    ['delete from windows where id = 2', 'the last line of its log'],
    ['delete from manifests where window_id = 1', 'was shown its manifest'],
    ['update windows set manifest = $$00$$ where id = 3', 'was shown its manifest'],
    ['update windows set invited_accepted = false where id = 3', 'accepted by both'],
    ['update windows set invited_confirmed = false where id = 1', 'was confirmed by both'],
    ['insert into blocks values (2, 3, true)', 'one blocked the other'],
    ['update blocks set other = 3 where player = 4', 'one blocked the other'],
    [`delete from accounts where id = 7`, 'transfers brought'],
  ])('finds %s', async (damage, check) => {
    await client.query('begin');
    await client.query(damage);
    const broken = (await auditTables(client)).filter(finding => !finding.ok);
    await client.query('rollback');
    expect(broken.map(finding => finding.check).join('\n')).toContain(check);
  });
});
