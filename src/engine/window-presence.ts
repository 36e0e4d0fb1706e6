// Presence, restarts and time: what happens to windows that nobody asked for.
import type { ManifestFact, WindowFact } from './fact.ts';
import type { State } from './state.ts';

/** Ends the windows that are due. */
export function expireWindows(state: State): void {
  const due = state.windows.expiries.due(state.nowMs);
  if (due !== null) throw new Error('unwritten');
}
/** The last socket of a player is gone, or his first one is there. */
export function setPresence(state: State, name: string, present: boolean): void {
  throw new Error(`unwritten ${state} ${name} ${present}`);
}
/** Nobody is known to be connected any more: every side of every window is away. */
export function restartWindows(state: State): void {
  if (state.windows.size > 0) throw new Error('unwritten');
}
/** A window as a fact says it is: live or over. Facts come in their order, or the last one only. */
export function restoreWindow(state: State, fact: WindowFact): void {
  throw new Error(`unwritten ${state} ${fact}`);
}
/** The manifest of a live window in review. Comes before or behind the window's own fact. */
export function restoreManifest(state: State, fact: ManifestFact): void {
  throw new Error(`unwritten ${state} ${fact}`);
}
