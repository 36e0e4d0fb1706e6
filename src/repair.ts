// `npm run repair -- --quarantine`: settles what the tables could not take, while no server runs on
// the realm. Each fact is shown, mended in a stated way (projection/mend.ts), brought into its
// table and marked as settled with what was changed. The journal is never edited. What cannot be
// mended stays, is named with the reason, and makes the exit code 1.

import { parseArgs } from 'node:util';
import type pg from 'pg';
import { createLog, type Log } from './base/log.ts';
import { catchUp } from './catch-up.ts';
import type { Config } from './config.ts';
import { type Database, withClient } from './database/connection.ts';
import { PostgresJournalReader } from './journal/postgres-reader.ts';
import { holdAlone } from './projection/hold.ts';
import { mend, settleMended } from './projection/mend.ts';
import { Quarantine } from './projection/quarantine.ts';
import { errorText, isDataError } from './projection/row-error.ts';
import { checkBacklog } from './recovery.ts';
import { openStore } from './store.ts';

const CLIENT = { name: 'repair', statementTimeoutMs: 30 * 60_000 };

const USAGE = `tradepost repair --quarantine

Settles the facts that the tables could not take: "npm run audit" names them. Stop the server
first, all nodes of a cluster. Each fact is shown; texts are cleaned of what no text may have, and
the row is written; what was changed is kept in the table "quarantine" of the realm's schema. The
journal is not edited. Exit code 1 when something could not be settled.
`;

/** What became of one fact. */
export interface Repair {
  readonly subject: string;
  readonly sequence: number;
  readonly isSettled: boolean;
  /** What was changed; or why it could not be settled. */
  readonly detail: string;
}

/** Prints what became of each fact. Sets the exit code. */
export async function runRepair(config: Config, args: readonly string[]): Promise<void> {
  const options = { quarantine: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.help === true || values.quarantine !== true) {
    (values.help === true ? process.stdout : process.stderr).write(USAGE);
    if (values.help !== true) process.exitCode = 2;
    return;
  }
  const repairs = await repairQuarantine(config, createLog(config.logLevel));
  process.stdout.write(`The realm "${config.realm}":\n`);
  for (const { subject, sequence, isSettled, detail } of repairs) {
    process.stdout.write(
      `  ${isSettled ? '✓' : '✗'} ${subject} of sequence ${sequence}: ${detail}\n`,
    );
  }
  const left = repairs.filter(({ isSettled }) => !isSettled).length;
  const rest = left === 0 ? 'Run "npm run audit".' : `${left} could not be settled.`;
  process.stdout.write(`Settled: ${repairs.length - left}. ${rest}\n`);
  if (left > 0) process.exitCode = 1;
}

/**
 * Settles what it can, in the order of the journal.
 * @throws for the operator when a server runs on the realm, or its journal is damaged.
 */
export async function repairQuarantine(config: Config, log: Log): Promise<Repair[]> {
  const store = await openStore(config, log);
  try {
    const { database } = store;
    return await withClient(database, CLIENT, async client => {
      if (database.address.kind === 'server' && !(await holdAlone(client, database))) {
        throw new Error(
          `A server runs on the realm "${config.realm}". Stop it, all nodes of a cluster, and ` +
            'then run the repair again: an engine keeps in memory what is mended here.',
        );
      }
      await checkBacklog(database);
      const repairs: Repair[] = [];
      for (;;) {
        // It ends early when the quarantine is full; then there is room, and it goes on.
        const { position } = await catchUp(database, client, config.rules.livedStepMaxMs);
        const settled = await settleAll(database, client);
        repairs.push(...settled);
        const [more] = await new PostgresJournalReader(client).readAfter(position, 1);
        if (more === undefined || !settled.some(({ isSettled }) => isSettled)) return repairs;
      }
    });
  } finally {
    await store.close();
  }
}

async function settleAll(database: Database, client: pg.Client): Promise<Repair[]> {
  const { unsettled } = await Quarantine.read(client);
  const repairs: Repair[] = [];
  for (const each of unsettled) {
    const { subject, sequence } = each;
    const mended = mend(each.fact);
    try {
      const detail = await settleMended(database, client, each, mended);
      repairs.push({ subject, sequence, isSettled: true, detail });
    } catch (error) {
      if (!isDataError(error)) throw error;
      const detail = `the tables still refuse it: ${errorText(error)}`;
      repairs.push({ subject, sequence, isSettled: false, detail });
    }
  }
  return repairs;
}
