// Channels: continuity, repair and resume, as the client sees to them.

import { describe, expect, it } from 'vitest';
import { RejectedError } from '../../protocol/client-options.ts';
import { LocalBook } from '../../protocol/local-book.ts';
import {
  connected,
  emptyBook,
  server,
  until,
  useScriptedServer,
} from '../support/scripted-client.ts';

useScriptedServer();

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
