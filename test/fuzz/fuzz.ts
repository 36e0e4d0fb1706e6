// A real server under everything that its schemas accept: all commands with their extremes, from
// players and from the game, with the projection behind. Afterwards nothing may be set aside, the
// audit must be green, and the server must start again. Load goes to this machine alone.

import type { DatabaseKind } from '../../bench/bench-realm.ts';
import { ServerProcess } from '../../bench/server-process.ts';
import type { Payload } from '../../protocol/commands/registry.ts';
import { Random } from '../sim/random.ts';
import { BEGINNING, PLAYERS } from '../support/extreme-world.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { Caller } from './callers.ts';
import { Requests } from './requests.ts';
import { Tally } from './tally.ts';

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly database: DatabaseKind;
  /** Tells how far it is, now and then. */
  readonly say: (line: string) => void;
}

export interface FuzzReport {
  readonly answers: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly codes: Readonly<Record<string, number>>;
  readonly neverAnswered: readonly string[];
  readonly setAside: number;
  readonly audit: boolean;
  readonly startedAgain: boolean;
  readonly findings: readonly string[];
  readonly found: number;
}

const GAME_SOCKETS = 4;
const SAY_EVERY_MS = 5_000;
const READY_MS = 60_000;

/** Nobody is hurried or held back: what is tried is what the schemas accept, not the budgets. */
const ENVIRONMENT = {
  RATE_STANDARD: 'unlimited',
  RATE_GUEST: 'unlimited',
  SNAPSHOT_BYTES: '1073741824/1073741824',
  WINDOW_ARM_ADDED_MS: '0',
  WINDOW_ARM_TAKEN_MS: '0',
  WINDOW_ARM_ACCEPTED_MS: '0',
  WINDOW_REVIEW_MS: '0',
  WINDOW_INVITES_PER_MINUTE_MAX: '1000000',
  WINDOW_INVITES_PER_PLAYER_MAX: '1000000',
  SOCKETS_PER_PLAYER_MAX: '100',
};

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seconds, seed, database, say } = options;
  const server = new ServerProcess(database, null, ENVIRONMENT);
  const tally = new Tally();
  try {
    await server.start();
    await begin(server);
    const all = callers(server, tally, seed);
    const untilMs = performance.now() + seconds * 1_000;
    const timer = setInterval(() => {
      const left = Math.max(0, Math.ceil((untilMs - performance.now()) / 1_000));
      say(`${tally.answers} answers, ${tally.found} findings, ${left} s left`);
    }, SAY_EVERY_MS);
    try {
      await Promise.all(all.map(caller => caller.run(untilMs)));
    } finally {
      clearInterval(timer);
    }
    const setAside = await settled(server);
    await server.stop('SIGTERM');
    say('the audit');
    const audit = await server.realm.audit();
    return { ...summary(tally), setAside, audit, startedAgain: await startsAgain(server) };
  } finally {
    await server.remove();
  }
}

async function begin(server: ServerProcess): Promise<void> {
  const game = await JudgeSocket.open(server.port, await server.realm.token('game'));
  for (const [command, payload] of BEGINNING) {
    const { outcome, body } = await game.ask(command, payload as Payload<typeof command>);
    if (outcome !== 'ok') throw new Error(`${command}: ${JSON.stringify(body)}`);
  }
  game.destroy();
}

function callers(server: ServerProcess, tally: Tally, seed: number): Caller[] {
  const requests = new Requests(new Random(seed), Date.now());
  const caller = (name: string, role: 'service' | 'standard', index: number) => {
    const random = new Random(seed + 1 + index);
    const open = async () => JudgeSocket.open(server.port, await server.realm.token(name, role));
    const key = `fuzz-${index}`;
    return new Caller({
      ...{ name: key, actsForPlayers: role === 'service' },
      ...{ open, random, requests, tally },
    });
  };
  const players = PLAYERS.map((name, index) => caller(name, 'standard', index));
  const games = Array.from({ length: GAME_SOCKETS }, (_, index) =>
    caller('game', 'service', PLAYERS.length + index),
  );
  return [...players, ...games];
}

/** Waits until the server is ready and the tables show all; gives how many facts are set aside. */
async function settled(server: ServerProcess): Promise<number> {
  const endsAtMs = performance.now() + READY_MS;
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${server.port}/ready`);
    const page = (await response.json()) as { projectionLagMs: number; quarantined: number };
    if (response.status === 200 && page.projectionLagMs === 0) return page.quarantined;
    if (performance.now() > endsAtMs) throw new Error(`Not ready: ${JSON.stringify(page)}`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

async function startsAgain(server: ServerProcess): Promise<boolean> {
  await server.start();
  const game = await JudgeSocket.open(server.port, await server.realm.token('game'));
  const answer = await game.ask('wallet.grant', { player: 'ann', asset: 'ore', quantity: 1 });
  game.destroy();
  await server.stop('SIGTERM');
  return answer.outcome === 'ok';
}

function summary({ answers, outcomes, codes, neverAnswered, findings, found }: Tally) {
  return { answers, outcomes, codes, neverAnswered, findings, found };
}

/** Whether the server stood it. */
export function isSound(report: FuzzReport): boolean {
  const { found, setAside, audit, startedAgain, neverAnswered } = report;
  return found + setAside + neverAnswered.length === 0 && audit && startedAgain;
}
