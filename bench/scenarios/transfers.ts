// `transfers`: one coin from one player to another, both drawn by Zipf's law with exponent 1.5, so
// that a third of all transfers touch the same account. The published workload of SpacetimeDB's
// keynote test.

import { namePlace, template } from '../frame-template.ts';
import type { Options } from '../options.ts';
import { Random, Zipf } from '../random.ts';
import { closedLoop, coinsCheck, type Trial, type Workload } from '../trial.ts';
import { grantCoins } from '../world.ts';

const PLAYERS = 100_000;
const EXPONENT = 1.5;
const COINS = 10_000_000;
const SEED = 15;

export const transfers = closedLoop('transfers', prepare);

async function prepare(trial: Trial, options: Options): Promise<Workload> {
  const { exchange } = trial;
  const players = options.players ?? PLAYERS;
  await grantCoins(trial, players, COINS);
  const random = new Random(SEED);
  const zipf = new Zipf(players, EXPONENT);
  const frame = template('wallet.transfer', {
    from: namePlace(1),
    to: namePlace(2),
    asset: 'coins',
    quantity: 1,
  });
  return {
    source: (socket, sinceMs) => {
      const from = zipf.at(random.next());
      let to = zipf.at(random.next());
      while (to === from) to = zipf.at(random.next());
      frame.name(1, from);
      frame.name(2, to);
      exchange.send(socket, frame, 0, sinceMs);
    },
    checks: () => [coinsCheck(players * COINS)],
  };
}
