// A service that lost its connection, or the server, sends again whatever it sent, with the same
// keys: each takes effect once, however many they are, and whatever the engine has forgotten.

import { expect } from 'vitest';
import { KeyMaker } from '../../protocol/key.ts';
import { createFaultRealm, onPostgres, sleep } from '../support/fault-realm.ts';
import { type Answered, JudgeSocket } from '../support/judge-socket.ts';
import { expectGreenAudit } from '../support/outside.ts';
import { processToken, ServerProcess } from '../support/server-process.ts';

const GRANT = { player: 'ann', asset: 'coins', quantity: 1 } as const;
const IN_FLIGHT = 4_000;
const LATE_MS = 20;

/** As many keys as a service makes, in its order. */
function keysOf(count: number): string[] {
  const maker = new KeyMaker(Date.now);
  return Array.from({ length: count }, () => maker.next());
}

/** Sends a grant with each key until it is answered for good, or the socket is gone. */
async function grantAll(
  socket: JudgeSocket,
  keys: readonly string[],
  take: (answer: Answered, index: number) => void = () => {},
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < keys.length && socket.isOpen) {
      const index = next++;
      for (let isAsked = false; !isAsked; ) {
        const answer = await socket.tell(1 + index, 'wallet.grant', GRANT, { key: keys[index] });
        if (answer === null) return;
        isAsked = answer.outcome !== 'unavailable';
        if (isAsked) take(answer, index);
        else await sleep(LATE_MS);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, keys.length) }, lane));
}

async function coinsOf(server: ServerProcess): Promise<unknown> {
  const socket = await JudgeSocket.open(server.port, await processToken('game'));
  const { body } = await socket.ask('wallet.get', { player: 'ann', asset: 'coins' });
  socket.destroy();
  return (body.balances as { available: number }[])[0]?.available;
}

onPostgres(
  '2,000 keyed grants of a service, sent again after a cut, give 2,000 coins',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm({ KEYS_PER_SERVICE_MAX: '1024' });
    const server = await ServerProcess.start(realm.environment);
    const keys = keysOf(2_000);
    const token = await processToken('game');
    const cut = await JudgeSocket.open(server.port, token);
    let answered = 0;
    await grantAll(cut, keys, () => {
      if (++answered === 1_900) cut.destroy();
    });
    const first = new Map<number, string>();
    for (let times = 0; times < 2; times++) {
      const socket = await JudgeSocket.open(server.port, token);
      let ok = 0;
      await grantAll(socket, keys, ({ outcome, body }, index) => {
        if (outcome === 'ok') ok++;
        expect(JSON.stringify(body)).toBe(first.get(index) ?? JSON.stringify(body));
        first.set(index, JSON.stringify(body));
      });
      expect(ok).toBe(2_000);
      const asked = await socket.ask('keys.get', { key: keys[0] as string });
      expect(asked.body).toMatchObject({ status: 'decided', outcome: 'ok' });
      const other = { ...GRANT, quantity: 2 };
      const reused = await socket.ask('wallet.grant', other, { key: keys[1] as string });
      expect(reused.body.code).toBe('KEY_REUSED');
      socket.destroy();
    }
    expect(await coinsOf(server)).toBe(2_000);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await expectGreenAudit(realm.environment);
  },
);

onPostgres(
  '200,000 keyed grants, sent again after kill -9 in the middle, give 200,000 coins',
  { timeout: 280_000 },
  async () => {
    const realm = await createFaultRealm();
    let server = await ServerProcess.start(realm.environment);
    const keys = keysOf(200_000);
    const token = await processToken('game');
    const cut = await JudgeSocket.open(server.port, token);
    let answered = 0;
    await grantAll(cut, keys, () => {
      if (++answered === 120_000) server.signal('SIGKILL');
    });
    await server.exit;
    server = await ServerProcess.start(realm.environment);
    const socket = await JudgeSocket.open(server.port, token);
    const outcomes = new Map<string, number>();
    await grantAll(socket, keys, ({ outcome }) => {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    });
    expect(Object.fromEntries(outcomes)).toEqual({ ok: 200_000 });
    socket.destroy();
    expect(await coinsOf(server)).toBe(200_000);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await expectGreenAudit(realm.environment);
  },
);

onPostgres(
  'a key of a player that is forgotten is expired, also after a restart; one of a service is not',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm({ KEYS_PER_PLAYER_MAX: '10' });
    let server = await ServerProcess.start(realm.environment);
    const keys = keysOf(40);
    const game = await JudgeSocket.open(server.port, await processToken('game'));
    expect((await game.ask('items.define', { item: 'ore', kind: 'commodity' })).outcome).toBe('ok');
    expect((await game.ask('wallet.grant', { ...GRANT, quantity: 1_000 })).outcome).toBe('ok');
    const bid = { item: 'ore', price: 1, quantity: 1 } as const;
    const ask = async (role: 'service' | 'standard', key: string) => {
      const player = role === 'service' ? 'game' : 'ann';
      const socket = await JudgeSocket.open(server.port, await processToken(player, role));
      const to = role === 'service' ? { key, player: 'ann' } : { key };
      const { outcome, body } = await socket.ask('bids.create', bid, to);
      socket.destroy();
      return body.code ?? `${outcome} ${body.bid}`;
    };
    // Half of them by herself, half by the game for her.
    const roles = keys.map((_, index) => (index % 2 === 0 ? 'standard' : 'service'));
    const told: unknown[] = [];
    for (const [index, key] of keys.entries()) told.push(await ask(roles[index] ?? 'service', key));
    expect(told).toEqual(keys.map((_, index) => `ok ${index + 1}`));
    const again = async () => {
      const answers: unknown[] = [];
      for (const [index, key] of keys.entries()) {
        answers.push(await ask(roles[index] ?? 'service', key));
      }
      return answers;
    };
    const expected = keys.map((_, index) =>
      roles[index] === 'standard' && index < 30 ? 'KEY_EXPIRED' : `ok ${index + 1}`,
    );
    expect(await again()).toEqual(expected);
    game.destroy();
    expect((await server.kill()).signal).toBe('SIGKILL');
    server = await ServerProcess.start(realm.environment);
    expect(await again()).toEqual(expected);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await expectGreenAudit(realm.environment);
  },
);

onPostgres(
  'a key that the tables cannot tell about is unavailable, and nothing is executed',
  { timeout: 60_000 },
  async () => {
    const realm = await createFaultRealm({ KEYS_PER_SERVICE_MAX: '10' });
    const server = await ServerProcess.start(realm.environment);
    const keys = keysOf(100);
    const socket = await JudgeSocket.open(server.port, await processToken('game'));
    await grantAll(socket, keys);
    expect(await coinsOf(server)).toBe(100);
    const holder = await realm.session();
    await holder.query('begin');
    await holder.query('lock table service_keys in access exclusive mode');
    const [first = ''] = keys;
    const refused = await socket.ask('wallet.grant', GRANT, { key: first });
    expect(refused).toMatchObject({ outcome: 'unavailable', body: { retryAfterMs: 1_000 } });
    await holder.query('rollback');
    expect((await socket.ask('wallet.grant', GRANT, { key: first })).outcome).toBe('ok');
    expect(await coinsOf(server)).toBe(100);
    socket.destroy();
  },
);
