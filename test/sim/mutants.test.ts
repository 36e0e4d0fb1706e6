// Runs the compiled simulation: the mutants are made of its JavaScript.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { MUTANTS } from './mutants.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

async function sim(...options: string[]): Promise<Record<string, unknown>[]> {
  const main = ['dist/test/sim/main.js', '--json', ...options];
  const { stdout } = await run(process.execPath, main, { cwd: root });
  const lines = stdout.trim().split('\n');
  return lines.map(line => JSON.parse(line) as Record<string, unknown>);
}

test('every planted bug is caught within 200 seeds', { timeout: 300_000 }, async () => {
  const verdicts = await sim('--mutant', 'all', '--seeds', '200');
  expect(verdicts.map(({ mutant }) => mutant)).toEqual(MUTANTS.map(({ name }) => name));
  for (const verdict of verdicts) expect(verdict).toMatchObject({ caught: true });
});

test('the same simulation finds nothing where no bug is planted', { timeout: 60_000 }, async () => {
  const [summary] = await sim('--seeds', '3');
  expect(summary).toMatchObject({ seeds: 3, failures: 0 });
});

test('a mutant that does not exist is an error, not a success', { timeout: 60_000 }, async () => {
  await expect(sim('--mutant', 'none-of-these')).rejects.toThrow('--mutant is all or one of');
});
