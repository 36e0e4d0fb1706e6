// A peer that is a backend of its own over HTTP and Postgres: 64 keep-alive connections with one
// request under way each, its own tables, and a check of these tables at the end.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { databaseUrl } from './bench-realm.ts';
import { type Child, startPeer, stopPeer } from './child.ts';
import { Clocks, ofProcess } from './clocks.ts';
import { Meter } from './meter.ts';
import { RawHttp } from './raw-http.ts';
import { NOTHING, type Result } from './report.ts';
import { say } from './trial.ts';

const CONNECTIONS = 64;
const WARM_UP_SECONDS = 2;
const OK_STATUS = 200;
const REFUSED_STATUS = 409;

export interface PeerPlan {
  readonly scenario: string;
  /** The script in `peers`. It gets the address of the database and its schema, then `args`. */
  readonly server: string;
  readonly args: readonly number[];
  readonly path: string;
  /** The JSON of the next request. */
  readonly body: () => string;
  readonly seconds: number;
  /**
   * A question to its tables when all is over, and the right answers: of each column of the first
   * row. `succeeded`: requests answered with success.
   */
  readonly question: string;
  readonly answers: (succeeded: number) => readonly number[];
}

export async function runPeer(plan: PeerPlan): Promise<Result> {
  const schema = `bench_${randomBytes(4).toString('hex')}`;
  const url = databaseUrl();
  const args = plan.args.map(String);
  const child = await startPeer(plan.server, [url, schema, ...args]);
  const options = `-c search_path=${schema}`;
  const client = new pg.Client({ connectionString: url, options });
  try {
    await client.connect();
    const { meter, clocks, commands } = await load(child, plan);
    return {
      ...NOTHING,
      scenario: plan.scenario,
      database: 'postgres',
      sockets: CONNECTIONS,
      inFlight: 1,
      seconds: plan.seconds,
      commands,
      commandsPerSecond: Math.round(commands / plan.seconds),
      ...meter.latencies(),
      rejected: meter.rejected,
      audit: (await isSound(client, plan, meter)) ? 'ok' : 'FAILED',
      ...clocks.used(),
    };
  } finally {
    await stopPeer(child);
    await client.query(`drop schema if exists ${schema} cascade`);
    await client.end();
  }
}

async function load(child: Child, { path, body, seconds }: PeerPlan) {
  const meter = new Meter();
  const clocks = new Clocks(ofProcess(child.pid));
  let isRunning = true;
  let underWay = 0;
  const post = (connection: RawHttp) => {
    const startedMs = performance.now();
    underWay += 1;
    connection.post(path, body(), status => {
      underWay -= 1;
      const outcome = status === OK_STATUS ? 0 : status === REFUSED_STATUS ? 1 : 2;
      meter.record(outcome, performance.now() - startedMs);
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

async function isSound(client: pg.Client, plan: PeerPlan, meter: Meter): Promise<boolean> {
  const failed = meter.totals[2] as number;
  if (failed > 0) say(`${failed} requests failed`);
  const { rows } = await client.query({ text: plan.question, rowMode: 'array' });
  const found = (rows[0] as unknown[]).map(Number);
  const expected = plan.answers(meter.totals[0] as number);
  if (`${found}` === `${expected}`) return failed === 0;
  say(`CHECK FAILED: ${plan.question}: ${found}, expected ${expected}`);
  return false;
}
