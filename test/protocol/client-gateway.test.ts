// The client and the real gateway: what one says, the other understands.

import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { TradeClient } from '../../protocol/client.ts';
import { type Fixture, startGateway } from '../support/gateway-fixture.ts';
import { testKey } from '../support/test-key.ts';

/** Every socket the client opens, so that a test can cut it. */
async function clientOf({ port, token }: Fixture): Promise<{
  client: TradeClient;
  sockets: WebSocket[];
}> {
  const sockets: WebSocket[] = [];
  class Recorded extends WebSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
    }
  }
  const client = new TradeClient({
    url: `ws://127.0.0.1:${port}/ws`,
    token: () => token('alice'),
    WebSocket: Recorded,
    backoffBaseMs: 50,
    random: () => 1,
    budget: true,
  });
  onTestFinished(() => client.close());
  await client.connect();
  return { client, sockets };
}

const until = (what: () => boolean): Promise<unknown> =>
  vi.waitUntil(what, { timeout: 4_000, interval: 2 });

const event = { atMs: 1, balances: [], orders: [], trades: [], offers: [], windows: [] };

it('commands are answered, with the remaining budget when it was asked for', async () => {
  const fixture = await startGateway();
  const { client } = await clientOf(fixture);
  const answer = await client.request(
    'purchases.create',
    { listing: 1, quantity: 1 },
    { key: testKey('k') },
  );
  expect(answer).toMatchObject({ outcome: 'ok', budget: { remaining: 29 } });
  expect(fixture.realm.submitted).toMatchObject([{ key: testKey('k'), player: 'alice' }]);
  const minted = { player: 'bob', asset: 'coins', quantity: 1 };
  const refused = await client.request('wallet.grant', minted, { key: testKey('mint') });
  expect(refused).toMatchObject({ outcome: 'invalid', body: { code: 'FORBIDDEN' } });
});

it('a cut connection loses nothing: commands repeated, feeds resumed, books joined', async () => {
  const fixture = await startGateway();
  const { gateway, realm } = fixture;
  const { client, sockets } = await clientOf(fixture);
  const mine: string[] = [];
  const books: string[] = [];
  await client.subscribe('me', ({ kind, sequence }) => mine.push(`${kind} ${sequence}`));
  await client.subscribe('book:ore', ({ kind, sequence }) => books.push(`${kind} ${sequence}`));
  await until(() => mine.length === 1 && books.length === 1);
  gateway.publishPrivate('alice', 105, event);
  await until(() => mine.length === 2);

  realm.holding = true;
  const buying = client.request(
    'purchases.create',
    { listing: 1, quantity: 1 },
    { key: testKey('once') },
  );
  await until(() => realm.submitted.length === 1);
  sockets[0]?.terminate();
  await until(() => sockets[0]?.readyState === WebSocket.CLOSED);
  gateway.publishPrivate('alice', 107, event);
  await until(() => realm.submitted.length === 2);
  realm.sequence = 108;
  gateway.publishPrivate('alice', 109, event);
  realm.release();

  expect(await buying).toMatchObject({ outcome: 'ok' });
  await until(() => mine.length === 4 && books.length === 2);
  expect(mine).toEqual(['snapshot 100', 'event 105', 'event 107', 'event 109']);
  expect(books.every(line => line.startsWith('snapshot'))).toBe(true);
  expect(realm.submitted[1]).toEqual(realm.submitted[0]);
});
