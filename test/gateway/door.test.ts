// Who may come in before anybody knows who it is: over real sockets, whose addresses a proxy tells.

import { describe, expect, test } from 'vitest';
import { DEFAULT_ADDRESS_LIMITS, DEFAULT_GATEWAY_CONFIG } from '../../src/gateway/config.ts';
import { Door } from '../../src/gateway/door.ts';
import { type Fixture, sleep, startGateway, type TestClient } from '../support/gateway-fixture.ts';
import { RawSocket, upgradeRequest } from '../support/raw-socket.ts';
import { recordingLog } from '../support/recording-log.ts';

const trustedProxies = ['127.0.0.1'];
const many = { perMinute: 60_000, burst: 10_000 };
const wide = { socketsMax: 10_000, unopenedMax: 10_000, upgrades: many, failures: many };
const address = { ...DEFAULT_ADDRESS_LIMITS, ...wide, exempt: [] };

const from = (client: string) => ({ headers: { 'X-Forwarded-For': client } });

/** A header of the PROXY protocol, which uWebSockets takes from anybody: from 203.0.113.77. */
const PROXY = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb00714d0102030400500050', 'hex');

async function refused(fixture: Fixture, client: string, before = ''): Promise<string> {
  const raw = await RawSocket.connect(fixture.port);
  raw.write(Buffer.from(before, 'latin1'));
  raw.write(upgradeRequest({ 'X-Forwarded-For': client }));
  const head = await raw.head();
  await sleep(20);
  const answer = head + raw.received.toString();
  raw.destroy();
  return answer;
}

async function enterFrom(fixture: Fixture, client: string, player: string): Promise<TestClient> {
  const connected = await fixture.connect(from(client));
  const token = await fixture.token(player);
  expect((await connected.ask('session.open', { token })).outcome).toBe('ok');
  return connected;
}

describe('a budget per address', () => {
  test('bounds the sockets that are open, and leaves other addresses alone', async () => {
    const config = { trustedProxies, address: { ...address, socketsMax: 2 } };
    const fixture = await startGateway({ config });
    const first = await enterFrom(fixture, '203.0.113.9', 'alice');
    await enterFrom(fixture, '203.0.113.9', 'bob');
    const answer = await refused(fixture, '203.0.113.9');
    expect(answer).toMatch(/^HTTP\/1\.1 429 Too Many Requests/);
    expect(answer).toMatch(/retry-after: 1/i);
    expect(answer).toContain('This address has too many sockets: close one first.');
    await enterFrom(fixture, '203.0.113.10', 'carol');
    first.terminate();
    await sleep(50);
    await enterFrom(fixture, '203.0.113.9', 'alice');
  });

  test('bounds upgrades, and says when to come again', async () => {
    const upgrades = { perMinute: 60, burst: 3 };
    const fixture = await startGateway({
      config: { trustedProxies, address: { ...address, upgrades } },
    });
    for (let i = 0; i < 3; i++) (await fixture.connect(from('203.0.113.9'))).terminate();
    const answer = await refused(fixture, '203.0.113.9');
    expect(answer).toMatch(/^HTTP\/1\.1 429 /);
    expect(answer).toContain('Too many connections from this address in too short a time.');
    await fixture.connect(from('203.0.113.10'));
    await sleep(1_050);
    await fixture.connect(from('203.0.113.9'));
  });

  test('bounds upgrades that are no good either', async () => {
    const upgrades = { perMinute: 60, burst: 2 };
    const fixture = await startGateway({
      config: { trustedProxies, address: { ...address, upgrades } },
    });
    const status = async () => {
      const raw = await RawSocket.connect(fixture.port);
      const headers = { 'X-Forwarded-For': '203.0.113.9', 'Sec-WebSocket-Version': '8' };
      raw.write(upgradeRequest(headers));
      const answer = await raw.head();
      raw.destroy();
      return answer.slice(9, 12);
    };
    expect([await status(), await status(), await status()]).toEqual(['426', '426', '429']);
  });

  test('bounds tokens that are refused: no further one is looked at for a while', async () => {
    const failures = { perMinute: 60, burst: 2 };
    const fixture = await startGateway({
      config: { trustedProxies, address: { ...address, failures } },
    });
    const waiting = await fixture.connect(from('203.0.113.9'));
    for (let i = 0; i < 2; i++) {
      const guesser = await fixture.connect(from('203.0.113.9'));
      expect((await guesser.ask('session.open', { token: 'a.b.c' })).body).toMatchObject({
        code: 'UNAUTHORIZED',
      });
      expect((await guesser.ended).code).toBe(4401);
    }
    expect(await refused(fixture, '203.0.113.9')).toContain(
      'Too many tokens from this address were refused.',
    );
    const token = await fixture.token('alice');
    const late = await waiting.ask('session.open', { token });
    expect(late.body).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
    expect(late.body.retryAfterMs).toBeLessThanOrEqual(1_000);
    await enterFrom(fixture, '203.0.113.10', 'bob');
    await sleep(1_050);
    expect((await waiting.ask('session.open', { token })).outcome).toBe('ok');
  });

  test('bounds the sockets that wait for session.open', async () => {
    const fixture = await startGateway({
      config: { trustedProxies, address: { ...address, unopenedMax: 2 } },
    });
    const idle = await fixture.connect(from('203.0.113.9'));
    await fixture.connect(from('203.0.113.9'));
    expect(await refused(fixture, '203.0.113.9')).toContain(
      'Too many sockets of this address wait for session.open.',
    );
    await fixture.connect(from('203.0.113.10'));
    const token = await fixture.token('alice');
    expect((await idle.ask('session.open', { token })).outcome).toBe('ok');
    await fixture.connect(from('203.0.113.9'));
  });

  test('takes the network of 64 bits for one address of IPv6', async () => {
    const fixture = await startGateway({
      config: { trustedProxies, address: { ...address, socketsMax: 2 } },
    });
    await fixture.connect(from('2001:db8:1:2::1'));
    await fixture.connect(from('2001:db8:1:2:ffff::9'));
    expect(await refused(fixture, '2001:db8:1:2:3:4:5:6')).toMatch(/^HTTP\/1\.1 429 /);
    await fixture.connect(from('2001:db8:1:3::1'));
  });

  test('is not escaped by a header of the player', async () => {
    const config = { trustedProxies, address: { ...address, socketsMax: 1 } };
    const behind = await startGateway({ config });
    await behind.connect(from('1.2.3.4, 203.0.113.9'));
    for (const lie of ['5.6.7.8, 203.0.113.9', '127.0.0.1, 203.0.113.9', ', 203.0.113.9']) {
      expect(await refused(behind, lie), lie).toMatch(/^HTTP\/1\.1 429 /);
    }
    const twoLines = '5.6.7.8\r\nX-Forwarded-For: 203.0.113.9';
    expect(await refused(behind, twoLines)).toMatch(/^HTTP\/1\.1 429 /);
    const direct = await startGateway({ config: { ...config, trustedProxies: [] } });
    await direct.connect(from('1.2.3.4'));
    expect(await refused(direct, '5.6.7.8')).toMatch(/^HTTP\/1\.1 429 /);
    expect(await refused(direct, '', PROXY.toString('latin1'))).toMatch(/^HTTP\/1\.1 429 /);
  });

  test('is not kept by exempt addresses', async () => {
    const exempt = ['203.0.113.0/24'];
    const fixture = await startGateway({
      config: { trustedProxies, address: { ...address, socketsMax: 1, exempt } },
    });
    for (let i = 0; i < 5; i++) await fixture.connect(from('203.0.113.9'));
  });

  test('says who is over it once a minute, and counts how often', async () => {
    const { log, lines } = recordingLog();
    const fixture = await startGateway({
      log,
      config: { trustedProxies, address: { ...address, socketsMax: 1 } },
    });
    await fixture.connect(from('203.0.113.9'));
    for (let i = 0; i < 20; i++) await refused(fixture, '203.0.113.9');
    expect(lines).toMatchObject([{ address: '203.0.113.9', bound: 'sockets' }]);
    const text = await fixture.gateway.registry.metrics();
    expect(text).toContain('tradepost_refused_addresses_total{bound="sockets"} 20');
    await fixture.gateway.close('restarting');
    expect(lines.at(-1)).toMatchObject({ unsaid: 19, of: 'an address is over its bound' });
  });
});

