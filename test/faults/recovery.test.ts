// What a recovered engine knows is what the lost one knew, to the last queue and key: the state
// hash after a stop, after a kill and after a replay of the whole journal is the hash before.

import { describe, expect, it } from 'vitest';
import { Random } from '../sim/random.ts';
import { randomRules, Workload } from '../sim/workload.ts';
import { EngineRoom } from '../support/engine-room.ts';
import { createFaultRealm, onPostgres, sleep } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { hashOfJournal } from '../support/outside.ts';
import { serverUrl } from '../support/postgres.ts';
import { startHere } from '../support/server-here.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

const STOPS = 6;
const ENTRIES_BETWEEN = 250;

describe.skipIf(serverUrl === null)('the state hash', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`is the same after each recovery of a random day (seed ${seed})`, async () => {
      const realm = await createFaultRealm();
      const random = new Random(seed);
      const rules = randomRules(random);
      const workload = new Workload(random);
      let before = '';
      for (let stop = 0; stop < STOPS; stop++) {
        const room = await EngineRoom.open(realm.database, rules);
        if (stop > 0) expect(room.engine.hash()).toBe(before);
        for (let n = 0; n < ENTRIES_BETWEEN; n++) {
          room.take(workload.next());
          if (n % 40 === 0) await sleep(1);
        }
        await room.close();
        before = room.engine.hash();
        expect(await hashOfJournal(realm, rules)).toBe(before);
      }
      const last = await EngineRoom.open(realm.database, rules);
      expect(last.engine.hash()).toBe(before);
      await last.close();
    });
  }
});

onPostgres('a stopped server starts again with the state that it had', async () => {
  const realm = await createFaultRealm();
  const config = realm.config();
  const judge = new Judge({ seed: 7, token: await processToken('game'), inFlight: 8 });
  const first = await startHere(config);
  await judge.prepare(first.port);
  await judge.begin(first.port);
  await sleep(500);
  const stopping = first.stop();
  await judge.ended();
  await stopping;
  const before = first.engine.hash();
  const second = await startHere(config);
  expect(second.engine.hash()).toBe(before);
  expect(await hashOfJournal(realm, config.rules)).toBe(before);
  await judge.examine(second.port);
  await judge.account(second.port);
});

onPostgres('a killed server starts again with the state of its journal', async () => {
  const realm = await createFaultRealm();
  const config = realm.config();
  const judge = new Judge({ seed: 8, token: await processToken('game') });
  for (let round = 0; round < 2; round++) {
    const killed = await ServerProcess.start(realm.environment);
    if (round === 0) await judge.prepare(killed.port);
    await judge.begin(killed.port);
    await sleep(150);
    await killed.kill('SIGKILL');
    await judge.ended();
    const loaded = await startHere(config);
    const hash = loaded.engine.hash();
    await loaded.stop();
    expect(await hashOfJournal(realm, config.rules)).toBe(hash);
  }
});
