// `npm run demo`: plays a story against a server of its own and ends with exit code 0 only when
// everything went as told. A story is one function; the table below is all there is to adding one.

import { playMarketDay } from './market-day.ts';
import { StoryError, Teller } from './teller.ts';
import { playTrades } from './trades.ts';

interface Story {
  readonly about: string;
  readonly play: (teller: Teller) => Promise<void>;
}

const STORIES: Readonly<Record<string, Story>> = Object.freeze({
  market: { about: 'a market day: listings, bids, purchases, a restart', play: playMarketDay },
  trade: { about: 'trades face to face, and the scams that fail', play: playTrades },
});

const DEFAULT_STORY = 'market';

/**
 * Plays the story that `args` names.
 * @throws {StoryError} with what there is, or with what went wrong.
 */
export async function runDemo(args: readonly string[]): Promise<void> {
  const [name = DEFAULT_STORY, ...more] = args;
  const story = Object.hasOwn(STORIES, name) ? STORIES[name] : undefined;
  if (story === undefined || more.length > 0) {
    const known = Object.entries(STORIES).map(([one, { about }]) => `  ${one.padEnd(10)}${about}`);
    throw new StoryError(`There is no demo "${args.join(' ')}". There is:\n${known.join('\n')}`);
  }
  const beganMs = performance.now();
  const teller = new Teller(text => void process.stdout.write(text));
  await story.play(teller);
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
  teller.chapter(`All as told: ${teller.checks} comparisons in ${seconds} s.`);
}
