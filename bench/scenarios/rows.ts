// `rows`: the usual backend (peers/rows-server.ts) and ours, one after the other, spread and hot,
// each at the concurrency that suits it, with the ratios.

import type { Options } from '../options.ts';
import { runPeer } from '../peer-run.ts';
import { Random } from '../random.ts';
import { besidePeer, type Result } from '../report.ts';
import { hot, PLAYERS, purchases } from './purchases.ts';

const SECONDS = 10;
const STOCK = 100_000;
const HOT_STOCK = 2_000_000_000;
const COINS = 1_000_000_000;
const SEED = 20_261_121;

export async function rows(options: Options): Promise<Result[]> {
  const ours = { ...options, seconds: options.seconds ?? SECONDS, database: 'postgres' as const };
  const results: Result[] = [];
  for (const [name, isHot] of [
    ['spread', false],
    ['hot', true],
  ] as const) {
    const peer = await peerOf(`rows ${name}, Fastify + pg`, isHot, ours.seconds);
    const own = await (isHot ? hot(ours) : purchases(ours));
    results.push(peer, { ...besidePeer(own, peer), scenario: `rows ${name}, tradepost` });
  }
  return results;
}

function peerOf(scenario: string, isHot: boolean, seconds: number): Promise<Result> {
  const random = new Random(SEED);
  return runPeer({
    scenario,
    server: 'rows-server',
    args: [PLAYERS, STOCK, HOT_STOCK],
    path: '/purchases',
    body: () => {
      const listing = isHot ? 0 : random.below(PLAYERS);
      const buyer = (listing + 1 + random.below(PLAYERS - 1)) % PLAYERS;
      return `{"listing":${listing},"buyer":${buyer}}`;
    },
    seconds,
    question: 'select (select sum(coins) from wallets), (select count(*) from trades)',
    answers: succeeded => [PLAYERS * COINS, succeeded],
  });
}
