// `npm run demo -- trade` as a real process: it compares everything it tells with what the server
// says, so its exit code says it all; here it is made sure that it played every scene.

import { expect, it } from 'vitest';
import { StoryError, Teller } from '../../src/demo/teller.ts';
import { ServerProcess } from '../support/server-process.ts';

/** What stops each scam, as the server says it. */
const SCENES = [
  ['An honest trade', 'NOT_ARMED', 'NOT_ACKNOWLEDGED: VALUE_RATIO', 'one receipt for both'],
  ['a zero is removed', 'coins 10,000 -> 1,000, decreased', 'NOT_ARMED', 'STALE_REVISION'],
  ['a swap for a look-alike', 'ruby#1 swapped for garnet#1', 'HASH_MISMATCH'],
  ['double-clicks', 'WINDOW_STATUS', 'NOT_ARMED', 'NOT_ACKNOWLEDGED: CHANGED_AFTER_ACCEPT'],
  ['the cable is pulled', 'WINDOW_STATUS', 'cancels the window: disconnected'],
  ['promised to two people', 'INSUFFICIENT_INVENTORY', 'INSUFFICIENT_INVENTORY'],
  ['a confirmation is replayed', 'the same receipt', 'WINDOW_NOT_FOUND', 'STALE_MANIFEST'],
  ['A directed offer', 'OFFER_NOT_FOUND', 'counters: 450 coins', 'accepts that'],
  ['Evening', '32,000', 'all green'],
];

it('the demo plays an honest trade and every classic scam, and each is stopped', {
  timeout: 150_000,
}, async () => {
  const demo = new ServerProcess({}, ['demo', 'trade']);
  const { code } = await demo.exit;
  const { output } = demo;
  expect(output).toMatch(/All as told: \d+ comparisons in \d+\.\d s\.\n$/);
  expect(code).toBe(0);
  let at = 0;
  for (const words of SCENES.flat()) {
    const found = output.indexOf(words, at);
    expect(found, `"${words}" after:\n${output.slice(0, at)}`).toBeGreaterThanOrEqual(0);
    at = found + words.length;
  }
  expect(output).toContain('one thousand five hundred');
  for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
});

it('a story that goes another way than told ends with a failure', async () => {
  const teller = new Teller(() => undefined);
  expect(() => teller.check('the coins', 10_000, 1_000)).toThrow(
    new StoryError('the coins: expected 1000, but it is 10000.'),
  );
  const demo = new ServerProcess({}, ['demo', 'no-such-story']);
  expect(await demo.exit).toMatchObject({ code: 1 });
  expect(demo.output).toContain('There is no demo "no-such-story". There is:');
  expect(demo.output).toMatch(/^ {2}trade {5}/m);
});
