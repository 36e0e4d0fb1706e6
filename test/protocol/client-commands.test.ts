// What becomes of a command that the client was given, whatever happens to the connection.

import { describe, expect, it } from 'vitest';
import { RejectedError } from '../../protocol/client-options.ts';
import { KEY_PATTERN, keyTimeMs } from '../../protocol/key.ts';
import {
  bought,
  buy,
  clientWith,
  connected,
  ignoring,
  server,
  until,
  useScriptedServer,
} from '../support/scripted-client.ts';
import { testKey } from '../support/test-key.ts';

useScriptedServer();

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
    expect(await client.call('purchases.create', buy, { key: testKey('good') })).toEqual(bought);
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
    await client.request('purchases.create', buy, { player: 'bob', key: null });
    expect(server.requests.at(-1)).toMatchObject({ player: 'bob', key: null });
  });

  it('has a key of the client when it has none of its own, each after the one before', async () => {
    const client = await connected();
    for (let n = 0; n < 3; n++) await client.request('purchases.create', buy);
    await client.request('wallet.get', {});
    await client.request('keys.get', { key: client.newKey() });
    const keys = server.sent('purchases.create').map(({ key }) => key as string);
    expect(keys).toEqual([...new Set(keys)].sort());
    for (const key of keys) {
      expect(key).toMatch(KEY_PATTERN);
      expect(Math.abs(keyTimeMs(key) - client.serverNowMs())).toBeLessThan(60_000);
    }
    for (const name of ['wallet.get', 'keys.get'] as const) {
      expect(server.sent(name).map(({ key }) => key)).toEqual([null]);
    }
  });

  it('with a key is sent again, the same, after a lost connection', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'purchases.create') return false;
      if (server.peers.length === 1) peer.socket.terminate();
      else peer.reply(request.id, 'ok', bought);
      return true;
    };
    const client = await connected();
    const answer = await client.request('purchases.create', buy, { key: testKey('once') });
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
    const answer = await client.request('purchases.create', buy, { key: null });
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
    const answer = await client.request('purchases.create', buy, {
      key: testKey('k'),
      deadlineMs: 20,
    });
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
    const waiting = client.request('purchases.create', buy, { key: testKey('k') });
    server.peer.socket.terminate();
    expect(await waiting).toMatchObject({ outcome: 'ok' });
  });

  it('with a fraction in it is refused before it is sent', async () => {
    const client = await connected();
    const half = client.request('purchases.create', { listing: 7, quantity: 0.5 });
    await expect(half).rejects.toThrow(TypeError);
  });
});
