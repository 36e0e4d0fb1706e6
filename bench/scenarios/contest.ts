// `contest`: a realm with 1,200,000 open listings, and two nodes that start at the same moment. How
// long until a purchase is acknowledged, how often the realm was claimed for that, and whether it
// is claimed again afterwards: nodes that load must not depose each other. The listings are written
// by SQL, so there is no audit but the one that each start makes. LEASE_MS makes it harder.

import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterProcess } from '../cluster-process.ts';
import { Exchange } from '../exchange.ts';
import { manyListings } from '../many-listings.ts';
import { Meter } from '../meter.ts';
import type { Options } from '../options.ts';
import { NOTHING, type Result } from '../report.ts';
import { say } from '../trial.ts';
import { defineItems, grantCoins, grantGoods, list } from '../world.ts';
import { purchaseSource } from './purchases.ts';

const PLAYERS = 1_000;
const LISTINGS_PER_PLAYER = 1_200;
const STOCK = 10;
const COINS = 1_000_000;
const WATCH_MS = 10_000;
const CLAIMS = 'select max(epoch) from journal';

export async function contest(options: Options): Promise<Result> {
  const players = options.players ?? PLAYERS;
  const cluster = new ClusterProcess({ roles: ['all', 'all'], profile: options.profile });
  try {
    await cluster.start();
    const listing = await prepare(cluster, players);
    await cluster.stop();
    for (const statement of manyListings(players * LISTINGS_PER_PLAYER)) {
      await cluster.ask(statement);
    }
    const before = await cluster.ask(CLAIMS);
    say(`${players * LISTINGS_PER_PLAYER} listings, and two nodes start`);
    const startedMs = performance.now();
    await cluster.startAgain();
    await purchaseOnce(cluster, listing, options);
    const seconds = Math.round((performance.now() - startedMs) / 10) / 100;
    const claims = (await cluster.ask(CLAIMS)) - before;
    const longestDelaysMs = await cluster.longestDelaysMs();
    await sleep(WATCH_MS);
    const claimsAfter = (await cluster.ask(CLAIMS)) - before - claims;
    await cluster.stop();
    return {
      ...NOTHING,
      scenario: 'contest',
      database: 'postgres',
      sockets: 1,
      inFlight: 1,
      seconds,
      commands: 1,
      more: {
        firstAcknowledgementSeconds: seconds,
        listings: players * LISTINGS_PER_PLAYER,
        claims,
        claimsAfter,
        longestDelaysMs: longestDelaysMs.join(' '),
      },
    };
  } finally {
    await cluster.remove();
  }
}

async function prepare(cluster: ClusterProcess, players: number): Promise<number> {
  const exchange = new Exchange(new Meter());
  try {
    await exchange.open(1, cluster.ports, () => cluster.token('game'));
    const trial = { exchange, server: cluster, say };
    await defineItems(trial, 1);
    await grantCoins(trial, players, COINS);
    await grantGoods(trial, players, 1, LISTINGS_PER_PLAYER * STOCK);
    const plan = { listings: 1, players, items: 1, quantity: STOCK, price: () => 100 };
    const [listing = 0] = await list(trial, plan);
    await cluster.drain();
    return listing;
  } finally {
    exchange.close();
  }
}

async function purchaseOnce(
  cluster: ClusterProcess,
  listing: number,
  options: Options,
): Promise<void> {
  const exchange = new Exchange(new Meter());
  try {
    await exchange.open(1, cluster.ports, () => cluster.token('game'));
    const [socket] = exchange.sockets;
    const send = purchaseSource(exchange, { ...options, keys: false }, () => ({
      listing,
      buyer: 1,
    }));
    if (socket === undefined) throw new Error('There is no socket.');
    while (exchange.meter.ok === 0) {
      send(socket, performance.now());
      socket.flush();
      while (exchange.inFlight > 0) await sleep(1);
    }
  } finally {
    exchange.close();
  }
}
