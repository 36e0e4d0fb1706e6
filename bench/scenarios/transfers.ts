// `transfers`: one coin from one player to another, both drawn by Zipf's law with exponent 1.5, so
// that a third of all transfers touch the same account. The published workload of SpacetimeDB's
// keynote test.

import { namePlace, template } from '../frame-template.ts';
import type { Options } from '../options.ts';
import { Random, Zipf } from '../random.ts';
import type { Result } from '../report.ts';
import { coinsCheck, runTrial, type Trial, type Workload } from '../trial.ts';
import { grantCoins } from '../world.ts';

const PLAYERS = 100_000;
const EXPONENT = 1.5;
const COINS = 10_000_000;
const SEED = 15;

export function transfers(options: Options): Promise<Result> {
  const players = options.players ?? PLAYERS;
  return runTrial(
    {
      scenario: 'transfers',
      sockets: 50,
      inFlight: 20,
      seconds: 30,
      perSecond: null,
      prepare: trial => prepare(trial, players),
    },
    options,
  );
}

async function prepare(trial: Trial, players: number): Promise<Workload> {
  const { exchange } = trial;
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
