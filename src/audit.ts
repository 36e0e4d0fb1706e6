// `npm run audit`: everything that must hold in a realm's database, looked at while no server runs.
// First the tables catch up with the journal, if what they lack is whole; then they are checked by
// SQL; then the journal rows that are still kept are held against them; last an engine is loaded
// and checks its own state. Nothing is claimed and nothing is removed, so an audit changes nothing
// that a start would not.

import type { Finding } from './audit-tally.ts';
import { createLog, type Log } from './base/log.ts';
import type { Config } from './config.ts';
import { type connect, type Database, withClient } from './database/connection.ts';
import { auditState } from './engine/audit.ts';
import type { Engine } from './engine/engine.ts';
import { PostgresJournalReader } from './journal/postgres-reader.ts';
import { auditJournal } from './journal-audit.ts';
import { Projector, RoundLostError, readStanding, type Standing } from './projection/projector.ts';
import { auditTables } from './reads/audit.ts';
import { checkBacklog, loadEngine } from './recovery.ts';
import { openStore } from './store.ts';

const CLIENT = { name: 'audit', statementTimeoutMs: 30 * 60_000 };
const ROUND_BYTES_MAX = 4 * 1024 * 1024;

type Client = Awaited<ReturnType<typeof connect>>;

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
      const tables = await auditTables(client);
      const journal = await auditJournal(client, standing, config.rules.keyRetentionMs);
      await client.query('commit');
      return [...tables, ...journal];
    });
    return [...findings, await auditEngine(config, database, log)];
  } finally {
    await store.close();
  }
}

/** Applies what the tables lack. A server on the same database may do it first: that is as good. */
async function catchUp(
  database: Database,
  client: Client,
  livedStepMaxMs: number,
): Promise<Standing> {
  const journal = new PostgresJournalReader(client);
  const options = { roundBytesMax: ROUND_BYTES_MAX, livedStepMaxMs, ...NO_PRUNING };
  for (;;) {
    try {
      const projector = await Projector.begin(database, client, journal, options);
      while (await projector.step());
      return await readStanding(client);
    } catch (error) {
      if (!(error instanceof RoundLostError)) throw error;
      await client.query('rollback');
    }
  }
}

/** The audit never prunes. */
const NO_PRUNING = {
  journalRetentionMs: Number.MAX_SAFE_INTEGER,
  keyRetentionMs: Number.MAX_SAFE_INTEGER,
} as const;

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
