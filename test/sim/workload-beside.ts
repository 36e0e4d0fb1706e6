// What happens beside the dance of two players in a window: strangers who meddle, time that passes,
// connections that break, block lists, halts, a server that begins anew.

import type { Line, WindowFact } from '../../src/engine/fact.ts';
import {
  type Ask,
  PLAYERS,
  SERVICE,
  STRANGER,
  type Step,
  type Surroundings,
  UNKNOWN,
} from './surroundings.ts';
import { definitionOf } from './workload-wallet.ts';

/** Anything from anybody, whatever the state. */
export function unsuited({ random }: Surroundings, { id, manifest, revision }: WindowFact): Step {
  const player = random.pick([...PLAYERS, STRANGER]);
  const window = random.weighted([
    [80, id],
    [15, random.between(1, id)],
    [5, 999_999],
  ]);
  const hash = 'cd'.repeat(32);
  const one = { window };
  return plain(
    random.pick<Ask>([
      { command: 'windows.join', payload: one, player },
      { command: 'windows.decline', payload: one, player },
      { command: 'windows.put', payload: { window, revision, assets: [] }, player },
      { command: 'windows.accept', payload: { window, revision, hash }, player },
      { command: 'windows.unaccept', payload: one, player },
      {
        command: 'windows.confirm',
        payload: { window, manifest: manifest === '' ? hash : manifest },
        player,
      },
      { command: 'windows.unconfirm', payload: one, player },
      { command: 'windows.reopen', payload: one, player },
      { command: 'windows.cancel', payload: one, player },
    ]),
  );
}

/** Nothing happens until the time of a window is nearly up, up, or over. */
export function late({ random }: Surroundings, { deadlineMs, sides }: WindowFact): Step {
  const edges = [deadlineMs, ...sides.map(side => side.awayUntilMs).filter(atMs => atMs > 0)];
  const fromMs = Math.min(...edges) + random.pick([-1, 0, 0, 1]);
  return { ask: { command: 'tick', payload: null, player: '' }, fromMs };
}

/** What players do about each other outside of any window. */
export function aside({ random, shown }: Surroundings): Step {
  const player = random.pick(PLAYERS);
  const other = random.pick([...PLAYERS, STRANGER, UNKNOWN]);
  const standing = [...shown.blocks.values()].filter(({ blocked }) => blocked);
  const known = standing.length > 0 && random.chance(80) ? random.pick(standing) : null;
  const unblocked = {
    player: known === null ? player : shown.playerName(known.player),
    payload: { player: known === null ? other : shown.playerName(known.other) },
  };
  const invitations = random.weighted([
    [70, 'all' as const],
    [30, 'none' as const],
  ]);
  return random.weighted<Step>([
    [20, plain({ command: 'windows.block', payload: { player: other }, player })],
    [40, plain({ command: 'windows.unblock', ...unblocked })],
    [25, plain({ command: 'windows.privacy', payload: { invitations }, player })],
    [8, connection(random.pick([player, STRANGER]), random.chance(50))],
    [7, restart()],
  ]);
}

export function restart(): Step {
  return { ask: { command: 'restart', payload: null, player: '' } };
}

export function connection(player: string, present: boolean): Step {
  return { ask: { command: 'presence', payload: { present }, player } };
}

export function plain(ask: Ask): Step {
  return { ask };
}

/** Something of what should move is halted just before, and goes on later. */
export function halted(
  { random, shown }: Surroundings,
  lines: readonly Line[],
  steps: readonly Step[],
): Step[] {
  if (lines.length === 0) return [...steps];
  const { name } = shown.itemOf(random.pick(lines).asset);
  const define = (isHalted: boolean): Step => {
    const payload = { ...definitionOf(name), halted: isHalted };
    return plain({ command: 'items.define', payload, player: SERVICE });
  };
  return [define(true), ...steps, define(false)];
}
