// `npm run demo` as a real process: it checks every number it tells, so its exit code says it all;
// here it is only made sure that it told what it should.

import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { ServerProcess } from '../support/server-process.ts';

it('the demo plays a market day, tells it, and leaves nothing behind', {
  timeout: 90_000,
}, async () => {
  const before = await leftovers();
  const demo = new ServerProcess({}, ['demo']);
  const { code } = await demo.exit;
  const { output } = demo;
  expect(output).toMatch(/All as told: \d+ comparisons in \d+\.\d s\.\n$/);
  expect(code).toBe(0);
  for (const words of [
    'mints 10,000 coins for bob',
    'gets 220: 120 @ 12 + 100 @ 15 = 2,940',
    'sends bob-buys-ore-1 again',
    'KEY_REUSED',
    'INSUFFICIENT_FUNDS',
    'LISTING_UNAVAILABLE',
    '300 coins are released',
    'the state has the same hash',
    'all green',
  ]) {
    expect(output).toContain(words);
  }
  for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  expect((await leftovers()).filter(name => !before.includes(name))).toEqual([]);
});

async function leftovers(): Promise<string[]> {
  return (await readdir(tmpdir())).filter(name => name.startsWith('tradepost-demo-'));
}
