// How a pair of the window judge trades: from the invitation, or from wherever an earlier course
// was interrupted, to the swap or to a cancel, with every detour there is. Each acceptance hashes
// what its player is shown, each confirmation acknowledges what warns him.

import type { WindowView } from '../../protocol/direct.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import type { Trader } from './judge-trader.ts';

type Pair = readonly [inviter: Trader, invited: Trader];

/** @throws {Interrupted} when a socket is closed meanwhile. */
export async function tradeOnce(
  pair: Pair,
  from: WindowView | null,
  random: () => number,
): Promise<void> {
  const [ann, bob] = pair;
  const chance = (share: number) => random() < share;
  const some = (max: number) => 1 + Math.floor(random() * max);
  const window = from?.window ?? (await ann.do('windows.invite', { player: bob.name })).window;
  await Promise.all(pair.map(trader => trader.look(window)));
  if (ann.shown.window.status === 'invited') await bob.do('windows.join', { window });
  await bothSee(pair, view => view.status === 'open');
  await put(pair, ann, [
    { asset: 'coins', quantity: some(1_000) },
    { asset: 'ore', quantity: some(100) },
  ]);
  await put(pair, bob, [{ asset: 'silk', quantity: some(100) }]);
  if (chance(0.1)) return cancel(pair, chance(0.5) ? ann : bob);
  await accept(ann);
  if (chance(0.2)) {
    await put(pair, ann, [{ asset: 'coins', quantity: 1_000 + some(1_000) }]);
    await accept(ann);
  }
  await accept(bob);
  await bothSee(pair, view => view.status === 'review');
  if (chance(0.1)) {
    await bob.do('windows.reopen', { window });
    return cancel(pair, ann);
  }
  await confirm(ann);
  if (chance(0.15)) {
    await ann.do('windows.unconfirm', { window });
    await confirm(ann);
  }
  const { receipt, status } = await confirm(bob);
  if (status !== 'done' || receipt === null) throw new Error(`Window ${window} is ${status}.`);
  await bothSee(pair, view => view.status === 'done');
  for (const { shown } of pair) {
    if (shown.receipt?.manifest === receipt.manifest && shown.receipt.atMs === receipt.atMs)
      continue;
    throw new Error(`One receipt for both: ${JSON.stringify([receipt, shown.receipt])}`);
  }
  await Promise.all(pair.map(trader => trader.turnAway()));
}

/** Sets a side and waits until both are shown it. */
export async function put(
  pair: Pair,
  trader: Trader,
  assets: readonly { asset: string; quantity: number }[],
): Promise<void> {
  const { window, revision } = trader.shown.window;
  const answer = await trader.do('windows.put', { window, revision, assets: [...assets] });
  await bothSee(pair, view => view.revision === answer.revision);
}

/** Accepts what he is shown. */
export async function accept(trader: Trader): Promise<void> {
  const { window, revision, sides } = trader.shown.window;
  const hash = tableHash(window, revision, sides);
  await trader.do('windows.accept', { window, revision, hash });
}

/** Confirms the manifest that he is shown, with every warning to him. */
export async function confirm(trader: Trader) {
  const { manifest } = trader.shown;
  if (manifest === null) throw new Error(`${trader.name} is shown no manifest.`);
  const acknowledge = manifest.warnings.flatMap(({ player, token }) =>
    player === trader.name && token !== null ? [token] : [],
  );
  const { window, manifest: name } = manifest;
  return trader.do('windows.confirm', { window, manifest: name, acknowledge });
}

async function bothSee(pair: Pair, is: (view: WindowView) => boolean): Promise<void> {
  await Promise.all(pair.map(trader => trader.sees(is)));
}

async function cancel(pair: Pair, trader: Trader): Promise<void> {
  const { window } = trader.shown.window;
  await trader.do('windows.cancel', { window });
  await bothSee(pair, view => view.status === 'cancelled');
  await Promise.all(pair.map(one => one.turnAway()));
}
