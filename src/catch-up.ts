// Gives the tables what they lack of the journal, while no server runs: for the audit and the
// repair. Nothing is claimed and nothing is removed. What the tables cannot take is set aside, as a
// server does it.

import type pg from 'pg';
import type { Database } from './database/connection.ts';
import { PostgresJournalReader } from './journal/postgres-reader.ts';
import { Projector, readStanding, type Standing } from './projection/projector.ts';
import { QuarantineFullError } from './projection/quarantine.ts';
import { RoundLostError } from './projection/row-writer.ts';

const OPTIONS = {
  roundBytesMax: 4 * 1024 * 1024,
  journalRetentionMs: Number.MAX_SAFE_INTEGER,
  keyRetentionMs: Number.MAX_SAFE_INTEGER,
} as const;

/**
 * A server on the same database may do it first: that is as good. Ends early when the quarantine is
 * full.
 */
export async function catchUp(
  database: Database,
  client: pg.Client,
  livedStepMaxMs: number,
): Promise<Standing> {
  const options = { ...OPTIONS, livedStepMaxMs };
  const journal = new PostgresJournalReader(client);
  for (;;) {
    try {
      const projector = await Projector.begin(database, client, journal, options);
      while (await projector.step());
      return await readStanding(client);
    } catch (error) {
      const isFull = error instanceof QuarantineFullError;
      if (!isFull && !(error instanceof RoundLostError)) throw error;
      await client.query('rollback');
      if (isFull) return readStanding(client);
    }
  }
}
