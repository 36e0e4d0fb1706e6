// Windows back from their facts: every fact in its order, or the last one of each live window and
// of those that were created within the last minute. What a side holds comes back with the
// accounts, so nothing is held or released here.

import { assert } from '../base/assert.ts';
import type { ManifestFact, WindowFact } from './fact.ts';
import type { State } from './state.ts';
import { Window } from './window.ts';

/** A window as a fact says it is: live or over. */
export function restoreWindow(state: State, fact: WindowFact): void {
  const { windows } = state;
  const { id, sides, createdAtMs } = fact;
  const [inviter, invited] = sides;
  state.lastWindow = Math.max(state.lastWindow, id);
  windows.remember({
    window: id,
    inviter: inviter.player,
    invited: invited.player,
    atMs: createdAtMs,
  });
  const known = windows.get(id);
  const window = known ?? new Window(id, inviter.player, invited.player, createdAtMs);
  window.status = fact.status;
  window.reason = fact.reason;
  if (!window.isLive) {
    if (known !== undefined) windows.remove(known);
    return;
  }
  window.revision = fact.revision;
  window.steps = fact.steps;
  window.armedAtMs = fact.armedAtMs;
  window.deadlineMs = fact.deadlineMs;
  window.baseline = fact.baseline;
  window.sides.forEach((side, index) => {
    const { player, lines, accepted, confirmed, awayUntilMs } = sides[index as 0 | 1];
    assert(side.player === player, 'a window keeps its players');
    Object.assign(side, { lines, accepted, confirmed, awayUntilMs });
  });
  if (window.manifest?.manifest !== fact.manifest) {
    window.manifest = windows.claimManifest(fact.manifest);
  }
  window.awaited = window.manifest === null ? fact.manifest : '';
  windows.put(window);
}

/** The manifest of a live window in review. Comes before or behind the window's own fact. */
export function restoreManifest(state: State, { window: id, body }: ManifestFact): void {
  const window = state.windows.get(id);
  if (window !== undefined && window.awaited === body.manifest) {
    window.manifest = body;
    window.awaited = '';
  } else {
    state.windows.keepManifest(body);
  }
}
