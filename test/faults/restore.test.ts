// A database that loses its last rows under a realm: restored to an earlier point, or a standby
// promoted that lacked them. What was written since is lost, and nothing else: whoever still has it
// in memory stops, the next start goes on from what is there under an epoch that was never given,
// and no client takes the new past for the one it knew.

import { expect } from 'vitest';
import { createFaultRealm, type FaultRealm, sleep, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { expectGreenAudit } from '../support/outside.ts';
import { OwnPostgres, onOwnPostgres } from '../support/own-postgres.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

const LOST = new RegExp(
  'The database has lost rows of the journal: this process wrote position \\d+, and it is not ' +
    'there any more .*The next start goes on from what is there\\.',
);

async function realmOn(postgres: OwnPostgres): Promise<FaultRealm> {
  return createFaultRealm({ DATABASE_URL: postgres.url }, postgres.url);
}

async function grant(port: number, player: string, quantity: number): Promise<void> {
  const socket = await JudgeSocket.open(port, await processToken('game'));
  const { outcome } = await socket.ask('wallet.grant', { player, asset: 'coins', quantity });
  expect(outcome).toBe('ok');
  socket.destroy();
}

async function coins(port: number, player: string): Promise<unknown> {
  const socket = await JudgeSocket.open(port, await processToken('game'));
  const { body } = await socket.ask('wallet.get', { player });
  socket.destroy();
  return (body.balances as { available: number }[])[0]?.available ?? 0;
}

async function expectGapless(realm: FaultRealm): Promise<void> {
  const rows = await realm.sql<{ position: number; epoch: number }>(
    'select position, epoch from realm.journal order by position',
  );
  const first = rows[0]?.position ?? 0;
  expect(rows.map(row => row.position)).toEqual(rows.map((_, index) => first + index));
  const epochs = rows.map(row => row.epoch);
  expect(epochs).toEqual([...epochs].sort((one, other) => one - other));
}

/** The copy takes the place of the data, as a restore does, while servers may be up. */
async function restore(postgres: OwnPostgres): Promise<void> {
  await postgres.stop('SIGQUIT');
  postgres.restore();
  await postgres.begin();
}

async function backUp(postgres: OwnPostgres): Promise<void> {
  await postgres.stop();
  postgres.backUp();
  await postgres.begin();
}

onOwnPostgres(
  'a server whose database is restored to an earlier point stops, though nobody asks it anything',
  { timeout: 60_000 },
  async () => {
    const postgres = await OwnPostgres.start();
    const realm = await realmOn(postgres);
    const first = await ServerProcess.start(realm.environment);
    await grant(first.port, 'ann', 5);
    await backUp(postgres);
    await grant(first.port, 'ann', 100);
    await restore(postgres);
    expect(await Promise.race([first.exit, sleep(15_000)])).toMatchObject({ signal: null });
    expect(first.output).toMatch(LOST);
    expect(first.output).not.toContain('nothing it acknowledged is lost');
    const second = await ServerProcess.start(realm.environment);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(await coins(second.port, 'ann')).toBe(5);
    await grant(second.port, 'ann', 7);
    expect(await coins(second.port, 'ann')).toBe(12);
    await second.kill('SIGTERM');
    await expectGapless(realm);
    await expectGreenAudit(realm.environment);
  },
);

onOwnPostgres(
  'a server that was frozen over a restore writes nothing into the new past, however long it is',
  { timeout: 60_000 },
  async () => {
    const postgres = await OwnPostgres.start();
    const realm = await realmOn(postgres);
    const first = await ServerProcess.start(realm.environment);
    await grant(first.port, 'ann', 5);
    await backUp(postgres);
    await grant(first.port, 'ann', 100);
    await grant(first.port, 'ann', 100);
    first.signal('SIGSTOP');
    await restore(postgres);
    const second = await ServerProcess.start(realm.environment);
    for (let i = 0; i < 5; i++) await grant(second.port, 'ann', 1);
    first.signal('SIGCONT');
    expect(await Promise.race([first.exit, sleep(15_000)])).toMatchObject({ signal: null });
    expect(first.output).toMatch(LOST);
    expect(await coins(second.port, 'ann')).toBe(10);
    await grant(second.port, 'ann', 1);
    await second.kill('SIGTERM');
    await expectGapless(realm);
    await expectGreenAudit(realm.environment);
  },
);

onOwnPostgres(
  'who resumes from the past that was lost gets a snapshot, though the sequences overlap',
  { timeout: 60_000 },
  async () => {
    const postgres = await OwnPostgres.start();
    const realm = await realmOn(postgres);
    const token = await processToken('ann');
    const first = await ServerProcess.start(realm.environment);
    await grant(first.port, 'ann', 5);
    await backUp(postgres);
    const seen: { epoch: number; sequence: number }[] = [];
    const ann = await JudgeSocket.open(first.port, token, event => seen.push(event));
    await ann.ask('session.subscribe', { channels: ['me'] });
    await until(() => seen.length > 0, 'the snapshot arrives');
    const { sequence: before } = seen[0] as { sequence: number };
    await grant(first.port, 'ann', 100);
    await until(() => (seen.at(-1)?.sequence ?? 0) > before, 'the event of the grant arrives');
    const { epoch, sequence } = seen.at(-1) as { epoch: number; sequence: number };
    await restore(postgres);
    await first.exit;
    const second = await ServerProcess.start(realm.environment);
    // The feed of the new past is there, and comes to the very same sequence.
    const other = await JudgeSocket.open(second.port, token);
    await other.ask('session.subscribe', { channels: ['me'] });
    for (let i = 0; i < 5; i++) await grant(second.port, 'ann', 1);
    const back = await JudgeSocket.connect(second.port);
    const opened = await back.ask('session.open', { token, resume: { epoch, sequence } });
    expect(opened.body).toMatchObject({ resumed: false, epoch: second.epoch });
    expect(second.epoch).toBeGreaterThan(epoch);
  },
);

onOwnPostgres(
  'a standby that lacks the last rows is promoted: the server stops, and starts again on it',
  { timeout: 90_000 },
  async () => {
    const primary = await OwnPostgres.start();
    const standby = await OwnPostgres.standbyOf(primary);
    const realm = await realmOn(primary);
    const first = await ServerProcess.start(realm.environment);
    await grant(first.port, 'ann', 15);
    await standby.caughtUpWith(primary);
    await standby.cutOff();
    await grant(first.port, 'ann', 100);
    await primary.stop('SIGQUIT');
    await standby.takeOver(primary);
    expect(await Promise.race([first.exit, sleep(15_000)])).toMatchObject({ signal: null });
    expect(first.output).toMatch(LOST);
    const second = await ServerProcess.start(realm.environment);
    expect(await coins(second.port, 'ann')).toBe(15);
    await grant(second.port, 'ann', 1);
    await second.kill('SIGTERM');
    await expectGapless(realm);
    await expectGreenAudit(realm.environment);
  },
);

onOwnPostgres(
  'a crash of the database that loses nothing stops nobody',
  { timeout: 60_000 },
  async () => {
    const postgres = await OwnPostgres.start();
    const realm = await realmOn(postgres);
    const server = await ServerProcess.start(realm.environment);
    for (let crash = 1; crash <= 3; crash++) {
      await grant(server.port, 'ann', 1);
      await postgres.stop('SIGQUIT');
      await postgres.begin();
      await until(async () => (await server.page('/ready')).status === 200, 'it is ready again');
      expect(await coins(server.port, 'ann')).toBe(crash);
    }
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await expectGapless(realm);
    await expectGreenAudit(realm.environment);
  },
);

onOwnPostgres(
  'a journal that a version before wrote over its hole is not started, and goes on without its end',
  { timeout: 60_000 },
  async () => {
    const postgres = await OwnPostgres.start();
    const realm = await realmOn(postgres);
    const first = await ServerProcess.start(realm.environment);
    await grant(first.port, 'ann', 5);
    await first.kill('SIGTERM');
    const { position } = (
      await realm.sql<{ position: number }>('select position from realm.projection')
    )[0] as { position: number };
    // As it was done: its last row was lost, and the old leader went on behind the hole.
    await realm.sql(
      `insert into realm.journal (position, epoch, sequence, at_ms, digest, facts)
       select position + 2, epoch, sequence, at_ms, sha256(''), ''
       from realm.journal where position = $1`,
      [position],
    );
    const refused = new ServerProcess(realm.environment);
    expect(await refused.exit).toEqual({ code: 1, signal: null });
    expect(refused.output).toContain(
      `The journal is damaged: its position ${position + 1} is missing.`,
    );
    expect(refused.output).toContain('README.md, "A damaged journal"');
    // What README.md says.
    const after = `from realm.journal where position >= ${position + 1}`;
    await realm.sql(`create table realm.journal_end as select * ${after}`);
    await realm.sql(`delete ${after}`);
    const second = await ServerProcess.start(realm.environment);
    expect(await coins(second.port, 'ann')).toBe(5);
    await grant(second.port, 'ann', 1);
    await second.kill('SIGTERM');
    await expectGreenAudit(realm.environment);
  },
);
