import { describe, expect, test } from 'vitest';
import { startGateway } from '../support/gateway-fixture.ts';

describe('opening a session', () => {
  test('session.open names the player, the protocol and the realm', async () => {
    const { enter, realm } = await startGateway();
    const client = await enter('alice', 'premium');
    expect(client.replies[0]).toMatchObject({
      outcome: 'ok',
      body: {
        player: 'alice',
        role: 'premium',
        protocol: 1,
        realm: 'test',
        epoch: realm.epoch,
        budget: { remaining: 100, refillMs: 0 },
        resumed: false,
      },
    });
  });
});
