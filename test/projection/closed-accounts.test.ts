// Accounts that are closed, in the table: their rows go, their numbers come back as other accounts,
// in one round or over many; what was moved between them stays, and the audits know whose it was.

import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import type { Fact } from '../../src/engine/fact.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import type { JournalReader } from '../../src/journal/journal.ts';
import { PostgresJournal } from '../../src/journal/postgres-journal.ts';
import { PostgresJournalReader } from '../../src/journal/postgres-reader.ts';
import { auditJournal } from '../../src/journal-audit.ts';
import { Projector, readStanding } from '../../src/projection/projector.ts';
import { auditTables } from '../../src/reads/audit.ts';
import { loadEngine } from '../../src/recovery.ts';
import { Random } from '../sim/random.ts';
import { randomRules, Workload } from '../sim/workload.ts';
import { openTestDatabase, quiet, type TestDatabase } from '../support/postgres.ts';

const OPTIONS = { roundBytesMax: 1e7, journalRetentionMs: 1e9, keyRetentionMs: 1e9 };

let test: TestDatabase;
let client: pg.Client;
let journal: PostgresJournal;

beforeEach(async () => {
  test = await openTestDatabase();
  client = await test.client();
  journal = new PostgresJournal(test.database, quiet);
  await journal.claim();
});
afterEach(async () => {
  await journal.close();
  await test.close();
});

const writer = new FactWriter();

/** Applies an entry, and appends what it came to as one row. */
async function take(engine: Engine, entry: Entry) {
  const applied = engine.apply(entry);
  const facts = applied.output.filter((one): one is Fact => one.kind !== 'level');
  if (facts.length === 0) return applied;
  writer.reset();
  writer.group(applied.sequence, entry.atMs);
  for (const fact of facts) writer.fact(fact);
  const { sequence } = applied;
  await journal.append({ sequence, atMs: entry.atMs, facts: writer.bytes });
  return applied;
}

/** Brings the tables to the end of the journal, `rowsMax` rows a round. */
async function project(rowsMax: number): Promise<void> {
  const all = new PostgresJournalReader(client);
  const reader: JournalReader = {
    readAfter: async (after, bytesMax) => (await all.readAfter(after, bytesMax)).slice(0, rowsMax),
  };
  const projector = await Projector.begin(test.database, client, reader, OPTIONS);
  while (await projector.step());
}

async function accounts(): Promise<unknown[]> {
  const { rows } = await client.query(
    'select id as account, owner, asset, location, available, held from accounts order by id',
  );
  return rows;
}

function accountsOf({ state }: Engine): unknown[] {
  const { ledger } = state;
  const open = Array.from({ length: ledger.end }, (_, account) => account).filter(account =>
    ledger.isOpen(account),
  );
  return open.map(account => {
    const { kind: _kind, opened: _opened, ...rest } = ledger.balance(account);
    return rest;
  });
}

/** What the audits find wrong, a line each. */
async function broken(): Promise<string[]> {
  const findings = [
    ...(await auditTables(client)),
    ...(await auditJournal(client, await readStanding(client))),
  ];
  return findings.filter(({ ok }) => !ok).map(({ check, detail }) => `${check}: ${detail}`);
}

describe('accounts that are closed', () => {
  it.each([1, 3, 1_000])('are gone from the table, %d journal rows a round', async rowsMax => {
    const random = new Random(2);
    const { livedStepMaxMs } = DEFAULT_RULES;
    const rules = { ...randomRules(random), emptyAccountsMax: 0, livedStepMaxMs };
    const engine = new Engine(rules);
    const workload = new Workload(random);
    let closed = 0;
    for (let n = 0; n < 500; n += 1) {
      const entry = workload.next();
      const applied = await take(engine, entry);
      workload.observe(entry, applied);
      closed += applied.output.filter(({ kind }) => kind === 'closed').length;
      if (n === 250) await project(rowsMax);
    }
    await project(rowsMax);
    expect(closed).toBeGreaterThan(10);
    expect(await accounts()).toEqual(accountsOf(engine));
    expect(await broken()).toEqual([]);
    expect((await loadEngine(test.database, rules, quiet)).hash()).toBe(engine.hash());
  });

  it('leave their number to another, whose row tells since when it is theirs', async () => {
    const engine = new Engine({ ...DEFAULT_RULES, emptyAccountsMax: 0 });
    const move = (command: string, payload: object) =>
      take(engine, {
        ...{ command, payload, player: 'game', key: null, digest: 0, atMs: 1 },
      } as unknown as Entry);
    const ore = { asset: 'ore', quantity: 1 };
    await move('items.define', { item: 'ore', kind: 'commodity' });
    await move('wallet.grant', { player: 'ann', ...ore });
    await project(10);
    const before = await accounts();
    await move('wallet.transfer', { from: 'ann', to: 'bob', ...ore });
    await move('wallet.burn', { player: 'bob', ...ore });
    await move('wallet.grant', { player: 'cid', ...ore });
    await project(10);
    const rows = await client.query('select id, owner, since from accounts where id = 0');
    const cid = engine.state.players.find('cid');
    expect(before[0]).toMatchObject({ account: 0, owner: engine.state.players.find('ann') });
    expect(rows.rows).toEqual([{ id: 0, owner: cid, since: engine.state.sequence }]);
    expect(await broken()).toEqual([]);
  });

  it('that the table still has are found by the audit of the journal', async () => {
    const engine = new Engine({ ...DEFAULT_RULES, emptyAccountsMax: 0 });
    const move = (command: string, payload: object) =>
      take(engine, {
        ...{ command, payload, player: 'game', key: null, digest: 0, atMs: 1 },
      } as unknown as Entry);
    await move('wallet.grant', { player: 'ann', asset: 'coins', quantity: 1 });
    await move('wallet.burn', { player: 'ann', asset: 'coins', quantity: 1 });
    await project(10);
    expect(await broken()).toEqual([]);
    await client.query('insert into accounts values (0, 2, 0, 0, 0, 0)');
    expect((await broken()).join()).toContain('accounts are as the journal has them last');
  });
});
