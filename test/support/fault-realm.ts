// What the fault tests share: a realm of their own in the Postgres of the tests, and SQL from
// outside. Everything is gone when the test is over.

import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { onTestFinished, test } from 'vitest';
import { type Config, readConfig } from '../../src/config.ts';
import { connect, type Database, discard } from '../../src/database/connection.ts';
import { serverUrl } from './postgres.ts';
import { type Environment, PROCESS_SECRET, temporaryFolder } from './server-process.ts';

/** The Postgres server of the tests. Tests that need one are skipped where there is none. */
export const POSTGRES_URL = serverUrl ?? '';
export const onPostgres = test.skipIf(serverUrl === null);

export interface FaultRealm {
  readonly name: string;
  readonly database: Database;
  /** For a child process. */
  readonly environment: Environment;
  /** For a server in this process. */
  config(environment?: Environment): Config;
  /** Runs SQL in the schema of the realm, on a connection of its own. */
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** A connection of the test's own, for holding rows. */
  session(): Promise<pg.Client>;
}

/** A realm that does not exist yet; `url` is where its database is reached from outside. */
export async function createFaultRealm(
  more: Environment = {},
  url = POSTGRES_URL,
): Promise<FaultRealm> {
  const name = `ft_${randomBytes(6).toString('hex')}`;
  const schema = `realm_${name}`;
  const database: Database = { address: { kind: 'server', url }, schema };
  const environment = {
    REALM: name,
    DATABASE_URL: url,
    DATA_DIR: await temporaryFolder(),
    KEYS_PER_PLAYER_MAX: '1000000',
    ...more,
  };
  const settings = { search_path: database.schema };
  const options = { name: 'test', statementTimeoutMs: 30_000, settings };
  const sessions: pg.Client[] = [];
  const session = async () => {
    const client = await connect(database, options, () => {});
    sessions.push(client);
    return client;
  };
  onTestFinished(async () => {
    for (const client of sessions) discard(client);
    const client = await connect(database, options, () => {});
    await client.query(`drop schema if exists ${schema} cascade`);
    await client.end();
  });
  return {
    name,
    database,
    environment,
    session,
    config: (others = {}) =>
      readConfig({
        PORT: '0',
        LOG_LEVEL: 'silent',
        JWT_SECRET: PROCESS_SECRET,
        ...environment,
        ...others,
      }),
    sql: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) => {
      const client = await connect(database, options, () => {});
      try {
        return (await client.query<Row>(text, values)).rows;
      } finally {
        await client.end();
      }
    },
  };
}

/** Waits until `holds`. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  const endsAtMs = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > endsAtMs) throw new Error(`Waited in vain until ${what}.`);
    await sleep(10);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
