// Once before all tests: compiles, because worker threads and processes run compiled code, and sees
// to a Postgres server. Which database the tests use is decided here and said once.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server for the tests, or null: then they use the embedded database. */
    postgresUrl: string | null;
  }
}

const LOCAL_URL = 'postgres://postgres@127.0.0.1:5432/test';
const START_TRIES = 100;

let own: Awaited<ReturnType<typeof startServer>> = null;

export async function setup(project: TestProject): Promise<void> {
  execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
  const wanted = process.env.DATABASE_URL;
  if (wanted !== undefined && !(await answers(wanted))) {
    throw new Error('The server of DATABASE_URL does not answer.');
  }
  if (wanted !== undefined || (await answers(LOCAL_URL))) {
    project.provide('postgresUrl', wanted ?? LOCAL_URL);
    return;
  }
  own = await startServer();
  if (own === null) console.log('No Postgres server: database tests use PGlite, some are skipped.');
  project.provide('postgresUrl', own?.url ?? null);
}

export async function teardown(): Promise<void> {
  await own?.stop();
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    client.end().catch(() => {});
  }
}

/** A throw-away server from the `postgres` on the PATH; null where there is none that starts. */
async function startServer(): Promise<{ url: string; stop(): Promise<void> } | null> {
  const folder = mkdtempSync(join(tmpdir(), 'tradepost-postgres-'));
  const cluster = join(folder, 'cluster');
  try {
    const options = ['-D', cluster, '-U', 'postgres', '-A', 'trust', '--no-sync'];
    execFileSync('initdb', options, { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return null;
  }
  const port = await freePort();
  const settings = ['-p', `${port}`, '-h', '127.0.0.1', '-k', folder];
  const server = spawn('postgres', ['-D', cluster, ...settings], { stdio: 'ignore' });
  const exited = new Promise<void>(resolve => server.once('exit', () => resolve()));
  const stop = async () => {
    server.kill('SIGINT');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  for (let tries = 0; tries < START_TRIES; tries++) {
    if (await answers(url)) return { url, stop };
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  await stop();
  return null;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>(resolve => server.close(() => resolve()));
  return port;
}
