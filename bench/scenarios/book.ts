// `book`: bids and listings around one price of one item, and cancels of what still rests.

import { namePlace, numberPlace, template } from '../frame-template.ts';
import { OpenOrders, placingTag } from '../open-orders.ts';
import type { Options } from '../options.ts';
import { Random } from '../random.ts';
import { closedLoop, coinsCheck, goodsCheck, type Trial, type Workload } from '../trial.ts';
import { defineItems, grantCoins, grantGoods } from '../world.ts';

const PLAYERS = 10_000;
const COINS = 100_000_000_000;
const GOODS = 1_000_000_000;
const SEED = 7;
const CANCEL_SHARE = 0.3;
const LOWEST_BID = 996;
const LOWEST_ASK = 997;
const PRICES = 8;
const QUANTITY_MAX = 10;

export const book = closedLoop('book', prepare);

async function prepare(trial: Trial, options: Options): Promise<Workload> {
  const { exchange } = trial;
  const players = options.players ?? PLAYERS;
  await defineItems(trial, 1);
  await grantCoins(trial, players, COINS);
  await grantGoods(trial, players, 1, GOODS);
  const random = new Random(SEED);
  const orders = new OpenOrders(random);
  const terms = { item: namePlace(2, 'i'), quantity: numberPlace(1), price: numberPlace(2) };
  const bid = template('bids.create', terms, { player: namePlace(1) });
  const ask = template('listings.create', terms, { player: namePlace(1) });
  for (const frame of [bid, ask]) frame.name(2, 0);
  return {
    source: (socket, sinceMs) => {
      if (orders.count > 0 && random.next() < CANCEL_SHARE) {
        orders.cancel(exchange, socket, sinceMs);
        return;
      }
      const side = random.next() < 0.5 ? 'buy' : 'sell';
      const frame = side === 'buy' ? bid : ask;
      const player = random.below(players);
      frame.name(1, player);
      frame.number(1, 1 + random.below(QUANTITY_MAX));
      frame.number(2, (side === 'buy' ? LOWEST_BID : LOWEST_ASK) + random.below(PRICES));
      exchange.send(socket, frame, placingTag(side, player), sinceMs);
    },
    onAnswer: (_socket, outcome, tag, bytes, bodyStart) =>
      orders.answered(outcome, tag, bytes, bodyStart),
    checks: () => [coinsCheck(players * COINS), goodsCheck(players * GOODS)],
  };
}
