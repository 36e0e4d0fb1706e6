import { describe, expect, test } from 'vitest';
import { SESSION_ENDS_MAX } from '../../protocol/limits.ts';
import { signToken } from '../../src/gateway/token.ts';
import { SECRET, sleep, startGateway } from '../support/gateway-fixture.ts';

const player = 'mallory';

describe('sessions.end', () => {
  test('closes every socket of the player, and of nobody else, with its own code', async () => {
    const { enter } = await startGateway();
    const game = await enter('game', 'service');
    const [one, two, bob] = [await enter(player), await enter(player), await enter('bob')];
    const { outcome, body } = await game.ask('sessions.end', { player });
    expect(outcome).toBe('ok');
    expect(body).toMatchObject({ player });
    expect((body.issuedFromMs as number) - Date.now()).toBeGreaterThan(-1_000);
    for (const client of [one, two]) {
      expect(await client.ended).toEqual({ code: 4410, reason: 'ended' });
    }
    expect((await bob.ask('session.ping', {})).outcome).toBe('ok');
  });

  test('refuses the tokens of before, and takes those of after', async () => {
    const { enter, connect, token } = await startGateway();
    const game = await enter('game', 'service');
    const old = await token(player);
    await game.ask('sessions.end', { player });
    const back = await connect();
    expect((await back.ask('session.open', { token: old })).body).toMatchObject({
      code: 'UNAUTHORIZED',
    });
    expect((await back.ended).code).toBe(4401);
    await sleep(1_050);
    const fresh = await enter(player);
    expect((await fresh.ask('session.ping', {})).outcome).toBe('ok');
    const renewed = await fresh.ask('session.open', { token: old });
    expect(renewed.body).toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('told by another node closes what is older, and leaves what is newer', async () => {
    const { enter, ends } = await startGateway();
    const client = await enter(player);
    const now = Math.floor(Date.now() / 1_000);
    ends.tell(player, now - 60);
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
    ends.tell(player, now + 1);
    expect((await client.ended).code).toBe(4410);
  });

  test('is for the game server alone', async () => {
    const { enter } = await startGateway();
    const client = await enter(player);
    expect((await client.ask('sessions.end', { player: 'bob' })).body).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
  });

  test('that cannot be kept says so and ends nothing', async () => {
    const { enter, ends } = await startGateway();
    const [game, client] = [await enter('game', 'service'), await enter(player)];
    ends.failure = new Error('away');
    expect((await game.ask('sessions.end', { player })).body).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    ends.failure = null;
    ends.isFull = true;
    expect((await game.ask('sessions.end', { player })).body).toMatchObject({
      code: 'LIMIT_REACHED',
      details: { limit: 'sessionEnds', max: SESSION_ENDS_MAX },
    });
    expect((await client.ask('session.ping', {})).outcome).toBe('ok');
  });

  test('of the game server itself is answered before its socket is closed', async () => {
    const { connect } = await startGateway();
    const game = await connect();
    const claims = { player: 'game', role: 'service', expiresInSeconds: 60 } as const;
    const token = await signToken(SECRET, claims);
    await game.ask('session.open', { token });
    expect((await game.ask('sessions.end', { player: 'game' })).outcome).toBe('ok');
    expect((await game.ended).code).toBe(4410);
  });
});
