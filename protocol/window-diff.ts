// What changed on one side of a window between two states of it. The server arms by it, both
// players are told it, and a client can show it.

import type { LineChange, LineView } from './direct.ts';

/**
 * The changes from `before` to `after` on the side of `player`, both sorted alike. What left and
 * what came in one step is paired as swapped, in order; what is left over was added or removed.
 */
export function diffLines(
  player: string,
  before: readonly LineView[],
  after: readonly LineView[],
): LineChange[] {
  const changes: LineChange[] = [];
  const came = after.filter(line => find(before, line) === undefined);
  for (const line of before) {
    const { asset, location, quantity: from } = line;
    const kept = find(after, line);
    if (kept === undefined) {
      const next = came.shift();
      changes.push(
        next === undefined
          ? { player, change: 'removed', asset, location, from, to: 0 }
          : {
              player,
              change: 'swapped',
              asset,
              location,
              from,
              to: next.quantity,
              by: { asset: next.asset, location: next.location },
            },
      );
    } else if (kept.quantity !== from) {
      const change = kept.quantity > from ? 'increased' : 'decreased';
      changes.push({ player, change, asset, location, from, to: kept.quantity });
    }
  }
  for (const { asset, location, quantity: to } of came) {
    changes.push({ player, change: 'added', asset, location, from: 0, to });
  }
  return changes;
}

/** Whether the partner gets less, or something else, than he saw. */
export function takesAway({ change }: LineChange): boolean {
  return change === 'removed' || change === 'decreased' || change === 'swapped';
}

function find(lines: readonly LineView[], sought: LineView): LineView | undefined {
  return lines.find(line => line.asset === sought.asset && line.location === sought.location);
}
