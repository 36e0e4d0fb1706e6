// The model's reading of RULES.md on what happens to windows and offers that nobody commands: a
// player's connection, a restart, time; and who wants nothing to do with whom.

import type { Body } from './model-wallet.ts';
import { backToTable, end, expiryOf, windowOf } from './model-windows.ts';
import { type ModelSide, type ModelWindow, Refusal, type World } from './model-world.ts';

export function expire(world: World): void {
  const { nowMs } = world;
  for (const order of world.openOrders()) {
    if (order.expiresAtMs !== 0 && order.expiresAtMs <= nowMs) order.status = 'expired';
  }
  for (const window of world.liveWindows()) {
    if (expiryOf(window) > nowMs) continue;
    const isDeserted = window.sides.some(({ awayUntilMs: ms }) => ms !== 0 && ms <= nowMs);
    if (window.status === 'invited') end(window, 'expired');
    else end(window, isDeserted ? 'disconnected' : 'timeout');
  }
  for (const offer of world.openOffers()) {
    if (offer.expiresAtMs <= nowMs) offer.status = 'expired';
  }
}

export function presence(world: World, player: string, present: boolean): Body {
  if (present) world.players.add(player);
  const window = windowOf(world, player);
  const side = window?.sides.find(one => one.player === player);
  if (!window || !side) return {};
  if (present) side.awayUntilMs = 0;
  else leave(world, window, side);
  return {};
}

/** Nobody is known to be there. */
export function restart(world: World): Body {
  for (const window of world.liveWindows()) {
    for (const side of window.sides) {
      if (windowOf(world, side.player) === window) leave(world, window, side);
    }
  }
  return {};
}

function leave(world: World, window: ModelWindow, side: ModelSide): void {
  if (window.status === 'review') backToTable(world, window);
  side.accepted = false;
  side.awayUntilMs = world.nowMs + world.rules.direct.graceMs;
}

export function block(world: World, player: string, other: string): Body {
  if (player === other) throw new Refusal('SELF_TRADE');
  world.known(other);
  world.players.add(player);
  world.blocks.add(`${player} ${other}`);
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
