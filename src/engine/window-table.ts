// windows.put, accept, unaccept, cancel: the open table. What is put is held at once; any change
// takes both acceptances away and bars accepting for a while, longer when something was taken away.
// Who accepts names the revision and the hash of what he sees: he can't accept anything else.

import type { Payload } from '../../protocol/commands/registry.ts';
import { LINES_PER_SIDE_MAX } from '../../protocol/limits.ts';
import { diffLines, takesAway } from '../../protocol/window-diff.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import { assert } from '../base/assert.ts';
import { accept, type Decision, reject } from './decision.ts';
import type { Line } from './fact.ts';
import { lineView, mostOf, rehold, resolveLines, whyLacking } from './lines.ts';
import type { State } from './state.ts';
import type { Window, WindowSide } from './window.ts';
import { makeManifest } from './window-manifest.ts';
import * as step from './window-steps.ts';

/** Sets one's own side to exactly what is asked. */
export function put(state: State, name: string, ask: Payload<'windows.put'>): Decision {
  const seat = step.findSeat(state, name, ask.window);
  if ('ok' in seat) return seat;
  const { window, side } = seat;
  const refusal =
    step.whyNotStatus(window, 'open') ??
    whyStale(state, window, ask.revision) ??
    step.whyTooManySteps(state, window);
  if (refusal !== null) return refusal;
  const lines = resolveLines(state, ask.assets);
  if ('ok' in lines) return lines;
  const lack = whyLacking(state, side.player, lines, side.lines);
  if (lack !== null) return lack;

  // From here on this must succeed.
  const shown = (of: readonly Line[]) => of.map(line => lineView(state, line));
  const changes = diffLines(name, shown(side.lines), shown(lines));
  if (changes.length === 0) return step.unchanged(state, seat);
  rehold(state, side.player, side.lines, lines);
  const isLess = changes.some(takesAway);
  if (isLess) remember(state, window, side);
  side.lines = lines;
  const { armAddedMs, armTakenMs, armAcceptedMs, openTimeoutMs } = state.rules.direct;
  const barMs = isLess ? armTakenMs : armAddedMs;
  const moreMs = window.sides.some(({ accepted }) => accepted) ? armAcceptedMs : 0;
  window.revision++;
  window.armedAtMs = Math.max(window.armedAtMs, state.nowMs + barMs + moreMs);
  window.deadlineMs = state.nowMs + openTimeoutMs;
  step.withdrawAll(window);
  return step.acted(state, seat, 'put');
}

/** The second acceptance opens the review. */
export function acceptTable(state: State, name: string, ask: Payload<'windows.accept'>): Decision {
  const seat = step.findSeat(state, name, ask.window);
  if ('ok' in seat) return seat;
  const { window, side, partner } = seat;
  const refusal =
    step.whyNotStatus(window, 'open') ??
    whyStale(state, window, ask.revision) ??
    whyOtherTable(state, window, ask.hash) ??
    step.whyNotArmed(state, window) ??
    whyEmpty(window);
  if (refusal !== null) return refusal;
  if (side.accepted) return step.unchanged(state, seat);
  if (partner.accepted) {
    const halted = step.whyTableHalted(state, window);
    if (halted !== null) return halted;
  }

  // From here on this must succeed.
  side.accepted = true;
  window.baseline ??= [window.sides[0].lines, window.sides[1].lines];
  if (!partner.accepted) return step.acted(state, seat, 'accepted');
  return beginReview(state, seat);
}

export function unaccept(state: State, name: string, ask: Payload<'windows.unaccept'>): Decision {
  const seat = step.findSeat(state, name, ask.window);
  if ('ok' in seat) return seat;
  const { window, side } = seat;
  const refusal = step.whyNotStatus(window, 'open') ?? step.whyTooManySteps(state, window);
  if (refusal !== null) return refusal;
  if (!side.accepted) return step.unchanged(state, seat);
  // From here on this must succeed.
  side.accepted = false;
  return step.acted(state, seat, 'unaccepted');
}

/** At any time before the swap. The one who was invited and has not come declines by it. */
export function cancelWindow(state: State, name: string, ask: Payload<'windows.cancel'>): Decision {
  const seat = step.findSeat(state, name, ask.window);
  if ('ok' in seat) return seat;
  // From here on this must succeed.
  const { window, side } = seat;
  const declines = window.status === 'invited' && side === window.sides[1];
  step.cancel(state, window, declines ? 'declined' : 'cancelled', side.player);
  return accept(step.brief(window));
}

/**
 * Something is about to be taken off a side that the partner has seen there since somebody first
 * accepted: from now on the side is compared with that, too. Once the baseline has more lines than
 * a side can have, something of it is missing whatever is put, so it need not grow any more.
 */
function remember(state: State, window: Window, side: WindowSide): void {
  const { baseline, sides } = window;
  if (baseline === null) return;
  const index = sides[0] === side ? 0 : 1;
  if (baseline[index].length > LINES_PER_SIDE_MAX) return;
  const most = mostOf(state, baseline[index], side.lines);
  window.baseline = index === 0 ? [most, baseline[1]] : [baseline[0], most];
}

function beginReview(state: State, seat: step.Seat): Decision {
  const { window } = seat;
  const { reviewMs, reviewTimeoutMs } = state.rules.direct;
  assert(
    window.sides.every(({ accepted }) => accepted),
    'a review begins when both have accepted',
  );
  assert(window.manifest === null, 'each review has a manifest of its own');
  window.status = 'review';
  window.manifest = makeManifest(state, window);
  window.armedAtMs = state.nowMs + reviewMs;
  window.deadlineMs = state.nowMs + reviewTimeoutMs;
  state.output.push({ kind: 'manifest', window: window.id, body: window.manifest });
  return step.acted(state, seat, 'reviewed');
}

function whyStale(state: State, window: Window, revision: number): Decision | null {
  if (revision === window.revision) return null;
  const message = `The table is at revision ${window.revision}.`;
  return reject('STALE_REVISION', message, step.showing(state, window));
}

function whyOtherTable(state: State, window: Window, hash: string): Decision | null {
  if (hash === hashOfTable(state, window)) return null;
  return reject('HASH_MISMATCH', 'Something else is on the table.', step.showing(state, window));
}

/** Made once for both acceptances of a revision. */
function hashOfTable(state: State, window: Window): string {
  const { id, revision, sides } = window;
  if (window.hashed.revision !== revision) {
    const side = ({ player, lines }: WindowSide) => ({
      player: state.players.name(player),
      assets: lines.map(line => lineView(state, line)),
    });
    const hash = tableHash(id, revision, [side(sides[0]), side(sides[1])]);
    window.hashed = { revision, hash };
  }
  return window.hashed.hash;
}

function whyEmpty({ sides }: Window): Decision | null {
  if (sides.some(({ lines }) => lines.length > 0)) return null;
  return reject('NOTHING_ON_TABLE', 'Both sides are empty.');
}
