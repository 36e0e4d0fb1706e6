// A window on the client, while its table is open: what its player sees, and what he may accept.

import { describe, expect, it } from 'vitest';
import { RejectedError } from '../../protocol/client-options.ts';
import type { WindowNews } from '../../protocol/client-window-follower.ts';
import { connected, server, until, useScriptedServer } from '../support/scripted-client.ts';
import {
  arrives,
  becomes,
  bobPuts,
  coins,
  hashOf,
  inReview,
  invited,
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

describe('a window', () => {
  it('is there, whole, when the invitation or the joining has succeeded', async () => {
    const { client, window } = await invited();
    expect(server.sent('windows.invite')[0]).toMatchObject({ payload: { player: 'bob' } });
    expect(window.view).toEqual(view);
    expect([window.mine.player, window.theirs.player]).toEqual(['alice', 'bob']);
    const joined = await client.joinWindow(7, { key: testKey('join-7') });
    expect(server.sent('windows.join')[0]).toMatchObject({
      key: testKey('join-7'),
      payload: { window: 7 },
    });
    expect(joined.view).toEqual(view);
  });

  it('shows each change with what it changed, and by whom', async () => {
    const { window } = await invited();
    const news: WindowNews[] = [];
    const stop = window.onChange(one => news.push(one));
    bobPuts([sword]);
    await until(() => news.length === 1);
    expect(news[0]).toMatchObject({ event: 'put', player: 'bob', view: { revision: 1 } });
    expect(window.theirs.assets).toEqual([sword]);
    stop();
    bobPuts([]);
    await arrives(window);
    expect(news).toHaveLength(1);
  });

  it('that was refused is no window', async () => {
    server.script = (request, peer) => {
      if (request.command !== 'windows.invite') return false;
      peer.reply(request.id, 'rejected', { code: 'PLAYER_UNAVAILABLE', message: '' });
      return true;
    };
    const client = await connected();
    await expect(client.invite('bob')).rejects.toMatchObject({ code: 'PLAYER_UNAVAILABLE' });
    expect(server.sent('session.subscribe')).toEqual([]);
  });
});

describe('putting', () => {
  it('carries the newest revision, and resolves when the change is in view', async () => {
    const { window } = await invited();
    taking('windows.put', (request, peer) => {
      becomes({ revision: 1, sides: sides([coins(5)], []) });
      ok(request, peer);
      setTimeout(() => tell('put', 'alice'), 20);
    });
    await window.put([{ asset: 'coins', quantity: 5 }], { key: testKey('put-1') });
    expect(window.mine.assets).toEqual([coins(5)]);
    expect(server.sent('windows.put')[0]).toMatchObject({
      key: testKey('put-1'),
      payload: { window: 7, revision: 0, assets: [{ asset: 'coins', quantity: 5 }] },
    });
  });

  it('that was overtaken shows what overtook it, and is not sent again', async () => {
    const { window } = await invited();
    const current = { ...view, revision: 3, sides: sides([], [sword]) };
    taking('windows.put', (request, peer) => {
      const body = { code: 'STALE_REVISION', message: '', details: { window: current } };
      peer.reply(request.id, 'rejected', body);
    });
    const failed = await window.put([]).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(RejectedError);
    expect(failed).toMatchObject({ code: 'STALE_REVISION' });
    expect(window.view).toEqual(current);
    bobPuts([coins(1)]);
    bobPuts([coins(2)]);
    bobPuts([sword]);
    bobPuts([coins(4)]);
    await arrives(window);
    expect(server.sent('windows.put')).toHaveLength(1);
  });

  it('shows nothing older than what a rejection has shown', async () => {
    const { window } = await invited();
    const current = { ...view, revision: 2, sides: sides([], [sword]) };
    taking('windows.put', (request, peer) => {
      const body = { code: 'STALE_REVISION', message: '', details: { window: current } };
      peer.reply(request.id, 'rejected', body);
    });
    await expect(window.put([])).rejects.toThrow('STALE_REVISION');
    const seen: number[] = [];
    window.onChange(news => seen.push(news.view.revision));
    bobPuts([coins(1)]);
    bobPuts([sword]);
    bobPuts([coins(3)]);
    await arrives(window);
    expect(seen).toEqual([2, 3]);
  });
});

describe('accepting', () => {
  it('sends the hash of exactly what was shown', async () => {
    const { window } = await invited();
    bobPuts([sword, coins(90)]);
    await arrives(window);
    window.shown(window.view);
    taking('windows.accept', ok);
    await window.accept({ key: testKey('accept-1') });
    expect(server.sent('windows.accept')[0]).toMatchObject({
      key: testKey('accept-1'),
      payload: { window: 7, revision: 1, hash: hashOf(view) },
    });
  });

  it('is refused before anything was shown', async () => {
    const { window } = await invited();
    expect(await refusal(window.accept())).toMatchObject({ code: 'NOT_SHOWN' });
  });

  it('is refused when the table changed after it was shown', async () => {
    const { window } = await invited();
    bobPuts([coins(5_000)]);
    await arrives(window);
    window.shown(window.view);
    bobPuts([coins(500)]);
    await arrives(window);
    expect(await refusal(window.accept())).toMatchObject({
      code: 'STALE_REVISION',
      message: 'STALE_REVISION: Revision 1 was shown, 2 is on the table: show that.',
    });
  });

  it('is refused when something else was shown than what is on the table', async () => {
    const { window } = await invited();
    bobPuts([coins(500)]);
    await arrives(window);
    window.shown({ ...window.view, sides: sides([], [coins(5_000)]) });
    expect(await refusal(window.accept())).toMatchObject({ code: 'HASH_MISMATCH' });
  });

  it('is refused until it is armed, by the time of the server', async () => {
    const ahead = 3_600_000;
    server.session = (resumed: boolean) => {
      const session = Object.getPrototypeOf(server).session.call(server, resumed);
      return { ...session, serverTimeMs: session.serverTimeMs + ahead };
    };
    const { client, window } = await invited();
    expect(client.serverNowMs() - Date.now()).toBeGreaterThan(ahead - 1_000);
    expect(client.serverNowMs() - Date.now()).toBeLessThanOrEqual(ahead);
    const armedAtMs = client.serverNowMs() + 150;
    bobPuts([sword], armedAtMs);
    await arrives(window);
    window.shown(window.view);
    const error = await refusal(window.accept());
    expect(error).toMatchObject({ code: 'NOT_ARMED', armedAtMs });
    expect(error.message).toContain(new Date(armedAtMs).toISOString());
    taking('windows.accept', ok);
    await new Promise(wake => setTimeout(wake, window.armedInMs + 2));
    await window.accept();
    expect(server.sent('windows.accept')).toHaveLength(1);
  });

  it('is refused in a window that is not open', async () => {
    const window = await inReview();
    window.shown(window.view);
    expect(await refusal(window.accept())).toMatchObject({ code: 'WINDOW_STATUS' });
    expect(server.sent('windows.accept')).toHaveLength(1);
  });

  it('sends nothing when it is refused', async () => {
    const { client, window } = await invited();
    await refusal(window.accept());
    await client.request('session.ping', {});
    expect(server.sent('windows.accept')).toEqual([]);
  });
});

describe('the other steps', () => {
  it.each(['unaccept', 'unconfirm', 'reopen', 'cancel'] as const)('%s', async step => {
    const { window } = await invited();
    taking(`windows.${step}`, ok);
    await window[step]({ key: testKey(`${step}-1`) });
    expect(server.sent(`windows.${step}`)[0]).toMatchObject({
      key: testKey(`${step}-1`),
      payload: { window: 7 },
    });
  });

  it('reject with what the server says', async () => {
    const { window } = await invited();
    taking('windows.reopen', (request, peer) => {
      const body = { code: 'WINDOW_STATUS', message: '', details: { status: 'open' } };
      peer.reply(request.id, 'rejected', body);
    });
    await expect(window.reopen()).rejects.toMatchObject({ details: { status: 'open' } });
  });
});
