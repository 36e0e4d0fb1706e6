// The client against real sockets and a server that does what the test says.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { TradeClient } from '../../protocol/client.ts';
import { type ClientOptions, RejectedError } from '../../protocol/client-options.ts';
import { encodeReply } from '../../protocol/codec.ts';
import { LocalBook } from '../../protocol/local-book.ts';
import { type Script, ScriptedServer } from '../support/scripted-server.ts';

let server: ScriptedServer;
let clients: TradeClient[] = [];

beforeEach(async () => {
  server = await ScriptedServer.start();
});

afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await server.stop();
});

function clientWith(options: Partial<ClientOptions> = {}): TradeClient {
  const client = new TradeClient({
    url: server.url,
    token: 'token',
    WebSocket,
    backoffBaseMs: 5,
    backoffMaxMs: 20,
    ...options,
  });
  clients.push(client);
  return client;
}

async function connected(options: Partial<ClientOptions> = {}): Promise<TradeClient> {
  const client = clientWith(options);
  await client.connect();
  return client;
}

const until = (what: () => boolean): Promise<unknown> =>
  vi.waitUntil(what, { timeout: 4_000, interval: 2 });

/** Leaves the requests of one command unanswered. */
const ignoring =
  (command: string): Script =>
  request =>
    request.command === command;

const buy = { listing: 7, quantity: 1 };
const bought = { quantity: 1, total: 5, fee: 0, trades: [] };
const emptyBook = { bids: [], asks: [] };

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
    server = await ScriptedServer.start(port);
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

  it('is tried again with a fresh token when there is a source of tokens', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'session.open' || request.payload.token === 'token 2') return false;
      peer.socket.close(4401);
      return true;
    };
    let asked = 0;
    await connected({ token: async () => `token ${++asked}` });
    expect(server.peers).toHaveLength(2);
  });

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

describe('a command', () => {
  it('resolves with whatever outcome it has, and call throws for all but ok', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'purchases.create') return false;
      const details = { required: 5, available: 1 };
      if (request.key === 'good') peer.reply(request.id, 'ok', bought);
      else peer.reply(request.id, 'rejected', { code: 'INSUFFICIENT_FUNDS', message: '', details });
      return true;
    };
    const client = await connected();
    expect(await client.call('purchases.create', buy, { key: 'good' })).toEqual(bought);
    expect(await client.request('purchases.create', buy)).toMatchObject({ outcome: 'rejected' });
    const failed = await client.call('purchases.create', buy).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(RejectedError);
    expect(failed).toMatchObject({
      outcome: 'rejected',
      code: 'INSUFFICIENT_FUNDS',
      details: { required: 5 },
    });
  });

  it('is matched to its answer by its id, in whatever order answers come', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'items.get') return false;
      const body = { code: 'ITEM_NOT_FOUND', message: '', details: { item: request.payload.item } };
      const waitMs = request.payload.item === 'a' ? 20 : 0;
      setTimeout(() => peer.reply(request.id, 'rejected', body), waitMs);
      return true;
    };
    const client = await connected();
    const [a, b] = await Promise.all([
      client.request('items.get', { item: 'a' }),
      client.request('items.get', { item: 'b' }),
    ]);
    expect(a).toMatchObject({ body: { details: { item: 'a' } } });
    expect(b).toMatchObject({ body: { details: { item: 'b' } } });
  });

  it('carries the player that a game server acts for', async () => {
    const client = await connected();
    await client.request('purchases.create', buy, { player: 'bob' });
    expect(server.requests.at(-1)).toMatchObject({ player: 'bob', key: null });
  });

  it('with a key is sent again, the same, after a lost connection', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'purchases.create') return false;
      if (server.peers.length === 1) peer.socket.terminate();
      else peer.reply(request.id, 'ok', bought);
      return true;
    };
    const client = await connected();
    const answer = await client.request('purchases.create', buy, { key: 'once' });
    expect(answer).toMatchObject({ outcome: 'ok', body: bought });
    const [first, second, ...more] = server.sent('purchases.create');
    expect(second).toEqual(first);
    expect(more).toEqual([]);
  });

  it('without a key is never sent twice: nobody knows what became of it', async () => {
    server.script = (request, peer) => {
      if (request.command === 'purchases.create') peer.socket.terminate();
      return request.command === 'purchases.create';
    };
    const client = await connected();
    const answer = await client.request('purchases.create', buy);
    expect(answer).toMatchObject({ outcome: 'unknown', body: { code: 'OUTCOME_UNKNOWN' } });
    await until(() => client.state === 'open');
    await client.request('session.ping', {});
    expect(server.sent('purchases.create')).toHaveLength(1);
  });

  it('that changes nothing is asked again without a key', async () => {
    server.script = (request, peer) => {
      if (request.command === 'wallet.get' && server.peers.length === 1) {
        peer.socket.terminate();
        return true;
      }
      return false;
    };
    const client = await connected();
    expect(await client.request('wallet.get', {})).toMatchObject({ outcome: 'rejected' });
    expect(server.sent('wallet.get')).toHaveLength(2);
  });

  it('that got no answer in time is unknown, and a late answer is ignored', async () => {
    server.script = ignoring('purchases.create');
    const client = await connected();
    const answer = await client.request('purchases.create', buy, { key: 'k', deadlineMs: 20 });
    expect(answer).toMatchObject({ outcome: 'unknown', body: { code: 'OUTCOME_UNKNOWN' } });
    server.peer.reply(server.requests.at(-1)?.id as number, 'ok', bought);
    expect(await client.request('session.ping', {})).toMatchObject({ outcome: 'ok' });
  });

  it('that was never sent is unavailable: it surely did not happen', async () => {
    const client = clientWith();
    const answer = await client.request('purchases.create', buy, { deadlineMs: 10 });
    expect(answer).toMatchObject({ outcome: 'unavailable' });
    await client.connect();
    expect(server.sent('purchases.create')).toEqual([]);
  });

  it('beyond the bound of the outbox is refused at once', async () => {
    server.script = ignoring('purchases.create');
    const client = await connected({ outboxMax: 2 });
    const waiting = [1, 2].map(() => client.request('purchases.create', buy));
    expect(await client.request('purchases.create', buy)).toMatchObject({ outcome: 'unavailable' });
    client.close();
    for (const answer of await Promise.all(waiting)) expect(answer.outcome).toBe('unknown');
  });

  it('waits in a full outbox without keeping the next session from opening', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'purchases.create') return false;
      if (server.peers.length > 1) peer.reply(request.id, 'ok', bought);
      return true;
    };
    const client = await connected({ outboxMax: 1 });
    const waiting = client.request('purchases.create', buy, { key: 'k' });
    server.peer.socket.terminate();
    expect(await waiting).toMatchObject({ outcome: 'ok' });
  });

  it('with a fraction in it is refused before it is sent', async () => {
    const client = await connected();
    const half = client.request('purchases.create', { listing: 7, quantity: 0.5 });
    await expect(half).rejects.toThrow(TypeError);
  });
});

