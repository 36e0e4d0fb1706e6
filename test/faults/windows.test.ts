// Trade windows when the server goes: kill -9 and SIGTERM in the middle of many of them. A swap is
// complete for both or did not happen; otherwise everything that was held is back once the grace is
// over, and both players see the same. Lost connections are in window-connections.test.ts.

import { expect } from 'vitest';
import { CLOSES } from '../../protocol/closes.ts';
import { createFaultRealm, onPostgres, sleep, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { HURRIED, isLive, WindowJudge, type windowsOf } from '../support/judge-windows.ts';
import { expectGreenAudit } from '../support/outside.ts';
import { seeded } from '../support/seeded.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

const KILLS = 6;
const PAIRS = 12;
const LOAD_MS_MAX = 250;
/** How late an end may be told: the engine looks at the time now and then. */
const LATE_MS = 3_000;
const PAUSE_MS = 100;

/** The newest window of a player who need not be connected. */
async function newestOf(socket: JudgeSocket, player: string) {
  const { body } = await socket.ask('windows.mine', { limit: 1 }, { player });
  return (body.windows as Awaited<ReturnType<typeof windowsOf>>)[0];
}

onPostgres(
  'kill -9 in the middle of windows: a swap is whole or never was, and whoever returns goes on',
  { timeout: 180_000 },
  async () => {
    const { environment } = await createFaultRealm(HURRIED);
    const random = seeded(36);
    const judge = new WindowJudge({ seed: 37, pairs: PAIRS });
    let server = await ServerProcess.start(environment);
    await judge.prepare(server.port);
    await judge.connect(server.port);
    let interrupted = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const from = judge.history.length;
      const { finished } = judge;
      judge.begin();
      await server.until(() => judge.finished > finished, 'finish a window', 20_000);
      await sleep(random() * LOAD_MS_MAX);
      await server.kill('SIGKILL');
      await judge.ended();
      server = await ServerProcess.start(environment);
      await judge.connect(server.port);
      const windows = await judge.verify();
      interrupted += windows.filter(isLive).length;
      // Nobody is in a review any more, and nobody has accepted: the server does not know who left.
      for (const { status, sides } of windows.filter(isLive)) {
        expect(['invited', 'open']).toContain(status);
        expect(sides.map(({ accepted, confirmed }) => accepted || confirmed)).toEqual([
          false,
          false,
        ]);
      }
      await judge.examine(judge.pairs, from);
      await judge.verify();
    }
    expect(interrupted).toBeGreaterThan(KILLS);
    judge.begin();
    await judge.finish();
    const windows = await judge.verify();
    expect(windows.filter(isLive)).toEqual([]);
    expect(windows.filter(({ status }) => status === 'done').length).toBeGreaterThan(PAIRS);
    expect(windows.filter(({ status }) => status === 'cancelled').length).toBeGreaterThan(0);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await expectGreenAudit(environment);
  },
);

onPostgres(
  'after kill -9, windows whose players do not come back end, and everything held is back',
  { timeout: 90_000 },
  async () => {
    const { environment } = await createFaultRealm({ ...HURRIED, WINDOW_GRACE_MS: '4000' });
    const judge = new WindowJudge({ seed: 38, pairs: PAIRS });
    let server = await ServerProcess.start(environment);
    await judge.prepare(server.port);
    await judge.connect(server.port);
    judge.begin();
    await server.until(() => judge.finished > PAIRS, 'finish windows', 20_000);
    await server.kill('SIGKILL');
    await judge.ended();
    server = await ServerProcess.start(environment);
    const back = judge.pairs.filter((_, n) => n % 2 === 0);
    const gone = judge.pairs.filter((_, n) => n % 2 === 1);
    await judge.connect(server.port, back);
    const socket = await JudgeSocket.open(server.port, await processToken('game'));
    const left = await Promise.all(gone.map(([ann]) => newestOf(socket, ann.name)));
    const live = left.filter(view => view !== undefined && isLive(view));
    expect(live.length).toBeGreaterThan(0);
    judge.begin(back, PAUSE_MS);
    await until(
      async () => {
        const views = await Promise.all(gone.map(([ann]) => newestOf(socket, ann.name)));
        return views.every(view => view === undefined || !isLive(view));
      },
      'the windows of those who are gone have ended',
      4_000 + LATE_MS,
    );
    for (const before of live) {
      const reply = await socket.ask('windows.get', { window: before?.window as number });
      const { status, reason } = reply.body.window as NonNullable<typeof before>;
      const expected = before?.status === 'invited' ? 'expired' : 'disconnected';
      expect({ status, reason }).toEqual({ status: 'cancelled', reason: expected });
    }
    await judge.finish();
    await judge.connect(server.port, gone);
    expect((await judge.verify()).filter(isLive)).toEqual([]);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await expectGreenAudit(environment);
  },
);

onPostgres(
  'SIGTERM in the middle of windows: they are there after the start, and go on',
  { timeout: 90_000 },
  async () => {
    const { environment } = await createFaultRealm(HURRIED);
    const judge = new WindowJudge({ seed: 39, pairs: PAIRS });
    let server = await ServerProcess.start(environment);
    await judge.prepare(server.port);
    await judge.connect(server.port);
    let interrupted = 0;
    for (let stop = 0; stop < 2; stop++) {
      const { finished } = judge;
      judge.begin();
      await server.until(() => judge.finished > finished, 'finish a window', 20_000);
      server.signal('SIGTERM');
      expect(new Set(await judge.ended())).toEqual(new Set([CLOSES.restarting.code]));
      expect(await server.exit).toEqual({ code: 0, signal: null });
      server = await ServerProcess.start(environment);
      await judge.connect(server.port);
      interrupted += (await judge.verify()).filter(isLive).length;
      await judge.examine();
      await judge.verify();
    }
    expect(interrupted).toBeGreaterThan(0);
    judge.begin();
    await judge.finish();
    expect((await judge.verify()).filter(isLive)).toEqual([]);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await expectGreenAudit(environment);
  },
);

onPostgres(
  'the judge of windows notices a swap that is undone behind its back, and a hold that is lost',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm(HURRIED);
    const judge = new WindowJudge({ seed: 41, pairs: 2 });
    const server = await ServerProcess.start(realm.environment);
    await judge.prepare(server.port);
    await judge.connect(server.port);
    judge.begin();
    await server.until(() => judge.finished > 5, 'finish windows', 20_000);
    await judge.finish();
    await expect(judge.verify()).resolves.toBeDefined();
    const done = '(select max(id) from windows where status = 3)';
    await realm.sql(`update windows set status = 4, reason = 1 where id = ${done}`);
    await expect(judge.verify()).rejects.toThrow(/the last event of window/);
    await realm.sql(
      `update windows set status = 3, reason = -1 where id = (select window_id from window_log
        where event = 11 order by window_id desc limit 1)`,
    );
    await expect(judge.verify()).resolves.toBeDefined();
    await realm.sql(
      `update accounts set available = available - 1, held = held + 1
        where owner = (select id from players where name = 'ann-0') and available > 0`,
    );
    await expect(judge.verify()).rejects.toThrow(/what ann-0 holds/);
  },
);
