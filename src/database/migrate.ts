// Brings a realm's schema to the form that this version needs, and looks at how safe the server is.
// Of any number of starters one migrates while the others wait. Migrations only go forward.

import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import type pg from 'pg';
import { connect, type Database, discard } from './connection.ts';
import { refusePooler } from './pooler.ts';
import { packageFolder } from './worker-file.ts';

const SERVER_VERSION_MIN = 130_000;
const MIGRATION_TIMEOUT_MS = 10 * 60_000;

/** What a starter should tell the operator about the server. */
export interface SafetyWarning {
  readonly setting: string;
  readonly text: string;
}

/**
 * Creates the schema where needed and applies the migrations that it lacks.
 * @returns what makes this server less safe than it should be; empty when all is well.
 * @throws for the operator when the server is too old, its database is not UTF8, a pooler is before
 *   it that does not keep sessions, or its schema was migrated by a newer version.
 */
export async function migrate(database: Database): Promise<SafetyWarning[]> {
  let lost: Error | null = null;
  const options = {
    name: 'migrate',
    statementTimeoutMs: MIGRATION_TIMEOUT_MS,
    settings: { lock_timeout: `${MIGRATION_TIMEOUT_MS}` },
  };
  const client = await connect(database, options, error => {
    lost = error;
  });
  try {
    if (database.address.kind === 'server') await refusePooler(client, database);
    const warnings = await inspect(client, database);
    // Held until the connection ends, and by one session at a time.
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [
      `tradepost migrate ${database.schema}`,
    ]);
    await client.query(`create schema if not exists "${database.schema}"`);
    await runMigrations(client, database.schema);
    await client.query('select pg_advisory_unlock_all()');
    return warnings;
  } catch (error) {
    throw lost ?? error;
  } finally {
    discard(client);
  }
}

/** Applies the migrations that a schema lacks, or the next `count` of them. */
export async function runMigrations(
  client: pg.Client,
  schema: string,
  count = Number.POSITIVE_INFINITY,
): Promise<void> {
  await runner({
    dbClient: client,
    dir: migrationsFolder(),
    direction: 'up',
    count,
    schema,
    migrationsSchema: schema,
    migrationsTable: 'migrations',
    noLock: true,
    log: () => {},
  });
}

/**
 * The folder with the SQL files, which are not compiled: found from `src` and from `dist` alike.
 */
export function migrationsFolder(): string {
  return join(packageFolder(), 'src', 'projection', 'migrations');
}

async function inspect(client: pg.Client, database: Database): Promise<SafetyWarning[]> {
  if (database.address.kind === 'embedded') return [];
  const { rows } = await client.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings where name in
       ('server_version_num', 'server_version', 'fsync', 'full_page_writes', 'synchronous_commit',
        'data_sync_retry', 'server_encoding')`,
  );
  const settings = new Map(rows.map(row => [row.name, row.setting]));
  if (Number(settings.get('server_version_num')) < SERVER_VERSION_MIN) {
    const version = settings.get('server_version');
    throw new Error(`Postgres ${version} is too old: Tradepost needs version 13 or later.`);
  }
  const encoding = settings.get('server_encoding');
  if (encoding !== 'UTF8') {
    throw new Error(
      `The database of DATABASE_URL has the encoding ${encoding}, so it cannot store every text: ` +
        'Tradepost needs UTF8. Create one with "createdb --encoding=UTF8 --template=template0 ' +
        'NAME" and put that name into DATABASE_URL; a realm moves there with pg_dump and psql.',
    );
  }
  return RISKS.filter(risk => settings.get(risk.setting) === risk.value).map(
    ({ setting, text }) => ({ setting, text }),
  );
}

const RISKS = [
  {
    setting: 'fsync',
    value: 'off',
    text: 'fsync is off: a power loss may destroy the database, acknowledged trades included.',
  },
  {
    setting: 'full_page_writes',
    value: 'off',
    text: 'full_page_writes is off: a power loss may leave torn pages.',
  },
  {
    setting: 'synchronous_commit',
    value: 'off',
    text: 'synchronous_commit is off on the server; Tradepost turns it on for its journal.',
  },
  {
    setting: 'synchronous_commit',
    value: 'local',
    text: 'synchronous_commit is local: a standby may lack the last acknowledged trades.',
  },
  {
    setting: 'data_sync_retry',
    value: 'on',
    text: 'data_sync_retry is on: after a failed fsync, trades may be lost without an error.',
  },
] as const;
