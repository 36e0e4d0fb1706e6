// A PgBouncer of a test's own before a Postgres server. Where the binary is missing, tests that
// need one are skipped.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { childUser, giveAway } from './child-user.ts';
import { POSTGRES_URL, until } from './fault-realm.ts';
import { freePort } from './redis-server.ts';
import { skipping } from './skipping.ts';

export type PoolMode = 'session' | 'transaction' | 'statement';

export interface PgBouncerOptions {
  readonly mode: PoolMode;
  /** Sessions of the server that it keeps; 20 when nothing is said. */
  readonly poolSize?: number;
  /** Further lines of its configuration. */
  readonly more?: readonly string[];
}

const START_MS = 10_000;
/** Debian has it where ordinary users do not look. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`;
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

function isInstalled(): boolean {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore', env: { PATH } });
    return true;
  } catch {
    return false;
  }
}

const noServer = POSTGRES_URL === '' ? 'no Postgres server answers' : null;
const noBouncer = isInstalled() ? null : 'no pgbouncer is installed';
export const onPgBouncer = skipping(noServer ?? noBouncer);

/** Starts one before the Postgres of the tests, until the test is over. Gives its URL. */
export async function startPgBouncer(options: PgBouncerOptions): Promise<string> {
  const { mode, poolSize = 20, more = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'tradepost-pgbouncer-'));
  const port = await freePort();
  const { host, port: serverPort, user, password } = new pg.Client(POSTGRES_URL);
  const users = join(folder, 'users.txt');
  const configuration = join(folder, 'pgbouncer.ini');
  writeFileSync(users, `"${user}" "${password ?? ''}"\n`);
  const lines = [
    '[databases]',
    `* = host=${host} port=${serverPort}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = trust',
    `auth_file = ${users}`,
    `pool_mode = ${mode}`,
    `default_pool_size = ${poolSize}`,
    ...more,
  ];
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  for (const path of [folder, users, configuration]) giveAway(path);
  const child = spawn('pgbouncer', [configuration], {
    stdio: 'ignore',
    env: { PATH },
    ...childUser,
  });
  living.add(child);
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => {
      living.delete(child);
      resolve();
    });
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = new URL(POSTGRES_URL);
  url.hostname = '127.0.0.1';
  url.port = `${port}`;
  await until(() => answers(url.href), 'the PgBouncer of the test answers', START_MS);
  return url.href;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    client.end().catch(() => {});
  }
}
