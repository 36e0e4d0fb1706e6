// PgBouncer between the server and Postgres: in session mode a realm lives through it as without;
// in the others, which do not keep sessions, no server starts, and it says what to use instead.

import { expect } from 'vitest';
import { createFaultRealm, sleep } from '../support/fault-realm.ts';
import { Judge } from '../support/judge.ts';
import { expectGreenAudit } from '../support/outside.ts';
import { onPgBouncer, type PgBouncerOptions, startPgBouncer } from '../support/pgbouncer.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

const REFUSED = new RegExp(
  'DATABASE_URL leads to a pooler that does not keep sessions .*set pool_mode = session ' +
    '.*or give the address of the Postgres server itself\\.',
);

onPgBouncer(
  'through a pooler in session mode a server works, is killed, and goes on where it was',
  { timeout: 60_000 },
  async () => {
    const url = await startPgBouncer({ mode: 'session', poolSize: 30 });
    const realm = await createFaultRealm({ DATABASE_URL: url });
    const judge = new Judge({ seed: 9, token: await processToken('game') });
    for (let life = 0; life < 2; life++) {
      const server = await ServerProcess.start(realm.environment);
      if (life === 0) await judge.prepare(server.port);
      else await judge.examine(server.port);
      await judge.begin(server.port);
      await sleep(300);
      await server.kill('SIGKILL');
      await judge.ended();
    }
    const last = await ServerProcess.start(realm.environment);
    await judge.examine(last.port);
    await judge.account(last.port);
    expect(await last.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await expectGreenAudit(realm.environment);
  },
);

const refused: [string, PgBouncerOptions][] = [
  ['in transaction mode', { mode: 'transaction' }],
  ['in transaction mode with one session', { mode: 'transaction', poolSize: 1 }],
  [
    'in transaction mode with three sessions that take turns',
    { mode: 'transaction', poolSize: 3, more: ['min_pool_size = 3', 'server_round_robin = 1'] },
  ],
  ['in statement mode', { mode: 'statement' }],
  ['in statement mode with one session', { mode: 'statement', poolSize: 1 }],
  ['in session mode with one session, which is too few', { mode: 'session', poolSize: 1 }],
];

for (const [pooler, options] of refused) {
  onPgBouncer(`a pooler ${pooler} is refused at the start`, { timeout: 60_000 }, async () => {
    const url = await startPgBouncer(options);
    const realm = await createFaultRealm({ DATABASE_URL: url });
    for (const command of ['start', 'audit']) {
      const server = new ServerProcess(realm.environment, [command]);
      expect(await server.exit).toEqual({ code: 1, signal: null });
      expect(server.output).toMatch(REFUSED);
    }
    const schemas = `select nspname from pg_namespace where nspname = 'realm_${realm.name}'`;
    expect(await realm.sql(schemas)).toEqual([]);
  });
}
