// windows.invite, join, decline, block, unblock, privacy: how two players come to a window, and how
// a player is left in peace. An invitation that is refused does not say why, and its answer is
// always the same: who is blocked, or whom others trade with, is nobody's business.

import type { Payload } from '../../protocol/commands/registry.ts';
import { BLOCKED_PLAYERS_MAX } from '../../protocol/limits.ts';
import { accept, type Decision, reject } from './decision.ts';
import { unfriend } from './friends.ts';
import { invalidateBetween } from './offers.ts';
import { whyUnknown } from './players.ts';
import type { State } from './state.ts';
import { Window } from './window.ts';
import { acted, brief, cancel, findSeat, tell, whyNotStatus } from './window-steps.ts';

const UNAVAILABLE = reject('PLAYER_UNAVAILABLE', 'The player cannot be traded with now.');

export function invite(state: State, name: string, ask: Payload<'windows.invite'>): Decision {
  const { windows, rules } = state;
  if (name === ask.player) return reject('SELF_TRADE', 'Nobody trades with himself.');
  const occupying = windows.occupying(state.players.find(name));
  if (occupying !== undefined) return alreadyTrading(occupying);
  if (isUnavailable(state, name, ask.player)) return UNAVAILABLE;

  // From here on this must succeed.
  const inviter = state.player(name);
  const invited = state.player(ask.player);
  const window = new Window(++state.lastWindow, inviter, invited, state.nowMs);
  window.armedAtMs = state.nowMs;
  window.deadlineMs = state.nowMs + rules.direct.inviteTimeoutMs;
  windows.remember({ window: window.id, inviter, invited, atMs: state.nowMs });
  tell(state, window, 'invited', inviter);
  return accept(brief(window));
}

/** The invited player comes. */
export function join(state: State, name: string, ask: Payload<'windows.join'>): Decision {
  const seat = findSeat(state, name, ask.window);
  if ('ok' in seat) return seat;
  const { window, side } = seat;
  if (side === window.sides[0]) return notInvited(window);
  const refusal = whyNotStatus(window, 'invited');
  if (refusal !== null) return refusal;
  const occupying = state.windows.occupying(side.player);
  if (occupying !== undefined && occupying.status !== 'invited') return alreadyTrading(occupying);

  // From here on this must succeed.
  if (occupying !== undefined) cancel(state, occupying, 'cancelled', side.player);
  window.status = 'open';
  window.armedAtMs = state.nowMs;
  window.deadlineMs = state.nowMs + state.rules.direct.openTimeoutMs;
  return acted(state, seat, 'joined');
}

export function decline(state: State, name: string, ask: Payload<'windows.decline'>): Decision {
  const seat = findSeat(state, name, ask.window);
  if ('ok' in seat) return seat;
  const { window, side } = seat;
  if (side === window.sides[0]) return notInvited(window);
  const refusal = whyNotStatus(window, 'invited');
  if (refusal !== null) return refusal;
  // From here on this must succeed.
  cancel(state, window, 'declined', side.player);
  return accept(brief(window));
}

/** What is open between the two ends at once, whoever began it. */
export function block(state: State, name: string, ask: Payload<'windows.block'>): Decision {
  const { blocks, players, windows } = state;
  if (name === ask.player) return reject('SELF_TRADE', 'Nobody blocks himself.');
  const unknown = whyUnknown(state, ask.player);
  if (unknown !== null) return unknown;
  const answer = accept({ player: ask.player, blocked: true });
  if (blocks.has(players.find(name), players.find(ask.player))) return answer;
  if (blocks.countOf(players.find(name)) >= BLOCKED_PLAYERS_MAX) {
    const details = { limit: 'blockedPlayers', max: BLOCKED_PLAYERS_MAX };
    return reject('LIMIT_REACHED', `At most ${BLOCKED_PLAYERS_MAX} blocked players.`, details);
  }

  // From here on this must succeed.
  const player = state.player(name);
  const other = state.player(ask.player);
  const fact = { kind: 'block', player, other, blocked: true } as const;
  blocks.put(fact);
  state.output.push(fact);
  unfriend(state, player, other);
  // A window between two players occupies at least the one of them who invited.
  for (const one of [player, other]) {
    const window = windows.occupying(one);
    if (window === undefined) continue;
    const isBetween = window.sideOf(player) !== null && window.sideOf(other) !== null;
    if (isBetween) cancel(state, window, 'blocked', player);
  }
  invalidateBetween(state, player, other);
  return answer;
}

export function unblock(state: State, name: string, ask: Payload<'windows.unblock'>): Decision {
  const unknown = whyUnknown(state, ask.player);
  if (unknown !== null) return unknown;
  const player = state.players.find(name);
  const other = state.players.find(ask.player);
  if (state.blocks.has(player, other)) {
    const fact = { kind: 'block', player, other, blocked: false } as const;
    state.blocks.put(fact);
    state.output.push(fact);
  }
  return accept({ player: ask.player, blocked: false });
}

export function setPrivacy(state: State, name: string, ask: Payload<'windows.privacy'>): Decision {
  const { invitations } = ask;
  const closed = invitations === 'none';
  if (state.blocks.isClosed(state.players.find(name)) !== closed) {
    const fact = { kind: 'privacy', player: state.player(name), closed } as const;
    state.blocks.setPrivacy(fact);
    state.output.push(fact);
  }
  return accept({ invitations });
}

/** Whether an invitation comes to nothing, for a reason that is not said. */
function isUnavailable(state: State, name: string, invitedName: string): boolean {
  const { blocks, players, windows } = state;
  const invited = players.find(invitedName);
  if (invited < 0 || windows.occupying(invited) !== undefined || blocks.isClosed(invited)) {
    return true;
  }
  const inviter = players.find(name);
  if (blocks.has(invited, inviter) || blocks.has(inviter, invited)) return true;
  const { invitesPerMinuteMax, invitesPerPlayerMax } = state.rules.direct;
  const { inAll, toSame } = windows.countInvitations(inviter, invited, state.nowMs);
  return inAll >= invitesPerMinuteMax || toSame >= invitesPerPlayerMax;
}

function alreadyTrading({ id }: Window): Decision {
  return reject('ALREADY_TRADING', 'You have a window already.', { window: id });
}

function notInvited({ id }: Window): Decision {
  return reject('WINDOW_NOT_FOUND', `You are not invited to window ${id}.`);
}
