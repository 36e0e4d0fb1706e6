// The connection to Postgres is cut around the commit of an append: the server can't know whether
// the batch went in. It finds out by itself, from the row at its position, and nobody outside
// notices more than a short wait: every command is answered, once, and took effect once.

import { expect } from 'vitest';
import { CUTS, type Cut, FaultProxy } from '../support/fault-proxy.ts';
import { createFaultRealm, onPostgres, POSTGRES_URL, sleep } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { transfersByQuantity } from '../support/outside.ts';
import { seeded } from '../support/seeded.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

const CUTS_OF_EACH_KIND = 7;
const NONE = { invalid: 0, unavailable: 0, unknown: 0, pending: 0 };

onPostgres(
  'an append whose connection is cut, before or after its commit, is neither lost nor doubled',
  { timeout: 60_000 },
  async () => {
    const proxy = await FaultProxy.before(POSTGRES_URL);
    const realm = await createFaultRealm({ DATABASE_URL: proxy.url });
    const random = seeded(4);
    const judge = new Judge({ seed: 4, token: await processToken('game'), inFlight: 8 });
    const server = await ServerProcess.start(realm.environment);
    await judge.prepare(server.port);
    await judge.begin(server.port);
    const cuts: Cut[] = CUTS.flatMap(cut => Array<Cut>(CUTS_OF_EACH_KIND).fill(cut));
    cuts.sort(() => random() - 0.5);
    for (const [index, cut] of cuts.entries()) {
      await sleep(random() * 40);
      proxy.cutNext(cut);
      const { answers } = judge;
      await server.until(() => proxy.cuts === index + 1, 'append', 5_000);
      await server.until(() => judge.answers > answers, 'go on by itself', 10_000);
    }
    judge.stopSending();
    await judge.settled(10_000);
    judge.halt();
    // The wait is within the bounds, so nobody was even told of it.
    const { ok, rejected, ...others } = judge.counts();
    expect(others).toEqual(NONE);
    expect(ok).toBeGreaterThan(rejected);
    await judge.examine(server.port);
    await judge.account(server.port);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    const transfers = await transfersByQuantity(realm);
    for (const quantity of judge.transfersWith('ok')) expect(transfers.get(quantity)).toBe(1);
    const rows = await realm.sql<{ position: number; epoch: number }>(
      'select position, epoch from journal order by position',
    );
    expect(rows.map(row => row.position)).toEqual(rows.map((_, index) => index + 1));
    // Nobody claimed it anew.
    expect(new Set(rows.map(row => row.epoch))).toEqual(new Set([server.epoch]));
  },
);

onPostgres(
  'a kill right after a cut append loses nothing either',
  { timeout: 60_000 },
  async () => {
    const proxy = await FaultProxy.before(POSTGRES_URL);
    const realm = await createFaultRealm({ DATABASE_URL: proxy.url });
    const judge = new Judge({ seed: 5, token: await processToken('game') });
    for (const [index, cut] of CUTS.entries()) {
      const server = await ServerProcess.start(realm.environment);
      if (index === 0) await judge.prepare(server.port);
      await judge.examine(server.port);
      await judge.account(server.port);
      await judge.begin(server.port);
      await sleep(100);
      proxy.cutNext(cut);
      await server.until(() => proxy.cuts === index + 1, 'append', 5_000);
      await server.kill('SIGKILL');
      await judge.ended();
    }
    const last = await ServerProcess.start(realm.environment);
    await judge.examine(last.port);
    await judge.account(last.port);
  },
);

onPostgres(
  'a server whose connections are all cut again and again goes on and answers rightly',
  { timeout: 60_000 },
  async () => {
    const proxy = await FaultProxy.before(POSTGRES_URL);
    const realm = await createFaultRealm({ DATABASE_URL: proxy.url });
    const random = seeded(6);
    const judge = new Judge({ seed: 6, token: await processToken('game'), inFlight: 8 });
    const server = await ServerProcess.start(realm.environment);
    await judge.prepare(server.port);
    await judge.begin(server.port);
    for (let cut = 0; cut < 20; cut++) {
      await sleep(random() * 100);
      proxy.cutAll();
    }
    judge.stopSending();
    await judge.settled(10_000);
    judge.halt();
    const { invalid, unavailable, unknown, pending } = judge.counts();
    expect({ invalid, unavailable, unknown, pending }).toEqual(NONE);
    await judge.examine(server.port);
    await judge.account(server.port);
    const claims = await realm.sql('select distinct epoch from journal');
    expect(claims).toEqual([{ epoch: server.epoch }]);
  },
);
