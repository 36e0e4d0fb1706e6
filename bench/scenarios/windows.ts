// `windows`: complete trade windows, from the invitation to the swap, with no waiting times: eight
// commands each. Beside it the same swap as one transaction of the usual backend, and the same
// windows with every player on a socket of his own that listens to his window and his private feed.

import { setTimeout as sleep } from 'node:timers/promises';
import { WINDOW_STATUSES } from '../../protocol/direct.ts';
import type { Courses } from '../courses.ts';
import { nameOf, template } from '../frame-template.ts';
import { runAll } from '../load.ts';
import type { Options } from '../options.ts';
import { runPeer } from '../peer-run.ts';
import type { RawSocket } from '../raw-socket.ts';
import { besidePeer, type Result } from '../report.ts';
import {
  COINS,
  ITEMS,
  itemsOf,
  PLAYERS,
  PRICE,
  playerOf,
  QUANTITY,
  SHIFTS,
  STOCK,
} from '../swaps.ts';
import {
  CLOSED_LOOP,
  coinsCheck,
  goodsCheck,
  runTrial,
  type Trial,
  type Workload,
} from '../trial.ts';
import { windowCourses } from '../window-courses.ts';
import { defineItems, grantCoins, grantGoods, list } from '../world.ts';
import { priceOf, purchaseSource } from './purchases.ts';

const WATCHED_PAIRS = 1_000;
const PEER_SECONDS = 10;
/** So that every reference price has full confidence, and no warning is given. */
const TRADES_PER_ITEM = 15;

const ENVIRONMENT = {
  WINDOW_ARM_ADDED_MS: '0',
  WINDOW_ARM_TAKEN_MS: '0',
  WINDOW_ARM_ACCEPTED_MS: '0',
  WINDOW_REVIEW_MS: '0',
  WINDOW_INVITES_PER_MINUTE_MAX: '1000000',
  WINDOW_INVITES_PER_PLAYER_MAX: '1000000',
  SUBSCRIPTIONS_PER_SOCKET_MAX: '10000',
};

export async function windows(options: Options): Promise<Result[]> {
  const players = options.players ?? PLAYERS;
  const peer = await peerOf(players, options.seconds ?? PEER_SECONDS);
  const own = await runTrial(
    {
      ...CLOSED_LOOP,
      scenario: 'windows',
      environment: ENVIRONMENT,
      prepare: trial => prepare(trial, options, players, false),
    },
    options,
  );
  const watched = await watchedWindows(options);
  return [peer, besidePeer(own, peer), watched];
}

function watchedWindows(options: Options): Promise<Result> {
  const players = 2 * WATCHED_PAIRS;
  return runTrial(
    {
      ...CLOSED_LOOP,
      scenario: 'windows, watched by both',
      sockets: players,
      inFlight: 1,
      environment: ENVIRONMENT,
      playerOf: socket => nameOf(socket),
      prepare: trial => prepare(trial, options, players, true),
    },
    { ...options, sockets: null, inFlight: null },
  );
}

async function prepare(
  trial: Trial,
  options: Options,
  players: number,
  watched: boolean,
): Promise<Workload> {
  const { exchange } = trial;
  await defineItems(trial, ITEMS);
  await grantCoins(trial, players, COINS);
  for (const shift of SHIFTS) await grantGoods(trial, players, ITEMS, STOCK, shift);
  await makePrices(trial, options);
  if (watched) await subscribeAll(trial);
  const courses = windowCourses(trial, { pairs: Math.floor(players / 2), watched });
  let frames = 0;
  exchange.onEvent = () => {
    frames += 1;
  };
  return {
    source: courses.source,
    whole: courses.meter,
    onAnswer: courses.answered,
    checks: () => [
      coinsCheck(players * COINS),
      goodsCheck(players * SHIFTS.length * STOCK),
      ...courseChecks(trial, courses),
    ],
    more: () => (watched ? { framesPerWindow: Math.round((frames / courses.done) * 10) / 10 } : {}),
  };
}

function courseChecks({ say }: Trial, courses: Courses) {
  const refusal = courses.whyRefused();
  if (refusal !== null) say(`refused: ${refusal}`);
  return [
    { what: 'windows given up', sql: `select ${courses.refused}`, expected: 0 },
    {
      what: 'windows done',
      sql: `select count(*) from windows where status = ${WINDOW_STATUSES.indexOf('done')}`,
      expected: courses.done,
    },
  ];
}

/** Trades each item often enough: player n, who owns item n, sells to the next one. */
async function makePrices(trial: Trial, options: Options): Promise<void> {
  const listings = await list(trial, {
    listings: ITEMS,
    players: ITEMS,
    items: ITEMS,
    quantity: TRADES_PER_ITEM,
    price: priceOf,
  });
  let made = 0;
  const purchase = purchaseSource(trial.exchange, { ...options, keys: false }, () => {
    const listing = made++ % ITEMS;
    return { listing: listings[listing] as number, buyer: listing + 1 };
  });
  await runAll(trial.exchange, ITEMS * TRADES_PER_ITEM, socket => {
    purchase(socket, trial.exchange.nowMs);
  });
}

async function subscribeAll({ exchange }: Trial): Promise<void> {
  const subscribing = template('session.subscribe', { channels: ['me'] });
  for (const socket of exchange.sockets as RawSocket[]) {
    exchange.send(socket, subscribing);
    socket.flush();
  }
  while (exchange.inFlight > 0) await sleep(1);
}

function peerOf(players: number, seconds: number): Promise<Result> {
  const pairs = Math.floor(players / 2);
  let next = 0;
  const sideOf = (player: number) => ({
    player,
    items: itemsOf(player),
    quantity: QUANTITY,
    coins: PRICE,
  });
  return runPeer({
    scenario: 'windows as one transaction, Fastify + pg',
    server: 'swaps-server',
    args: [players],
    path: '/swaps',
    body: () => {
      const pair = next++ % pairs;
      return JSON.stringify({ sides: [0, 1].map(side => sideOf(playerOf(pair, side))) });
    },
    seconds,
    question: `select (select sum(coins) from wallets), (select sum(quantity) from inventory),
                 (select count(*) from swaps), (select count(*) from transfers)`,
    answers: swaps => [
      players * COINS,
      players * SHIFTS.length * STOCK,
      swaps,
      swaps * 2 * (SHIFTS.length + 1),
    ],
  });
}
