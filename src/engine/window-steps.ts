// The steps that the commands of windows share: finding one's window, telling what happened to it,
// going back to the open table, ending. Every change of a window passes through `tell` or `end`, so
// its indexes and its fact never lag behind it.

import type {
  WindowBrief,
  WindowEnd,
  WindowEventKind,
  WindowStatus,
} from '../../protocol/direct.ts';
import { assert } from '../base/assert.ts';
import { accept, type Decision, reject } from './decision.ts';
import { rehold, whyLinesHalted } from './lines.ts';
import type { State } from './state.ts';
import { type Window, type WindowSide, windowFact, windowState } from './window.ts';
import { briefOfWindow, viewOfWindow } from './window-view.ts';

/** A live window of the caller, his side of it, and the other one. */
export interface Seat {
  readonly window: Window;
  readonly side: WindowSide;
  readonly partner: WindowSide;
}

/** The caller's seat, or WINDOW_NOT_FOUND: not given out, over, or not his. */
export function findSeat(state: State, name: string, id: number): Seat | Decision {
  const window = state.windows.get(id);
  const side = window?.sideOf(state.players.find(name)) ?? null;
  if (window === undefined || side === null) {
    return reject('WINDOW_NOT_FOUND', `You have no live window ${id}.`);
  }
  return { window, side, partner: window.partnerOf(side) };
}

/** Why the window is not in the status that a command needs, or null. */
export function whyNotStatus({ status }: Window, needed: WindowStatus): Decision | null {
  if (status === needed) return null;
  return reject('WINDOW_STATUS', `The window is in status ${status}.`, { status });
}

/** For those who look at a table that is not there any more: the window as it is. */
export function showing(state: State, window: Window): { readonly window: object } {
  return { window: viewOfWindow(state, windowState(window)) };
}

/** Why it is too soon to accept or to confirm, or null. */
export function whyNotArmed(state: State, { armedAtMs }: Window): Decision | null {
  if (state.nowMs >= armedAtMs) return null;
  return reject('NOT_ARMED', `Armed in ${armedAtMs - state.nowMs} ms.`, { armedAtMs });
}

/** Why something on the table may not move now, or null. */
export function whyTableHalted(state: State, { sides }: Window): Decision | null {
  return whyLinesHalted(state, sides[0].lines) ?? whyLinesHalted(state, sides[1].lines);
}

/** Puts out what has just happened to a live window, for its log too or only to be seen. */
export function tell(
  state: State,
  window: Window,
  event: WindowEventKind,
  by: number,
  isLogged = true,
): void {
  assert(window.isLive, 'what is over is told by its end');
  state.windows.put(window);
  state.output.push(windowFact(window, event, by, isLogged));
}

/**
 * Why the table of a window can't be changed any more, or null: all that happens is kept for ever.
 * What is there can still be accepted and confirmed, which takes no more than a few steps.
 */
export function whyTooManySteps(state: State, { steps }: Window): Decision | null {
  const max = state.rules.direct.windowStepsMax;
  if (steps < max) return null;
  const message =
    `This window was changed ${max} times. Accept and confirm what is there, or cancel it and ` +
    'invite again.';
  return reject('LIMIT_REACHED', message, { limit: 'windowSteps', max });
}

/** A command of `side` has changed the window. Whoever acts is there. */
export function acted(state: State, { window, side }: Seat, event: WindowEventKind): Decision {
  side.awayUntilMs = 0;
  side.leavesAtMs = 0;
  window.steps++;
  tell(state, window, event, side.player);
  return accept(brief(window));
}

/** A command of `side` was right and changes nothing, but that they are there. */
export function unchanged(state: State, { window, side }: Seat): Decision {
  returned(state, window, side);
  return accept(brief(window));
}

/** Whoever has this side is there, however long they were not. */
export function returned(state: State, window: Window, side: WindowSide): void {
  const wasAway = side.awayUntilMs > 0;
  side.awayUntilMs = 0;
  side.leavesAtMs = 0;
  if (wasAway) tell(state, window, 'returned', side.player, false);
  else state.windows.wake(window);
}

/** What every command of a window answers. */
export function brief(window: Window): WindowBrief {
  return briefOfWindow(window);
}

/** From the review back to the open table: it counts as a change, and both must accept anew. */
export function backToTable(state: State, window: Window): void {
  assert(window.status === 'review', 'only a review goes back to the table');
  const { armAddedMs, openTimeoutMs } = state.rules.direct;
  window.status = 'open';
  window.revision++;
  window.manifest = null;
  withdrawAll(window);
  window.armedAtMs = state.nowMs + armAddedMs;
  window.deadlineMs = state.nowMs + openTimeoutMs;
}

/** Nobody has accepted or confirmed any more. */
export function withdrawAll(window: Window): void {
  for (const side of window.sides) {
    side.accepted = false;
    side.confirmed = false;
  }
}

/** Cancels a live window: both sides get back what they hold. */
export function cancel(state: State, window: Window, reason: WindowEnd, by: number): void {
  assert(window.isLive, 'a window ends once');
  for (const { player, lines } of window.sides) rehold(state, player, lines, []);
  window.status = 'cancelled';
  window.reason = reason;
  window.manifest = null;
  withdrawAll(window);
  const actor = window.sideOf(by);
  if (actor !== null) actor.awayUntilMs = 0;
  end(state, window, 'cancelled', by);
}

/** Takes a window out that is over, and says so. */
export function end(state: State, window: Window, event: WindowEventKind, by: number): void {
  state.windows.remove(window);
  state.output.push(windowFact(window, event, by));
}
