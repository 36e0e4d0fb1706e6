// Journal rows or tables that were damaged from outside: the server does not start on them and says
// which, or the audit names what no start needs to look at.

import { expect } from 'vitest';
import { createFaultRealm, type FaultRealm, onPostgres, sleep } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

const REFUSAL_MS = 15_000;

/** A realm with some trading in it whose last journal rows are not in the tables. */
async function realmWithBacklog(): Promise<FaultRealm> {
  const realm = await createFaultRealm();
  const judge = new Judge({ seed: 11, token: await processToken('game'), sockets: 2 });
  const server = await ServerProcess.start(realm.environment);
  await judge.prepare(server.port);
  const holder = await realm.session();
  await holder.query('begin');
  await holder.query('lock table projection in exclusive mode');
  await judge.begin(server.port);
  await sleep(200);
  await server.kill('SIGKILL');
  await judge.ended();
  await holder.query('rollback');
  return realm;
}

/** A realm with some trading in it, at rest. */
async function realmAtRest(): Promise<FaultRealm> {
  const realm = await createFaultRealm();
  const judge = new Judge({ seed: 12, token: await processToken('game'), sockets: 2 });
  const server = await ServerProcess.start(realm.environment);
  await judge.prepare(server.port);
  await judge.begin(server.port);
  await sleep(300);
  judge.stopSending();
  await judge.settled(5_000);
  judge.halt();
  expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  return realm;
}

async function refusal(realm: FaultRealm): Promise<string> {
  const server = new ServerProcess(realm.environment);
  const exit = await Promise.race([server.exit, sleep(REFUSAL_MS)]);
  expect(exit, server.output).toEqual({ code: 1, signal: null });
  expect(server.output).not.toContain('Tradepost leads the realm');
  return server.output;
}

async function audit(realm: FaultRealm): Promise<{ code: number | null; output: string }> {
  const run = new ServerProcess(realm.environment, ['audit']);
  const { code } = await run.exit;
  return { code, output: run.output };
}

const SECOND_UNPROJECTED = '(select position + 2 from projection)';

onPostgres(
  'a journal row that is missing is named, and the server does not start',
  { timeout: 40_000 },
  async () => {
    const realm = await realmWithBacklog();
    const [row] = await realm.sql<{ position: number }>(
      `delete from journal where position = ${SECOND_UNPROJECTED} returning position`,
    );
    expect(await refusal(realm)).toContain(`position ${row?.position}`);
  },
);

onPostgres(
  'a journal row whose bytes have changed is named, and the server does not start',
  { timeout: 40_000 },
  async () => {
    const realm = await realmWithBacklog();
    // The last byte of a row: part of an amount, so that it can still be read.
    const [row] = await realm.sql<{ position: number }>(
      `update journal set facts = set_byte(facts, octet_length(facts) - 1,
         get_byte(facts, octet_length(facts) - 1) # 1)
       where position = ${SECOND_UNPROJECTED} returning position`,
    );
    expect(await refusal(realm)).toContain(`position ${row?.position}`);
  },
);

onPostgres(
  'a damaged journal row is named by the audit, which gives the tables nothing of it',
  { timeout: 60_000 },
  async () => {
    const realm = await realmWithBacklog();
    const tablesStand = async () => {
      const [found] = await realm.sql<{ position: number }>('select position from projection');
      return found?.position;
    };
    const before = await tablesStand();
    const [row] = await realm.sql<{ position: number }>(
      `update journal set facts = set_byte(facts, octet_length(facts) - 1,
         get_byte(facts, octet_length(facts) - 1) # 1)
       where position = ${SECOND_UNPROJECTED} returning position`,
    );
    for (const fault of ['was changed after it was written', 'is missing']) {
      const { code, output } = await audit(realm);
      expect(code).toBe(1);
      expect(output).toContain(`its position ${row?.position} ${fault}.`);
      expect(await tablesStand()).toBe(before);
      await realm.sql(`delete from journal where position = ${row?.position}`);
    }
  },
);

onPostgres('a journal that ends before the tables keeps the server from starting', async () => {
  const realm = await realmAtRest();
  const [row] = await realm.sql<{ position: number }>(
    'delete from journal where position = (select max(position) from journal) returning position',
  );
  expect(await refusal(realm)).toContain(`position ${row?.position} is missing`);
  expect(await refusal(realm)).toContain(`position ${row?.position} is missing`);
});

const DAMAGES = [
  ['a balance that grew', 'update accounts set available = available + 1 where id = 7'],
  ['goods that are held for nothing', 'delete from orders where status = 0 and held > 0'],
  [
    'an order that holds too little',
    'update orders set held = held - 1 where status = 0 and held > 0',
  ],
] as const;

for (const [what, damage] of DAMAGES) {
  onPostgres(`${what} keeps the server from starting`, { timeout: 40_000 }, async () => {
    const realm = await realmAtRest();
    await realm.sql(damage);
    expect(await refusal(realm)).toContain('The tables are damaged, so the realm is not started.');
    expect((await audit(realm)).code).toBe(1);
  });
}

const SILENT_DAMAGES = [
  [
    'a trade that is gone',
    'delete from trades where id = 3',
    'every trade of the journal is in its table',
  ],
  [
    'an answer that changed',
    "update keys set body = body || '\\x00' where sequence = (select max(sequence) from keys)",
    'every remembered answer is in its table',
  ],
  [
    'a transfer that is there twice',
    'insert into transfers select * from transfers order by sequence desc limit 1',
    'transfers are those of the journal',
  ],
] as const;

onPostgres('what no start looks at is named by the audit', { timeout: 60_000 }, async () => {
  const realm = await realmAtRest();
  const sound = await audit(realm);
  expect(sound.code, sound.output).toBe(0);
  expect(sound.output).toContain('All is well.');
  for (const [, damage, check] of SILENT_DAMAGES) {
    await realm.sql(damage);
    const { code, output } = await audit(realm);
    expect(code).toBe(1);
    expect(output).toContain(`✗ ${check}`);
  }
});
