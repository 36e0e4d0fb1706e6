// `steady`: mixed commands at a constant rate that does not care how the server feels. Latency
// counts from when a command was due, so that a stall of the server shows in all it delayed.

import { namePlace, numberPlace, template } from '../frame-template.ts';
import { OpenOrders, placingTag, type Side } from '../open-orders.ts';
import type { Options } from '../options.ts';
import { Random } from '../random.ts';
import type { RawSocket } from '../raw-socket.ts';
import type { Result } from '../report.ts';
import { coinsCheck, goodsCheck, runTrial, type Trial, type Workload } from '../trial.ts';
import { defineItems, grantCoins, grantGoods, list } from '../world.ts';
import { ITEMS, PLAYERS, priceOf, purchaseSource } from './purchases.ts';

const COINS = 1_000_000_000;
const STOCK = 100_000;
const SEED = 5_000;
/** Shares of the mix, added up: purchases, orders, cancels, transfers; the rest looks at books. */
const UP_TO = { purchase: 0.4, order: 0.65, cancel: 0.75, transfer: 0.9 } as const;

export function steady(options: Options): Promise<Result> {
  return runTrial(
    {
      scenario: 'steady',
      sockets: 50,
      inFlight: 0,
      seconds: 60,
      perSecond: 5_000,
      prepare,
    },
    options,
  );
}

async function prepare(trial: Trial, options: Options): Promise<Workload> {
  const players = options.players ?? PLAYERS;
  await defineItems(trial, ITEMS);
  await grantCoins(trial, players, COINS);
  await grantGoods(trial, players, ITEMS, 2 * STOCK);
  const listings = await list(trial, {
    listings: players,
    players,
    items: ITEMS,
    quantity: STOCK,
    price: priceOf,
  });
  const random = new Random(SEED);
  const orders = new OpenOrders(random);
  const other = (player: number) => (player + 1 + random.below(players - 1)) % players;
  const { exchange } = trial;
  const purchase = purchaseSource(exchange, options, () => {
    const listing = random.below(players);
    return { listing: listings[listing] as number, buyer: other(listing) };
  });
  const place = placer(trial, random, players);
  const transfer = template('wallet.transfer', {
    from: namePlace(1),
    to: namePlace(2),
    asset: 'coins',
    quantity: 1,
  });
  const look = template('market.book', { item: namePlace(1, 'i') });
  return {
    source: (socket, sinceMs) => {
      const draw = random.next();
      if (draw < UP_TO.purchase) {
        purchase(socket, sinceMs);
      } else if (draw < UP_TO.order || (draw < UP_TO.cancel && orders.count === 0)) {
        place(socket, sinceMs);
      } else if (draw < UP_TO.cancel) {
        orders.cancel(exchange, socket, sinceMs);
      } else if (draw < UP_TO.transfer) {
        const from = random.below(players);
        transfer.name(1, from);
        transfer.name(2, other(from));
        exchange.send(socket, transfer, 0, sinceMs);
      } else {
        look.name(1, random.below(ITEMS));
        exchange.send(socket, look, 0, sinceMs);
      }
    },
    onAnswer: (_socket, outcome, tag, bytes, bodyStart) =>
      orders.answered(outcome, tag, bytes, bodyStart),
    checks: () => [coinsCheck(players * COINS), goodsCheck(players * 2 * STOCK)],
  };
}

/** Bids below and listings above the prices of the stock, so that most of them rest. */
function placer(
  { exchange }: Trial,
  random: Random,
  players: number,
): (socket: RawSocket, sinceMs: number) => void {
  const terms = { item: namePlace(2, 'i'), quantity: 1, price: numberPlace(1) };
  const frames = {
    buy: template('bids.create', terms, { player: namePlace(1) }),
    sell: template('listings.create', terms, { player: namePlace(1) }),
  };
  return (socket, sinceMs) => {
    const side: Side = random.next() < 0.5 ? 'buy' : 'sell';
    const frame = frames[side];
    const player = random.below(players);
    frame.name(1, player);
    frame.name(2, player % ITEMS);
    frame.number(1, side === 'buy' ? 1 + random.below(9) : 100 + random.below(20));
    exchange.send(socket, frame, placingTag(side, player), sinceMs);
  };
}
