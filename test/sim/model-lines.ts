// The model's reading of RULES.md on the sides of windows and offers: what may stand on one, who
// can give it, and how it changes hands.

import type { AskedLine, LineChange, LineView } from '../../protocol/direct.ts';
import { enough } from './model-wallet.ts';
import { HOUSE, MAIN, Refusal, share, type World } from './model-world.ts';

export function inOrder(one: LineView, other: LineView): number {
  const a = `${one.asset} ${one.location}`;
  const b = `${other.asset} ${other.location}`;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The lines of a command in their order, when they can stand on a side at all. */
export function resolve(world: World, asked: readonly AskedLine[]): LineView[] {
  const lines = asked
    .map(({ asset, quantity, location }) => ({ asset, location: location ?? MAIN, quantity }))
    .sort(inOrder);
  for (const { asset, location, quantity } of lines) {
    const item = world.itemOf(asset);
    if ((item.kind === 'unique') !== asset.includes('#')) throw new Refusal('NOT_FUNGIBLE');
    if (item.kind === 'unique' && !world.instances.has(asset)) {
      throw new Refusal('ITEM_NOT_FOUND', { item: asset });
    }
    world.defined(location);
    if (item.halted) throw new Refusal('MARKET_HALTED');
    if (item.kind === 'unique' && quantity !== 1) throw new Refusal('BAD_LOT', { lotSize: 1 });
    if (item.kind === 'currency' && location !== MAIN) {
      throw new Refusal('INSUFFICIENT_FUNDS', { required: quantity, available: 0 });
    }
  }
  return lines;
}

/** Refuses when the player does not have the lines, beside what a side of his holds already. */
export function able(
  world: World,
  player: string,
  lines: readonly LineView[],
  held: readonly LineView[] = [],
): void {
  for (const line of lines) {
    const own = BigInt(held.find(one => inOrder(one, line) === 0)?.quantity ?? 0);
    enough(world, player, line.asset, line.location, BigInt(line.quantity), own);
  }
}

export function noneHalted(world: World, lines: readonly LineView[]): void {
  if (lines.some(({ asset }) => world.itemOf(asset).halted)) throw new Refusal('MARKET_HALTED');
}

export function feeOn(world: World, { asset, quantity }: LineView): bigint {
  const { feeBps } = world.rules.direct;
  return world.itemOf(asset).kind === 'currency' ? share(BigInt(quantity), feeBps) : 0n;
}

/** All of it, less the fees of the house. */
export function give(world: World, from: string, to: string, lines: readonly LineView[]): void {
  for (const line of lines) {
    const { asset, location, quantity } = line;
    const fee = feeOn(world, line);
    world.move(asset, BigInt(quantity) - fee, [from, location], [to, location]);
    world.move(asset, fee, [from, location], [HOUSE, MAIN]);
  }
}

/**
 * What a player would notice on a side. Kept lines are larger or smaller; of those that went, the
 * first went for the first that came, the second for the second; what is left over came or went.
 */
export function differences(
  player: string,
  before: readonly LineView[],
  after: readonly LineView[],
): LineChange[] {
  const has = (lines: readonly LineView[], sought: LineView) =>
    lines.find(line => inOrder(line, sought) === 0);
  const went = before.filter(line => has(after, line) === undefined);
  const came = after.filter(line => has(before, line) === undefined);
  const changes: LineChange[] = [];
  for (const line of before) {
    const { asset, location, quantity: from } = line;
    const about = { player, asset, location, from };
    const kept = has(after, line);
    const place = went.indexOf(line);
    const by = came[place];
    if (kept !== undefined && kept.quantity === from) continue;
    if (kept !== undefined) {
      const change = kept.quantity < from ? 'decreased' : 'increased';
      changes.push({ ...about, change, to: kept.quantity });
    } else if (by !== undefined) {
      const other = { asset: by.asset, location: by.location };
      changes.push({ ...about, change: 'swapped', to: by.quantity, by: other });
    } else {
      changes.push({ ...about, change: 'removed', to: 0 });
    }
  }
  for (const { asset, location, quantity: to } of came.slice(went.length)) {
    changes.push({ player, change: 'added', asset, location, from: 0, to });
  }
  return changes;
}
