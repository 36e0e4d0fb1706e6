// A database for a test file: a schema of its own, migrated, and dropped in the end. On a Postgres
// server when there is one (global-setup.ts), else on an embedded database in a folder of its own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { inject } from 'vitest';
import { createLog } from '../../src/base/log.ts';
import { connect, type Database, discard } from '../../src/database/connection.ts';
import { startEmbedded } from '../../src/database/embedded.ts';
import { migrate } from '../../src/database/migrate.ts';

export const quiet = createLog('silent');

/** The server of the tests, or null. Tests that need one: `describe.skipIf(serverUrl === null)`. */
export const serverUrl = inject('postgresUrl');

export interface TestDatabase {
  readonly database: Database;
  /** A connection that ends with the test database. */
  client(): Promise<pg.Client>;
  close(): Promise<void>;
}

let count = 0;

export async function openTestDatabase(url = serverUrl): Promise<TestDatabase> {
  const schema = `test_${process.pid}_${Date.now()}_${++count}`;
  const place = url === null ? await openOwn() : { address: serverAt(url), close: async () => {} };
  const database: Database = { address: place.address, schema };
  await migrate(database);
  const clients: pg.Client[] = [];
  const client = async () => {
    const settings = { search_path: schema };
    const options = { name: 'test', statementTimeoutMs: 20_000, settings };
    const opened = await connect(database, options, () => {});
    clients.push(opened);
    return opened;
  };
  const close = async () => {
    const last = await client();
    await last.query(`drop schema "${schema}" cascade`);
    for (const opened of clients) discard(opened);
    await place.close();
  };
  return { database, client, close };
}

export function serverAt(url: string): Database['address'] {
  return { kind: 'server', url };
}

async function openOwn() {
  const folder = mkdtempSync(join(tmpdir(), 'tradepost-test-'));
  const embedded = await startEmbedded(folder, quiet);
  const close = async () => {
    await embedded.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { address: embedded.address, close };
}
