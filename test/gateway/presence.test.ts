import { describe, expect, test } from 'vitest';
import { type Fixture, startGateway } from '../support/gateway-fixture.ts';

/** Waits for the next of the realm's notices of who is here, and returns them all. */
async function told({ realm }: Fixture, count: number): Promise<unknown[]> {
  await expect.poll(() => realm.presences.length).toBe(count);
  return realm.presences.map(([player, present]) => `${player} ${present ? 'here' : 'gone'}`);
}

describe('the realm is told', () => {
  test('of the first socket of a player and of the end of his last one', async () => {
    const fixture = await startGateway();
    const [first, second] = [await fixture.enter('alice'), await fixture.enter('alice')];
    expect(await told(fixture, 1)).toEqual(['alice here']);
    first.terminate();
    await first.ended;
    await second.ask('session.ping', {});
    expect(await told(fixture, 1)).toEqual(['alice here']);
    second.close();
    expect(await told(fixture, 2)).toEqual(['alice here', 'alice gone']);
    await fixture.enter('alice');
    expect(await told(fixture, 3)).toEqual(['alice here', 'alice gone', 'alice here']);
  });

  test('nothing when a new socket comes before the old one is gone', async () => {
    const fixture = await startGateway({ config: { socketsPerPlayerMax: 1 } });
    const first = await fixture.enter('alice');
    const second = await fixture.enter('alice');
    expect((await first.ended).reason).toBe('replaced');
    await second.ask('session.ping', {});
    expect(await told(fixture, 1)).toEqual(['alice here']);
  });

  test('nothing of sockets that were never let in', async () => {
    const fixture = await startGateway({ config: { openTimeoutMs: 100 } });
    const refused = await fixture.connect();
    await refused.ask('session.open', { token: 'a.b.c' });
    await refused.ended;
    const silent = await fixture.connect();
    await silent.ended;
    expect(fixture.realm.presences).toEqual([]);
  });

  test('nothing when a token is renewed', async () => {
    const fixture = await startGateway();
    const client = await fixture.enter('alice');
    await client.ask('session.open', { token: await fixture.token('alice', 'premium') });
    expect(await told(fixture, 1)).toEqual(['alice here']);
  });

  test('nothing of players for whom a service acts', async () => {
    const fixture = await startGateway();
    const service = await fixture.enter('game', 'service');
    const join = await service.ask('windows.join', { window: 1 }, { player: 'alice' });
    expect(join.outcome).toBe('ok');
    service.close();
    expect(await told(fixture, 2)).toEqual(['game here', 'game gone']);
  });

  test('of a socket that is closed for what it did', async () => {
    const fixture = await startGateway();
    const client = await fixture.enter('alice');
    client.send('a text frame');
    expect((await client.ended).reason).toBe('malformedFrames');
    expect(await told(fixture, 2)).toEqual(['alice here', 'alice gone']);
  });

  test('of everybody when the gateway closes', async () => {
    const fixture = await startGateway();
    await fixture.enter('alice');
    await fixture.enter('alice');
    await fixture.enter('bob');
    fixture.gateway.drain();
    expect(await told(fixture, 2)).toEqual(['alice here', 'bob here']);
    await fixture.gateway.close('restarting');
    expect((await told(fixture, 4)).slice(2).sort()).toEqual(['alice gone', 'bob gone']);
  });
});