describe('sockets that nobody has opened', () => {
  test('do not take the room of players, and have a bound of their own', async () => {
    const fixture = await startGateway({ config: { socketsMax: 2, unopenedMax: 3 } });
    const idle = [await fixture.connect(), await fixture.connect(), await fixture.connect()];
    await expect(fixture.connect()).rejects.toThrow('503');
    idle[0]?.terminate();
    await sleep(50);
    await fixture.enter('alice');
    expect(await fixture.gateway.registry.metrics()).toMatch(
      /^tradepost_sessions 1$[\s\S]*^tradepost_unopened_sockets 2$/m,
    );
  });

  test('are told and closed when the last place is taken meanwhile', async () => {
    const fixture = await startGateway({ config: { socketsMax: 1 } });
    const late = await fixture.connect();
    const alice = await fixture.enter('alice');
    const token = await fixture.token('bob');
    const refusal = await late.ask('session.open', { token });
    expect(refusal.body).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await late.ended).toEqual({ code: 4504, reason: 'full' });
    await expect(fixture.connect()).rejects.toThrow('503');
    alice.terminate();
    await sleep(50);
    await fixture.enter('bob');
  });

  test('have five seconds', () => {
    expect(DEFAULT_GATEWAY_CONFIG.openTimeoutMs).toBe(5_000);
  });
});

describe('what is kept of addresses', () => {
  test('does not grow with them: the one that was left longest ago is forgotten', () => {
    const config = { ...DEFAULT_GATEWAY_CONFIG, address: { ...address, addressesMax: 1_000 } };
    const door = new Door(config);
    const staying = door.visitor('203.0.113.9', []);
    expect(door.knock(staying, 0)).toBeNull();
    door.entered(staying);
    for (let i = 0; i < 20_000; i++) {
      const group = [i >> 16, i & 0xffff].map(part => part.toString(16));
      expect(door.knock(door.visitor(`2001:db8:${group.join(':')}::1`, []), i)).toBeNull();
    }
    expect(door.addresses).toBe(1_001);
    expect(door.visitor('203.0.113.9', [])).toBe(staying);
    door.left(staying, false);
    expect(door.addresses).toBe(1_000);
  });

  test('is gone when its budgets are full again', () => {
    const upgrades = { perMinute: 60, burst: 2 };
    const door = new Door({ ...DEFAULT_GATEWAY_CONFIG, address: { ...address, upgrades } });
    const visit = door.visitor('203.0.113.9', []);
    door.knock(visit, 0);
    door.sweep(500);
    expect(door.addresses).toBe(1);
    door.entered(visit);
    door.sweep(10_000);
    expect(door.addresses).toBe(1);
    door.left(visit, false);
    door.sweep(10_000);
    expect([door.addresses, door.opened, door.unopened]).toEqual([0, 0, 0]);
  });
});
