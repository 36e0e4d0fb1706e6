// SIGTERM during load: no new commands, what was taken becomes durable, and every socket is closed
// with the restart code, within ten seconds whatever the database does.

import { expect } from 'vitest';
import { CLOSES } from '../../protocol/closes.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { createFaultRealm, onPostgres, POSTGRES_URL, sleep } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

const EXIT_MS = 10_000;

onPostgres(
  'a server that is stopped under load answers or closes with the restart code, and ends with 0',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm();
    const judge = new Judge({ seed: 9, token: await processToken('game') });
    for (let round = 0; round < 2; round++) {
      const server = await ServerProcess.start(realm.environment);
      if (round === 0) await judge.prepare(server.port);
      // It had seconds to answer what it took: what was not answered, it did not take.
      expect(await judge.decidedUnheard(server.port)).toEqual([]);
      await judge.examine(server.port);
      await judge.account(server.port);
      await judge.begin(server.port);
      await sleep(100 + 50 * round);
      const beganMs = performance.now();
      server.signal('SIGTERM');
      expect(new Set(await judge.ended())).toEqual(new Set([CLOSES.restarting.code]));
      expect(await server.exit).toEqual({ code: 0, signal: null });
      expect(performance.now() - beganMs).toBeLessThan(EXIT_MS);
      expect(server.output).toContain('Everything that was acknowledged is kept.');
    }
    const last = await ServerProcess.start(realm.environment);
    expect(await judge.decidedUnheard(last.port)).toEqual([]);
    await judge.examine(last.port);
    await judge.account(last.port);
  },
);

onPostgres(
  'a server that is stopped while Postgres is silent ends in time, and keeps what it acknowledged',
  { timeout: 60_000 },
  async () => {
    const proxy = await FaultProxy.before(POSTGRES_URL);
    const realm = await createFaultRealm({ DATABASE_URL: proxy.url });
    const judge = new Judge({ seed: 10, token: await processToken('game') });
    const server = await ServerProcess.start(realm.environment);
    await judge.prepare(server.port);
    await judge.begin(server.port);
    await sleep(200);
    proxy.freeze();
    const beganMs = performance.now();
    server.signal('SIGTERM');
    expect(new Set(await judge.ended())).toEqual(new Set([CLOSES.restarting.code]));
    expect(await server.exit).toEqual({ code: 0, signal: null });
    expect(performance.now() - beganMs).toBeLessThan(EXIT_MS);
    expect(judge.counts().pending).toBeGreaterThan(0);
    proxy.comeBack();
    const again = await ServerProcess.start(realm.environment);
    await judge.examine(again.port);
    await judge.account(again.port);
  },
);
