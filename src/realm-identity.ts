// Who a realm is in Redis: a random name in every key, channel and message, and a secret that signs
// them. Both are made by the migration and lie in the realm's schema, so whoever shares the
// database shares them, and nobody else does. Invariant: two databases do not have the same ones. A
// copy (a dump of production in staging) is known by its place: it lies in another cluster,
// database or schema than where the identity was settled, and gets a new one at its first start. A
// copy of all the files of a server cannot be told from the server; `npm run identity -- --new` is
// for that, and for a secret that became known.

import { randomBytes } from 'node:crypto';
import type { Log } from './base/log.ts';
import type { connect, Database } from './database/connection.ts';
import { withClient } from './database/connection.ts';

export interface RealmIdentity {
  /** 32 hexadecimal digits. */
  readonly identity: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

type Client = Awaited<ReturnType<typeof connect>>;

/** Where an identity holds; null is what the database does not tell. */
interface Place {
  readonly system: string | null;
  readonly database: number | null;
  readonly schema: number | null;
}

const CLIENT = { name: 'identity', statementTimeoutMs: 30_000 };
const IDENTITY_BYTES = 16;
const SECRET_BYTES = 32;
const WATCH_INTERVAL_MS = 5_000;

/** The identity of the realm of this database, for a node that starts: a copy gets its own. */
export function settleIdentity(database: Database, log: Log): Promise<RealmIdentity> {
  return changing(database, async client => {
    const here = await placeOf(client, database);
    const { rows } = await client.query<RealmIdentity & Place>(
      `select identity, secret, system_identifier as system, database_oid as database,
         schema_oid as schema
       from realm.realm_identity for update`,
    );
    const [settled] = rows;
    if (settled === undefined) throw new Error('The table realm_identity has lost its row.');
    const { identity, secret } = settled;
    if (isElsewhere(settled, here)) {
      log.warn(
        { was: identity },
        'this database is a copy of another one: its realm gets an identity of its own',
      );
      return write(client, here, newIdentity());
    }
    return write(client, here, { identity, secret });
  });
}

/**
 * Gives the realm a new identity and secret. Nodes that run with the old ones end by themselves.
 */
export function renewIdentity(database: Database): Promise<RealmIdentity> {
  return changing(database, async client =>
    write(client, await placeOf(client, database), newIdentity()),
  );
}

/** The name of the realm in Redis, as it is now. */
export async function readIdentity(database: Database): Promise<string> {
  const { rows } = await withClient(database, CLIENT, client =>
    client.query<{ identity: string }>(`select identity from realm.realm_identity`),
  );
  return rows[0]?.identity ?? '';
}

/** Calls `changed`, once, when the realm has another identity. Returns what ends the watch. */
export function watchIdentity(
  database: Database,
  identity: string,
  changed: () => void,
  intervalMs = WATCH_INTERVAL_MS,
): () => void {
  let isLooking = false;
  const timer = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      if ((await readIdentity(database)) === identity) return;
      clearInterval(timer);
      changed();
    } catch {
      // A database that is away says nothing about it.
    } finally {
      isLooking = false;
    }
  }, intervalMs);
  return () => clearInterval(timer);
}

function newIdentity(): RealmIdentity {
  const identity = randomBytes(IDENTITY_BYTES).toString('hex');
  return { identity, secret: randomBytes(SECRET_BYTES) };
}

function changing<Outcome>(
  database: Database,
  work: (client: Client) => Promise<Outcome>,
): Promise<Outcome> {
  return withClient(database, CLIENT, async client => {
    await client.query('begin');
    const outcome = await work(client);
    await client.query('commit');
    return outcome;
  });
}

async function write(
  client: Client,
  { system, database: oid, schema }: Place,
  { identity, secret }: RealmIdentity,
): Promise<RealmIdentity> {
  await client.query(
    `update realm.realm_identity set identity = $1, secret = $2,
       system_identifier = coalesce($3, system_identifier), database_oid = $4, schema_oid = $5`,
    [identity, secret, system, oid, schema],
  );
  return { identity, secret };
}

function isElsewhere(settled: Place, here: Place): boolean {
  const differ = (was: unknown, is: unknown) => was !== null && is !== null && was !== is;
  return (
    differ(settled.system, here.system) ||
    differ(settled.database, here.database) ||
    differ(settled.schema, here.schema)
  );
}

async function placeOf(client: Client, { schema }: Database): Promise<Place> {
  const { rows } = await client.query<{ database: number; schema: number; may: boolean }>(
    `select
       (select oid::bigint from pg_database where datname = current_database()) as database,
       (select oid::bigint from pg_namespace where nspname = $1) as schema,
       has_function_privilege('pg_catalog.pg_control_system()', 'execute') as may`,
    [schema],
  );
  const [found] = rows;
  if (found === undefined) throw new Error('The database does not say what it is.');
  const { may, ...place } = found;
  // Some hosts forbid it. Then a copy in another database is still told by the other two numbers.
  return { ...place, system: may ? await systemOf(client) : null };
}

/** Made by initdb: a copy of the files keeps it, a dump that is restored elsewhere does not. */
async function systemOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ system: string }>(
    'select system_identifier::text as system from pg_control_system()',
  );
  return rows[0]?.system as string;
}
