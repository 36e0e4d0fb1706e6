// The embedded database has no lock of its own and begins with an initdb: two processes on one data
// folder, and a kill at any moment of the first start.

import { expect, test } from 'vitest';
import { sleep } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { EXIT, processToken, ServerProcess, temporaryFolder } from '../support/server-process.ts';

const FIRST_KILLS_MS = [250, 600, 1_000, 1_500];

async function grants(server: ServerProcess): Promise<void> {
  const socket = await JudgeSocket.open(server.port, await processToken('game'));
  const grant = { player: 'ann', asset: 'coins', quantity: 1 };
  expect((await socket.ask('wallet.grant', grant)).outcome).toBe('ok');
  socket.destroy();
}

test('a second process on the data folder is refused, and the first one goes on', {
  timeout: 60_000,
}, async () => {
  const environment = { DATA_DIR: await temporaryFolder() };
  const first = await ServerProcess.start(environment);
  for (const command of ['start', 'audit']) {
    const second = new ServerProcess(environment, [command]);
    expect(await second.exit, second.output).toEqual({ code: EXIT.held, signal: null });
    expect(second.output).toContain(environment.DATA_DIR);
    expect(second.output).not.toMatch(/^ +at /m);
  }
  await grants(first);
  first.signal('SIGSTOP');
  const third = new ServerProcess(environment);
  expect((await third.exit).code).toBe(EXIT.held);
  first.signal('SIGCONT');
  await grants(first);
  await first.kill('SIGKILL');
  await grants(await ServerProcess.start(environment));
});

test('a first start that was killed at any moment is made good by the next one', {
  timeout: 60_000,
}, async () => {
  const environment = { DATA_DIR: await temporaryFolder() };
  for (const afterMs of FIRST_KILLS_MS) {
    const killed = new ServerProcess(environment);
    await sleep(afterMs);
    expect(killed.hasEnded, killed.output).toBe(false);
    await killed.kill('SIGKILL');
  }
  await grants(await ServerProcess.start(environment));
});