describe('a channel', () => {
  const level = (price: number, quantity: number): [number, number, number] => [price, quantity, 1];

  it('starts with a snapshot and follows its deltas', async () => {
    const client = await connected();
    const book = new LocalBook();
    await client.subscribe('book:ore', event => book.apply(event));
    const { peer } = server;
    peer.event('book:ore', 'snapshot', 0, 10, { bids: [level(5, 1)], asks: [] });
    peer.event('book:ore', 'delta', 10, 14, { bids: [level(6, 2)], asks: [level(9, 1)] });
    peer.event('book:ore', 'heartbeat', 14, 14, null);
    await until(() => book.bestAsk === 9);
    expect(book.bids).toEqual([level(6, 2), level(5, 1)]);
    expect(server.sent('session.resync')).toEqual([]);
  });

  it('is resynced after a gap, once, and shows nothing in between', async () => {
    const client = await connected();
    const kinds: string[] = [];
    const book = new LocalBook();
    await client.subscribe('book:ore', event => {
      kinds.push(`${event.kind} ${event.sequence}`);
      book.apply(event);
    });
    const { peer } = server;
    peer.event('book:ore', 'snapshot', 0, 10, { bids: [level(5, 1)], asks: [] });
    peer.event('book:ore', 'delta', 12, 13, { bids: [level(6, 1)], asks: [] });
    peer.event('book:ore', 'delta', 13, 14, { bids: [level(7, 1)], asks: [] });
    await until(() => server.sent('session.resync').length > 0);
    peer.event('book:ore', 'snapshot', 0, 15, { bids: [level(8, 1)], asks: [] });
    peer.event('book:ore', 'delta', 15, 16, { bids: [level(9, 1)], asks: [] });
    await until(() => book.bestBid === 9);
    expect(kinds).toEqual(['snapshot 10', 'snapshot 15', 'delta 16']);
    expect(server.sent('session.resync')).toHaveLength(1);
    expect(server.sent('session.resync')[0]).toMatchObject({ payload: { channels: ['book:ore'] } });
  });

  it('is resynced again while the server has no time for it', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'session.resync' || server.sent('session.resync').length > 1) {
        return false;
      }
      const body = { code: 'RATE_LIMIT_EXCEEDED', message: '', retryAfterMs: 20 };
      peer.reply(request.id, 'unavailable', body);
      return true;
    };
    const client = await connected();
    await client.subscribe('ticker:ore', () => undefined);
    server.peer.event('ticker:ore', 'snapshot', 0, 1, {});
    server.peer.event('ticker:ore', 'delta', 2, 3, {});
    await until(() => server.sent('session.resync').length === 2);
  });

  it('is joined again after a reconnect, in as many commands as it takes', async () => {
    const client = await connected();
    for (let i = 0; i < 60; i++) await client.subscribe(`book:item${i}`, () => undefined);
    server.peer.socket.close(4503);
    await until(() => server.peers.length === 2 && server.peer.requests.length >= 3);
    const joined = server.peer.requests.slice(1);
    expect(joined.map(({ command }) => command)).toEqual([
      'session.subscribe',
      'session.subscribe',
    ]);
    const channels = joined.flatMap(({ payload }) => (payload as { channels: string[] }).channels);
    expect(new Set(channels).size).toBe(60);
  });

  it('starts over from a snapshot after a reconnect, although an old position fits', async () => {
    const client = await connected();
    const seen: number[] = [];
    await client.subscribe('book:ore', event => seen.push(event.sequence));
    server.peer.event('book:ore', 'snapshot', 0, 10, emptyBook);
    await until(() => seen.length === 1);
    server.peer.socket.terminate();
    await until(() => server.peers.length === 2 && server.peer.requests.length >= 2);
    server.peer.event('book:ore', 'delta', 10, 11, emptyBook);
    server.peer.event('book:ore', 'snapshot', 0, 20, emptyBook);
    await until(() => seen.length === 2);
    expect(seen).toEqual([10, 20]);
  });

  it('resumes the private feed where it stopped', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'session.open' || request.payload.resume === undefined) return false;
      peer.reply(request.id, 'ok', server.session(true));
      peer.event('me', 'event', 10, 11, {});
      return true;
    };
    const client = await connected();
    const seen: number[] = [];
    await client.subscribe('me', event => seen.push(event.sequence));
    server.peer.event('me', 'snapshot', 0, 10, {});
    await until(() => seen.length === 1);
    server.peer.socket.close(4508);
    await until(() => seen.length === 2);
    expect(seen).toEqual([10, 11]);
    expect(server.peer.requests[0]).toMatchObject({
      payload: { resume: { epoch: 1, sequence: 10 } },
    });
    expect(server.peer.requests).toHaveLength(1);
  });

  it('takes a snapshot of the private feed where it cannot be resumed', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'session.open' || request.payload.resume === undefined) return false;
      peer.reply(request.id, 'ok', server.session(false));
      peer.event('me', 'snapshot', 0, 40, {});
      peer.event('me', 'event', 40, 41, {});
      return true;
    };
    const client = await connected();
    const seen: number[] = [];
    await client.subscribe('me', event => seen.push(event.sequence));
    server.peer.event('me', 'snapshot', 0, 10, {});
    await until(() => seen.length === 1);
    server.peer.socket.terminate();
    await until(() => seen.length === 3);
    expect(seen).toEqual([10, 40, 41]);
  });

  it('has several listeners, each with a snapshot, and is left with the last of them', async () => {
    const client = await connected();
    const seen: string[] = [];
    const leaveA = await client.subscribe('book:ore', event => seen.push(`a ${event.sequence}`));
    server.peer.event('book:ore', 'snapshot', 0, 1, emptyBook);
    await until(() => seen.length === 1);
    const leaveB = await client.subscribe('book:ore', event => seen.push(`b ${event.sequence}`));
    expect(server.sent('session.resync')).toHaveLength(1);
    server.peer.event('book:ore', 'delta', 1, 2, emptyBook);
    server.peer.event('book:ore', 'snapshot', 0, 2, emptyBook);
    await until(() => seen.length === 4);
    expect(seen).toEqual(['a 1', 'a 2', 'a 2', 'b 2']);
    leaveA();
    leaveA();
    await client.request('session.ping', {});
    expect(server.sent('session.unsubscribe')).toEqual([]);
    leaveB();
    await client.request('session.ping', {});
    expect(server.sent('session.unsubscribe')).toHaveLength(1);
  });

  it('that the server has lost is subscribed to again instead of resynced', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'session.resync') return false;
      peer.reply(request.id, 'ok', { channels: [] });
      return true;
    };
    const client = await connected();
    await client.subscribe('book:ore', () => undefined);
    server.peer.event('book:ore', 'snapshot', 0, 1, emptyBook);
    server.peer.event('book:ore', 'delta', 5, 6, emptyBook);
    await until(() => server.sent('session.subscribe').length === 2);
    await client.subscribe('book:ore', () => undefined);
    expect(server.sent('session.subscribe')).toHaveLength(3);
  });

  it('that the server refuses is refused to the listener', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'session.subscribe') return false;
      peer.reply(request.id, 'invalid', { code: 'INVALID_REQUEST', message: 'no such channel' });
      return true;
    };
    const client = await connected();
    await expect(client.subscribe('nonsense', () => undefined)).rejects.toThrow(RejectedError);
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

  it.each([4400, 4401, 4403, 4409, 4413])('closed with %d is not replaced', async code => {
    const states: string[] = [];
    const client = await connected({ onState: state => states.push(state) });
    server.peer.socket.close(code);
    await until(() => client.state === 'closed');
    expect(states).toEqual(['connecting', 'open', 'waiting', 'closed']);
    expect(server.peers).toHaveLength(1);
    expect(await client.request('session.ping', {})).toMatchObject({ outcome: 'unavailable' });
  });

  it.each([1001, 1011, 4408, 4429, 4503, 4508])('closed with %d is replaced', async code => {
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
    server = await ScriptedServer.start();
  });

  it('closed by its owner settles everything and leaves nothing behind', async () => {
    server.script = ignoring('purchases.create');
    const client = await connected();
    const waiting = client.request('purchases.create', buy, { key: 'k' });
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
