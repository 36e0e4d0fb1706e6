// Lines for the sides of windows and offers: mostly what the player has, small variations of what
// lies there already, and a little of everything that must be refused.

import type { AskedLine, LineView } from '../../protocol/direct.ts';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import { NOWHERE, type Surroundings } from './surroundings.ts';

/** What a player can dispose of, as his wallet shows it. */
export function belongings({ shown }: Surroundings, player: string): LineView[] {
  const owned: LineView[] = [];
  for (const { owner, asset, location, available } of shown.accounts.values()) {
    if (available <= 0 || shown.playerName(owner) !== player) continue;
    owned.push(shown.lineView({ asset, location, quantity: available }));
  }
  return owned;
}

/** A new side for a player, who has put `current` so far. */
export function newSide(
  around: Surroundings,
  player: string,
  current: readonly LineView[],
): AskedLine[] {
  const { random } = around;
  const what = random.weighted([
    [50, 'new' as const],
    [current.length > 0 ? 35 : 0, 'change' as const],
    [4, 'same' as const],
    [4, 'nothing' as const],
    [9, 'nonsense' as const],
  ]);
  if (what === 'same') return current.map(line => ({ ...line }));
  if (what === 'nothing') return [];
  if (what === 'change') return changed(around, player, current);
  const side = some(around, belongings(around, player));
  return what === 'new' ? side : distinct([...side, nonsense(around)]);
}

/** A few of `owned`, small quantities of each; now and then all, or more than there is. */
export function some({ random }: Surroundings, owned: readonly LineView[]): AskedLine[] {
  if (owned.length === 0) return [];
  const instances = owned.filter(({ asset }) => asset.includes('#'));
  const count = random.weighted([
    [45, 1],
    [35, 2],
    [15, 3],
    [5, 6],
  ]);
  return distinct(
    Array.from({ length: count }, () => {
      const among = instances.length > 0 && random.chance(25) ? instances : owned;
      const { asset, location, quantity: most } = random.pick(among);
      const quantity = random.weighted([
        [60, Math.min(most, random.between(1, 12))],
        [30, Math.min(most, random.between(1, 2_000))],
        [6, most],
        [asset.includes('#') ? 0 : 4, Math.min(most + 1, AMOUNT_MAX)],
      ]);
      const isPlain = location === 'main' && random.chance(80);
      return isPlain ? { asset, quantity } : { asset, quantity, location };
    }),
  );
}

/** What scammers and honest people do to a side: less, more, something else, one thing fewer. */
function changed(around: Surroundings, player: string, current: readonly LineView[]): AskedLine[] {
  const { random } = around;
  const at = random.between(0, current.length - 1);
  const what = random.pick(['less', 'more', 'swap', 'fewer', 'another'] as const);
  const lines: AskedLine[] = current.map((line, index) => {
    if (index !== at || line.asset.includes('#')) return { ...line };
    if (what === 'less') return { ...line, quantity: Math.max(1, Math.floor(line.quantity / 10)) };
    if (what === 'more') return { ...line, quantity: Math.min(AMOUNT_MAX, line.quantity + 1) };
    return { ...line };
  });
  if (what === 'swap' || what === 'fewer') lines.splice(at, 1);
  if (what === 'swap' || what === 'another') {
    lines.push(...some(around, belongings(around, player)).slice(0, 1));
  }
  return distinct(lines);
}

function nonsense({ random }: Surroundings): AskedLine {
  return random.pick<AskedLine>([
    { asset: 'ghost', quantity: 1 },
    { asset: 'ghost#1', quantity: 1 },
    { asset: 'sword', quantity: 1 },
    { asset: 'ore#1', quantity: 1 },
    { asset: 'sword#9', quantity: 1 },
    { asset: 'sword#1', quantity: 2 },
    { asset: 'sword#2', quantity: 1 },
    { asset: 'coins', quantity: 3, location: 'north' },
    { asset: 'coins', quantity: AMOUNT_MAX },
    { asset: 'ore', quantity: 1, location: NOWHERE },
    { asset: 'coins', quantity: 1, location: NOWHERE },
    { asset: 'ore', quantity: AMOUNT_MAX },
    { asset: 'ore', quantity: 2, location: 'north' },
  ]);
}

/** Each asset once per location, as the schema wants it. */
function distinct(lines: readonly AskedLine[]): AskedLine[] {
  const byPlace = new Map(lines.map(line => [`${line.asset}@${line.location ?? 'main'}`, line]));
  return [...byPlace.values()];
}
