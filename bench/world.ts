// Players, items, coins, goods and listings for the scenarios, made by ordinary commands over the
// load's own sockets. Player n is p000000n, item n is i000000n.

import { type FrameTemplate, namePlace, numberPlace, template } from './frame-template.ts';
import { runAll } from './load.ts';
import { firstInteger } from './reply.ts';
import type { Trial } from './trial.ts';

/** Defines items i0000000 to `count` - 1. */
export async function defineItems(
  { exchange }: Trial,
  count: number,
  kind: 'commodity' | 'unique' = 'commodity',
): Promise<void> {
  const frame = template('items.define', { item: namePlace(1, 'i'), kind });
  await runAll(exchange, count, (socket, index) => {
    frame.name(1, index);
    exchange.send(socket, frame);
  });
}

/** Gives each of `players` players `quantity` coins. */
export async function grantCoins(trial: Trial, players: number, quantity: number): Promise<void> {
  const payload = { player: namePlace(1), asset: 'coins', quantity };
  await grant(trial, players, template('wallet.grant', payload), (frame, index) => {
    frame.name(1, index);
  });
}

/** Gives player n `quantity` of item n + `shift` modulo `items`. */
export async function grantGoods(
  trial: Trial,
  players: number,
  items: number,
  quantity: number,
  shift = 0,
): Promise<void> {
  const payload = { player: namePlace(1), asset: namePlace(2, 'i'), quantity };
  await grant(trial, players, template('wallet.grant', payload), (frame, index) => {
    frame.name(1, index);
    frame.name(2, (index + shift) % items);
  });
}

async function grant(
  { exchange, say }: Trial,
  count: number,
  frame: FrameTemplate,
  fill: (frame: FrameTemplate, index: number) => void,
): Promise<void> {
  await runAll(
    exchange,
    count,
    (socket, index) => {
      fill(frame, index);
      exchange.send(socket, frame);
    },
    { progress: done => say(`granted ${done} of ${count}`) },
  );
}

export interface ListingPlan {
  readonly listings: number;
  readonly players: number;
  readonly items: number;
  readonly quantity: number;
  readonly price: (listing: number) => number;
}

/** Listing n is by player n modulo `players`, of item n modulo `items`. Resolves with their ids. */
export async function list({ exchange, say }: Trial, plan: ListingPlan): Promise<Float64Array> {
  const ids = new Float64Array(plan.listings);
  const frame = template(
    'listings.create',
    { item: namePlace(2, 'i'), quantity: plan.quantity, price: numberPlace(1) },
    { player: namePlace(1) },
  );
  await runAll(
    exchange,
    plan.listings,
    (socket, index) => {
      frame.name(1, index % plan.players);
      frame.name(2, index % plan.items);
      frame.number(1, plan.price(index));
      exchange.send(socket, frame, index);
    },
    {
      onAnswer: (_socket, _outcome, index, bytes, bodyStart) => {
        ids[index] = firstInteger(bytes, bodyStart);
      },
      progress: done => say(`listed ${done} of ${plan.listings}`),
    },
  );
  return ids;
}
