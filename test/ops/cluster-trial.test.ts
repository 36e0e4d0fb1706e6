// `npm run cluster`: nodes as processes of their own, found or started servers, and who leads.

import { execFileSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findPostgres, findRedis } from '../../src/cluster-trial-servers.ts';
import { openTestDatabase, serverUrl } from '../support/postgres.ts';
import { NO_REDIS, redisUrl } from '../support/redis.ts';
import { ServerProcess, temporaryFolder } from '../support/server-process.ts';

const NOBODY = '127.0.0.1:1';
const hasNone = serverUrl === null || redisUrl === null;
const skipped = serverUrl === null ? ' (skipped: no Postgres answers)' : NO_REDIS;

/** A realm that is gone when the test is over. */
async function trialRealm(): Promise<string> {
  const realm = `trial_${process.pid}_${Date.now()}`;
  const { client, close } = await openTestDatabase();
  onTestFinished(async () => {
    await (await client()).query(`drop schema if exists "realm_${realm}" cascade`);
    await close();
    const redis = new Redis(redisUrl as string);
    const keys = ['commands', 'lease', 'cluster'].map(name => `tradepost:{${realm}}:${name}`);
    await redis.del(...keys);
    redis.disconnect();
  });
  return realm;
}

describe.skipIf(hasNone)(`a cluster on one machine${skipped}`, () => {
  it('has nodes that answer, one that leads, another one after it died, and an end', async () => {
    const environment = {
      DATABASE_URL: serverUrl as string,
      REDIS_URL: redisUrl as string,
      REALM: await trialRealm(),
      DATA_DIR: await temporaryFolder(),
    };
    const trial = new ServerProcess(environment, ['cluster', '--nodes', '2', '--port', '0']);
    await trial.until(() => /node-\d leads, epoch \d+$/m.test(trial.output), 'lead', 30_000);
    const nodes = [...trial.output.matchAll(/^(node-\d) .*(http:\S+)\/ready {2}process (\d+)$/gm)];
    expect(nodes.map(([, name]) => name)).toEqual(['node-1', 'node-2']);
    for (const [, , address] of nodes) {
      expect((await fetch(`${address}/health`)).status).toBe(200);
    }
    const leader = /(node-\d) leads, epoch \d+$/m.exec(trial.output)?.[1];
    const [dead, living] = leader === 'node-1' ? nodes : nodes.toReversed();
    process.kill(Number(dead?.[3]), 'SIGKILL');
    const next = `${living?.[1]} leads, epoch `;
    await trial.until(() => trial.output.includes(next), 'lead again', 20_000);
    expect(trial.output).toContain(`${dead?.[1]} has ended`);
    trial.signal('SIGINT');
    expect((await trial.exit).code).toBe(0);
    expect(trial.output).toMatch(/Stopped\.\n$/);
    expect(() => process.kill(Number(living?.[3]), 0)).toThrow('ESRCH');
  });

  it.each([
    [['--nodes', '0'], '--nodes=0: expected a whole number from 1 to 16.'],
    [['--nodes', 'many'], '--nodes=many: expected a whole number from 1 to 16.'],
    [['--knots', '2'], 'Unknown option'],
  ])('%j is refused in one sentence', async (args, says) => {
    const trial = new ServerProcess({ DATA_DIR: await temporaryFolder() }, ['cluster', ...args]);
    expect((await trial.exit).code).toBe(1);
    expect(trial.output).toContain(says);
    expect(trial.output).not.toContain('    at ');
  });

  it('whose Redis does not answer does not start, and says which', async () => {
    const environment = {
      DATABASE_URL: serverUrl as string,
      REDIS_URL: `redis://${NOBODY}`,
      DATA_DIR: await temporaryFolder(),
    };
    const trial = new ServerProcess(environment, ['cluster']);
    expect((await trial.exit).code).toBe(1);
    expect(trial.output).toBe('The Redis of REDIS_URL does not answer.\n');
  });
});

function isOnPath(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a server that does not answer anywhere', () => {
  it.skipIf(!isOnPath('redis-server'))('is started from the PATH, and gone later', async () => {
    const folder = await temporaryFolder();
    const { url, description, stop } = await findRedis({}, folder, `redis://${NOBODY}`);
    expect(description).toMatch(/^started on port \d+, gone with the cluster$/);
    const redis = new Redis(url, { retryStrategy: () => null });
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
    await stop();
    await expect(findRedis({ REDIS_URL: url }, folder)).rejects.toThrow('does not answer');
  });

  it('and is not on the PATH either is asked for, with how to get it', async () => {
    const path = process.env.PATH;
    onTestFinished(() => {
      process.env.PATH = path ?? '';
    });
    process.env.PATH = await temporaryFolder();
    const [postgres, redis] = [`postgres://${NOBODY}/postgres`, `redis://${NOBODY}`];
    const folder = await temporaryFolder();
    await expect(findPostgres({}, folder, postgres)).rejects.toThrow(
      /^No Postgres: DATABASE_URL is not set, .* Set DATABASE_URL, or get one: apt install/,
    );
    await expect(findRedis({}, folder, redis)).rejects.toThrow(
      /^No Redis: REDIS_URL is not set, nothing answers at 127\.0\.0\.1:1, .* docker run/,
    );
  });
});
