// Immediate purchases of one unit: `purchases` from listings spread over all players and items,
// `hot` from one listing that everybody wants.

import type { Exchange } from '../exchange.ts';
import { keyPlace, namePlace, numberPlace, template } from '../frame-template.ts';
import type { Source } from '../load.ts';
import type { Options } from '../options.ts';
import { Random } from '../random.ts';
import {
  closedLoop,
  coinsCheck,
  goodsCheck,
  type Trial,
  tradesCheck,
  type Workload,
} from '../trial.ts';
import { defineItems, grantCoins, grantGoods, list } from '../world.ts';

export const PLAYERS = 10_000;
export const ITEMS = 100;
const COINS = 1_000_000_000;
const STOCK = 100_000;
const HOT_STOCK = 1_000_000_000;
const SEED = 20_261_121;

export const priceOf = (listing: number): number => 10 + (listing % 90);

export const purchases = closedLoop('purchases', prepareSpread);

export const hot = closedLoop('hot', prepareHot);

export async function prepareSpread(trial: Trial, options: Options): Promise<Workload> {
  const players = options.players ?? PLAYERS;
  await defineItems(trial, ITEMS);
  await grantCoins(trial, players, COINS);
  await grantGoods(trial, players, ITEMS, STOCK);
  const listings = await list(trial, {
    listings: players,
    players,
    items: ITEMS,
    quantity: STOCK,
    price: priceOf,
  });
  const random = new Random(SEED);
  return {
    source: purchaseSource(trial.exchange, options, () => {
      const listing = random.below(players);
      const buyer = (listing + 1 + random.below(players - 1)) % players;
      return { listing: listings[listing] as number, buyer };
    }),
    checks: () => [
      coinsCheck(players * COINS),
      goodsCheck(players * STOCK),
      tradesCheck(trial.exchange.meter.totals[0] as number),
    ],
  };
}

async function prepareHot(trial: Trial, options: Options): Promise<Workload> {
  const players = options.players ?? PLAYERS;
  await defineItems(trial, 1);
  await grantCoins(trial, players, COINS);
  await grantGoods(trial, 1, 1, HOT_STOCK);
  const [listing = 0] = await list(trial, {
    listings: 1,
    players: 1,
    items: 1,
    quantity: HOT_STOCK,
    price: priceOf,
  });
  const random = new Random(SEED);
  return {
    source: purchaseSource(trial.exchange, options, () => ({
      listing,
      buyer: 1 + random.below(players - 1),
    })),
    checks: () => [
      coinsCheck(players * COINS),
      goodsCheck(HOT_STOCK),
      tradesCheck(trial.exchange.meter.totals[0] as number),
    ],
  };
}

/** One unit from one listing for one buyer, as `choose` says. */
export function purchaseSource(
  exchange: Exchange,
  options: Options,
  choose: () => { readonly listing: number; readonly buyer: number },
): Source {
  const frame = template(
    'purchases.create',
    { listing: numberPlace(1), quantity: 1 },
    { player: namePlace(1), ...(options.keys ? { key: keyPlace(2) } : {}) },
  );
  let keys = 0;
  return (socket, sinceMs) => {
    const { listing, buyer } = choose();
    frame.number(1, listing);
    frame.name(1, buyer);
    if (options.keys) frame.name(2, keys++);
    exchange.send(socket, frame, 0, sinceMs);
  };
}
