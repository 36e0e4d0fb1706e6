// What can be found out from outside of the realm of a fault test: tables and journal by SQL, and
// whether the audit is content.

import { expect } from 'vitest';
import { Engine } from '../../src/engine/engine.ts';
import { TRANSFER_REASONS } from '../../src/engine/fact.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { decodeGroups } from '../../src/journal/fact-reader.ts';
import type { FaultRealm } from './fault-realm.ts';
import { type Environment, ServerProcess } from './server-process.ts';

/** How many transfers by command there were of each quantity. */
export async function transfersByQuantity(realm: FaultRealm): Promise<Map<number, number>> {
  const rows = await realm.sql<{ quantity: number; count: number }>(
    'select quantity, count(*) as count from transfers where reason = $1 group by quantity',
    [TRANSFER_REASONS.indexOf('transfer')],
  );
  return new Map(rows.map(({ quantity, count }) => [quantity, count]));
}

/** The state hash of an engine that is given every fact of the journal, in order. */
export async function hashOfJournal(realm: FaultRealm, rules = DEFAULT_RULES): Promise<string> {
  const rows = await realm.sql<{ sequence: number; atMs: number; facts: Buffer }>(
    'select sequence, at_ms as "atMs", facts from journal order by position',
  );
  const engine = new Engine(rules);
  let beforeMs = 0;
  let livedMs = 0;
  let lastOrder = 0;
  let lastTrade = 0;
  let lastWindow = 0;
  let lastOffer = 0;
  for (const { facts } of rows) {
    for (const group of decodeGroups(facts)) {
      livedMs += Math.min(group.atMs - beforeMs, rules.livedStepMaxMs);
      beforeMs = group.atMs;
      for (const fact of group.facts) {
        engine.restore(fact, livedMs);
        if (fact.kind === 'order') lastOrder = Math.max(lastOrder, fact.id);
        if (fact.kind === 'trade') lastTrade = Math.max(lastTrade, fact.id);
        if (fact.kind === 'window') lastWindow = Math.max(lastWindow, fact.id);
        if (fact.kind === 'offer') lastOffer = Math.max(lastOffer, fact.id);
      }
    }
  }
  const last = rows.at(-1);
  if (last === undefined) throw new Error('The journal is empty.');
  const ids = { lastOrder, lastTrade, lastWindow, lastOffer };
  engine.resume({ sequence: last.sequence, atMs: last.atMs, livedMs, ...ids });
  return engine.hash();
}

/** The audit of the command line finds nothing. */
export async function expectGreenAudit(environment: Environment): Promise<void> {
  const audit = new ServerProcess(environment, ['audit']);
  expect(await audit.exit, audit.output).toEqual({ code: 0, signal: null });
  expect(audit.output).toContain('All is well.');
}
