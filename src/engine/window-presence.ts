// Presence, restarts and time: what happens to windows that nobody asked for. Whoever is away has
// accepted and confirmed nothing, and has a while to come back; nothing ever waits for a client
// longer than its deadline. Invariant: a player is away only when they have had no socket for
// `awayAfterMs`, so whoever changes their connection, or their node, is not, and what a connection
// costs everybody else is bounded by time, however often it is lost.

import { assert } from '../base/assert.ts';
import { NONE } from './hash-index.ts';
import type { State } from './state.ts';
import { dueAtMs, NOBODY, type Window, type WindowSide } from './window.ts';
import { backToTable, cancel, returned, tell } from './window-steps.ts';

/**
 * Ends a window that is due, or says who is away from it by now, whichever was to be first; returns
 * how much that was: the window and, when it ends, each of its lines.
 */
export function passWindow(state: State, window: Window): number {
  const leaver = nextLeaver(window);
  if (leaver !== null && leaver.leavesAtMs < dueAtMs(window)) {
    depart(state, window, leaver);
    return 1;
  }
  const [inviter, invited] = window.sides;
  cancel(state, window, whyDue(window, state.nowMs), NOBODY);
  return 1 + inviter.lines.length + invited.lines.length;
}

/** The last socket of a player is gone, or their first one is there: then they are known. */
export function setPresence(state: State, name: string, present: boolean): void {
  const player = present ? state.player(name) : state.players.find(name);
  const window = state.windows.occupying(player);
  if (window === undefined) return;
  const side = window.sideOf(player);
  assert(side !== null, 'a player has a side in the window that occupies them');
  if (present) {
    returned(state, window, side);
  } else if (side.awayUntilMs === 0 && side.leavesAtMs === 0) {
    const { awayAfterMs } = state.rules.direct;
    if (awayAfterMs === 0) {
      depart(state, window, side);
    } else {
      side.leavesAtMs = state.nowMs + awayAfterMs;
      state.windows.wake(window);
    }
  }
}

/** Nobody is known to be connected any more: every side of every window is away. */
export function restartWindows(state: State): void {
  state.restartFrom = 0;
  continueRestart(state, state.rules.endsPerEntryMax);
}

/** Goes on with the windows in which all are still there, by their ids: `most` of them now. */
export function continueRestart(state: State, most: number): void {
  if (state.restartFrom === NONE) return;
  let left = most;
  for (const window of state.windows.values(state.restartFrom)) {
    if (left-- === 0) return;
    const [inviter, invited] = window.sides;
    const sides = window.status === 'invited' ? [inviter] : [inviter, invited];
    const withdrew = leave(state, window, sides);
    tell(state, window, 'left', NOBODY, withdrew);
    state.restartFrom = window.id + 1;
  }
  state.restartFrom = NONE;
}

function depart(state: State, window: Window, side: WindowSide): void {
  const withdrew = leave(state, window, [side]);
  tell(state, window, 'left', side.player, withdrew);
}

/** Returns whether it took back what somebody had agreed to. */
function leave(state: State, window: Window, sides: readonly WindowSide[]): boolean {
  let withdrew = false;
  if (window.status === 'review') {
    backToTable(state, window);
    withdrew = true;
  }
  for (const side of sides) {
    if (side.accepted) withdrew = true;
    side.accepted = false;
    side.leavesAtMs = 0;
    side.awayUntilMs = state.nowMs + state.rules.direct.graceMs;
  }
  return withdrew;
}

/** Who of the two is to be away first, of those who have no socket; null for nobody. */
function nextLeaver({ sides }: Window): WindowSide | null {
  let first: WindowSide | null = null;
  for (const side of sides) {
    if (side.leavesAtMs === 0) continue;
    if (first === null || side.leavesAtMs < first.leavesAtMs) first = side;
  }
  return first;
}

function whyDue({ status, sides }: Window, nowMs: number): 'expired' | 'disconnected' | 'timeout' {
  if (status === 'invited') return 'expired';
  const isOver = ({ awayUntilMs }: WindowSide) => awayUntilMs > 0 && awayUntilMs <= nowMs;
  return sides.some(isOver) ? 'disconnected' : 'timeout';
}
