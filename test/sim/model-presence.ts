// The model's reading of RULES.md on a player's connection, and on who wants nothing to do with
// whom.

import type { Body } from './model-wallet.ts';
import { backToTable, end, windowOf } from './model-windows.ts';
import { type ModelSide, type ModelWindow, Refusal, type World } from './model-world.ts';

export function presence(world: World, player: string, present: boolean): Body {
  if (present) world.players.add(player);
  const window = windowOf(world, player);
  const side = window?.sides.find(one => one.player === player);
  if (!window || !side) return {};
  if (present) {
    side.awayUntilMs = 0;
    side.leavesAtMs = 0;
  } else if (side.awayUntilMs === 0 && side.leavesAtMs === 0) {
    const { awayAfterMs } = world.rules.direct;
    if (awayAfterMs === 0) leave(world, window, side);
    else side.leavesAtMs = world.nowMs + awayAfterMs;
  }
  return {};
}

/** Nobody is known to be there any more in a window. */
export function leaveAll(world: World, window: ModelWindow): void {
  for (const side of window.sides) {
    if (windowOf(world, side.player) === window) leave(world, window, side);
  }
}

/** They have been gone for long: they are away. */
export function leave(world: World, window: ModelWindow, side: ModelSide): void {
  if (window.status === 'review') backToTable(world, window);
  side.accepted = false;
  side.leavesAtMs = 0;
  side.awayUntilMs = world.nowMs + world.rules.direct.graceMs;
}

export function block(world: World, player: string, other: string): Body {
  if (player === other) throw new Refusal('SELF_TRADE');
  world.known(other);
  world.players.add(player);
  world.blocks.add(`${player} ${other}`);
  world.friends.delete(`${player} ${other}`);
  const isBetween = (one: string, another: string) =>
    [one, another].includes(player) && [one, another].includes(other);
  for (const window of world.liveWindows()) {
    const [inviter, invited] = window.sides;
    if (isBetween(inviter.player, invited.player)) end(window, 'blocked');
  }
  for (const offer of world.openOffers()) {
    if (isBetween(offer.maker, offer.taker)) offer.status = 'invalid';
  }
  return { player: other, blocked: true };
}

export function unblock(world: World, player: string, other: string): Body {
  world.known(other);
  world.blocks.delete(`${player} ${other}`);
  return { player: other, blocked: false };
}

export function setPrivacy(world: World, player: string, invitations: 'all' | 'none'): Body {
  if (invitations === 'none') {
    world.closed.add(player);
    world.players.add(player);
  } else {
    world.closed.delete(player);
  }
  return { invitations };
}
