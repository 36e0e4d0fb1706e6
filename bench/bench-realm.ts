// A realm that nobody else uses, and what is asked of it when the servers are gone: its tables and
// the offline audit. It owns what the servers of a run share (environment, secret, data folder) and
// leaves nothing behind. Limits that would stop a benchmark by design (open orders of one player)
// are raised; durability is left as it is.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createLog } from '../src/base/log.ts';
import { readConfig } from '../src/config.ts';
import { connect, discard } from '../src/database/connection.ts';
import { signToken } from '../src/gateway/token.ts';
import { openStore } from '../src/store.ts';

export type DatabaseKind = 'postgres' | 'pglite';

/** Asks the tables: the first column of the first row, as a number. */
export type Ask = (sql: string) => Promise<number>;

/** The command line of the server, built. */
export const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));
const DEFAULT_URL = 'postgres://postgres@127.0.0.1:5432/test';
const QUESTION_MS = 120_000;
const TOKEN_SECONDS = 24 * 60 * 60;

export class BenchRealm {
  readonly database: DatabaseKind;
  readonly name = `bench_${randomBytes(4).toString('hex')}`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tradepost-bench-'));
  readonly #secret = randomBytes(32).toString('hex');
  readonly #more: NodeJS.ProcessEnv;

  constructor(database: DatabaseKind, more: NodeJS.ProcessEnv) {
    this.database = database;
    this.#more = more;
  }

  /** Of one single server; whatever makes it a node of a cluster is put on top. */
  get environment(): NodeJS.ProcessEnv {
    const { DATABASE_URL: _, REDIS_URL: __, ...env } = process.env;
    return {
      ...env,
      ...(this.database === 'postgres' ? { DATABASE_URL: databaseUrl() } : {}),
      REALM: this.name,
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: this.#folder,
      JWT_SECRET: this.#secret,
      LOG_LEVEL: 'warn',
      OPEN_ORDERS_MAX: '10000000',
      ...this.#more,
    };
  }

  token(player: string, role: 'service' | 'standard' = 'service'): Promise<string> {
    return signToken(this.#secret, { player, role, expiresInSeconds: TOKEN_SECONDS });
  }

  /** Runs the offline audit; resolves with whether it is green. Says what is not. */
  audit(): Promise<boolean> {
    const child = spawn(process.execPath, [MAIN, 'audit'], {
      env: this.environment,
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

  /** Asks the tables once; an embedded database must have no server. */
  ask(sql: string): Promise<number> {
    return this.asking(ask => ask(sql));
  }

  /** Lends a connection to the tables. */
  async asking<Found>(work: (ask: Ask) => Promise<Found>): Promise<Found> {
    const store = await openStore(readConfig(this.environment), createLog('error'));
    try {
      // Questions name no realm.
      const settings = { search_path: store.database.schema };
      const options = { name: 'bench', statementTimeoutMs: QUESTION_MS, settings };
      const client = await connect(store.database, options, () => {});
      try {
        return await work(async sql => {
          const { rows } = await client.query<Record<string, unknown>>(sql);
          return Number(Object.values(rows[0] ?? {})[0]);
        });
      } finally {
        discard(client);
      }
    } finally {
      await store.close();
    }
  }

  async remove(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
    if (this.database === 'pglite') return;
    const client = new pg.Client({ connectionString: databaseUrl() });
    await client.connect();
    await client.query(`drop schema if exists realm_${this.name} cascade`);
    await client.end();
  }
}

export function databaseUrl(): string {
  return process.env.DATABASE_URL ?? DEFAULT_URL;
}
