// The verdict on a realm after an ordeal: the judge is asked about every command, the audit about
// the whole database, and the journal, replayed from its first row, must come to the same state as
// the tables.

import { expect } from 'vitest';
import { loadEngine } from '../../src/recovery.ts';
import type { TestCluster } from './cluster-nodes.ts';
import type { FaultRealm } from './fault-realm.ts';
import type { Judge } from './judge.ts';
import { expectGreenAudit, hashOfJournal, transfersByQuantity } from './outside.ts';
import { quiet } from './postgres.ts';

const SETTLE_MS = 20_000;

/**
 * Ends the load and holds the judge's record against the realm. Every command that was not
 * decided is sent again by its key, and must then have had one effect. Stops the cluster.
 */
export async function passVerdict(cluster: TestCluster, judge: Judge): Promise<void> {
  judge.stopSending();
  await judge.settled(SETTLE_MS);
  judge.halt();
  const { port } = cluster.leader;
  const before = await transfersByQuantity(cluster.realm);
  for (const [, count] of before) expect(count).toBe(1);
  await judge.examine(port);
  await judge.account(port);
  await cluster.stop();
  const transfers = await transfersByQuantity(cluster.realm);
  for (const quantity of judge.transfersWith('ok')) expect(transfers.get(quantity)).toBe(1);
  for (const quantity of judge.transfersWith('rejected')) {
    expect(transfers.has(quantity)).toBe(false);
  }
  await expectSound(cluster.realm);
}

/** The audit is green, and the tables are what the journal comes to. No node may run. */
export async function expectSound(realm: FaultRealm): Promise<void> {
  await expectGreenAudit(realm.environment);
  const { rules } = realm.config();
  const engine = await loadEngine(realm.database, rules, quiet);
  expect(engine.hash()).toBe(await hashOfJournal(realm, rules));
}
