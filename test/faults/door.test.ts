// What one player or one address can cause in a real server: lines in its log, upgrades, sockets.

import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { createFaultRealm, onPostgres, sleep } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

onPostgres(
  'a flood of forbidden commands leaves some lines, and the number of what was left out',
  { timeout: 60_000 },
  async () => {
    const { environment } = await createFaultRealm();
    const server = await ServerProcess.start(environment);
    const before = server.output.length;
    const commands = 150;
    for (const player of ['eve', 'mallory']) {
      const socket = await JudgeSocket.open(server.port, await processToken(player, 'standard'));
      for (let id = 1; id <= commands; id++) {
        const grant = { player, asset: 'coins', quantity: 1 };
        const answer = await socket.tell(id, 'wallet.grant', grant, {});
        expect(answer?.body).toMatchObject({ code: 'FORBIDDEN' });
      }
      socket.destroy();
    }
    const lines = server.output.slice(before).match(/"msg":"forbidden"/g) ?? [];
    expect(lines).toHaveLength(2);
    await server.kill('SIGTERM');
    expect(server.output).toContain(`"unsaid":${2 * commands - 2},"of":"forbidden"`);
  },
);

onPostgres(
  'an address that is over its bounds is refused behind a proxy, and others come in',
  { timeout: 60_000 },
  async () => {
    const { environment } = await createFaultRealm({
      TRUSTED_PROXIES: '127.0.0.0/8',
      ADDRESS_EXEMPT: 'none',
      ADDRESS_UPGRADES: '60/20',
    });
    const server = await ServerProcess.start(environment);
    const upgrade = (address: string) =>
      new Promise<number>(resolve => {
        const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, {
          headers: { 'X-Forwarded-For': `198.51.100.1, ${address}` },
        });
        socket.on('open', () => {
          socket.terminate();
          resolve(101);
        });
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
        socket.on('error', () => {});
      });
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) statuses.push(await upgrade('203.0.113.9'));
    expect(statuses.filter(status => status === 101).length).toBeLessThanOrEqual(22);
    expect(statuses.at(-1)).toBe(429);
    expect(await upgrade('203.0.113.10')).toBe(101);
    await sleep(1_100);
    expect(await upgrade('203.0.113.9')).toBe(101);
  },
);
