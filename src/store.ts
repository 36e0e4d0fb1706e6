// Where a realm's tables are: in a Postgres server, or in the embedded one in the data folder. It
// owns the hold on that folder, so that two processes never open it at once.

import type { Log } from './base/log.ts';
import type { Config } from './config.ts';
import type { Database } from './database/connection.ts';
import { type Embedded, startEmbedded } from './database/embedded.ts';
import { holdFolder } from './database/folder.ts';
import { migrate } from './database/migrate.ts';
import { reachDatabase } from './database-reach.ts';

export interface Store {
  readonly database: Database;
  /** Where the data lies and how safe it is there, for people. */
  readonly description: string;
  /** What makes the server less safe than it should be. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens the database of the configured realm and brings its tables up to date.
 * @param waitMs for how long a Postgres that is away is waited for.
 */
export async function openStore(config: Config, log: Log, waitMs = 0): Promise<Store> {
  const schema = `realm_${config.realm}`;
  if (config.databaseUrl === null) return openEmbedded(config.folder, schema, log);
  const database: Database = { address: { kind: 'server', url: config.databaseUrl }, schema };
  const where = `Postgres at ${withoutSecrets(config.databaseUrl)}`;
  await reachDatabase(database, { where, waitMs, log });
  return openServer(database, where);
}

async function openServer(database: Database, where: string): Promise<Store> {
  const warnings = await migrate(database);
  return {
    database,
    description: `${where}, schema ${database.schema}`,
    warnings: warnings.map(({ text }) => text),
    close: async () => {},
  };
}

async function openEmbedded(folder: string, schema: string, log: Log): Promise<Store> {
  const hold = await holdFolder(folder);
  let embedded: Embedded | null = null;
  const close = async () => {
    await embedded?.close();
    await hold.release();
  };
  try {
    embedded = await startEmbedded(folder, log);
    const database: Database = { address: embedded.address, schema };
    await migrate(database);
    const description = `${folder}, an embedded Postgres. ${embedded.safety}`;
    return { database, description, warnings: [], close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A database URL as it may be shown. */
function withoutSecrets(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}${port === '' ? '' : `:${port}`}${pathname}`;
  } catch {
    return 'DATABASE_URL';
  }
}
