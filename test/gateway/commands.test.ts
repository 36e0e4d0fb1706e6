import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/gateway/port.ts';
import { startGateway } from '../support/gateway-fixture.ts';
import { testKey } from '../support/test-key.ts';

const purchase = { listing: 1, quantity: 1 } as const;
const spend = { from: 'a', to: 'b', asset: 'coins', quantity: 1 } as const;

describe('commands for the engine', () => {
  test('reach the realm with id, key and the verified player', async () => {
    const { enter, realm } = await startGateway();
    const client = await enter('alice');
    const reply = await client.ask('purchases.create', purchase, { key: testKey('once') });
    expect(reply).toMatchObject({ outcome: 'ok', body: { player: 'alice' } });
    expect(reply.budget).toBeUndefined();
    expect(realm.submitted).toEqual([
      {
        id: reply.id,
        command: 'purchases.create',
        payload: purchase,
        key: testKey('once'),
        player: 'alice',
      },
    ]);
  });

  test('the replies of one batch reach each socket, and no other', async () => {
    const { enter, realm } = await startGateway();
    const [alice, bob] = [await enter('alice'), await enter('bob')];
    realm.holding = true;
    const hers = [1, 2, 3].map(() => alice.tell('purchases.create', purchase));
    const his = [1, 2].map(() => bob.tell('purchases.create', purchase));
    await alice.until(() => realm.submitted.length === 5);
    realm.release();
    for (const id of hers)
      expect((await alice.replyTo(id)).body).toMatchObject({ player: 'alice' });
    for (const id of his) expect((await bob.replyTo(id)).body).toMatchObject({ player: 'bob' });
    expect(alice.replies).toHaveLength(4);
    expect(bob.replies).toHaveLength(3);
  });

  test('a reused request id is answered as often as it was sent', async () => {
    const { enter } = await startGateway();
    const client = await enter('alice');
    client.tell('session.ping', {});
    const { encodeRequest } = await import('../../protocol/codec.ts');
    for (let i = 0; i < 3; i++) client.send(encodeRequest(77, 'purchases.create', purchase));
    await client.until(() => client.replies.filter(reply => reply.id === 77).length === 3);
  });

  test('the refusal of the realm is passed on and frees its place', async () => {
    const { enter, realm } = await startGateway();
    const client = await enter('guest', 'guest');
    realm.refusal = { code: 'SERVICE_UNAVAILABLE', message: 'away', retryAfterMs: 250 };
    for (let i = 0; i < 7; i++) {
      const reply = await client.ask('purchases.create', purchase);
      expect(reply).toMatchObject({
        outcome: 'unavailable',
        body: { code: 'SERVICE_UNAVAILABLE', retryAfterMs: 250 },
      });
    }
  });

  test('a reply for a socket that is gone is counted and not sent', async () => {
    const { enter, realm } = await startGateway();
    const client = await enter('alice', 'guest');
    realm.holding = true;
    for (let i = 0; i < 5; i++) client.tell('purchases.create', purchase);
    await client.until(() => realm.submitted.length === 5);
    const other = await enter('alice', 'guest');
    const full = await other.ask('purchases.create', purchase);
    expect(full.body).toMatchObject({ code: 'TOO_MANY_IN_FLIGHT', details: { limit: 5 } });
    client.terminate();
    await client.ended;
    realm.holding = false;
    realm.release();
    expect((await other.ask('purchases.create', purchase)).outcome).toBe('ok');
  });

  test('while draining nothing is sequenced; what was sequenced is still answered', async () => {
    const { enter, realm, gateway } = await startGateway();
    const client = await enter('alice');
    realm.holding = true;
    const taken = client.tell('purchases.create', purchase);
    await client.until(() => realm.submitted.length === 1);
    gateway.drain();
    const refused = await client.ask('purchases.create', purchase);
    expect(refused).toMatchObject({
      outcome: 'unavailable',
      body: { code: 'SERVICE_UNAVAILABLE' },
    });
    expect((await client.ask('wallet.get', {})).body).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    realm.release();
    expect((await client.replyTo(taken)).outcome).toBe('ok');
  });

  test('an exception of the realm costs one socket and nobody else', async () => {
    const { enter, realm, gateway } = await startGateway();
    const [victim, other] = [await enter('alice'), await enter('bob')];
    const submit = realm.submit.bind(realm);
    realm.submit = () => {
      throw new Error('a bug');
    };
    victim.tell('purchases.create', purchase);
    expect((await victim.ended).code).toBe(1006);
    realm.submit = submit;
    expect((await other.ask('purchases.create', purchase)).outcome).toBe('ok');
    expect(await gateway.registry.metrics()).toContain('tradepost_callback_errors_total 1');
    // What the failed command held in flight is free again.
    const again = await enter('alice');
    expect((await again.ask('purchases.create', purchase)).outcome).toBe('ok');
  });
});

