// One scenario against the real server, from start to audit: a server of its own or a cluster,
// sockets of the service role, what the scenario sets up, the load, the projection's catching up,
// the stop, the audit, and what the scenario itself knows must be true of the tables.

import { Clocks } from './clocks.ts';
import { Exchange } from './exchange.ts';
import { failureOf, type LoadPlan, type Measured, runLoad, type Source } from './load.ts';
import { Meter } from './meter.ts';
import type { Options } from './options.ts';
import { NOTHING, type Result } from './report.ts';
import { ServerProcess } from './server-process.ts';
import type { Subject } from './subject.ts';

/** What a scenario knows must hold: a question to the tables, and its only right answer. */
export interface Check {
  readonly what: string;
  readonly sql: string;
  readonly expected: number;
}

export interface Workload {
  readonly source: Source;
  /** Of what counts, when that takes several commands. Left out: each command counts. */
  readonly whole?: Meter;
  readonly onAnswer?: Exchange['onAnswer'];
  /** Drives the load itself, in place of the loops of load.ts. */
  readonly run?: (seconds: number) => Promise<Measured>;
  /** Asked when everything has been answered. */
  checks(): readonly Check[];
  /** Further figures of the result. */
  more?(): Readonly<Record<string, number | string>>;
}

export interface TrialPlan {
  readonly scenario: string;
  readonly sockets: number;
  readonly inFlight: number;
  readonly seconds: number;
  /** Null: closed loop. */
  readonly perSecond: number | null;
  readonly environment?: NodeJS.ProcessEnv;
  /** Left out: a single server. */
  readonly subject?: (options: Options) => Subject;
  /** Whose session is on a socket, always in the service role. Left out: the game's own. */
  readonly playerOf?: (socket: number) => string;
  readonly prepare: Prepare;
}

/** Defines, grants and lists what the load needs. */
export type Prepare = (trial: Trial, options: Options) => Promise<Workload>;

export interface Trial {
  readonly exchange: Exchange;
  readonly server: Subject;
  readonly say: (line: string) => void;
}

const WARM_UP_SECONDS = 3;

/** As many requests under way as most scenarios keep. */
export const CLOSED_LOOP = { sockets: 50, inFlight: 20, seconds: 30, perSecond: null } as const;

/** A scenario of nothing but a closed loop. */
export function closedLoop(
  scenario: string,
  prepare: Prepare,
): (options: Options) => Promise<Result> {
  return options => runTrial({ ...CLOSED_LOOP, scenario, prepare }, options);
}

/** A line of progress; figures go to the standard output, this does not. */
export function say(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

export async function runTrial(plan: TrialPlan, options: Options): Promise<Result> {
  const { database } = options;
  const sockets = options.sockets ?? plan.sockets;
  const inFlight = options.inFlight ?? plan.inFlight;
  const perSecond = plan.perSecond === null ? null : (options.rate ?? plan.perSecond);
  const server =
    plan.subject?.(options) ?? new ServerProcess(database, options.profile, plan.environment);
  const exchange = new Exchange(new Meter());
  try {
    await server.start();
    const playerOf = plan.playerOf ?? (() => 'game');
    await exchange.open(sockets, server.ports, socket => server.token(playerOf(socket)));
    const workload = await plan.prepare({ exchange, server, say }, options);
    await server.drain();
    exchange.meter = new Meter();
    const clocks = new Clocks(server.parts);
    let wholes = 0;
    const { seconds, commands } = await drive(workload, clocks, {
      exchange,
      source: workload.source,
      ...(workload.onAnswer === undefined ? {} : { onAnswer: workload.onAnswer }),
      warmUpSeconds: WARM_UP_SECONDS,
      seconds: options.seconds ?? plan.seconds,
      inFlight,
      perSecond,
      progress: say,
      measuring: () => {
        workload.whole?.forget();
        clocks.start();
      },
      measured: () => {
        wholes = workload.whole?.ok ?? 0;
        clocks.stop();
      },
    });
    const drainMs = await server.drain();
    exchange.close();
    await server.stop();
    const sound = await isSound(server, workload.checks(), exchange);
    const each = { ...rate(commands, seconds), ...exchange.meter.latencies() };
    const { whole } = workload;
    const counted = whole && { ...rate(wholes, seconds), ...whole.latencies() };
    return {
      ...NOTHING,
      scenario: plan.scenario,
      database,
      sockets,
      inFlight: perSecond === null ? inFlight : 0,
      offeredPerSecond: perSecond,
      seconds: Math.round(seconds * 10) / 10,
      ...(counted ?? each),
      rejected: exchange.meter.rejected,
      audit: sound ? 'ok' : 'FAILED',
      ...clocks.used(),
      drainMs,
      more: {
        unavailable: exchange.meter.counted(3),
        ...clocks.perCommand(commands),
        ...clocks.usedByParts(),
        ...(counted === undefined ? {} : asRequests(each)),
        ...workload.more?.(),
      },
    };
  } finally {
    exchange.close();
    await server.remove();
  }
}

type Figures = Pick<Result, 'commands' | 'commandsPerSecond' | 'p50Ms' | 'p99Ms'>;

function rate(commands: number, seconds: number) {
  return { commands, commandsPerSecond: Math.round(commands / seconds) };
}

/** The figures of single commands beside those of the wholes they make up. */
function asRequests({ commandsPerSecond, p50Ms, p99Ms }: Figures): Record<string, number> {
  return {
    requestsPerSecond: commandsPerSecond,
    requestP50Ms: p50Ms ?? 0,
    requestP99Ms: p99Ms ?? 0,
  };
}

async function drive(workload: Workload, clocks: Clocks, plan: LoadPlan): Promise<Measured> {
  if (workload.run === undefined) return runLoad(plan);
  clocks.start();
  const measured = await workload.run(plan.seconds);
  clocks.stop();
  return measured;
}

/** The audit, the scenario's own checks, and no answer that is `invalid` or `unknown`. */
export async function isSound(
  server: Subject,
  checks: readonly Check[],
  exchange: Exchange,
): Promise<boolean> {
  let sound = await server.audit();
  for (const { what, sql, expected } of checks) {
    const found = await server.ask(sql);
    if (found === expected) continue;
    say(`CHECK FAILED: ${what}: ${found}, expected ${expected}`);
    sound = false;
  }
  const failed = (exchange.meter.totals[2] as number) + (exchange.meter.totals[4] as number);
  if (failed === 0) return sound;
  say(`${failed} answers were invalid or unknown. ${failureOf(exchange)}`);
  return false;
}

/** The coins of all players, whatever they are held for. */
export function coinsCheck(expected: number): Check {
  return {
    what: 'coins of all players',
    sql: `select coalesce(sum(available + held), 0) from accounts
          where owner <> 0 and asset = (select asset from items where name = 'coins')`,
    expected,
  };
}

/** The goods of all players, coins left out. */
export function goodsCheck(expected: number): Check {
  return {
    what: 'goods of all players',
    sql: `select coalesce(sum(available + held), 0) from accounts
          where owner <> 0 and asset <> (select asset from items where name = 'coins')`,
    expected,
  };
}

export function tradesCheck(expected: number): Check {
  return { what: 'trades printed', sql: 'select count(*) from trades', expected };
}
