// Postgres is away for seconds: the server neither dies nor answers wrongly. It holds what fits its
// bounds, refuses the rest before executing it, says so on /ready, and goes on by itself.

import { expect } from 'vitest';
import { FaultProxy } from '../support/fault-proxy.ts';
import {
  createFaultRealm,
  onPostgres,
  POSTGRES_URL,
  sleep,
  until,
} from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { transfersByQuantity } from '../support/outside.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

async function readyStatus(server: ServerProcess): Promise<number> {
  return (await server.page('/ready')).status;
}

for (const absence of ['refuses', 'says nothing'] as const) {
  onPostgres(
    `while Postgres ${absence}, commands wait or are unknown, and their keys find the results`,
    { timeout: 60_000 },
    async () => {
      const proxy = await FaultProxy.before(POSTGRES_URL);
      const realm = await createFaultRealm({ DATABASE_URL: proxy.url, REPLY_TIMEOUT_MS: '1000' });
      const judge = new Judge({ seed: 6, token: await processToken('game'), inFlight: 8 });
      const server = await ServerProcess.start(realm.environment);
      await judge.prepare(server.port);
      await judge.begin(server.port);
      await sleep(200);
      if (absence === 'refuses') proxy.goAway();
      else proxy.freeze();
      const { answers } = judge;
      await server.until(() => judge.answers > answers + 48, 'give up waiting', 5_000);
      expect(judge.counts().unknown).toBeGreaterThan(0);
      expect((await server.page('/health')).status).toBe(200);
      if (absence === 'refuses') expect(await readyStatus(server)).toBe(503);
      await sleep(1_000);
      proxy.comeBack();
      await until(async () => (await readyStatus(server)) === 200, 'it is ready again');
      const { ok } = judge.counts();
      await server.until(() => judge.counts().ok > ok + 100, 'go on by itself', 5_000);
      judge.stopSending();
      await judge.settled(10_000);
      judge.halt();
      await judge.examine(server.port);
      await judge.account(server.port);
      expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      const transfers = await transfersByQuantity(realm);
      for (const quantity of judge.transfersWith('ok')) expect(transfers.get(quantity)).toBe(1);
    },
  );
}

onPostgres(
  'beyond what may wait, commands are refused and never executed',
  { timeout: 60_000 },
  async () => {
    const bound = 50;
    const proxy = await FaultProxy.before(POSTGRES_URL);
    const realm = await createFaultRealm({
      DATABASE_URL: proxy.url,
      WAITING_ENTRIES_MAX: String(bound),
    });
    const server = await ServerProcess.start(realm.environment);
    const socket = await JudgeSocket.open(server.port, await processToken('game'));
    const grant = { player: 'ann', asset: 'coins', quantity: 1 };
    expect((await socket.ask('wallet.grant', grant)).outcome).toBe('ok');
    proxy.goAway();
    const answers = Array.from({ length: 4 * bound }, (_, n) =>
      socket.tell(n + 1, 'wallet.grant', grant, { key: testKey(`k-${n}`) }),
    );
    await server.until(() => socket.waiting <= 2 * bound, 'refuse what does not fit', 5_000);
    await sleep(1_500);
    // One batch is being appended, one forms; both are held.
    expect(socket.waiting).toBeGreaterThanOrEqual(bound);
    const held = socket.waiting;
    const read = socket.ask('wallet.get', { player: 'ann' });
    proxy.comeBack();
    const outcomes = (await Promise.all(answers)).map(answer => answer?.outcome);
    expect(outcomes.filter(outcome => outcome === 'ok')).toHaveLength(held);
    expect(outcomes.filter(outcome => outcome === 'unavailable')).toHaveLength(4 * bound - held);
    expect(['ok', 'unavailable']).toContain((await read).outcome);
    const wallet = await socket.ask('wallet.get', { player: 'ann' });
    expect(wallet.body.balances).toEqual([
      { asset: 'coins', location: 'main', available: held + 1, held: 0 },
    ]);
    for (const [n, outcome] of outcomes.entries()) {
      const found = await socket.ask('keys.get', { key: testKey(`k-${n}`) });
      expect(found.body.status).toBe(outcome === 'ok' ? 'decided' : 'free');
    }
    socket.destroy();
  },
);

onPostgres(
  'an idle server that loses its connections is ready again without any command',
  { timeout: 30_000 },
  async () => {
    const proxy = await FaultProxy.before(POSTGRES_URL);
    const realm = await createFaultRealm({ DATABASE_URL: proxy.url });
    const server = await ServerProcess.start(realm.environment);
    expect(await readyStatus(server)).toBe(200);
    proxy.goAway();
    await until(async () => (await readyStatus(server)) === 503, 'it says that it is not ready');
    expect((await server.page('/health')).status).toBe(200);
    proxy.comeBack();
    await until(async () => (await readyStatus(server)) === 200, 'it is ready again');
    proxy.cutAll('tradepost journal');
    await sleep(100);
    await until(async () => (await readyStatus(server)) === 200, 'it is ready again');
  },
);
