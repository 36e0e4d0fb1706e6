// A Redis of a test's own, for what kills, empties or pauses it: nothing of that is done to one
// that may be shared. It keeps nothing, so that a restart begins empty. Where no Redis answers,
// tests that need any use one of these; where there is no `redis-server` either, they are skipped.
// TEST_REDIS_SERVER names another program for all of them: `valkey-server`.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { connectRedis as connectTo } from '../../src/cluster/connect.ts';
import { redisUrl } from './redis.ts';

const START_MS = 10_000;
/** What a test's own Redis is. */
export const REDIS_PROGRAM = process.env.TEST_REDIS_SERVER || 'redis-server';
const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** A connection for a test; it gives up at once when there is no server. `key`: see links.ts. */
export function connectRedis(url: string, key = 'test'): Redis {
  const redis = connectTo(url, key, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on('error', () => {});
  return redis;
}

async function answers(url: string): Promise<boolean> {
  const redis = connectRedis(url);
  try {
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

/** How a server of a test's own is started. */
interface OwnOptions {
  /** `:password@`, when it wants one. */
  readonly login?: string;
  readonly program?: string;
}

/** A `redis-server` of a test's own, that keeps nothing: a restart begins empty. */
export class OwnRedis {
  readonly port: number;
  readonly url: string;
  readonly #program: string;
  readonly #settings: readonly string[];
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();

  private constructor(port: number, settings: readonly string[], options: OwnOptions) {
    this.port = port;
    this.#settings = settings;
    this.#program = options.program ?? REDIS_PROGRAM;
    this.url = `redis://${options.login ?? ''}127.0.0.1:${port}`;
  }

  /** Runs until the test is over. */
  static async start(
    settings: readonly string[] = [],
    options: OwnOptions = {},
  ): Promise<OwnRedis> {
    const redis = await OwnRedis.run(settings, options);
    onTestFinished(() => redis.kill());
    return redis;
  }

  /** Runs until this process ends. */
  static async run(settings: readonly string[] = [], options: OwnOptions = {}): Promise<OwnRedis> {
    const redis = new OwnRedis(await freePort(), settings, options);
    await redis.begin();
    return redis;
  }

  /** Starts the server, empty, where it was before. */
  async begin(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'tradepost-redis-'));
    const settings = ['--port', `${this.port}`, '--dir', folder, '--save', '', ...this.#settings];
    const everything = [...settings, '--bind', '127.0.0.1'];
    const child = spawn(this.#program, everything, { stdio: 'ignore' });
    living.add(child);
    this.#child = child;
    this.#ended = new Promise(resolve => {
      child.once('exit', () => {
        living.delete(child);
        rmSync(folder, { recursive: true, force: true });
        resolve();
      });
    });
    const endsAtMs = performance.now() + START_MS;
    while (!(await answers(this.url))) {
      if (performance.now() > endsAtMs) throw new Error(`${this.#program} does not answer.`);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#ended;
  }

  /** Runs one command from outside. */
  async ask<Answer>(work: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    const redis = connectRedis(this.url);
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }
}

/** Whether a server can be started: `redis-server`, `valkey-server`. */
export function isInstalled(program = REDIS_PROGRAM): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A port that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>(resolve => server.close(() => resolve()));
  return port;
}

/** Whether tests may start servers of their own. */
export const hasOwnRedis = isInstalled();
/** The Redis of the tests, which may be shared; one of this file's where there is none; or null. */
export const anyRedisUrl = redisUrl ?? (hasOwnRedis ? (await OwnRedis.run()).url : null);
