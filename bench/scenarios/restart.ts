// `restart`: a large market, killed under load with SIGKILL and started again: how long until the
// first command is acknowledged, whether everything acknowledged before is there, and what an open
// listing costs in memory.

import { setTimeout as sleep } from 'node:timers/promises';
import { Exchange } from '../exchange.ts';
import { runLoad } from '../load.ts';
import { Meter } from '../meter.ts';
import type { Options } from '../options.ts';
import { Random } from '../random.ts';
import { NOTHING, type Result } from '../report.ts';
import { ServerProcess } from '../server-process.ts';
import { coinsCheck, goodsCheck, isSound, say, type Trial } from '../trial.ts';
import { defineItems, grantCoins, grantGoods, list } from '../world.ts';
import { ITEMS, priceOf, purchaseSource } from './purchases.ts';

const PLAYERS = 100_000;
const LISTINGS_PER_PLAYER = 10;
const COINS = 1_000_000;
const STOCK = 100;
const SOCKETS = 50;
const IN_FLIGHT = 20;
const LOAD_SECONDS = 3;
const SEED = 9;
/** Setting up outruns the tables; here they may lag as long as they like. */
const ENVIRONMENT = { PROJECTION_LAG_MAX_MS: '600000' };

export async function restart(options: Options): Promise<Result> {
  const players = options.players ?? PLAYERS;
  const server = new ServerProcess(options.database, options.profile, ENVIRONMENT);
  let exchange = new Exchange(new Meter());
  try {
    await server.start();
    const empty = server.rssBytes ?? 0;
    await exchange.open(SOCKETS, server.ports, () => server.token('game'));
    const listings = await prepare({ exchange, server, say }, players);
    await server.drain();
    const killed = await loadAndKill(exchange, server, listings, players, options);
    say(`killed with ${killed.unanswered} requests under way`);
    const startedMs = performance.now();
    await server.start();
    const listeningSeconds = (performance.now() - startedMs) / 1_000;
    exchange = new Exchange(new Meter());
    await exchange.open(1, server.ports, () => server.token('game'));
    await purchaseOnce(exchange, listings, options);
    const seconds = Math.round((performance.now() - startedMs) / 10) / 100;
    await sleep(1_000);
    const resident = (server.rssBytes ?? 0) - empty;
    const drainMs = await server.drain();
    exchange.close();
    await server.stop();
    const trades = await server.ask('select count(*) from trades');
    const acknowledged = killed.acknowledged + 1;
    const kept = trades >= acknowledged && trades <= acknowledged + killed.unanswered;
    const checks = [coinsCheck(players * COINS), goodsCheck(players * LISTINGS_PER_PLAYER * STOCK)];
    const sound = await isSound(server, checks, exchange);
    return {
      ...NOTHING,
      scenario: 'restart',
      database: options.database,
      sockets: SOCKETS,
      inFlight: IN_FLIGHT,
      seconds,
      commands: 1,
      audit: sound && kept ? 'ok' : 'FAILED',
      drainMs,
      more: {
        firstAcknowledgementSeconds: seconds,
        listeningSeconds: Math.round(listeningSeconds * 100) / 100,
        listings: listings.length,
        bytesPerListing: Math.round(resident / listings.length),
        acknowledged,
        trades,
        unansweredAtTheKill: killed.unanswered,
      },
    };
  } finally {
    exchange.close();
    await server.remove();
  }
}

async function prepare(trial: Trial, players: number): Promise<Float64Array> {
  await defineItems(trial, ITEMS);
  await grantCoins(trial, players, COINS);
  await grantGoods(trial, players, ITEMS, LISTINGS_PER_PLAYER * STOCK);
  return list(trial, {
    listings: players * LISTINGS_PER_PLAYER,
    players,
    items: ITEMS,
    quantity: STOCK,
    price: priceOf,
  });
}

async function loadAndKill(
  exchange: Exchange,
  server: ServerProcess,
  listings: Float64Array,
  players: number,
  options: Options,
): Promise<{ readonly acknowledged: number; readonly unanswered: number }> {
  exchange.meter = new Meter();
  exchange.onLost = () => {};
  const random = new Random(SEED);
  const source = purchaseSource(exchange, options, () => {
    const at = random.below(listings.length);
    const buyer = ((at % players) + 1 + random.below(players - 1)) % players;
    return { listing: listings[at] as number, buyer };
  });
  const seconds = options.seconds ?? LOAD_SECONDS;
  const load = runLoad({
    exchange,
    source,
    warmUpSeconds: 0,
    seconds: seconds + 1,
    inFlight: IN_FLIGHT,
    perSecond: null,
    progress: say,
  });
  // It ends with unanswered requests, which is the point.
  load.catch(() => {});
  await sleep(seconds * 1_000);
  await server.stop('SIGKILL');
  await sleep(500);
  exchange.close();
  const { totals } = exchange.meter;
  return { acknowledged: totals[0] as number, unanswered: exchange.inFlight };
}

async function purchaseOnce(
  exchange: Exchange,
  listings: Float64Array,
  options: Options,
): Promise<void> {
  const last = listings.length - 1;
  const send = purchaseSource(exchange, { ...options, keys: false }, () => ({
    listing: listings[last] as number,
    buyer: 0,
  }));
  const [socket] = exchange.sockets;
  if (socket === undefined) throw new Error('There is no socket.');
  let outcome = -1;
  exchange.onAnswer = (_socket, answered) => {
    outcome = answered;
  };
  send(socket, performance.now());
  socket.flush();
  while (exchange.inFlight > 0) await sleep(1);
  if (outcome !== 0) throw new Error('The first command after the restart was refused.');
}
