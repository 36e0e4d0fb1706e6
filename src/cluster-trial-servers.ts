// The Postgres and the Redis of a trial cluster: those of DATABASE_URL and REDIS_URL, else those
// that answer on their usual ports, else ones that are started for it from the PATH and are gone
// with it; else what is missing is said, and how to get it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { connectRedis } from './cluster/connect.ts';
import { ConfigError, type Environment, text } from './config-values.ts';

export interface TrialServer {
  readonly url: string;
  /** Which one it is, without its password. */
  readonly description: string;
  stop(): Promise<void>;
}

interface Kind {
  readonly name: string;
  readonly variable: 'DATABASE_URL' | 'REDIS_URL';
  readonly usual: string;
  readonly answers: (url: string) => Promise<boolean>;
  /** Starts one on `port` in `folder`, or says why not. */
  readonly start: (folder: string, port: number) => { child: ChildProcess; url: string } | string;
  readonly stopSignal: NodeJS.Signals;
  readonly advice: string;
}

const ANSWER_MS = 2_000;
const START_MS = 20_000;
const POLL_MS = 100;

const POSTGRES: Kind = {
  name: 'Postgres',
  variable: 'DATABASE_URL',
  usual: 'postgres://postgres@127.0.0.1:5432/postgres',
  answers: postgresAnswers,
  start: startPostgres,
  // Disconnects whoever is there and stops.
  stopSignal: 'SIGINT',
  advice: 'apt install postgresql, brew install postgresql, or docker run -p 5432:5432 postgres:16',
};

const REDIS_PROGRAMS = ['redis-server', 'valkey-server'];

const REDIS: Kind = {
  name: 'Redis',
  variable: 'REDIS_URL',
  usual: 'redis://127.0.0.1:6379',
  answers: redisAnswers,
  start: startRedis,
  stopSignal: 'SIGTERM',
  advice: 'apt install redis-server, brew install redis, or docker run -p 6379:6379 redis:7',
};

/**
 * `usual` is where one is looked for before it is started.
 * @throws {ConfigError} with what is missing.
 */
export function findPostgres(
  env: Environment,
  folder: string,
  usual = POSTGRES.usual,
): Promise<TrialServer> {
  return find({ ...POSTGRES, usual }, env, folder);
}

/** As {@link findPostgres}. */
export function findRedis(
  env: Environment,
  folder: string,
  usual = REDIS.usual,
): Promise<TrialServer> {
  return find({ ...REDIS, usual }, env, folder);
}

async function find(kind: Kind, env: Environment, folder: string): Promise<TrialServer> {
  const { name, variable, usual } = kind;
  const wanted = text(env, variable);
  if (wanted !== null) {
    if (await kind.answers(wanted)) return there(wanted, `that of ${variable}`);
    throw new ConfigError(`The ${name} of ${variable} does not answer.`);
  }
  const { host } = new URL(usual);
  if (await kind.answers(usual)) return there(usual, `found at ${host}`);
  const port = await freePort();
  const started = kind.start(folder, port);
  if (typeof started === 'string') {
    throw new ConfigError(
      `No ${name}: ${variable} is not set, nothing answers at ${host}, and ${started}. ` +
        `Set ${variable}, or get one: ${kind.advice}`,
    );
  }
  const { child, url } = started;
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async () => {
    child.kill(kind.stopSignal);
    await ended;
  };
  const endsAtMs = performance.now() + START_MS;
  while (!(await kind.answers(url))) {
    if (child.exitCode !== null || performance.now() > endsAtMs) {
      await stop();
      throw new ConfigError(`The ${name} that was started on port ${port} does not answer.`);
    }
    await new Promise(resolve => setTimeout(resolve, POLL_MS));
  }
  return { url, description: `started on port ${port}, gone with the cluster`, stop };
}

function there(url: string, description: string): TrialServer {
  return { url, description, stop: async () => {} };
}

function startPostgres(
  folder: string,
  port: number,
): { child: ChildProcess; url: string } | string {
  if (process.getuid?.() === 0) return 'Postgres refuses to be started by root';
  const files = join(folder, 'postgres');
  const options = ['-D', files, '-U', 'postgres', '-A', 'trust', '--no-sync'];
  try {
    execFileSync('initdb', options, { stdio: 'ignore' });
  } catch {
    return 'there is no initdb on the PATH that makes one';
  }
  const settings = ['-D', files, '-p', `${port}`, '-h', '127.0.0.1', '-k', folder];
  const child = spawn('postgres', settings, { stdio: 'ignore', detached: true });
  return { child, url: `postgres://postgres@127.0.0.1:${port}/postgres` };
}

function startRedis(folder: string, port: number): { child: ChildProcess; url: string } | string {
  const program = REDIS_PROGRAMS.find(isOnPath);
  if (program === undefined) return `there is no ${REDIS_PROGRAMS.join(' or ')} on the PATH`;
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child = spawn(program, settings, { stdio: 'ignore', detached: true });
  return { child, url: `redis://127.0.0.1:${port}` };
}

function isOnPath(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function postgresAnswers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWER_MS });
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

async function redisAnswers(url: string): Promise<boolean> {
  const options = { lazyConnect: true, connectTimeout: ANSWER_MS, retryStrategy: () => null };
  const client = connectRedis(url, 'trial', options);
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>(resolve => server.close(() => resolve()));
  return port;
}
