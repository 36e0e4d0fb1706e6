// How the process talks to Postgres: one Database describes where, and every connection made here
// names the realm's tables for its statements (realm-client.ts), has bounded waits, keep-alive, an
// error listener, and bigints read as checked numbers, alone and in arrays. Each says itself what
// every setting is that any of them changes: none goes by what a session was left with. The
// embedded database is reached by the same driver, but is one session behind all its connections:
// settings are shared there, so only the search path is set, and statements stay unnamed. On a
// server the search path leads nowhere.

import { createHash } from 'node:crypto';
import pg from 'pg';
import { assert } from '../base/assert.ts';
import type { Log } from '../base/log.ts';
import { realmClient } from './realm-client.ts';

/** Where a realm's tables are. Plain values: it is handed to worker threads as it is. */
export interface Database {
  readonly address:
    | { readonly kind: 'server'; readonly url: string }
    | { readonly kind: 'embedded'; readonly socketFolder: string };
  /** The Postgres schema of the realm: `[a-z][a-z0-9_]*`. */
  readonly schema: string;
}

export interface ConnectionOptions {
  /** Shown by the server in its list of sessions. */
  readonly name: string;
  /** The server gives up on a statement after this long. */
  readonly statementTimeoutMs: number;
  /** Further settings for the session; not for the embedded database. */
  readonly settings?: Readonly<Partial<Record<SettingName, string>>>;
}

/** `search_path`: for tests, whose statements name no realm. */
type SettingName =
  | keyof typeof AS_CONFIGURED
  | 'idle_in_transaction_session_timeout'
  | 'lock_timeout'
  | 'search_path';

/**
 * What some connections set, and all others have as the server, the database or the role has it. A
 * pooler that does not reset its sessions would pass on what the last one set.
 */
const AS_CONFIGURED = {
  synchronous_commit: null,
  plan_cache_mode: null,
  enable_seqscan: null,
} as const;

const CONNECT_TIMEOUT_MS = 5_000;
const HOLD_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_AFTER_MS = 10_000;
/** What a silent server gets on top of the statement timeout before the connection is given up. */
const SILENCE_MS = 5_000;
const INT8_OID = 20;
const INT8_ARRAY_OID = 1016;

/** The port in the file name of the embedded database's socket. */
export const EMBEDDED_PORT = 5432;

/** A single connected client, its losses reported to `onError`. Close it with {@link discard}. */
export async function connect(
  database: Database,
  options: ConnectionOptions,
  onError: (error: Error, client: pg.Client) => void,
): Promise<pg.Client> {
  const RealmClient = realmClient(database.schema);
  const client = new RealmClient(clientConfig(database, options));
  client.on('error', error => onError(error, client));
  try {
    await client.connect();
    await client.query(soon(sessionSettings(database, options)));
    return client;
  } catch (error) {
    discard(client);
    throw error;
  }
}

/** A statement that takes no time: who gets no answer soon need not wait for that of a long one. */
export function soon(text: string): pg.QueryConfig {
  const timeout = { query_timeout: CONNECT_TIMEOUT_MS };
  return { text, ...timeout };
}

/** Ends a connection at once, whatever it is doing. Never throws. */
export function discard(client: pg.Client): void {
  client.end().catch(() => {});
}

/** Lends a connection to `work`. Rejects with why it was lost, when it was. */
export async function withClient<Outcome>(
  database: Database,
  options: ConnectionOptions,
  work: (client: pg.Client) => Promise<Outcome>,
): Promise<Outcome> {
  let lost: Error | null = null;
  const client = await connect(database, options, error => {
    lost = error;
  });
  try {
    return await work(client);
  } catch (error) {
    throw lost ?? error;
  } finally {
    discard(client);
  }
}

/** A pool of connections for reads. */
export function createPool(
  database: Database,
  options: ConnectionOptions & { readonly max: number },
  log: Log,
): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(database, options),
    Client: realmClient(database.schema),
    max: options.max,
    onConnect: client => client.query(sessionSettings(database, options)),
  });
  const onError = (error: Error) => {
    log.warn({ error: error.message }, 'database connection lost');
  };
  pool.on('error', onError);
  pool.on('connect', client => client.on('error', onError));
  return pool;
}

/**
 * A statement that is parsed once per connection; on the embedded database each time anew. The same
 * statement has another name in each realm, so that it is never mistaken for that of another one.
 */
export function prepared(
  { address, schema }: Database,
  name: string,
  text: string,
): pg.QueryConfig {
  if (address.kind === 'embedded') return { text };
  const realm = createHash('sha256').update(schema).digest('hex').slice(0, 8);
  return { name: `${name}_${realm}`, text };
}

/** A bigint of the database as a number. @throws {RangeError} beyond 2^53 - 1. */
export function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond 2^53 - 1.`);
  return value;
}

function clientConfig(database: Database, options: ConnectionOptions): pg.ClientConfig {
  assert(/^[a-z][a-z0-9_]{0,62}$/.test(database.schema), 'a schema name is plain');
  const { address } = database;
  const where =
    address.kind === 'server'
      ? { connectionString: address.url }
      : { host: address.socketFolder, port: EMBEDDED_PORT, user: 'postgres', database: 'postgres' };
  return {
    ...where,
    application_name: `tradepost ${options.name}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: options.statementTimeoutMs + SILENCE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    types: { getTypeParser },
  };
}

function sessionSettings(database: Database, options: ConnectionOptions): string {
  const settings: Record<string, string | null> = { search_path: database.schema };
  if (database.address.kind === 'server') {
    Object.assign(settings, {
      // A statement that does not name its realm finds no table, whoever has this session later.
      search_path: 'pg_catalog',
      ...AS_CONFIGURED,
      statement_timeout: `${options.statementTimeoutMs}`,
      lock_timeout: `${HOLD_TIMEOUT_MS}`,
      idle_in_transaction_session_timeout: `${options.statementTimeoutMs}`,
      jit: 'off',
      ...options.settings,
    });
  }
  return Object.entries(settings)
    .map(([name, value]) => `set ${name} to ${value === null ? 'default' : `'${value}'`}`)
    .join('; ');
}

/** Of one dimension and without nulls, as the database writes it: `{1,2}`. */
function parseInt8Array(text: string): number[] {
  return text === '{}' ? [] : text.slice(1, -1).split(',').map(parseInt8);
}

const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  if (format !== 'binary') {
    if (oid === INT8_OID) return parseInt8;
    if (oid === INT8_ARRAY_OID) return parseInt8Array;
  }
  return pg.types.getTypeParser(oid, format);
};
