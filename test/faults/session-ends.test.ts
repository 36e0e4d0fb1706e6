// The end of a player's sessions against whatever happens to the processes around it: it is kept,
// it reaches every node, and it is bounded.

import { expect, test } from 'vitest';
import { SESSION_ENDS_MAX } from '../../protocol/limits.ts';
import { StepClock } from '../../src/base/clock.ts';
import { migrate } from '../../src/database/migrate.ts';
import { KeptEnds } from '../../src/session-ends.ts';
import { onCluster, TestCluster } from '../support/cluster-nodes.ts';
import { createFaultRealm, onPostgres, sleep, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { quiet } from '../support/postgres.ts';
import {
  type Environment,
  processToken,
  ServerProcess,
  temporaryFolder,
} from '../support/server-process.ts';

const player = 'mallory';
/** What other nodes have at most, and what a busy machine takes on top. */
const REACH_MS = 3_000;
const HOUR_SECONDS = 3_600;
const START_MS = 100_000;

async function endSessions(port: number): Promise<number> {
  const game = await JudgeSocket.open(port, await processToken('game'));
  const answer = await game.ask('sessions.end', { player });
  expect(answer).toMatchObject({ outcome: 'ok' });
  game.destroy();
  return answer?.body.issuedFromMs as number;
}

async function opens(port: number, token: string): Promise<boolean> {
  try {
    const socket = await JudgeSocket.open(port, token);
    socket.destroy();
    return true;
  } catch {
    return false;
  }
}

/** A first start makes a whole Postgres, which takes long on a busy machine. */
async function startSlowly(environment: Environment): Promise<ServerProcess> {
  const server = new ServerProcess(environment);
  await server.until(() => /stop +Ctrl-C/.test(server.output), 'listen', START_MS);
  return server;
}

onPostgres(
  'sessions that were ended stay so after kill -9, and a later token is good',
  { timeout: 60_000 },
  async () => {
    const { environment } = await createFaultRealm();
    const first = await ServerProcess.start(environment);
    const token = await processToken(player, 'standard');
    const socket = await JudgeSocket.open(first.port, token);
    await endSessions(first.port);
    expect(await socket.closed).toBe(4410);
    expect(await opens(first.port, token)).toBe(false);
    await first.kill('SIGKILL');
    const second = await ServerProcess.start(environment);
    expect(await opens(second.port, token)).toBe(false);
    await sleep(1_100);
    expect(await opens(second.port, await processToken(player, 'standard'))).toBe(true);
  },
);

onCluster(
  'sessions that were ended on one node are ended on all, and on one that starts later',
  { timeout: 60_000 },
  async () => {
    const cluster = await TestCluster.start(2);
    const [here, there] = cluster.ports as [number, number];
    const token = await processToken(player, 'standard');
    const sockets = [await JudgeSocket.open(here, token), await JudgeSocket.open(there, token)];
    const beganMs = performance.now();
    await endSessions(here);
    for (const socket of sockets) expect(await socket.closed).toBe(4410);
    expect(performance.now() - beganMs).toBeLessThan(REACH_MS);
    for (const port of [here, there]) expect(await opens(port, token)).toBe(false);
    const late = cluster.spawn('n3');
    cluster.nodes.push(late);
    await late.ready();
    await cluster.heard();
    expect(await opens(late.port, token)).toBe(false);
    expect(await opens(late.port, await processToken('bob', 'standard'))).toBe(true);
  },
);

test('an embedded server keeps them too', { timeout: 240_000 }, async () => {
  const environment = { DATA_DIR: await temporaryFolder() };
  const first = await startSlowly(environment);
  const token = await processToken(player, 'standard');
  await endSessions(first.port);
  await first.kill('SIGKILL');
  const second = await startSlowly(environment);
  expect(await opens(second.port, token)).toBe(false);
});

onPostgres(
  'what is kept of ended sessions is bounded, only moves ahead, and goes when it has served',
  { timeout: 60_000 },
  async () => {
    const { database, sql } = await createFaultRealm();
    await migrate(database);
    const clock = new StepClock();
    const options = { database, log: quiet, clock, tokenHoursMax: 2 };
    const ends = await KeptEnds.open(options);
    const first = await ends.end(player);
    clock.step(-10_000);
    expect(await ends.end(player)).toBe(first);
    clock.step(20_000);
    const second = await ends.end(player);
    expect(second).toBeGreaterThan(first as number);
    await sql(
      `insert into session_ends (player, issued_from)
       select 'p' || n, $1 from generate_series(1, $2::int - 1) as n`,
      [second, SESSION_ENDS_MAX],
    );
    expect(await ends.end('one too many')).toBeNull();
    expect(await ends.end(player)).toBe(second);
    await until(() => ends.issuedFrom('p7') === second, 'it hears of all', 10_000);
    await ends.close();

    clock.step((2 * HOUR_SECONDS + HOUR_SECONDS - 10) * 1_000);
    const later = await KeptEnds.open(options);
    expect(later.issuedFrom(player)).toBe(second);
    await later.close();
    clock.step(20_000);
    const last = await KeptEnds.open(options);
    expect(last.issuedFrom(player)).toBe(0);
    const [row] = await sql<{ left: number }>('select count(*)::int as left from session_ends');
    expect(row?.left).toBe(0);
    await last.close();
  },
);
