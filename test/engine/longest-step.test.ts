// No step of the engine stops its thread for long, however large the realm: at 1,000,000 open
// orders, 10,000,000 accounts, 10,000,000 keys and 4,000,000 players.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import type { Longest } from '../support/longest-step.ts';

const run = promisify(execFile);
const compiled = new URL('../../dist/test/support/longest-step.js', import.meta.url).href;
const LONGEST_MS = 50;

/** On a machine that others use, too, one measurement may be wrong: what is long is long again. */
const MEASUREMENTS_MAX = 3;

async function measured(): Promise<Longest> {
  const script = `import('${compiled}').then(module => module.measure())`;
  const options = ['--max-old-space-size=5000', '--no-allocation-site-pretenuring'];
  const { stdout } = await run(process.execPath, [...options, '-e', script]);
  console.log(stdout);
  return JSON.parse(stdout) as Longest;
}

describe('in the largest realm, no step takes 50 ms', () => {
  let longest: Longest;
  /** The least that the longest step of each kind took in any measurement. */
  const longestMs = new Map<string, number>();

  beforeAll(async () => {
    for (let n = 0; n < MEASUREMENTS_MAX; n += 1) {
      longest = await measured();
      for (const [step, { longestMs: tookMs }] of Object.entries(longest.steps)) {
        longestMs.set(step, Math.min(longestMs.get(step) ?? tookMs, tookMs));
      }
      if ([...longestMs.values()].every(tookMs => tookMs < LONGEST_MS)) return;
    }
  }, 900_000);

  test.each([
    ['a new name', 'names'],
    ['a new account', 'accounts'],
    ['a new order', 'orders'],
    ['a new key', 'keys'],
    ['a step of the audit', 'audit'],
    ['a slice of what is due', 'expiry'],
    ['a command when 10,000,000 keys are too old', 'a day later'],
  ])('%s', (_what, step) => {
    expect(longestMs.get(step)).toBeLessThan(LONGEST_MS);
  });

  test('and the audit finds nothing, nor does a slice end more than it may', () => {
    expect(longest.broken).toEqual([]);
    expect(longest.endedMax).toBe(DEFAULT_RULES.endsPerEntryMax);
    expect(longest.slices).toBe(500);
  });
});
