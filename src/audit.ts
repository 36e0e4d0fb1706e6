// `npm run audit`: everything that must hold in a realm's database, looked at while no server runs.
// First the tables catch up with the journal, if what they lack is whole; then they are checked by
// SQL; then the journal rows that are still kept are held against them; last an engine is loaded
// and checks its own state. Nothing is claimed and nothing is removed, so an audit changes nothing
// that a start would not.

import type { Finding, Source } from './audit-tally.ts';
import { createLog, type Log } from './base/log.ts';
import { catchUp } from './catch-up.ts';
import type { Config } from './config.ts';
import { type Database, withClient } from './database/connection.ts';
import { auditState } from './engine/audit.ts';
import type { Engine } from './engine/engine.ts';
import { auditJournal } from './journal-audit.ts';
import { auditTables } from './reads/audit.ts';
import { checkBacklog, loadEngine } from './recovery.ts';
import { openStore } from './store.ts';

const CLIENT = { name: 'audit', statementTimeoutMs: 30 * 60_000 };

/** Prints each check with a tick or a cross. Sets exit code 1 when anything is broken. */
export async function runAudit(config: Config): Promise<void> {
  const beganMs = performance.now();
  const findings = await auditRealm(config, createLog(config.logLevel));
  process.stdout.write(`The realm "${config.realm}":\n`);
  const width = Math.max(...findings.map(({ check }) => check.length)) + 2;
  for (const { check, ok, detail } of findings) {
    process.stdout.write(`  ${ok ? '✓' : '✗'} ${check.padEnd(width)}${detail}\n`);
  }
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
  const broken = findings.filter(({ ok }) => !ok);
  const verdict = broken.length === 0 ? 'All is well' : `Broken: ${broken.length}`;
  process.stdout.write(`${verdict}. ${findings.length} checks in ${seconds} s.\n`);
  if (broken.length > 0) process.exitCode = 1;
}

/**
 * All checks, in order. @throws when the database can't be opened, is in use by a server whose
 * folder it is, or has a damaged journal that the tables must not be given.
 */
export async function auditRealm(config: Config, log: Log): Promise<Finding[]> {
  const store = await openStore(config, log);
  try {
    const { database } = store;
    await checkBacklog(database);
    const findings = await withClient(database, CLIENT, async client => {
      const standing = await catchUp(database, client, config.rules.livedStepMaxMs);
      if (standing.position === 0) {
        throw new Error(`No server ever ran the realm "${config.realm}" here: nothing to audit.`);
      }
      await client.query('begin transaction isolation level repeatable read read only');
      const quarantine = await auditQuarantine(client);
      const tables = await auditTables(client);
      const journal = await auditJournal(client, standing);
      await client.query('commit');
      return [quarantine, ...tables, ...journal];
    });
    return [...findings, await auditEngine(config, database, log)];
  } finally {
    await store.close();
  }
}

/** Names every fact that the tables could not take and nobody has settled. */
async function auditQuarantine(source: Source): Promise<Finding> {
  const check = 'the tables have taken every fact of the journal';
  const { rows } = await source.query<Aside>(SET_ASIDE);
  const number = rows.length.toLocaleString('en-US');
  if (rows.length === 0) return { check, ok: true, detail: 'nothing is set aside' };
  const named = rows.map(
    ({ subject, position, sequence, sqlstate, error }) =>
      `\n      ${subject} of sequence ${sequence}, position ${position}: ${sqlstate} ${error}`,
  );
  const advice = 'run "npm run repair -- --quarantine"';
  return { check, ok: false, detail: `${number} set aside, ${advice}:${named.join('')}` };
}

interface Aside {
  readonly subject: string;
  readonly position: number;
  readonly sequence: number;
  readonly sqlstate: string;
  readonly error: string;
}

const SET_ASIDE = `select subject, position, sequence, sqlstate, error from realm.quarantine
  where settled_at_ms is null order by sequence, step`;

async function auditEngine(config: Config, database: Database, log: Log): Promise<Finding> {
  const check = 'an engine loaded from the tables is sound';
  let engine: Engine;
  try {
    engine = await loadEngine(database, config.rules, log);
  } catch (error) {
    return { check, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
  const { state } = engine;
  const broken = auditState(state);
  if (broken.length > 0) return { check, ok: false, detail: broken.join('; ') };
  const number = (value: number) => value.toLocaleString('en-US');
  const figures = [
    `${number(state.ledger.count)} accounts`,
    `${number(state.orders.size)} open orders`,
    `${number(state.windows.size)} live windows`,
    `${number(state.offers.size)} open offers`,
    `${number(state.keys.count)} keys`,
    `hash ${engine.hash()}`,
  ];
  return { check, ok: true, detail: figures.join(', ') };
}
