// The server under test: the real one, built, as a process of its own, with a realm that nobody
// else uses and that is dropped afterwards. Limits that would stop a benchmark by design (open
// orders of one player) are raised; durability is left as it is.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createLog } from '../src/base/log.ts';
import { readConfig } from '../src/config.ts';
import type { Database } from '../src/database/connection.ts';
import { connect, discard } from '../src/database/connection.ts';
import { signToken } from '../src/gateway/token.ts';
import { openStore } from '../src/store.ts';
import { residentBytes } from './processes.ts';

export type DatabaseKind = 'postgres' | 'pglite';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));
const DEFAULT_URL = 'postgres://postgres@127.0.0.1:5432/test';
const START_MS = 120_000;
const CATCH_UP_MS = 120_000;
const TOKEN_SECONDS = 24 * 60 * 60;

const started = new Set<ServerProcess>();

/** When the bench is interrupted: leaves nothing behind. */
export async function removeServers(): Promise<void> {
  await Promise.all([...started].map(server => server.remove()));
}

export class ServerProcess {
  readonly database: DatabaseKind;
  readonly realm = `bench_${randomBytes(4).toString('hex')}`;
  port = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tradepost-bench-'));
  readonly #secret = randomBytes(32).toString('hex');
  readonly #profile: string | null;
  readonly #more: NodeJS.ProcessEnv;
  #child: ChildProcess | null = null;

  /** With a folder the processor profile of each run of the server goes there when it stops. */
  constructor(database: DatabaseKind, profile: string | null, more: NodeJS.ProcessEnv = {}) {
    this.database = database;
    this.#profile = profile;
    this.#more = more;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get rssBytes(): number | null {
    return residentBytes(this.pid);
  }

  /** Starts it; resolves when it listens. */
  async start(): Promise<void> {
    const profile = this.#profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${this.#profile}`];
    const child = spawn(process.execPath, [...profile, MAIN, 'start'], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    started.add(this);
    this.port = await listening(child);
  }

  token(player: string, role: 'service' | 'standard' = 'service'): Promise<string> {
    return signToken(this.#secret, { player, role, expiresInSeconds: TOKEN_SECONDS });
  }

  /** Milliseconds until the tables have caught up with the journal. */
  async drain(): Promise<number> {
    const startedMs = performance.now();
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/ready`);
      const { projectionLagMs } = (await answer.json()) as { projectionLagMs: number };
      const waitedMs = performance.now() - startedMs;
      if (projectionLagMs === 0) return Math.round(waitedMs);
      if (waitedMs > CATCH_UP_MS) throw new Error('The tables do not catch up with the journal.');
      await sleep(5);
    }
  }

  /** Ends it, by default in an orderly way; resolves when it is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise(resolve => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  /** Runs the offline audit; resolves with whether it is green. Says what is not. */
  audit(): Promise<boolean> {
    const child = spawn(process.execPath, [MAIN, 'audit'], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    return new Promise(resolve => {
      child.once('close', code => {
        if (code !== 0) process.stderr.write(output);
        resolve(code === 0);
      });
    });
  }

  /** Asks the stopped server's tables. The first column of the first row, as a number. */
  async ask(sql: string): Promise<number> {
    const store = await openStore(readConfig(this.#environment()), createLog('error'));
    try {
      return await askDatabase(store.database, sql);
    } finally {
      await store.close();
    }
  }

  /** Stops it and removes everything it kept. */
  async remove(): Promise<void> {
    started.delete(this);
    await this.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
    if (this.database === 'pglite') return;
    const client = new pg.Client({ connectionString: databaseUrl() });
    await client.connect();
    await client.query(`drop schema if exists realm_${this.realm} cascade`);
    await client.end();
  }

  #environment(): NodeJS.ProcessEnv {
    const { DATABASE_URL: _, ...env } = process.env;
    return {
      ...env,
      ...(this.database === 'postgres' ? { DATABASE_URL: databaseUrl() } : {}),
      REALM: this.realm,
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: this.#folder,
      JWT_SECRET: this.#secret,
      LOG_LEVEL: 'warn',
      OPEN_ORDERS_MAX: '10000000',
      ...this.#more,
    };
  }
}

export function databaseUrl(): string {
  return process.env.DATABASE_URL ?? DEFAULT_URL;
}

async function askDatabase(database: Database, sql: string): Promise<number> {
  const options = { name: 'bench', statementTimeoutMs: CATCH_UP_MS };
  const client = await connect(database, options, () => {});
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return Number(Object.values(rows[0] ?? {})[0]);
  } finally {
    discard(client);
  }
}

/** The port in the lines that the server prints when it listens. */
export function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error('The server does not start.')), START_MS);
    child.once('exit', code => reject(new Error(`The server ended with code ${code}.`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const port = /ws:\/\/[^\s:]+:(\d+)\S*\n/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}
