// `rows`: the usual backend (peers/rows-server.ts) and ours, one after the other, spread and hot,
// each at the concurrency that suits it, with the ratios.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Child, startPeer, stopPeer } from '../child.ts';
import { Meter } from '../meter.ts';
import type { Options } from '../options.ts';
import { Random } from '../random.ts';
import { RawHttp } from '../raw-http.ts';
import { NOTHING, type Result } from '../report.ts';
import { databaseUrl } from '../server-process.ts';
import { Clocks, say } from '../trial.ts';
import { hot, PLAYERS, purchases } from './purchases.ts';

const CONNECTIONS = 64;
const SECONDS = 10;
const WARM_UP_SECONDS = 2;
const STOCK = 100_000;
const HOT_STOCK = 2_000_000_000;
const COINS = 1_000_000_000;
const SEED = 20_261_121;

export async function rows(options: Options): Promise<Result[]> {
  const ours = { ...options, seconds: options.seconds ?? SECONDS, database: 'postgres' as const };
  const results: Result[] = [];
  for (const [name, isHot] of [
    ['spread', false],
    ['hot', true],
  ] as const) {
    const peer = await runPeer(`rows ${name}, Fastify + pg`, isHot, ours.seconds);
    const own = await (isHot ? hot(ours) : purchases(ours));
    const ratio = own.commandsPerSecond / peer.commandsPerSecond;
    results.push(peer, {
      ...own,
      scenario: `rows ${name}, tradepost`,
      more: { ...own.more, timesThePeer: Math.round(ratio * 10) / 10 },
    });
  }
  return results;
}

async function runPeer(scenario: string, isHot: boolean, seconds: number): Promise<Result> {
  const schema = `bench_rows_${randomBytes(4).toString('hex')}`;
  const url = databaseUrl();
  const args = [url, schema, `${PLAYERS}`, `${STOCK}`, `${HOT_STOCK}`];
  const child = await startPeer('rows-server', args);
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    const measured = await load(child, isHot, seconds);
    const sound = await conserved(client, schema, measured.meter);
    const { meter, clocks } = measured;
    return {
      ...NOTHING,
      scenario,
      database: 'postgres',
      sockets: CONNECTIONS,
      inFlight: 1,
      seconds,
      commands: measured.commands,
      commandsPerSecond: Math.round(measured.commands / seconds),
      ...meter.latencies(),
      rejected: meter.rejected,
      audit: sound ? 'ok' : 'FAILED',
      ...clocks.used(),
    };
  } finally {
    await stopPeer(child);
    await client.query(`drop schema if exists ${schema} cascade`);
    await client.end();
  }
}

async function load(child: Child, isHot: boolean, seconds: number) {
  const meter = new Meter();
  const clocks = new Clocks(child.pid);
  const random = new Random(SEED);
  let isRunning = true;
  let underWay = 0;
  const post = (connection: RawHttp) => {
    const listing = isHot ? 0 : random.below(PLAYERS);
    const buyer = (listing + 1 + random.below(PLAYERS - 1)) % PLAYERS;
    const startedMs = performance.now();
    underWay += 1;
    connection.post('/purchases', `{"listing":${listing},"buyer":${buyer}}`, status => {
      underWay -= 1;
      meter.record(status === 200 ? 0 : status === 409 ? 1 : 2, performance.now() - startedMs);
      if (isRunning) post(connection);
    });
  };
  const failed = (error: Error) => {
    throw error;
  };
  const connections = Array.from({ length: CONNECTIONS }, () => new RawHttp(child.port, failed));
  for (const connection of connections) post(connection);
  await sleep(WARM_UP_SECONDS * 1_000);
  meter.forget();
  clocks.start();
  for (let second = 1; second <= seconds; second++) {
    await sleep(1_000);
    say(`${second} s: ${Math.round(meter.ok / second)}/s`);
  }
  const commands = meter.ok;
  clocks.stop();
  isRunning = false;
  while (underWay > 0) await sleep(5);
  for (const connection of connections) connection.end();
  return { meter, clocks, commands };
}

/** Coins as granted, and one trade for each purchase that was answered with success. */
async function conserved(client: pg.Client, schema: string, meter: Meter): Promise<boolean> {
  const { rows } = await client.query(
    `select (select sum(coins) from ${schema}.wallets) as coins,
            (select count(*) from ${schema}.trades) as trades`,
  );
  const { coins, trades } = rows[0] as { coins: string; trades: string };
  return Number(coins) === PLAYERS * COINS && Number(trades) === meter.totals[0];
}
