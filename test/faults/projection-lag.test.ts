// The projector is held up from outside: beyond the bound nothing more is executed until the tables
// have caught up, because what can't be read back soon should not be sold now.

import { expect } from 'vitest';
import { createFaultRealm, onPostgres, until } from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';
import { testKey } from '../support/test-key.ts';

const LAG_MAX_MS = 500;

onPostgres(
  'beyond the bound of the lag commands are refused before they are executed',
  { timeout: 30_000 },
  async () => {
    const realm = await createFaultRealm({ PROJECTION_LAG_MAX_MS: String(LAG_MAX_MS) });
    const server = await ServerProcess.start(realm.environment);
    const socket = await JudgeSocket.open(server.port, await processToken('game'));
    const grant = { player: 'ann', asset: 'coins', quantity: 1 };
    const give = (name: string) => socket.ask('wallet.grant', grant, { key: testKey(name) });
    expect((await give('before')).outcome).toBe('ok');
    expect((await socket.ask('wallet.get', { player: 'ann' })).outcome).toBe('ok');

    const holder = await realm.session();
    await holder.query('begin');
    await holder.query('lock table projection in exclusive mode');
    let given = 1;
    for (let refused = false; !refused; given += refused ? 0 : 1) {
      refused = (await give(`during-${given}`)).outcome === 'unavailable';
    }
    expect(given).toBeGreaterThan(1);
    const refusal = await give('refused');
    expect(refusal).toMatchObject({
      outcome: 'unavailable',
      body: { code: 'SERVICE_UNAVAILABLE', retryAfterMs: 1_000 },
    });
    expect((await socket.ask('wallet.get', { player: 'ann' })).outcome).toBe('unavailable');
    const ready = await server.page('/ready');
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.text).projectionLagMs).toBeGreaterThan(LAG_MAX_MS);
    expect((await server.page('/health')).status).toBe(200);

    await holder.query('rollback');
    await until(async () => (await server.page('/ready')).status === 200, 'it is ready again');
    const found = await socket.ask('keys.get', { key: testKey('refused') });
    expect(found.body).toEqual({ status: 'free' });
    expect(await give('refused')).toMatchObject({
      outcome: 'ok',
      body: { balance: { available: given + 1 } },
    });
    const wallet = await socket.ask('wallet.get', { player: 'ann' });
    expect(wallet.body.balances).toMatchObject([{ asset: 'coins', available: given + 1 }]);
    socket.destroy();
  },
);
