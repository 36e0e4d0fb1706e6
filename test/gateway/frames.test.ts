import { describe, expect, test } from 'vitest';
import { encodeRequest } from '../../protocol/codec.ts';
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts';
import { type Fixture, startGateway, type TestClient } from '../support/gateway-fixture.ts';
import { bytesOf } from '../support/hex.ts';
import { refusedFrames } from '../support/refused-frames.ts';
import { testKey } from '../support/test-key.ts';

/** The service role, which no flood guard stops, on sockets that may be malformed often. */
async function service(): Promise<Fixture & { client: TestClient }> {
  const fixture = await startGateway();
  return { ...fixture, client: await fixture.enter('game', 'service') };
}

describe('refused frames', () => {
  test('each one is answered with its code and path, and changes nothing', async () => {
    const fixture = await startGateway();
    let client = await fixture.enter('game', 'service');
    let malformed = 0;
    for (const { name, hex, code, id, path } of refusedFrames) {
      if (bytesOf(hex).length > FRAME_BYTES_MAX) continue;
      if (code === 'MALFORMED_FRAME' && ++malformed % 9 === 0) {
        client = await fixture.enter('game', 'service');
      }
      const seen = client.replies.length;
      client.send(bytesOf(hex));
      await client.until(() => client.replies.length > seen);
      const reply = client.replies.at(-1);
      const body = path === null ? { code } : { code, details: { path } };
      expect(reply, name).toMatchObject({ id, outcome: 'invalid', body });
    }
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
    expect(fixture.realm.submitted).toHaveLength(0);
    expect(fixture.realm.reads).toHaveLength(0);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('a frame whose id cannot be read is answered with nil in its place', async () => {
    const { client } = await service();
    client.send(new Uint8Array(0));
    await client.until(() => client.replies.length === 2);
    expect(client.replies[1]).toMatchObject({ id: null, body: { code: 'MALFORMED_FRAME' } });
  });

  test('every truncation of a command is malformed', async () => {
    const fixture = await startGateway();
    const whole = encodeRequest(9, 'wallet.get', { asset: 'coins' }, { key: testKey('k') });
    let client = await fixture.enter('game', 'service');
    for (let length = 0; length < whole.length; length++) {
      if (length % 9 === 8) client = await fixture.enter('game', 'service');
      const seen = client.replies.length;
      client.send(whole.subarray(0, length));
      await client.until(() => client.replies.length > seen);
      expect(client.replies.at(-1)?.body).toMatchObject({ code: 'MALFORMED_FRAME' });
    }
    expect(fixture.realm.reads).toHaveLength(0);
  });

  test('the eleventh malformed frame in ten seconds closes the socket', async () => {
    const { client } = await service();
    for (let i = 0; i < 10; i++) client.send(bytesOf('c1'));
    await client.until(() => client.replies.length === 11);
    expect(client.isOpen).toBe(true);
    client.send(bytesOf('c1'));
    expect(await client.ended).toEqual({ code: 4400, reason: 'malformedFrames' });
  });

  test('a text frame closes the socket', async () => {
    const { client } = await service();
    client.send('[1,"session.ping",{}]');
    expect(await client.ended).toEqual({ code: 4400, reason: 'malformedFrames' });
  });

  test('a frame over 16 KiB closes the socket with a reason; one of 16 KiB does not', async () => {
    const { client } = await service();
    client.send(new Uint8Array(FRAME_BYTES_MAX).fill(0x91));
    await client.until(() => client.replies.length === 2);
    client.send(new Uint8Array(FRAME_BYTES_MAX + 1).fill(0x91));
    expect(await client.ended).toEqual({ code: 4413, reason: 'frameTooLarge' });
  });
});

describe('precedence', () => {
  test('who may send a command is said before what is wrong in it', async () => {
    const { connect, enter } = await startGateway();
    const broken = encodeRequest(5, 'items.define', { item: 'NO' } as never);
    const stranger = await connect();
    stranger.send(broken);
    expect((await stranger.replyTo(5)).body).toMatchObject({ code: 'UNAUTHORIZED' });
    const player = await enter('alice');
    player.send(broken);
    expect((await player.replyTo(5)).body).toMatchObject({ code: 'FORBIDDEN' });
    const game = await enter('game', 'service');
    game.send(broken);
    expect((await game.replyTo(5)).body).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  test('an unknown command is unknown to everybody', async () => {
    const { connect } = await startGateway();
    const stranger = await connect();
    stranger.send(encodeRequest(5, 'items.steal' as 'items.get', { item: 'ore' }));
    expect((await stranger.replyTo(5)).body).toMatchObject({ code: 'UNKNOWN_COMMAND' });
  });

  test('a broken session.open is told what is wrong', async () => {
    const { connect } = await startGateway();
    const stranger = await connect();
    stranger.send(encodeRequest(5, 'session.open', { token: 7 } as never));
    expect((await stranger.replyTo(5)).body).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { path: 'payload.token' },
    });
  });
});
