// kill -9 of the real process under load: whatever was acknowledged is there afterwards, whatever
// was not took effect once or not at all, and the audit of the whole database is green.

import { expect, test } from 'vitest';
import { createFaultRealm, onPostgres, sleep } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { expectGreenAudit, transfersByQuantity } from '../support/outside.ts';
import { seeded } from '../support/seeded.ts';
import {
  type Environment,
  processToken,
  ServerProcess,
  temporaryFolder,
} from '../support/server-process.ts';

const KILLS = 12;
const EMBEDDED_KILLS = 5;

interface Ordeal {
  readonly environment: Environment;
  readonly kills: number;
  readonly seed: number;
  /** A kill comes after the load has lasted this long at most. */
  readonly loadMsMax: number;
}

/** Kills under load, judges after each start, audits in the end; returns what the judge knows. */
async function endure({ environment, kills, seed, loadMsMax }: Ordeal): Promise<Judge> {
  const random = seeded(seed);
  const judge = new Judge({ seed, token: await processToken('game') });
  let server = await ServerProcess.start(environment);
  await judge.prepare(server.port);
  let { epoch } = server;
  for (let kill = 0; kill < kills; kill++) {
    const from = judge.history.length;
    await judge.begin(server.port);
    await server.until(() => judge.answers > 0, 'answer', 5_000);
    await sleep(random() * loadMsMax);
    await server.kill('SIGKILL');
    await judge.ended();
    expect(judge.counts().pending).toBeGreaterThan(0);
    server = await ServerProcess.start(environment);
    expect(server.epoch).toBeGreaterThan(epoch);
    epoch = server.epoch;
    await judge.examine(server.port, from);
    await judge.account(server.port);
  }
  await judge.examine(server.port);
  expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  await expectGreenAudit(environment);
  return judge;
}

onPostgres(
  'kill -9 under load loses no acknowledged command and doubles none',
  { timeout: 120_000 },
  async () => {
    const realm = await createFaultRealm();
    const { environment } = realm;
    const judge = await endure({ environment, kills: KILLS, seed: 1, loadMsMax: 150 });
    const transfers = await transfersByQuantity(realm);
    for (const quantity of judge.transfersWith('ok')) expect(transfers.get(quantity)).toBe(1);
    for (const quantity of judge.transfersWith('rejected')) {
      expect(transfers.has(quantity)).toBe(false);
    }
  },
);

test('kill -9 under load loses nothing on the embedded database either', {
  timeout: 120_000,
}, async () => {
  const environment = {
    DATA_DIR: await temporaryFolder(),
    KEYS_PER_PLAYER_MAX: '1000000',
    LOG_LEVEL: 'error',
  };
  await endure({ environment, kills: EMBEDDED_KILLS, seed: 2, loadMsMax: 200 });
});

onPostgres(
  'the judge notices when the last acknowledged batches are taken away',
  { timeout: 30_000 },
  async () => {
    const realm = await createFaultRealm();
    const judge = new Judge({ seed: 3, token: await processToken('game') });
    const server = await ServerProcess.start(realm.environment);
    await judge.prepare(server.port);
    await expect(judge.examine(server.port)).resolves.toBeUndefined();
    const holder = await realm.session();
    await holder.query('begin');
    await holder.query('lock table projection in exclusive mode');
    await judge.begin(server.port);
    await server.until(() => judge.answers > 500, 'answer', 5_000);
    await server.kill('SIGKILL');
    await judge.ended();
    await realm.sql(
      'delete from journal where position > (select max(position) / 2 from journal)' +
        ' and position > (select position from projection)',
    );
    await holder.query('rollback');
    const again = await ServerProcess.start(realm.environment);
    await expect(judge.examine(again.port)).rejects.toThrow('its key does not find the answer');
  },
);
