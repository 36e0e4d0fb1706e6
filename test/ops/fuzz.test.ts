// `npm run fuzz` in short: a server that gets all that the schemas accept stands it. Longer runs
// with other seeds are for the command itself.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFolder } from '../../src/database/worker-file.ts';
import type { FuzzReport } from '../fuzz/fuzz.ts';
import { serverUrl } from '../support/postgres.ts';

const SECONDS = 4;
const SEED = 20_261_128;

async function fuzz(): Promise<FuzzReport> {
  const main = join(packageFolder(), 'dist', 'test', 'fuzz', 'main.js');
  const database = serverUrl === null ? 'pglite' : 'postgres';
  const args = ['--seconds', `${SECONDS}`, '--seed', `${SEED}`, '--database', database, '--json'];
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...(serverUrl === null ? {} : { DATABASE_URL: serverUrl }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text;
  });
  await new Promise(resolve => child.once('close', resolve));
  if (output === '') throw new Error(errors);
  return JSON.parse(output);
}

it('a server stands whatever its schemas accept', { timeout: 120_000 }, async () => {
  const report = await fuzz();
  expect(report.findings).toEqual([]);
  expect(report.answers).toBeGreaterThan(200);
  expect(report).toMatchObject({ setAside: 0, audit: true, startedAgain: true });
});
