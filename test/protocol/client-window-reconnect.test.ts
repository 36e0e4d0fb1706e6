// A window on the client whose connection was lost: it goes on, or it has ended meanwhile.

import { describe, expect, it } from 'vitest';
import type { WindowEnding, WindowNews } from '../../protocol/client-window-follower.ts';
import type { WindowEventKind } from '../../protocol/direct.ts';
import type { TradeWindow } from '../../protocol/trade-window.ts';
import { connected, server, until, useScriptedServer } from '../support/scripted-client.ts';
import {
  arrives,
  becomes,
  bobPuts,
  coins,
  hashOf,
  inReview,
  invited,
  manifest,
  ok,
  refusal,
  sides,
  sword,
  taking,
  tell,
  useScriptedWindow,
  view,
} from '../support/scripted-window.ts';
import { testKey } from '../support/test-key.ts';

useScriptedServer();
useScriptedWindow();

describe('after a reconnection', () => {
  const reconnect = async () => {
    const before = server.peers.length;
    server.peer.socket.terminate();
    await until(() => server.peers.length === before + 1);
  };

  it('the window goes on from a fresh snapshot', async () => {
    const { window } = await invited();
    await reconnect();
    await until(() => server.sent('session.subscribe').length === 2);
    bobPuts([sword]);
    await arrives(window);
    expect(window.theirs.assets).toEqual([sword]);
  });

  it('what was shown must be shown again if the table has changed meanwhile', async () => {
    const { window } = await invited();
    bobPuts([coins(5_000)]);
    await arrives(window);
    window.shown(window.view);
    becomes({ revision: 2, sides: sides([], [coins(500)]) });
    const news: WindowNews[] = [];
    window.onChange(one => news.push(one));
    await reconnect();
    await until(() => news.length === 1);
    expect(news[0]).toMatchObject({ event: null, player: null, view });
    expect(await refusal(window.accept())).toMatchObject({ code: 'STALE_REVISION' });
  });

  it('what was shown still counts if nothing has changed', async () => {
    const { window } = await invited();
    bobPuts([sword]);
    await arrives(window);
    window.shown(window.view);
    await reconnect();
    taking('windows.accept', ok);
    await window.accept();
    expect(server.peer.requests.at(-1)).toMatchObject({ payload: { hash: hashOf(view) } });
  });

  it('a step with a key that got no answer is sent again, the same', async () => {
    const { window } = await invited();
    taking('windows.cancel', (request, peer) => {
      if (server.peers.length === 1) peer.socket.terminate();
      else {
        becomes({ status: 'cancelled', reason: 'cancelled' });
        ok(request, peer);
        tell('cancelled', 'alice');
      }
    });
    expect(await window.cancel({ key: testKey('cancel-1') })).toMatchObject({
      status: 'cancelled',
    });
    const [first, second] = server.sent('windows.cancel');
    expect(second).toEqual(first);
  });

  it('a step without a key is not: its outcome is unknown', async () => {
    const { window } = await invited();
    taking('windows.reopen', (_, peer) => peer.socket.terminate());
    await expect(window.reopen({ key: null })).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    });
    await until(() => server.sent('session.subscribe').length === 2);
    expect(server.sent('windows.reopen')).toHaveLength(1);
  });
});

describe('a window that ended while there was no connection', () => {
  /** From now on the channel is refused, and the history has the window as it is. */
  function over(log: object[]): void {
    server.script = (request, peer) => {
      const { channels } = request.payload as { channels?: string[] };
      const isWindow = channels?.includes('window:7') === true;
      if (request.command === 'session.subscribe' && isWindow) {
        peer.reply(request.id, 'rejected', { code: 'WINDOW_NOT_FOUND', message: '' });
      } else if (request.command === 'windows.get') {
        const manifests = manifest === null ? [] : [manifest];
        peer.reply(request.id, 'ok', { window: view, createdAtMs: 1, manifests, log, next: null });
      } else return false;
      return true;
    };
  }
  const entry = (event: WindowEventKind) => ({ atMs: 9, event, player: 'bob', changes: [] });

  async function ending(window: TradeWindow): Promise<WindowEnding> {
    server.peer.socket.terminate();
    return window.ended;
  }

  it('has ended all the same: with the receipt of the swap', async () => {
    const window = await inReview();
    becomes({ status: 'done' });
    over([entry('done'), entry('reviewed')]);
    const receipt = { window: 7, manifest: manifest?.manifest, atMs: 9 };
    expect(await ending(window)).toEqual({ status: 'done', receipt });
    expect(window.manifest).toEqual(manifest);
  });

  it('has ended all the same: with the reason of its cancellation', async () => {
    const { window } = await invited();
    becomes({ status: 'cancelled', reason: 'disconnected' });
    over([entry('cancelled')]);
    expect(await ending(window)).toEqual({ status: 'cancelled', reason: 'disconnected' });
  });

  it('does not keep other channels from being joined', async () => {
    const { client, window } = await invited();
    await client.subscribe('book:ore', () => undefined);
    becomes({ status: 'cancelled', reason: 'disconnected' });
    over([entry('cancelled')]);
    await ending(window);
    await until(() => {
      const joined = server.peer.requests.filter(one => one.command === 'session.subscribe');
      return joined.some(({ payload }) => String(Object.values(payload)) === 'book:ore');
    });
  });

  it('is there to be looked at when it ended before anybody listened', async () => {
    becomes({ status: 'cancelled', reason: 'declined' });
    const client = await connected();
    over([entry('cancelled')]);
    const window = await client.watchWindow(7);
    expect(window.view).toEqual(view);
    expect(await window.ended).toEqual({ status: 'cancelled', reason: 'declined' });
  });

  it('of others is none', async () => {
    server.script = (request, peer) => {
      if (request.command === 'session.open') return false;
      peer.reply(request.id, 'rejected', { code: 'WINDOW_NOT_FOUND', message: '' });
      return true;
    };
    const client = await connected();
    await expect(client.watchWindow(7)).rejects.toMatchObject({ code: 'WINDOW_NOT_FOUND' });
  });
});
