// Trade windows when a player's connection is lost: what he said is withdrawn at once, and the
// window waits for him a moment. What a crash of the server does is in windows.test.ts.

import { expect } from 'vitest';
import { createFaultRealm, onPostgres, sleep } from '../support/fault-realm.ts';
import { Trader } from '../support/judge-trader.ts';
import { accept, confirm, put } from '../support/judge-window-course.ts';
import { HURRIED, type Pair, START, WindowJudge } from '../support/judge-windows.ts';
import { ServerProcess } from '../support/server-process.ts';

const SHORT_GRACE_MS = 700;

/** Two players at one table with something on both sides, over a server with a short grace. */
async function atTable(): Promise<{ server: ServerProcess; pair: Pair; window: number }> {
  const { environment } = await createFaultRealm({
    ...HURRIED,
    WINDOW_GRACE_MS: `${SHORT_GRACE_MS}`,
  });
  const judge = new WindowJudge({ seed: 40, pairs: 1 });
  const server = await ServerProcess.start(environment);
  await judge.prepare(server.port);
  await judge.connect(server.port);
  const pair = judge.pairs[0] as Pair;
  const [ann, bob] = pair;
  const { window } = await ann.do('windows.invite', { player: bob.name });
  await Promise.all(pair.map(trader => trader.look(window)));
  await bob.do('windows.join', { window });
  await ann.sees(view => view.status === 'open');
  await put(pair, ann, [{ asset: 'coins', quantity: 900 }]);
  await put(pair, bob, [{ asset: 'silk', quantity: 7 }]);
  return { server, pair, window };
}

async function holdingsOf(trader: Trader): Promise<Record<string, [number, number]>> {
  const { balances } = await trader.ask('wallet.get', {});
  return Object.fromEntries(
    balances.map(({ asset, available, held }) => [asset, [available, held]]),
  );
}

onPostgres(
  'a lost connection withdraws the acceptance at once, and whoever is back in time goes on',
  { timeout: 30_000 },
  async () => {
    const { server, pair, window } = await atTable();
    const [ann, bob] = pair;
    await accept(bob);
    const before = await ann.sees(({ sides }) => sides[1].accepted);
    const leftAtMs = Date.now();
    bob.leave();
    const away = await ann.sees(({ sides }) => !sides[1].present);
    expect(away).toEqual({
      ...before,
      sides: [before.sides[0], { ...before.sides[1], accepted: false, present: false }],
      expiresAtMs: away.expiresAtMs,
    });
    expect(away.expiresAtMs - leftAtMs).toBeGreaterThan(SHORT_GRACE_MS - 100);
    expect(away.expiresAtMs - leftAtMs).toBeLessThan(SHORT_GRACE_MS + 1_000);
    expect(ann.heard.at(-1)).toMatchObject({ event: 'left', player: bob.name });
    await bob.connect(server.port);
    await bob.look(window);
    const back = await ann.sees(({ sides }) => sides[1].present);
    expect(await bob.sees(({ sides }) => sides[1].present)).toEqual(back);
    expect(ann.heard.at(-1)).toMatchObject({ event: 'returned', player: bob.name });
    await sleep(SHORT_GRACE_MS + 300);
    await accept(ann);
    await accept(bob);
    await Promise.all(pair.map(trader => trader.sees(({ status }) => status === 'review')));
    await confirm(ann);
    expect(await confirm(bob)).toMatchObject({ status: 'done' });
    expect(await holdingsOf(ann)).toMatchObject({ coins: [START - 900, 0], silk: [START + 7, 0] });
    expect(await holdingsOf(bob)).toMatchObject({ coins: [START + 900, 0], silk: [START - 7, 0] });
  },
);

onPostgres(
  'a connection that is lost at the confirmation takes the review back, and after the grace all',
  { timeout: 30_000 },
  async () => {
    const { server, pair, window } = await atTable();
    const [ann, bob] = pair;
    await accept(ann);
    await accept(bob);
    await Promise.all(pair.map(trader => trader.sees(({ status }) => status === 'review')));
    await confirm(ann);
    await confirm(ann);
    const { revision } = bob.shown.window;
    bob.leave();
    const back = await ann.sees(({ status }) => status === 'open');
    expect(back).toMatchObject({ revision: revision + 1, manifest: null });
    expect(back.sides.map(({ accepted, confirmed }) => [accepted, confirmed])).toEqual([
      [false, false],
      [false, false],
    ]);
    expect(await holdingsOf(ann)).toMatchObject({ coins: [START - 900, 900] });
    const over = await ann.sees(({ status }) => status === 'cancelled');
    expect(over.reason).toBe('disconnected');
    expect(ann.heard.at(-1)).toMatchObject({ event: 'cancelled', player: null });
    expect(await holdingsOf(ann)).toMatchObject({ coins: [START, 0], silk: [START, 0] });
    await bob.connect(server.port);
    expect(await holdingsOf(bob)).toMatchObject({ coins: [START, 0], silk: [START, 0] });
    const { window: kept, log } = await bob.ask('windows.get', { window });
    expect(kept).toEqual(over);
    expect(log.map(({ event }) => event)).toEqual(
      'cancelled left confirmed reviewed accepted put put joined invited'.split(' '),
    );
  },
);

onPostgres(
  'one of two sockets of a player is lost, and nothing happens to his window',
  { timeout: 30_000 },
  async () => {
    const { server, pair } = await atTable();
    const [ann, bob] = pair;
    const second = new Trader(bob.name, []);
    await second.connect(server.port);
    await accept(bob);
    await ann.sees(({ sides }) => sides[1].accepted);
    second.leave();
    await second.closed;
    await sleep(SHORT_GRACE_MS + 300);
    expect(ann.shown.window.sides[1]).toMatchObject({ accepted: true, present: true });
    expect(ann.heard.map(({ event }) => event)).not.toContain('left');
  },
);
