import { describe, expect, test, vi } from 'vitest';
import { PROTOCOL_VERSION } from '../../protocol/version.ts';
import { sleep, startGateway } from '../support/gateway-fixture.ts';

describe('opening a session', () => {
  test('session.open names the player, the protocol and the realm', async () => {
    const { enter, realm } = await startGateway();
    const client = await enter('alice', 'premium');
    expect(client.replies[0]).toMatchObject({
      outcome: 'ok',
      body: {
        player: 'alice',
        role: 'premium',
        protocol: PROTOCOL_VERSION,
        realm: 'test',
        epoch: realm.epoch,
        budget: { remaining: 100, refillMs: 0 },
        resumed: false,
      },
    });
  });

  test('a token without a role is a standard player', async () => {
    const { connect, token } = await startGateway();
    const client = await connect();
    const reply = await client.ask('session.open', { token: await token('alice') });
    expect(reply.body).toMatchObject({ role: 'standard', budget: { remaining: 30 } });
  });

  test('every command before session.open is UNAUTHORIZED and the socket stays', async () => {
    const { connect, token, realm } = await startGateway();
    const client = await connect();
    for (const reply of [
      await client.ask('wallet.get', {}),
      await client.ask('purchases.create', { listing: 1, quantity: 1 }),
      await client.ask('session.ping', {}),
      await client.ask('session.subscribe', { channels: ['me'] }),
    ]) {
      expect(reply).toMatchObject({ outcome: 'invalid', body: { code: 'UNAUTHORIZED' } });
    }
    expect(realm.submitted).toHaveLength(0);
    expect(realm.reads).toHaveLength(0);
    const opened = await client.ask('session.open', { token: await token('alice') });
    expect(opened.outcome).toBe('ok');
  });

  test('a socket without session.open is closed openTimeout', async () => {
    const { connect } = await startGateway({ config: { openTimeoutMs: 100 } });
    const client = await connect();
    expect(await client.ended).toEqual({ code: 4408, reason: 'openTimeout' });
  });

  test('a refused token is answered in one neutral text, then the socket is closed', async () => {
    const { connect, token } = await startGateway();
    const good = await token('alice');
    const texts = new Set<unknown>();
    for (const bad of [
      'x',
      'a.b.c',
      `${good}x`,
      good.slice(0, -4),
      await token('a', 'guest', -60),
    ]) {
      const client = await connect();
      const reply = await client.ask('session.open', { token: bad });
      expect(reply.body).toMatchObject({ code: 'UNAUTHORIZED' });
      texts.add(reply.body.message);
      expect((await client.ended).code).toBe(4401);
    }
    expect(texts.size).toBe(1);
  });

  test('session.open without a token needs one from the upgrade', async () => {
    const { connect, token } = await startGateway();
    const bare = await connect();
    expect((await bare.ask('session.open', {})).body).toMatchObject({ code: 'UNAUTHORIZED' });
    expect((await bare.ended).code).toBe(4401);
    const bearer = await connect({ headers: { Authorization: `Bearer ${await token('bob')}` } });
    expect((await bearer.ask('session.open', {})).body).toMatchObject({ player: 'bob' });
  });

  test('a bad token of the upgrade is refused when session.open asks for it', async () => {
    const { connect } = await startGateway();
    const client = await connect({ headers: { Authorization: 'Bearer a.b.c' } });
    expect((await client.ask('session.open', {})).body).toMatchObject({ code: 'UNAUTHORIZED' });
    expect((await client.ended).code).toBe(4401);
  });

  test('every one of many upgrades with a token opens its session', async () => {
    const { connect, token } = await startGateway();
    const headers = { Authorization: `Bearer ${await token('game', 'service')}` };
    for (let i = 0; i < 150; i++) {
      const client = await connect({ headers });
      expect((await client.ask('session.open', {})).outcome).toBe('ok');
    }
  });

  test('a second session.open while the first is being verified is refused', async () => {
    const { connect, token } = await startGateway();
    const client = await connect();
    const [first, second] = [await token('alice'), await token('alice')];
    const firstId = client.tell('session.open', { token: first });
    const reply = await client.ask('session.open', { token: second });
    expect(reply.body).toMatchObject({ code: 'TOO_MANY_IN_FLIGHT' });
    expect((await client.replyTo(firstId)).outcome).toBe('ok');
  });

  test('without a realm, and while draining, nobody is let in', async () => {
    const unattached = await startGateway({ attach: false });
    await expect(unattached.connect()).rejects.toThrow('status 503');
    const { gateway, connect, token } = await startGateway();
    const waiting = await connect();
    gateway.drain();
    const late = await waiting.ask('session.open', { token: await token('alice') });
    expect(late.body).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await expect(connect()).rejects.toThrow('status 503');
  });
});

