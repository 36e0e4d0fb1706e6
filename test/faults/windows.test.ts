// Trade windows when something breaks: kill -9 and SIGTERM in the middle of many of them, and
// players whose connection is lost. A swap is complete for both or did not happen; otherwise
// everything that was held is back once the grace is over, and both players see the same.

import { expect } from 'vitest';
import { CLOSES } from '../../protocol/closes.ts';
import { createFaultRealm, onPostgres, sleep, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { Trader } from '../support/judge-trader.ts';
import { accept, confirm, put } from '../support/judge-window-course.ts';
import { isLive, type Pair, START, WindowJudge, type windowsOf } from '../support/judge-windows.ts';
import { seeded } from '../support/seeded.ts';
import { type Environment, processToken, ServerProcess } from '../support/server-process.ts';

const KILLS = 6;
const PAIRS = 12;
const LOAD_MS_MAX = 250;
const GRACE_MS = 4_000;
const SHORT_GRACE_MS = 700;
/** How late an end may be told: the engine looks at the time now and then. */
const LATE_MS = 3_000;

/** Nobody waits: what is tested here is not the arming. */
const HURRIED: Environment = {
  WINDOW_ARM_ADDED_MS: '0',
  WINDOW_ARM_TAKEN_MS: '0',
  WINDOW_ARM_ACCEPTED_MS: '0',
  WINDOW_REVIEW_MS: '0',
  WINDOW_INVITES_PER_MINUTE_MAX: '1000000',
  WINDOW_INVITES_PER_PLAYER_MAX: '1000000',
  WINDOW_GRACE_MS: `${GRACE_MS}`,
  RATE_STANDARD: 'unlimited',
  LOG_LEVEL: 'error',
};

async function expectGreenAudit(environment: Environment): Promise<void> {
  const audit = new ServerProcess(environment, ['audit']);
  expect(await audit.exit, audit.output).toEqual({ code: 0, signal: null });
  expect(audit.output).toContain('All is well.');
}

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
    const { environment } = await createFaultRealm({ ...HURRIED, WINDOW_GRACE_MS: '1500' });
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
    judge.begin(back);
    await until(
      async () => {
        const views = await Promise.all(gone.map(([ann]) => newestOf(socket, ann.name)));
        return views.every(view => view === undefined || !isLive(view));
      },
      'the windows of those who are gone have ended',
      1_500 + LATE_MS,
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

/** Two players at one table with something on both sides, over a server with a short grace. */
async function atTable(): Promise<{ server: ServerProcess; pair: Pair; window: number }> {
  const { environment } = await createFaultRealm({
    ...HURRIED,
    WINDOW_GRACE_MS: `${SHORT_GRACE_MS}`,
  });
  const judge = new WindowJudge({ seed: 40, pairs: 1 });
  const server = await ServerProcess.start(environment);
  await judge.prepare(server.port);
  await judge.connect(server.port);
  const pair = judge.pairs[0] as Pair;
  const [ann, bob] = pair;
  const { window } = await ann.do('windows.invite', { player: bob.name });
  await Promise.all(pair.map(trader => trader.look(window)));
  await bob.do('windows.join', { window });
  await ann.sees(view => view.status === 'open');
  await put(pair, ann, [{ asset: 'coins', quantity: 900 }]);
  await put(pair, bob, [{ asset: 'silk', quantity: 7 }]);
  return { server, pair, window };
}

async function holdingsOf(trader: Trader): Promise<Record<string, [number, number]>> {
  const { balances } = await trader.ask('wallet.get', {});
  return Object.fromEntries(
    balances.map(({ asset, available, held }) => [asset, [available, held]]),
  );
}

onPostgres(
  'a lost connection withdraws the acceptance at once, and whoever is back in time goes on',
  { timeout: 30_000 },
  async () => {
    const { server, pair, window } = await atTable();
    const [ann, bob] = pair;
    await accept(bob);
    const before = await ann.sees(({ sides }) => sides[1].accepted);
    const leftAtMs = Date.now();
    bob.leave();
    const away = await ann.sees(({ sides }) => !sides[1].present);
    expect(away).toEqual({
      ...before,
      sides: [before.sides[0], { ...before.sides[1], accepted: false, present: false }],
      expiresAtMs: away.expiresAtMs,
    });
    expect(away.expiresAtMs - leftAtMs).toBeGreaterThan(SHORT_GRACE_MS - 100);
    expect(away.expiresAtMs - leftAtMs).toBeLessThan(SHORT_GRACE_MS + 1_000);
    expect(ann.heard.at(-1)).toMatchObject({ event: 'left', player: bob.name });
    await bob.connect(server.port);
    await bob.look(window);
    const back = await ann.sees(({ sides }) => sides[1].present);
    expect(await bob.sees(({ sides }) => sides[1].present)).toEqual(back);
    expect(ann.heard.at(-1)).toMatchObject({ event: 'returned', player: bob.name });
    await sleep(SHORT_GRACE_MS + 300);
    await accept(ann);
    await accept(bob);
    await Promise.all(pair.map(trader => trader.sees(({ status }) => status === 'review')));
    await confirm(ann);
    expect(await confirm(bob)).toMatchObject({ status: 'done' });
    expect(await holdingsOf(ann)).toMatchObject({ coins: [START - 900, 0], silk: [START + 7, 0] });
    expect(await holdingsOf(bob)).toMatchObject({ coins: [START + 900, 0], silk: [START - 7, 0] });
  },
);

onPostgres(
  'a connection that is lost at the confirmation takes the review back, and after the grace all',
  { timeout: 30_000 },
  async () => {
    const { server, pair, window } = await atTable();
    const [ann, bob] = pair;
    await accept(ann);
    await accept(bob);
    await Promise.all(pair.map(trader => trader.sees(({ status }) => status === 'review')));
    await confirm(ann);
    await confirm(ann);
    const { revision } = bob.shown.window;
    bob.leave();
    const back = await ann.sees(({ status }) => status === 'open');
    expect(back).toMatchObject({ revision: revision + 1, manifest: null });
    expect(back.sides.map(({ accepted, confirmed }) => [accepted, confirmed])).toEqual([
      [false, false],
      [false, false],
    ]);
    expect(await holdingsOf(ann)).toMatchObject({ coins: [START - 900, 900] });
    const over = await ann.sees(({ status }) => status === 'cancelled');
    expect(over.reason).toBe('disconnected');
    expect(ann.heard.at(-1)).toMatchObject({ event: 'cancelled', player: null });
    expect(await holdingsOf(ann)).toMatchObject({ coins: [START, 0], silk: [START, 0] });
    await bob.connect(server.port);
    expect(await holdingsOf(bob)).toMatchObject({ coins: [START, 0], silk: [START, 0] });
    const { window: kept, log } = await bob.ask('windows.get', { window });
    expect(kept).toEqual(over);
    expect(log.map(({ event }) => event)).toEqual(
      'invited joined put put accepted reviewed confirmed left cancelled'.split(' '),
    );
  },
);

onPostgres(
  'one of two sockets of a player is lost, and nothing happens to his window',
  { timeout: 30_000 },
  async () => {
    const { server, pair } = await atTable();
    const [ann, bob] = pair;
    const second = new Trader(bob.name, []);
    await second.connect(server.port);
    await accept(bob);
    await ann.sees(({ sides }) => sides[1].accepted);
    second.leave();
    await second.closed;
    await sleep(SHORT_GRACE_MS + 300);
    expect(ann.shown.window.sides[1]).toMatchObject({ accepted: true, present: true });
    expect(ann.heard.map(({ event }) => event)).not.toContain('left');
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
