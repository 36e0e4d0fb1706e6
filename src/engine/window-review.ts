// windows.confirm, unconfirm, reopen: the frozen review. Nothing on the table can change here; both
// confirm the manifest that both were shown, and the second confirmation swaps everything at once.

import type { Payload } from '../../protocol/commands/registry.ts';
import type { Manifest } from '../../protocol/direct.ts';
import { assert } from '../base/assert.ts';
import { accept, type Decision, reject } from './decision.ts';
import { befriend } from './friends.ts';
import { handOver } from './lines.ts';
import type { State } from './state.ts';
import * as step from './window-steps.ts';

/** The second confirmation is the swap. */
export function confirm(state: State, name: string, ask: Payload<'windows.confirm'>): Decision {
  const seat = step.findSeat(state, name, ask.window);
  if ('ok' in seat) return seat;
  const { window, side, partner } = seat;
  const refusal = step.whyNotStatus(window, 'review');
  if (refusal !== null) return refusal;
  const { manifest } = window;
  assert(manifest !== null, 'a review has its manifest');
  const objection =
    whyOtherManifest(manifest, ask.manifest) ??
    step.whyNotArmed(state, window) ??
    whyNotAcknowledged(manifest, name, ask.acknowledge ?? []) ??
    step.whyTableHalted(state, window);
  if (objection !== null) return objection;

  // From here on this must succeed.
  if (!side.confirmed) {
    side.confirmed = true;
    if (partner.confirmed) return swap(state, seat, manifest);
    step.acted(state, seat, 'confirmed');
  } else {
    step.unchanged(state, seat);
  }
  return accept({ ...step.brief(window), receipt: null });
}

/** Until the other one has confirmed, too. */
export function unconfirm(state: State, name: string, ask: Payload<'windows.unconfirm'>): Decision {
  const seat = step.findSeat(state, name, ask.window);
  if ('ok' in seat) return seat;
  const { window, side } = seat;
  const refusal = step.whyNotStatus(window, 'review') ?? step.whyTooManySteps(state, window);
  if (refusal !== null) return refusal;
  if (!side.confirmed) return step.unchanged(state, seat);
  // From here on this must succeed.
  side.confirmed = false;
  return step.acted(state, seat, 'unconfirmed');
}

export function reopen(state: State, name: string, ask: Payload<'windows.reopen'>): Decision {
  const seat = step.findSeat(state, name, ask.window);
  if ('ok' in seat) return seat;
  const { window } = seat;
  const refusal = step.whyNotStatus(window, 'review') ?? step.whyTooManySteps(state, window);
  if (refusal !== null) return refusal;
  // From here on this must succeed.
  step.backToTable(state, window);
  return step.acted(state, seat, 'reopened');
}

/** Both sides change hands, whole, or this throws and nothing was ever written. */
function swap(state: State, { window, side }: step.Seat, { manifest }: Manifest): Decision {
  const [inviter, invited] = window.sides;
  for (const [giver, receiver] of [
    [inviter, invited],
    [invited, inviter],
  ] as const) {
    assert(giver.accepted, 'only what both have accepted changes hands');
    assert(giver.confirmed, 'only what both have confirmed changes hands');
    handOver(state, {
      giver: giver.player,
      receiver: receiver.player,
      lines: giver.lines,
      from: 'held',
      reason: 'window',
      reference: window.id,
    });
  }
  befriend(state, inviter.player, invited.player);
  side.awayUntilMs = 0;
  side.leavesAtMs = 0;
  window.status = 'done';
  step.end(state, window, 'done', side.player);
  const receipt = { window: window.id, manifest, atMs: state.nowMs };
  return accept({ ...step.brief(window), receipt });
}

function whyOtherManifest({ manifest }: Manifest, named: string): Decision | null {
  if (manifest === named) return null;
  return reject('STALE_MANIFEST', 'Another manifest is under review.', { manifest });
}

/** The first warning to `player` that must be acknowledged and is not, or null. */
function whyNotAcknowledged(
  { warnings }: Manifest,
  player: string,
  acknowledged: readonly string[],
): Decision | null {
  for (const { code, player: warned, token } of warnings) {
    if (token === null || warned !== player || acknowledged.includes(token)) continue;
    return reject('NOT_ACKNOWLEDGED', `${code} must be acknowledged.`, { code, token });
  }
  return null;
}