describe('reads', () => {
  test('reach the realm with player and role, also while others wait', async () => {
    const { enter, realm } = await startGateway();
    const client = await enter('alice', 'premium');
    let finish: (answer: Answer) => void = () => {};
    realm.answerRead = request =>
      request.command === 'wallet.get'
        ? new Promise(resolve => {
            finish = resolve;
          })
        : Promise.resolve({ outcome: 'ok', body: { items: 1 } });
    const slow = client.tell('wallet.get', {});
    expect((await client.ask('items.get', { item: 'ore' })).body).toEqual({ items: 1 });
    finish({ outcome: 'ok', body: { balances: 2 } });
    expect((await client.replyTo(slow)).body).toEqual({ balances: 2 });
    expect(realm.reads[0]).toEqual({
      command: 'wallet.get',
      payload: {},
      player: 'alice',
      role: 'premium',
    });
  });

  test('one that fails is SERVICE_UNAVAILABLE', async () => {
    const { enter, realm } = await startGateway();
    const client = await enter('alice');
    realm.answerRead = () => Promise.reject(new Error('the database is away'));
    expect(await client.ask('wallet.get', {})).toMatchObject({
      outcome: 'unavailable',
      body: { code: 'SERVICE_UNAVAILABLE' },
    });
  });

  test('beyond the bound of all that wait: SERVICE_UNAVAILABLE', async () => {
    const { enter, realm } = await startGateway({ config: { readsInFlightMax: 2 } });
    const client = await enter('game', 'service');
    const waiting: ((answer: Answer) => void)[] = [];
    realm.answerRead = () => new Promise(resolve => waiting.push(resolve));
    const first = client.tell('wallet.get', {});
    client.tell('wallet.get', {});
    expect((await client.ask('wallet.get', {})).outcome).toBe('unavailable');
    for (const resolve of waiting) resolve({ outcome: 'ok', body: {} });
    expect((await client.replyTo(first)).outcome).toBe('ok');
    realm.answerRead = async () => ({ outcome: 'ok', body: {} });
    expect((await client.ask('wallet.get', {})).outcome).toBe('ok');
  });
});

describe('roles', () => {
  test.each(['guest', 'standard', 'premium'] as const)('%s may not mint', async role => {
    const { enter, realm } = await startGateway();
    const client = await enter('alice', role);
    const reply = await client.ask('wallet.transfer', spend);
    expect(reply).toMatchObject({ outcome: 'invalid', body: { code: 'FORBIDDEN' } });
    expect(realm.submitted).toHaveLength(0);
  });

  test('only the service role acts for another player', async () => {
    const { enter, realm } = await startGateway();
    const player = await enter('alice', 'premium');
    const game = await enter('game', 'service');
    for (const ask of [
      player.ask('purchases.create', purchase, { player: 'bob' }),
      player.ask('wallet.get', {}, { player: 'bob' }),
    ]) {
      expect((await ask).body).toMatchObject({ code: 'FORBIDDEN' });
    }
    const reply = await game.ask('purchases.create', purchase, {
      player: 'bob',
      key: testKey('k'),
    });
    expect(reply.body).toMatchObject({ player: 'bob' });
    expect(realm.submitted.at(-1)).toMatchObject({ player: 'bob', key: testKey('k') });
    expect((await game.ask('wallet.get', {}, { player: 'bob' })).body).toEqual({ player: 'bob' });
    expect((await game.ask('wallet.transfer', spend)).body).toMatchObject({ player: 'game' });
  });
});
