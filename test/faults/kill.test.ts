// kill -9 of the real process under load: whatever was acknowledged is there afterwards, whatever was
// not took effect once or not at all, and the tables agree with themselves.

import { expect } from 'vitest';
import { createFaultRealm, onPostgres, sleep } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { transfersByQuantity } from '../support/outside.ts';
import { seeded } from '../support/seeded.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

const KILLS = 12;

onPostgres(
  'kill -9 under load loses no acknowledged command and doubles none',
  { timeout: 120_000 },
  async () => {
    const realm = await createFaultRealm();
    const random = seeded(20_261_121);
    const judge = new Judge({ seed: 1, token: await processToken('game') });
    let server = await ServerProcess.start(realm.environment);
    await judge.prepare(server.port);
    for (let kill = 0; kill < KILLS; kill++) {
      const from = judge.history.length;
      await judge.begin(server.port);
      await sleep(20 + random() * 380);
      await server.kill('SIGKILL');
      await judge.ended();
      expect(judge.answers).toBeGreaterThan(0);
      server = await ServerProcess.start(realm.environment);
      expect(server.epoch).toBe(kill + 2);
      const { pending } = judge.counts();
      expect(pending).toBeGreaterThan(0);
      await judge.examine(server.port, from);
      await judge.account(server.port);
    }
    await judge.examine(server.port);
    const { code } = await server.kill('SIGTERM');
    expect(code).toBe(0);
    const transfers = await transfersByQuantity(realm);
    for (const quantity of judge.transfersWith('ok')) expect(transfers.get(quantity)).toBe(1);
    for (const quantity of judge.transfersWith('rejected'))
      expect(transfers.has(quantity)).toBe(false);
  },
);
