// The life of a session and of its connection, as the client sees to it.

import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { encodeReply } from '../../protocol/codec.ts';
import {
  buy,
  clientWith,
  connected,
  ignoring,
  replaceServer,
  server,
  until,
  useScriptedServer,
} from '../support/scripted-client.ts';
import { ScriptedServer } from '../support/scripted-server.ts';
import { testKey } from '../support/test-key.ts';

useScriptedServer();

describe('a session', () => {
  it('is opened before anything else, and commands given earlier follow it', async () => {
    const client = clientWith();
    const early = client.request('items.get', { item: 'ore' });
    const session = await client.connect();
    expect(session).toMatchObject({ player: 'alice', resumed: false });
    expect(await early).toMatchObject({ outcome: 'rejected' });
    expect(server.requests.map(({ command }) => command)).toEqual(['session.open', 'items.get']);
    expect(server.requests[0]).toMatchObject({ payload: { token: 'token' } });
  });

  it('waits for a server that starts later', async () => {
    const { port } = server;
    await server.stop();
    const client = clientWith({ url: `ws://127.0.0.1:${port}` });
    const connecting = client.connect();
    await new Promise(wake => setTimeout(wake, 30));
    replaceServer(await ScriptedServer.start(port));
    expect(await connecting).toMatchObject({ player: 'alice' });
  });

  it('is given up when the token is refused and there is no other', async () => {
    server.script = (request, peer) => {
      peer.reply(request.id, 'invalid', { code: 'UNAUTHORIZED', message: 'no' });
      return true;
    };
    const client = clientWith();
    await expect(client.connect()).rejects.toThrow('UNAUTHORIZED');
    expect(client.state).toBe('closed');
    expect(server.peers).toHaveLength(1);
  });

  it.each([4401, 4410])(
    'closed with %d is tried again with a fresh token when there is a source of tokens',
    async code => {
      server.script = (request, peer) => {
        if (request.command !== 'session.open' || request.payload.token === 'token 2') return false;
        peer.socket.close(code);
        return true;
      };
      let asked = 0;
      await connected({ token: async () => `token ${++asked}` });
      expect(server.peers).toHaveLength(2);
    },
  );

  it('is renewed on the live socket before the token expires', async () => {
    server.tokenLifeMs = 1_100;
    let asked = 0;
    await connected({ token: () => `token ${++asked}` });
    await until(() => server.sent('session.open').length === 2);
    expect(server.peers).toHaveLength(1);
    expect(server.sent('session.open')[1]).toMatchObject({ payload: { token: 'token 2' } });
  });

  it('is renewed at the next try when the source of tokens or the server failed once', async () => {
    server.tokenLifeMs = 1_100;
    let asked = 0;
    const token = () => {
      asked += 1;
      if (asked === 2) throw new Error('no token now');
      return `token ${asked}`;
    };
    server.script = (request, peer) => {
      if (request.command !== 'session.open' || request.payload.token !== 'token 3') return false;
      peer.reply(request.id, 'unavailable', { code: 'SERVICE_UNAVAILABLE', message: '' });
      return true;
    };
    const client = await connected({ token });
    await until(() => server.sent('session.open').length === 3);
    expect(server.sent('session.open').at(-1)).toMatchObject({ payload: { token: 'token 4' } });
    expect(server.peers).toHaveLength(1);
    expect(client.state).toBe('open');
  });

  it('is tried again while the server is unavailable, not before it says', async () => {
    let refusedAtMs = 0;
    server.script = (request, peer) => {
      if (server.peers.length > 1) return false;
      refusedAtMs = Date.now();
      const body = { code: 'SERVICE_UNAVAILABLE', message: 'draining', retryAfterMs: 80 };
      peer.reply(request.id, 'unavailable', body);
      return true;
    };
    await connected();
    expect(Date.now() - refusedAtMs).toBeGreaterThanOrEqual(79);
  });
});

describe('a connection', () => {
  it('that falls silent is probed, then replaced', async () => {
    server.script = ignoring('session.ping');
    await connected({ silenceMs: 80 });
    await until(() => server.peers.length === 2);
    expect(server.peers[0]?.requests.map(({ command }) => command)).toContain('session.ping');
  });

  it('that answers its probes is kept', async () => {
    await connected({ silenceMs: 60 });
    await until(() => server.sent('session.ping').length >= 4);
    expect(server.peers).toHaveLength(1);
  });

  it('that never opens a session is replaced', async () => {
    server.script = () => server.peers.length < 2;
    await connected({ openTimeoutMs: 30 });
    expect(server.peers).toHaveLength(2);
  });

  it.each([4400, 4401, 4403, 4409, 4410, 4413])('closed with %d is not replaced', async code => {
    const states: string[] = [];
    const client = await connected({ onState: state => states.push(state) });
    server.peer.socket.close(code);
    await until(() => client.state === 'closed');
    expect(states).toEqual(['connecting', 'open', 'waiting', 'closed']);
    expect(server.peers).toHaveLength(1);
    expect(await client.request('session.ping', {})).toMatchObject({ outcome: 'unavailable' });
  });

  it.each([1001, 1011, 4408, 4429, 4503, 4504, 4508])('closed with %d is replaced', async code => {
    const client = await connected();
    server.peer.socket.close(code);
    await until(() => server.peers.length === 2 && client.state === 'open');
  });

  it('survives a reply to nothing in particular', async () => {
    const client = await connected();
    server.peer.socket.send(encodeReply(null, 'invalid', { code: 'MALFORMED_FRAME', message: '' }));
    expect(await client.request('session.ping', {})).toMatchObject({ outcome: 'ok' });
    expect(server.peers).toHaveLength(1);
  });

  it('that sends what is no frame is replaced', async () => {
    const client = await connected();
    server.peer.socket.send(new Uint8Array([0xc1]));
    await until(() => server.peers.length === 2 && client.state === 'open');
  });

  it('is tried with growing delays under full jitter', async () => {
    await server.stop();
    const delays = vi.spyOn(globalThis, 'setTimeout');
    clientWith({ random: () => 1, backoffBaseMs: 4, backoffMaxMs: 30, openTimeoutMs: 7_777 })
      .connect()
      .catch(() => undefined);
    const waits = () => delays.mock.calls.map(call => call[1]).filter(ms => ms && ms <= 30);
    await until(() => waits().includes(30));
    expect(waits().slice(0, 4)).toEqual([4, 8, 16, 30]);
    delays.mockRestore();
    replaceServer(await ScriptedServer.start());
  });

  it('closed by its owner settles everything and leaves nothing behind', async () => {
    server.script = ignoring('purchases.create');
    const client = await connected();
    const waiting = client.request('purchases.create', buy, { key: testKey('k') });
    await until(() => server.sent('purchases.create').length === 1);
    client.close();
    expect(await waiting).toMatchObject({ outcome: 'unknown' });
    expect(client.state).toBe('closed');
    await until(() => server.peer.socket.readyState === WebSocket.CLOSED);
    await new Promise(wake => setTimeout(wake, 50));
    expect(server.peers).toHaveLength(1);
  });

  it('closed while connecting rejects', async () => {
    const client = clientWith();
    const connecting = client.connect();
    client.close();
    await expect(connecting).rejects.toThrow('closed');
  });
});
