// A Postgres server of a test's own, for what stops, restores or promotes it: nothing of that is
// done to one that may be shared. Where there is no `initdb`, tests that need one are skipped.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { childUser, giveAway } from './child-user.ts';
import { until } from './fault-realm.ts';
import { freePort } from './redis-server.ts';
import { skipping } from './skipping.ts';

const DEBIAN = '/usr/lib/postgresql';
const PROGRAMS = ['initdb', 'postgres', 'pg_basebackup'];
const START_MS = 20_000;
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** The folder with the programs of the server; Debian keeps them off the PATH. */
function programs(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort().reverse() : [];
  const debian = versions.map(version => join(DEBIAN, version, 'bin'));
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...debian];
  const isWhole = (folder: string) => PROGRAMS.every(name => existsSync(join(folder, name)));
  return folders.find(isWhole) ?? null;
}

const bin = programs();

/** Tests that do harm to a Postgres of their own. */
export const onOwnPostgres = skipping(bin === null ? 'no Postgres server is installed' : null);

export class OwnPostgres {
  port: number;
  /** Holds the data folder and its copies. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'tradepost-postgres-'));
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();

  private constructor(port: number) {
    this.port = port;
    giveAway(this.#folder);
    onTestFinished(async () => {
      await this.stop('SIGQUIT');
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  /** An empty server that runs until the test is over. */
  static async start(): Promise<OwnPostgres> {
    const server = new OwnPostgres(await freePort());
    server.#run('initdb', ['-D', server.#data, '-U', 'postgres', '-A', 'trust', '--no-sync']);
    await server.begin();
    return server;
  }

  /** A standby of `primary`, asynchronous, that has all that the primary has by now. */
  static async standbyOf(primary: OwnPostgres): Promise<OwnPostgres> {
    const standby = new OwnPostgres(await freePort());
    const from = ['-h', '127.0.0.1', '-p', `${primary.port}`, '-U', 'postgres'];
    standby.#run('pg_basebackup', [
      '-D',
      standby.#data,
      ...from,
      '-R',
      '-X',
      'stream',
      '-c',
      'fast',
    ]);
    await standby.begin();
    return standby;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  async begin(): Promise<void> {
    const settings = ['-p', `${this.port}`, '-h', '127.0.0.1', '-k', this.#folder];
    const program = join(bin ?? '', 'postgres');
    const child = spawn(program, ['-D', this.#data, ...settings], {
      stdio: 'ignore',
      ...childUser,
    });
    living.add(child);
    this.#child = child;
    this.#ended = new Promise(resolve => {
      child.once('exit', () => {
        living.delete(child);
        this.#child = null;
        resolve();
      });
    });
    await until(() => this.#answers(), 'the Postgres of the test answers', START_MS);
  }

  /** SIGINT: at once and in order. SIGQUIT: as a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    this.#child?.kill(signal);
    await this.#ended;
  }

  /** Keeps a copy of the data as it is now. The server must be stopped. */
  backUp(): void {
    this.#run('cp', ['-a', this.#data, join(this.#folder, 'copy')]);
  }

  /** Puts the copy in the place of the data. The server must be stopped. */
  restore(): void {
    rmSync(this.#data, { recursive: true, force: true });
    this.#run('cp', ['-a', join(this.#folder, 'copy'), this.#data]);
  }

  /** Of a standby that was cut off: becomes the primary, where `primary`, which has ended, was. */
  async takeOver(primary: OwnPostgres): Promise<void> {
    this.port = primary.port;
    await this.begin();
    await this.sql('select pg_promote(true)');
  }

  /** Of a standby: has all that `primary` has by now. */
  async caughtUpWith(primary: OwnPostgres): Promise<void> {
    const [there] = await primary.sql<{ lsn: string }>('select pg_current_wal_lsn() as lsn');
    const reached = `select pg_last_wal_replay_lsn() >= '${there?.lsn}' as reached`;
    const hasCaughtUp = async () => (await this.sql<{ reached: boolean }>(reached))[0]?.reached;
    await until(async () => (await hasCaughtUp()) === true, 'the standby catches up', START_MS);
  }

  /** Of a standby: it ends, and will follow nobody when it begins again. */
  async cutOff(): Promise<void> {
    await this.stop();
    appendFileSync(join(this.#data, 'postgresql.auto.conf'), "primary_conninfo = ''\n");
  }

  async sql<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query<Row>(text)).rows;
    } finally {
      client.end().catch(() => {});
    }
  }

  async #answers(): Promise<boolean> {
    if (this.#child === null) throw new Error('The Postgres of the test did not start.');
    return this.sql('select 1').then(
      () => true,
      () => false,
    );
  }

  #run(program: string, args: readonly string[]): void {
    const path = program === 'cp' ? program : join(bin ?? '', program);
    execFileSync(path, args, { stdio: 'ignore', cwd: this.#folder, ...childUser });
  }
}
