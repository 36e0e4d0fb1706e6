// Presence, restarts and time: what happens to windows that nobody asked for. Whoever is away has
// accepted and confirmed nothing, and has a while to come back; nothing ever waits for a client
// longer than its deadline.

import { assert } from '../base/assert.ts';
import { NONE } from './hash-index.ts';
import type { State } from './state.ts';
import { NOBODY, type Window, type WindowSide } from './window.ts';
import { backToTable, cancel, tell } from './window-steps.ts';

/** Ends a window that is due; returns how much that was: the window and each of its lines. */
export function endWindow(state: State, window: Window): number {
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
  assert(side !== null, 'a player has a side in the window that occupies him');
  if (!present) {
    leave(state, window, [side]);
    tell(state, window, 'left', player);
  } else if (side.awayUntilMs > 0) {
    side.awayUntilMs = 0;
    tell(state, window, 'returned', player);
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
    leave(state, window, window.status === 'invited' ? [inviter] : [inviter, invited]);
    tell(state, window, 'left', NOBODY);
    state.restartFrom = window.id + 1;
  }
  state.restartFrom = NONE;
}

function leave(state: State, window: Window, sides: readonly WindowSide[]): void {
  if (window.status === 'review') backToTable(state, window);
  for (const side of sides) {
    side.accepted = false;
    side.awayUntilMs = state.nowMs + state.rules.direct.graceMs;
  }
}

function whyDue({ status, sides }: Window, nowMs: number): 'expired' | 'disconnected' | 'timeout' {
  if (status === 'invited') return 'expired';
  const isOver = ({ awayUntilMs }: WindowSide) => awayUntilMs > 0 && awayUntilMs <= nowMs;
  return sides.some(isOver) ? 'disconnected' : 'timeout';
}
