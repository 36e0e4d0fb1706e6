// `unique`: one instance of a unique item, a thousand players who want it, each on a socket of his
// own; exactly one gets it. Then the next instance. Every answer counts as a command: being told
// "sold" fast is what 999 of 1,000 players see.

import { setTimeout as sleep } from 'node:timers/promises';
import { nameOf, namePlace, numberPlace, template } from '../frame-template.ts';
import { type Measured, runAll } from '../load.ts';
import type { Options } from '../options.ts';
import type { RawSocket } from '../raw-socket.ts';
import { firstInteger } from '../reply.ts';
import type { Result } from '../report.ts';
import {
  coinsCheck,
  goodsCheck,
  runTrial,
  type Trial,
  tradesCheck,
  type Workload,
} from '../trial.ts';
import { defineItems, grantCoins } from '../world.ts';

const RACERS = 1_000;
const PRICE = 100;
const COINS = 1_000_000_000;
const SELLER = 0;

export function unique(options: Options): Promise<Result> {
  return runTrial(
    {
      scenario: 'unique',
      sockets: RACERS,
      inFlight: 1,
      seconds: 10,
      perSecond: null,
      prepare,
    },
    options,
  );
}

async function prepare(trial: Trial): Promise<Workload> {
  const { exchange } = trial;
  await defineItems(trial, 1, 'unique');
  await grantCoins(trial, exchange.sockets.length + 1, COINS);
  let rounds = 0;
  let unfair = 0;
  return {
    source: () => {},
    run: async seconds => {
      const startedMs = performance.now();
      let commands = 0;
      while (performance.now() - startedMs < seconds * 1_000) {
        const winners = await race(trial, rounds++);
        if (winners !== 1) unfair += 1;
        commands += exchange.sockets.length;
        trial.say(`round ${rounds}: ${winners} of ${exchange.sockets.length} got it`);
      }
      return { seconds: (performance.now() - startedMs) / 1_000, commands } satisfies Measured;
    },
    checks: () => [
      coinsCheck((exchange.sockets.length + 1) * COINS),
      goodsCheck(rounds),
      tradesCheck(rounds),
      { what: 'rounds with other than one winner', sql: `select ${unfair}`, expected: 0 },
    ],
    more: () => ({ rounds, roundsWithOneWinner: rounds - unfair }),
  };
}

/** Lists instance number `round` and lets everybody try; resolves with how many got it. */
async function race({ exchange }: Trial, round: number): Promise<number> {
  const instance = `${nameOf(0, 'i')}#${round}`;
  const seller = nameOf(SELLER);
  const grant = template('wallet.grant', { player: seller, asset: instance, quantity: 1 });
  const create = template(
    'listings.create',
    { item: instance, quantity: 1, price: PRICE },
    { player: seller },
  );
  let listing = 0;
  await runAll(exchange, 1, socket => exchange.send(socket, grant));
  await runAll(exchange, 1, socket => exchange.send(socket, create), {
    onAnswer: (_socket, _outcome, _tag, bytes, bodyStart) => {
      listing = firstInteger(bytes, bodyStart);
    },
  });
  const purchase = template(
    'purchases.create',
    { listing: numberPlace(1), quantity: 1 },
    { player: namePlace(1) },
  );
  purchase.number(1, listing);
  let winners = 0;
  exchange.onAnswer = (_socket, outcome) => {
    if (outcome === 0) winners += 1;
  };
  exchange.nowMs = performance.now();
  exchange.sockets.forEach((socket: RawSocket, index) => {
    purchase.name(1, index + 1);
    exchange.send(socket, purchase);
    socket.flush();
  });
  while (exchange.inFlight > 0) await sleep(1);
  exchange.onAnswer = () => {};
  return winners;
}
