// A window under review on the client: what its player may confirm, and how the window ends.

import { describe, expect, it } from 'vitest';
import type { ManifestView, Warning } from '../../protocol/direct.ts';
import { server, until, useScriptedServer } from '../support/scripted-client.ts';
import {
  arrives,
  coins,
  happens,
  inReview,
  invited,
  manifest,
  ok,
  refusal,
  review,
  sides,
  sword,
  taking,
  useScriptedWindow,
  view,
} from '../support/scripted-window.ts';
import { testKey } from '../support/test-key.ts';

useScriptedServer();
useScriptedWindow();

describe('confirming', () => {
  const danger = (player: string, token: string | null): Warning => ({
    ...{ code: 'ONE_SIDE_EMPTY', level: 'danger', player, token, details: {} },
  });

  it('sends the name of the manifest that was shown, and what was acknowledged', async () => {
    const window = await inReview([danger('alice', 'abc'), danger('bob', 'def')]);
    taking('windows.confirm', (request, peer) => ok(request, peer, { receipt: null }));
    expect(window.warnings).toEqual([danger('alice', 'abc')]);
    await window.confirm(window.manifest as ManifestView, ['abc'], { key: testKey('confirm-1') });
    expect(server.sent('windows.confirm')[0]).toMatchObject({
      key: testKey('confirm-1'),
      payload: { window: 7, manifest: manifest?.manifest, acknowledge: ['abc'] },
    });
  });

  const altered: Record<string, [code: string, (shown: ManifestView) => ManifestView]> = {
    'another manifest': ['STALE_MANIFEST', shown => ({ ...shown, manifest: 'f'.repeat(64) })],
    'other lines': [
      'HASH_MISMATCH',
      shown => ({ ...shown, sides: [shown.sides[0], { ...shown.sides[1], assets: [] }] }),
    ],
    'other digits than the quantity': [
      'HASH_MISMATCH',
      shown => {
        const [alice, bob] = shown.sides;
        const assets = alice.assets.map(line => ({ ...line, digits: '5' }));
        return { ...shown, sides: [{ ...alice, assets }, bob] };
      },
    ],
  };
  it.each(Object.entries(altered))('is refused for %s', async (_, [code, alter]) => {
    const window = await inReview();
    const shown = alter(window.manifest as ManifestView);
    expect(await refusal(window.confirm(shown))).toMatchObject({ code });
    expect(server.sent('windows.confirm')).toEqual([]);
  });

  it('is refused when the manifest is not the table that was accepted', async () => {
    const window = await inReview();
    review([], [[coins(500)], []]);
    await until(() => window.manifest?.manifest === manifest?.manifest);
    expect(await refusal(window.confirm(window.manifest as ManifestView))).toMatchObject({
      code: 'HASH_MISMATCH',
      message: 'HASH_MISMATCH: The manifest is not the table that was accepted.',
    });
  });

  it('is refused when nothing was accepted here', async () => {
    const { window } = await invited();
    happens('put', 'bob', { revision: 1, sides: sides([], [sword]) });
    review();
    await until(() => window.manifest !== null);
    const refused = await refusal(window.confirm(window.manifest as ManifestView));
    expect(refused).toMatchObject({ code: 'NOT_SHOWN' });
  });

  it('is refused until the review has lasted', async () => {
    const window = await inReview();
    happens('reviewed', 'bob', { armedAtMs: Date.now() + 60_000 });
    await until(() => window.armedInMs > 0);
    expect(await refusal(window.confirm(window.manifest as ManifestView))).toMatchObject({
      code: 'NOT_ARMED',
      armedAtMs: view.armedAtMs,
    });
  });

  it('is refused while a warning to the player is not acknowledged', async () => {
    const window = await inReview([danger('alice', 'abc'), danger('bob', 'def')]);
    const refused = await refusal(window.confirm(window.manifest as ManifestView, ['def']));
    expect(refused).toMatchObject({
      code: 'NOT_ACKNOWLEDGED',
      message: 'NOT_ACKNOWLEDGED: The player has not acknowledged: ONE_SIDE_EMPTY.',
    });
  });

  it('is refused after the window was reopened', async () => {
    const window = await inReview();
    const shown = window.manifest as ManifestView;
    happens('reopened', 'bob', { status: 'open', revision: 2, manifest: null });
    await arrives(window);
    expect(await refusal(window.confirm(shown))).toMatchObject({ code: 'WINDOW_STATUS' });
  });
});

describe('the end', () => {
  const unsubscribed = () => until(() => server.sent('session.unsubscribe').length === 1);

  it('is a receipt when the swap is done', async () => {
    const window = await inReview();
    happens('done', 'bob', { status: 'done' });
    const receipt = { window: 7, manifest: manifest?.manifest, atMs: 5 };
    expect(await window.ended).toEqual({ status: 'done', receipt });
    expect(window.receipt).toEqual(receipt);
    await unsubscribed();
  });

  it('is a reason when it was cancelled', async () => {
    const { window } = await invited();
    happens('cancelled', null, { status: 'cancelled', reason: 'timeout' });
    expect(await window.ended).toEqual({ status: 'cancelled', reason: 'timeout' });
    await unsubscribed();
  });

  it('is the closing of the client when that comes first', async () => {
    const { client, window } = await invited();
    client.close();
    expect(await window.ended).toMatchObject({ status: 'lost' });
  });
});
