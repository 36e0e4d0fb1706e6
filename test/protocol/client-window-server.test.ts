// Windows of two clients and the real server: what one says, the other understands, and a
// connection that is cut in the middle costs no more than the acceptance.

import { expect, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { TradeClient } from '../../protocol/client.ts';
import type { Role } from '../../protocol/commands/session.ts';
import type { ManifestView } from '../../protocol/direct.ts';
import type { TradeWindow } from '../../protocol/trade-window.ts';
import { createFaultRealm, onPostgres } from '../support/fault-realm.ts';
import { NO_WAITING, processToken, ServerProcess } from '../support/server-process.ts';

interface Player {
  readonly client: TradeClient;
  /** Every socket that the client opened, so that a test can cut it. */
  readonly sockets: WebSocket[];
}

async function enter(port: number, name: string, role: Role = 'standard'): Promise<Player> {
  const sockets: WebSocket[] = [];
  class Recorded extends WebSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
    }
  }
  const client = new TradeClient({
    url: `ws://127.0.0.1:${port}/ws`,
    token: await processToken(name, role),
    WebSocket: Recorded,
    backoffBaseMs: 20,
  });
  onTestFinished(() => client.close());
  await client.connect();
  return { client, sockets };
}

async function atTheTable(): Promise<{ alice: Player; hers: TradeWindow; his: TradeWindow }> {
  const { environment } = await createFaultRealm(NO_WAITING);
  const server = await ServerProcess.start(environment);
  const game = await enter(server.port, 'game', 'service');
  const sword = { player: 'bob', asset: 'sword#1', quantity: 1 };
  await game.client.call('items.define', { item: 'sword', kind: 'unique' });
  await game.client.call('wallet.grant', { player: 'alice', asset: 'coins', quantity: 1_000 });
  await game.client.call('wallet.grant', sword);
  const alice = await enter(server.port, 'alice');
  const bob = await enter(server.port, 'bob');
  const hers = await alice.client.invite('bob');
  const his = await bob.client.joinWindow(hers.id);
  await his.put([{ asset: 'sword#1', quantity: 1 }]);
  await until(() => hers.view.revision === his.view.revision);
  await hers.put([{ asset: 'coins', quantity: 900 }]);
  await until(() => hers.view.revision === his.view.revision);
  return { alice, hers, his };
}

const until = (what: () => boolean): Promise<unknown> =>
  vi.waitUntil(what, { timeout: 8_000, interval: 5 });

async function acceptShown(window: TradeWindow): Promise<void> {
  await until(() => window.armedInMs === 0);
  window.shown(window.view);
  await window.accept();
}

/** Confirms, acknowledging whatever there is. */
async function confirm(window: TradeWindow): Promise<void> {
  await until(() => window.view.status === 'review' && window.armedInMs === 0);
  const tokens = window.warnings.flatMap(({ token }) => (token === null ? [] : [token]));
  await window.confirm(window.manifest as ManifestView, tokens);
}

onPostgres(
  'a window goes from the invitation to one receipt for both',
  { timeout: 60_000 },
  async () => {
    const { alice, hers, his } = await atTheTable();
    await acceptShown(hers);
    await acceptShown(his);
    await confirm(his);
    await confirm(hers);
    const [one, other] = await Promise.all([hers.ended, his.ended]);
    expect(one).toEqual(other);
    expect(one).toMatchObject({ status: 'done', receipt: { window: hers.id } });
    const { balances } = await alice.client.call('wallet.get', {});
    expect(balances.filter(({ available }) => available > 0)).toMatchObject([
      { asset: 'coins', available: 100 },
      { asset: 'sword#1', available: 1 },
    ]);
  },
);

onPostgres(
  'a connection cut on the open table costs the acceptance',
  { timeout: 60_000 },
  async () => {
    const { alice, hers, his } = await atTheTable();
    await acceptShown(hers);
    await until(() => his.theirs.accepted);
    alice.sockets[0]?.terminate();
    await until(() => !his.theirs.accepted);
    await until(() => his.theirs.present);
    await until(() => hers.mine.present && !hers.mine.accepted);
    // The table is the one that was shown.
    await hers.accept();
    await acceptShown(his);
    await confirm(his);
    await confirm(hers);
    expect(await his.ended).toMatchObject({ status: 'done' });
  },
);

onPostgres(
  'a connection cut in the review sends both back to the table',
  { timeout: 60_000 },
  async () => {
    const { alice, hers, his } = await atTheTable();
    await acceptShown(his);
    await acceptShown(hers);
    await confirm(his);
    const before = hers.view.revision;
    alice.sockets[0]?.terminate();
    await until(() => hers.view.revision === before + 1 && hers.mine.present);
    expect(hers.view.status).toBe('open');
    await expect(hers.accept()).rejects.toMatchObject({ code: 'STALE_REVISION' });
    await until(() => his.view.revision === before + 1);
    expect([his.mine.accepted, his.mine.confirmed]).toEqual([false, false]);
    await acceptShown(hers);
    await acceptShown(his);
    await confirm(hers);
    await confirm(his);
    expect(await hers.ended).toMatchObject({ status: 'done' });
  },
);
