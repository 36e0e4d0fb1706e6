// Engine time: it never goes back, whatever wall clocks do, and it passes without anybody's help.

import { expect } from 'vitest';
import type { Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { EngineRoom } from '../support/engine-room.ts';
import {
  createFaultRealm,
  type FaultRealm,
  onPostgres,
  sleep,
  until,
} from '../support/fault-realm.ts';
import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

const START_MS = 1_900_000_000_000;
const HOUR_MS = 3_600_000;
const EXPIRED = 3;

function grantAt(atMs: number): Entry {
  const payload = { player: 'ann', asset: 'ore', quantity: 5 };
  return { command: 'wallet.grant', payload, player: 'game', key: null, digest: 0, atMs };
}

onPostgres(
  'a wall clock that is an hour behind after a restart does not turn time back',
  async () => {
    const realm = await createFaultRealm();
    const first = await EngineRoom.open(realm.database, DEFAULT_RULES);
    const define = { item: 'ore', kind: 'commodity' } as const;
    const rest = { key: null, digest: 0, atMs: START_MS };
    first.take({ command: 'items.define', payload: define, player: 'game', ...rest });
    first.take(grantAt(START_MS));
    const listing = { item: 'ore', quantity: 5, price: 7, timeInForce: 'gtd' } as const;
    const expiresAtMs = START_MS + 1_000;
    const payload = { ...listing, expiresAtMs };
    first.take({ command: 'listings.create', payload, player: 'ann', ...rest });
    first.take(grantAt(START_MS + 500));
    await first.close();

    const second = await EngineRoom.open(realm.database, DEFAULT_RULES);
    expect(second.engine.state.nowMs).toBe(START_MS + 500);
    second.take(grantAt(START_MS - HOUR_MS));
    expect(second.engine.state.nowMs).toBe(START_MS + 500);
    expect(second.engine.state.orders.size).toBe(1);
    second.wallMs = expiresAtMs - 1;
    second.tick();
    expect(second.engine.state.orders.size).toBe(1);
    second.wallMs = expiresAtMs;
    second.tick();
    expect(second.engine.state.orders.size).toBe(0);
    await second.close();
    const rows = await realm.sql<{ atMs: number }>(
      'select at_ms as "atMs" from journal order by position',
    );
    const times = rows.map(row => row.atMs);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(times.at(-1)).toBe(expiresAtMs);
  },
);

async function listFor(server: ServerProcess, lifeMs: number): Promise<void> {
  const socket = await JudgeSocket.open(server.port, await processToken('ann'));
  const asks = [
    socket.ask('items.define', { item: 'ore', kind: 'commodity' }),
    socket.ask('wallet.grant', { player: 'ann', asset: 'ore', quantity: 5 }),
    socket.ask('listings.create', {
      item: 'ore',
      quantity: 5,
      price: 7,
      timeInForce: 'gtd',
      expiresAtMs: Date.now() + lifeMs,
    }),
  ];
  for (const answer of await Promise.all(asks)) expect(answer.outcome).toBe('ok');
  socket.destroy();
}

function openOrders(realm: FaultRealm): Promise<{ status: number; held: number }[]> {
  return realm.sql('select status, held from orders order by id');
}

onPostgres('an order expires while nobody is connected', async () => {
  const realm = await createFaultRealm();
  const server = await ServerProcess.start(realm.environment);
  await listFor(server, 400);
  await until(async () => (await openOrders(realm))[0]?.status === EXPIRED, 'it has expired');
  expect(await openOrders(realm)).toEqual([{ status: EXPIRED, held: 0 }]);
});

onPostgres('an order that was due while the server was dead expires at the start', async () => {
  const realm = await createFaultRealm();
  const killed = await ServerProcess.start(realm.environment);
  await listFor(killed, 500);
  await killed.kill('SIGKILL');
  await sleep(500);
  const server = await ServerProcess.start(realm.environment);
  const socket = await JudgeSocket.open(server.port, await processToken('bob'));
  const order = { listing: 1, quantity: 1 };
  const sold = await socket.ask('purchases.create', order);
  expect(sold).toMatchObject({ outcome: 'rejected', body: { code: 'LISTING_UNAVAILABLE' } });
  socket.destroy();
  await until(async () => (await openOrders(realm))[0]?.status === EXPIRED, 'it has expired');
});