describe('the end of a token', () => {
  const rules = { clockToleranceSeconds: 0 };

  test('an idle socket is closed when its token expires', async () => {
    const { connect, token } = await startGateway({ rules });
    const client = await connect();
    await client.ask('session.open', { token: await token('alice', 'standard', 1) });
    expect(await client.ended).toEqual({ code: 4401, reason: 'unauthorized' });
  });

  test('comes as late as it was told, whatever the clock does meanwhile', async () => {
    const { connect, token } = await startGateway({ rules });
    const client = await connect();
    await client.ask('session.open', { token: await token('alice', 'standard', 2) });
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
    await sleep(500);
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
    clock.mockImplementation(() => now() - 3_600_000);
    expect(await client.ended).toEqual({ code: 4401, reason: 'unauthorized' });
    clock.mockRestore();
  });

  test('is told in engine time, as all times are', async () => {
    const { connect, token, realm } = await startGateway({ rules });
    realm.timeAheadMs = 3_600_000;
    const client = await connect();
    const { body } = await client.ask('session.open', { token: await token('alice') });
    const { serverTimeMs, expiresAtMs } = body as { serverTimeMs: number; expiresAtMs: number };
    expect(serverTimeMs - Date.now()).toBeGreaterThan(3_590_000);
    expect(expiresAtMs - serverTimeMs).toBeGreaterThan(590_000);
    expect(expiresAtMs - serverTimeMs).toBeLessThanOrEqual(600_000);
    const ping = await client.ask('session.ping', {});
    expect(Number(ping.body.serverTimeMs) - Date.now()).toBeGreaterThan(3_590_000);
  });

  test('a fresh token of the same player keeps the socket and may change the tier', async () => {
    const { connect, token } = await startGateway({ rules });
    const client = await connect();
    await client.ask('session.open', { token: await token('alice', 'standard', 2) });
    const renewed = await client.ask('session.open', { token: await token('alice', 'premium') });
    expect(renewed).toMatchObject({ outcome: 'ok', body: { player: 'alice', role: 'premium' } });
    await sleep(2_200);
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
  });

  test('a bad token on a live socket is refused and the socket lives on', async () => {
    const { enter } = await startGateway();
    const client = await enter('alice');
    const reply = await client.ask('session.open', { token: 'a.b.c' });
    expect(reply.body).toMatchObject({ code: 'UNAUTHORIZED' });
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
  });

  test('the token of another player closes the socket otherPlayer', async () => {
    const { enter, token } = await startGateway();
    const client = await enter('alice');
    client.tell('session.open', { token: await token('mallory') });
    expect(await client.ended).toEqual({ code: 4403, reason: 'otherPlayer' });
  });
});

describe('sockets of one player', () => {
  test('beyond the bound the oldest one is replaced', async () => {
    const { enter } = await startGateway({ config: { socketsPerPlayerMax: 2 } });
    const first = await enter('alice');
    const second = await enter('alice');
    await enter('bob');
    const third = await enter('alice');
    expect(await first.ended).toEqual({ code: 4409, reason: 'replaced' });
    expect(second.isOpen).toBe(true);
    expect(third.isOpen).toBe(true);
  });

  test('as many as the leader of a cluster lets him keep are the newest ones', async () => {
    const { enter, gateway } = await startGateway();
    const [first, second] = [await enter('alice'), await enter('alice')];
    gateway.closeOldest('alice', 2);
    expect(await first.ask('session.ping', {})).toMatchObject({ outcome: 'ok' });
    gateway.closeOldest('alice', 1);
    gateway.closeOldest('alice', 1);
    expect(await first.ended).toEqual({ code: 4409, reason: 'replaced' });
    expect(await second.ask('session.ping', {})).toMatchObject({ outcome: 'ok' });
    const services = [await enter('game', 'service'), await enter('game', 'service')];
    gateway.closeOldest('game', 1);
    for (const service of services) {
      expect(await service.ask('session.ping', {})).toMatchObject({ outcome: 'ok' });
    }
  });

  test('the service role has as many as it likes', async () => {
    const { enter } = await startGateway({ config: { socketsPerPlayerMax: 2 } });
    const clients = [];
    for (let i = 0; i < 6; i++) clients.push(await enter('game', 'service'));
    for (const client of clients) expect((await client.ask('session.ping', {})).outcome).toBe('ok');
  });

  test('closing the gateway tells every socket why', async () => {
    const { enter, gateway } = await startGateway();
    const clients = [await enter('alice'), await enter('bob')];
    await gateway.close('restarting');
    for (const client of clients) expect((await client.ended).code).toBe(4503);
  });
});
