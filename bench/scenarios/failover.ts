// `failover`: how long nothing is executed when the leader changes, with 100,000 open listings:
// killed (20 times) and asked to stop (10 times). Three nodes that all may lead; the one that went
// is replaced before the next change. In the end every probe was executed exactly once.

import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterProcess } from '../cluster-process.ts';
import { Exchange } from '../exchange.ts';
import { Meter } from '../meter.ts';
import type { Options } from '../options.ts';
import { Probes, type ProbesPlan } from '../probes.ts';
import { NOTHING, type Result } from '../report.ts';
import { coinsCheck, goodsCheck, isSound, say, tradesCheck } from '../trial.ts';
import { defineItems, grantCoins, grantGoods, list } from '../world.ts';
import { ITEMS, priceOf } from './purchases.ts';

const PLAYERS = 10_000;
const LISTINGS_PER_PLAYER = 10;
const STOCK = 100;
const COINS = 1_000_000_000;
const SOCKETS = 20;
/** Probing before the leader goes, and after it was replaced by another one. */
const AROUND_MS = 300;
const UNAVAILABLE = 3;
const UNKNOWN = 4;

interface Kind {
  readonly scenario: string;
  readonly signal: 'SIGKILL' | 'SIGTERM';
  readonly rounds: number;
  /** No client may be left in doubt, or wait longer than this. */
  readonly isPlanned: boolean;
}

const KINDS: readonly Kind[] = [
  { scenario: 'failover, kill -9', signal: 'SIGKILL', rounds: 20, isPlanned: false },
  { scenario: 'failover, hand-over', signal: 'SIGTERM', rounds: 10, isPlanned: true },
];

/** One change of the leader, in milliseconds. */
interface Change {
  readonly withoutServiceMs: number;
  readonly longestWaitMs: number;
  readonly loadingMs: number;
  readonly probes: number;
  readonly unavailable: number;
  readonly unknown: number;
}

export async function failover(options: Options): Promise<Result[]> {
  const players = options.players ?? PLAYERS;
  const cluster = new ClusterProcess({ roles: ['all', 'all', 'all'], profile: options.profile });
  try {
    await cluster.start();
    const listings = await prepare(cluster, players);
    // The last player sells like all, and buys from the others alone: nobody buys from himself.
    const plan: ProbesPlan = {
      listings: listings.filter((_, index) => index % players !== players - 1),
      buyer: players - 1,
      token: () => cluster.token('game'),
    };
    const changes = new Map<Kind, Change[]>();
    let probes = 0;
    for (const kind of KINDS) {
      const done: Change[] = [];
      for (let round = 1; round <= (options.rounds ?? kind.rounds); round++) {
        const change = await changeLeader(cluster, new Probes(plan, probes), kind);
        const { withoutServiceMs, loadingMs } = change;
        say(`${kind.scenario} ${round}: ${withoutServiceMs} ms, loading ${loadingMs} ms`);
        probes += change.probes;
        done.push(change);
      }
      changes.set(kind, done);
    }
    const drainMs = await cluster.drain();
    await cluster.stop();
    const checks = [
      coinsCheck(players * COINS),
      goodsCheck(players * LISTINGS_PER_PLAYER * STOCK),
      tradesCheck(probes),
    ];
    const sound = await isSound(cluster, checks, new Exchange(new Meter()));
    return [...changes].map(([kind, done]) => ({
      ...asResult(kind, done, sound),
      drainMs,
    }));
  } finally {
    await cluster.remove();
  }
}

async function prepare(cluster: ClusterProcess, players: number): Promise<Float64Array> {
  const exchange = new Exchange(new Meter());
  try {
    await exchange.open(SOCKETS, cluster.ports, () => cluster.token('game'));
    const trial = { exchange, server: cluster, say };
    await defineItems(trial, ITEMS);
    await grantCoins(trial, players, COINS);
    await grantGoods(trial, players, ITEMS, LISTINGS_PER_PLAYER * STOCK);
    const listings = await list(trial, {
      listings: players * LISTINGS_PER_PLAYER,
      players,
      items: ITEMS,
      quantity: STOCK,
      price: priceOf,
    });
    await cluster.drain();
    return listings;
  } finally {
    exchange.close();
  }
}

async function changeLeader(
  cluster: ClusterProcess,
  probes: Probes,
  { signal, isPlanned }: Kind,
): Promise<Change> {
  const { leader, ports } = cluster;
  await probes.start(ports);
  await sleep(AROUND_MS);
  const sinceMs = performance.now();
  const gone = leader.end(signal);
  let executedMs = await probes.executedAfter(sinceMs);
  await gone;
  // A leader that is asked to stop goes on for a moment: its successor must have executed one too.
  if (isPlanned) executedMs = await probes.executedAfter(performance.now());
  await sleep(AROUND_MS);
  await probes.stop();
  const { meter, count } = probes;
  const withoutServiceMs = isPlanned ? probes.longestPause(sinceMs) : executedMs - sinceMs;
  await cluster.replace(leader);
  await cluster.ready();
  return {
    withoutServiceMs: Math.round(withoutServiceMs),
    longestWaitMs: Math.round(probes.longestWait),
    loadingMs: cluster.leader.takeover?.tookMs ?? 0,
    probes: count,
    unavailable: meter.counted(UNAVAILABLE),
    unknown: meter.counted(UNKNOWN),
  };
}

function asResult(kind: Kind, changes: readonly Change[], sound: boolean): Result {
  const sum = (name: keyof Change) => changes.reduce((total, change) => total + change[name], 0);
  const sorted = (name: keyof Change) => changes.map(change => change[name]).sort((a, b) => a - b);
  const at = (values: readonly number[], share: number) =>
    values[Math.min(values.length - 1, Math.floor(share * values.length))] as number;
  const without = sorted('withoutServiceMs');
  const inDoubt = kind.isPlanned && sum('unknown') > 0;
  if (inDoubt) say(`CHECK FAILED: ${sum('unknown')} answers of a planned hand-over were unknown`);
  return {
    ...NOTHING,
    scenario: kind.scenario,
    database: 'postgres',
    commands: sum('probes'),
    audit: sound && !inDoubt ? 'ok' : 'FAILED',
    more: {
      changes: changes.length,
      minMs: at(without, 0),
      medianMs: at(without, 0.5),
      p90Ms: at(without, 0.9),
      maxMs: at(without, 1),
      longestWaitMs: at(sorted('longestWaitMs'), 1),
      loadingMedianMs: at(sorted('loadingMs'), 0.5),
      loadingMaxMs: at(sorted('loadingMs'), 1),
      unavailable: sum('unavailable'),
      unknown: sum('unknown'),
    },
  };
}
