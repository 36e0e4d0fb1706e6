// Two servers on one realm, when the second one is told to take it over: the one that claimed last
// goes on, the other says so and ends. No lease and no clock is asked; a process that was frozen
// for any time finds out before it answers. Without being told, see second-start.test.ts.

import { expect } from 'vitest';
import { createFaultRealm, onPostgres, sleep } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { transfersByQuantity } from '../support/outside.ts';
import { EXIT, processToken, ServerProcess, TAKEOVER } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

const DEPOSED = /^Deposed: .*This process has stopped; nothing it acknowledged is lost\.$/m;
const HELD = /^The realm is held by a single server: .* nothing was claimed\./m;
const RACES = 6;
const RESTARTING = 4503;
const DROPPED = 1006;

onPostgres(
  'a second server takes the realm over, and the first one stops at once and says why',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm();
    const judge = new Judge({ seed: 2, token: await processToken('game') });
    const first = await ServerProcess.start(realm.environment);
    await judge.prepare(first.port);
    await judge.begin(first.port);
    await sleep(200);
    const second = await ServerProcess.start(realm.environment, TAKEOVER);
    const codes = await judge.ended();
    expect(new Set(codes)).toEqual(new Set([RESTARTING]));
    expect(await first.exit).toEqual({ code: EXIT.deposed, signal: null });
    expect(first.output).toMatch(DEPOSED);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    await judge.examine(second.port);
    await judge.account(second.port);
    await second.kill('SIGTERM');
    const transfers = await transfersByQuantity(realm);
    for (const quantity of judge.transfersWith('ok')) expect(transfers.get(quantity)).toBe(1);
  },
);

onPostgres(
  'an idle server notices that it was deposed without being asked anything',
  { timeout: 30_000 },
  async () => {
    const realm = await createFaultRealm();
    const first = await ServerProcess.start(realm.environment);
    const second = await ServerProcess.start(realm.environment, TAKEOVER);
    expect(await Promise.race([first.exit, sleep(5_000)])).toEqual({
      code: EXIT.deposed,
      signal: null,
    });
    expect(first.output).toMatch(DEPOSED);
    expect((await second.page('/ready')).status).toBe(200);
  },
);

for (const [how, args] of [
  ['', ['start']],
  [' and are told to take the realm over', TAKEOVER],
] as const) {
  onPostgres(
    `of two servers that start at the same moment${how} exactly one goes on, every time`,
    { timeout: 60_000 },
    async () => {
      const realm = await createFaultRealm();
      let epoch = 0;
      for (let race = 0; race < RACES; race++) {
        const pair = [1, 2].map(() => new ServerProcess(realm.environment, args));
        const loser = await Promise.race(pair.map(server => server.exit.then(() => server)));
        const { code } = await loser.exit;
        expect([EXIT.held, EXIT.deposed], loser.output).toContain(code);
        expect(loser.output).toMatch(code === EXIT.held ? HELD : DEPOSED);
        const winner = pair.find(server => server !== loser) as ServerProcess;
        await winner.ready();
        expect(winner.epoch).toBeGreaterThan(epoch);
        epoch = winner.epoch;
        expect((await winner.page('/ready')).status).toBe(200);
        await winner.kill('SIGKILL');
      }
      const rows = await realm.sql<{ position: number; epoch: number }>(
        'select position, epoch from journal order by position',
      );
      expect(rows.map(row => row.position)).toEqual(rows.map((_, index) => index + 1));
      const epochs = rows.map(row => row.epoch);
      expect(epochs).toEqual([...epochs].sort((one, other) => one - other));
      // Only one who is told to take the realm over claims it from one who lives.
      if (args !== TAKEOVER) expect(new Set(epochs).size).toBe(RACES);
    },
  );
}

onPostgres(
  'a server that was frozen while another took over answers nothing from its past',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm();
    const token = await processToken('game');
    const judge = new Judge({ seed: 3, token });
    for (let round = 0; round < 2; round++) {
      const first = await ServerProcess.start(realm.environment);
      if (round === 0) await judge.prepare(first.port);
      const sleeper = await JudgeSocket.open(first.port, token);
      await judge.begin(first.port);
      await sleep(100);
      first.signal('SIGSTOP');
      const second = await ServerProcess.start(realm.environment, TAKEOVER);
      const elsewhere = await JudgeSocket.open(second.port, token);
      const key = testKey(`decided-elsewhere-${round}`);
      const grant = { player: 'late', asset: 'coins', quantity: 1 };
      const told = await elsewhere.ask('wallet.grant', grant, { key });
      expect(told.outcome).toBe('ok');
      // Questions that need no append: the frozen server could answer them from what it knows.
      const stale = [
        sleeper.tell(1, 'keys.get', { key }),
        sleeper.tell(2, 'purchases.create', { listing: 9_999_999, quantity: 1 }),
        sleeper.tell(3, 'wallet.grant', grant, { key: testKey(`new-${round}`) }),
      ];
      const seen = judge.history.length;
      judge.stopSending();
      first.signal('SIGCONT');
      expect(await Promise.all(stale)).toEqual([null, null, null]);
      for (const code of await judge.ended()) expect([RESTARTING, DROPPED]).toContain(code);
      expect(await first.exit).toEqual({ code: EXIT.deposed, signal: null });
      expect(first.output).toMatch(DEPOSED);
      expect(seen).toBe(judge.history.length);
      const late = await elsewhere.ask('keys.get', { key: testKey(`new-${round}`) });
      expect(late.body.status).toBe('free');
      await judge.examine(second.port);
      elsewhere.destroy();
      await second.kill('SIGKILL');
    }
  },
);

onPostgres(
  'an idle server that was frozen while another took over does not say what its past knows',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm();
    const token = await processToken('game');
    for (let round = 0; round < 2; round++) {
      const first = await ServerProcess.start(realm.environment);
      const sleeper = await JudgeSocket.open(first.port, token);
      first.signal('SIGSTOP');
      const second = await ServerProcess.start(realm.environment, TAKEOVER);
      const elsewhere = await JudgeSocket.open(second.port, token);
      const key = testKey(`decided-elsewhere-${round}`);
      const grant = { player: 'late', asset: 'coins', quantity: 1 };
      expect((await elsewhere.ask('wallet.grant', grant, { key })).outcome).toBe('ok');
      // Neither of them has anything to append, and both answers would be wrong.
      const stale = [
        sleeper.tell(1, 'keys.get', { key }),
        sleeper.tell(2, 'wallet.burn', { ...grant, quantity: round + 1 }),
      ];
      first.signal('SIGCONT');
      expect(await Promise.all(stale)).toEqual([null, null]);
      expect(await first.exit).toEqual({ code: EXIT.deposed, signal: null });
      elsewhere.destroy();
      await second.kill('SIGKILL');
    }
  },
);
