// The model's reading of RULES.md on live windows: the invitation, the table, the review, the swap.
// Who comes and goes, and what time does, is in model-presence.ts.

import type { Payload } from '../../protocol/commands/registry.ts';
import type { LineView, WindowEnd, WindowView } from '../../protocol/direct.ts';
import { able, differences, give, inOrder, noneHalted, resolve } from './model-lines.ts';
import { hashOfTable, manifestOf } from './model-manifest.ts';
import { areApart } from './model-offers.ts';
import type { Body } from './model-wallet.ts';
import { type ModelSide, type ModelWindow, Refusal, type World } from './model-world.ts';

const MINUTE_MS = 60_000;
/** On a side at most. */
const LINES = 16;

export function invite(world: World, inviter: string, invited: string): Body {
  const { inviteTimeoutMs, invitesPerMinuteMax, invitesPerPlayerMax } = world.rules.direct;
  if (inviter === invited) throw new Refusal('SELF_TRADE');
  const busy = windowOf(world, inviter);
  if (busy !== null) throw new Refusal('ALREADY_TRADING', { window: busy.id });
  const recent = world.windows.filter(({ sides, createdAtMs }) => {
    return sides[0].player === inviter && createdAtMs + MINUTE_MS > world.nowMs;
  });
  const isReachable =
    world.players.has(invited) &&
    windowOf(world, invited) === null &&
    !world.closed.has(invited) &&
    !areApart(world, inviter, invited) &&
    recent.length < invitesPerMinuteMax &&
    recent.filter(({ sides }) => sides[1].player === invited).length < invitesPerPlayerMax;
  if (!isReachable) throw new Refusal('PLAYER_UNAVAILABLE');
  const side = (player: string): ModelSide => {
    return { player, assets: [], accepted: false, confirmed: false, awayUntilMs: 0, leavesAtMs: 0 };
  };
  const window: ModelWindow = {
    id: world.windows.length + 1,
    sides: [side(inviter), side(invited)],
    createdAtMs: world.nowMs,
    status: 'invited',
    reason: null,
    revision: 0,
    steps: 0,
    armedAtMs: world.nowMs,
    deadlineMs: world.nowMs + inviteTimeoutMs,
    manifest: null,
    baseline: null,
  };
  world.windows.push(window);
  world.players.add(inviter);
  return brief(window);
}

export function join(world: World, player: string, id: number): Body {
  const window = invitationTo(world, player, id);
  const busy = windowOf(world, player);
  if (busy !== null && busy.status !== 'invited') {
    throw new Refusal('ALREADY_TRADING', { window: busy.id });
  }
  if (busy !== null) end(busy, 'cancelled');
  window.status = 'open';
  window.armedAtMs = world.nowMs;
  window.deadlineMs = world.nowMs + world.rules.direct.openTimeoutMs;
  return brief(window);
}

export function decline(world: World, player: string, id: number): Body {
  const window = invitationTo(world, player, id);
  end(window, 'declined');
  return brief(window);
}

export function cancelWindow(world: World, player: string, id: number): Body {
  const [window, side] = own(world, player, id);
  isThere(side);
  const refuses = window.status === 'invited' && window.sides[1].player === player;
  end(window, refuses ? 'declined' : 'cancelled');
  return brief(window);
}

export function put(world: World, player: string, payload: Payload<'windows.put'>): Body {
  const [window, side] = own(world, player, payload.window, 'open');
  current(window, payload.revision);
  changeable(world, window);
  const lines = resolve(world, payload.assets);
  able(world, player, lines, side.assets);
  isThere(side);
  const changes = differences(player, side.assets, lines);
  if (changes.length === 0) return brief(window);
  const { armAddedMs, armTakenMs, armAcceptedMs, openTimeoutMs } = world.rules.direct;
  const isWorse = changes.some(({ change }) => change !== 'added' && change !== 'increased');
  if (isWorse) raiseBaseline(window, side);
  const wasAccepted = window.sides.some(({ accepted }) => accepted);
  const pauseMs = (isWorse ? armTakenMs : armAddedMs) + (wasAccepted ? armAcceptedMs : 0);
  side.assets = lines;
  window.revision += 1;
  withdrawAll(window);
  window.armedAtMs = Math.max(window.armedAtMs, world.nowMs + pauseMs);
  window.deadlineMs = world.nowMs + openTimeoutMs;
  return brief(window);
}

export function acceptTable(
  world: World,
  player: string,
  payload: Payload<'windows.accept'>,
): Body {
  const [window, side, partner] = own(world, player, payload.window, 'open');
  current(window, payload.revision);
  if (payload.hash !== hashOfTable(window)) {
    throw new Refusal('HASH_MISMATCH', { window: viewOf(window) });
  }
  armed(world, window);
  if (side.assets.length + partner.assets.length === 0) throw new Refusal('NOTHING_ON_TABLE');
  if (partner.accepted) noneHalted(world, onTable(window));
  isThere(side);
  side.accepted = true;
  window.baseline ??= [window.sides[0].assets, window.sides[1].assets];
  if (partner.accepted) {
    const { reviewMs, reviewTimeoutMs } = world.rules.direct;
    window.status = 'review';
    window.armedAtMs = world.nowMs + reviewMs;
    window.deadlineMs = world.nowMs + reviewTimeoutMs;
    window.manifest = manifestOf(world, window);
  }
  return brief(window);
}

export function unaccept(world: World, player: string, id: number): Body {
  const [window, side] = own(world, player, id, 'open');
  changeable(world, window);
  isThere(side);
  side.accepted = false;
  return brief(window);
}

export function confirm(world: World, player: string, payload: Payload<'windows.confirm'>): Body {
  const [window, side, partner] = own(world, player, payload.window, 'review');
  const { manifest } = window;
  if (manifest === null) throw new Error('model: there is no review without a manifest');
  if (payload.manifest !== manifest.manifest) {
    throw new Refusal('STALE_MANIFEST', { manifest: manifest.manifest });
  }
  armed(world, window);
  for (const { code, player: warned, token } of manifest.warnings) {
    if (warned !== player || token === null) continue;
    if (payload.acknowledge?.includes(token)) continue;
    throw new Refusal('NOT_ACKNOWLEDGED', { code, token });
  }
  noneHalted(world, onTable(window));
  isThere(side);
  side.confirmed = true;
  if (!partner.confirmed) return { ...brief(window), receipt: null };
  window.status = 'done';
  for (const [from, to] of [
    [side, partner],
    [partner, side],
  ] as const) {
    give(world, from.player, to.player, from.assets);
  }
  world.befriend(side.player, partner.player);
  const receipt = { window: window.id, manifest: manifest.manifest, atMs: world.nowMs };
  return { ...brief(window), receipt };
}

export function unconfirm(world: World, player: string, id: number): Body {
  const [window, side] = own(world, player, id, 'review');
  changeable(world, window);
  isThere(side);
  side.confirmed = false;
  return brief(window);
}

export function reopen(world: World, player: string, id: number): Body {
  const [window, side] = own(world, player, id, 'review');
  changeable(world, window);
  isThere(side);
  backToTable(world, window);
  return brief(window);
}

/** What goes now was seen, and is compared with; beyond 16 lines some are missing in any case. */
function raiseBaseline(window: ModelWindow, side: ModelSide): void {
  const at = window.sides.indexOf(side);
  const known = window.baseline?.[at];
  if (window.baseline === null || known === undefined || known.length > LINES) return;
  const most = new Map<string, LineView>();
  for (const line of [...known, ...side.assets]) {
    const name = `${line.asset} ${line.location}`;
    if ((most.get(name)?.quantity ?? 0) < line.quantity) most.set(name, line);
  }
  const raised = [...most.values()].sort(inOrder);
  const [first, second] = window.baseline;
  window.baseline = at === 0 ? [raised, second] : [first, raised];
}

/** Whoever acts is there. */
function isThere(side: ModelSide): void {
  side.awayUntilMs = 0;
  side.leavesAtMs = 0;
}

/** From the review to the open table, where everybody must look and accept anew. */
export function backToTable(world: World, window: ModelWindow): void {
  const { armAddedMs, openTimeoutMs } = world.rules.direct;
  window.status = 'open';
  window.revision += 1;
  withdrawAll(window);
  window.armedAtMs = world.nowMs + armAddedMs;
  window.deadlineMs = world.nowMs + openTimeoutMs;
  window.manifest = null;
}

/** Nobody gets anything, and nobody has agreed to anything. */
export function end(window: ModelWindow, reason: WindowEnd): void {
  window.status = 'cancelled';
  window.reason = reason;
  window.manifest = null;
  withdrawAll(window);
}

function withdrawAll({ sides }: ModelWindow): void {
  for (const side of sides) {
    side.accepted = false;
    side.confirmed = false;
  }
}

/** The live window that a player opened or came to, or null. */
export function windowOf(world: World, player: string): ModelWindow | null {
  const found = world.liveWindows().find(({ sides, status }) => {
    const [inviter, invited] = sides;
    return inviter.player === player || (invited.player === player && status !== 'invited');
  });
  return found ?? null;
}

/** A live window of the player's, in the status that the command needs; his side; the other. */
function own(
  world: World,
  player: string,
  id: number,
  status?: 'open' | 'review',
): [window: ModelWindow, side: ModelSide, partner: ModelSide] {
  const window = world.liveWindows().find(one => one.id === id);
  const [inviter, invited] = window?.sides ?? [];
  const side = inviter?.player === player ? inviter : invited;
  const partner = side === inviter ? invited : inviter;
  if (!window || !side || !partner || side.player !== player) {
    throw new Refusal('WINDOW_NOT_FOUND');
  }
  if (status !== undefined && window.status !== status) misplaced(window);
  return [window, side, partner];
}

/** The window in which the player is the one who was invited, still unanswered. */
function invitationTo(world: World, player: string, id: number): ModelWindow {
  const [window] = own(world, player, id);
  if (window.sides[1].player !== player) throw new Refusal('WINDOW_NOT_FOUND');
  if (window.status !== 'invited') misplaced(window);
  return window;
}

function misplaced({ status }: ModelWindow): never {
  throw new Refusal('WINDOW_STATUS', { status });
}

function current(window: ModelWindow, revision: number): void {
  if (revision === window.revision) return;
  throw new Refusal('STALE_REVISION', { window: viewOf(window) });
}

/** Neither player may change it, or take his word back, once they have changed it too often. */
function changeable(world: World, { steps }: ModelWindow): void {
  const max = world.rules.direct.windowStepsMax;
  if (steps >= max) throw new Refusal('LIMIT_REACHED', { limit: 'windowSteps', max });
}

function armed(world: World, { armedAtMs }: ModelWindow): void {
  if (world.nowMs < armedAtMs) throw new Refusal('NOT_ARMED', { armedAtMs });
}

function onTable({ sides }: ModelWindow): LineView[] {
  return [...sides[0].assets, ...sides[1].assets].sort(inOrder);
}

/** When a window ends unless something happens. */
export function expiryOf({ deadlineMs, sides }: ModelWindow): number {
  const absences = sides.map(({ awayUntilMs }) => awayUntilMs).filter(atMs => atMs > 0);
  return Math.min(deadlineMs, ...absences);
}

function brief(window: ModelWindow): Body {
  const { id, status, revision, armedAtMs, manifest } = window;
  const expiresAtMs = expiryOf(window);
  const name = manifest?.manifest ?? null;
  return { window: id, status, revision, armedAtMs, expiresAtMs, manifest: name };
}

export function viewOf(window: ModelWindow): WindowView {
  const { id, status, reason, revision, sides, armedAtMs, manifest } = window;
  const side = ({ player, assets, accepted, confirmed, awayUntilMs }: ModelSide) => {
    return { player, assets: [...assets], accepted, confirmed, present: awayUntilMs === 0 };
  };
  return {
    window: id,
    ...{ status, reason, revision, armedAtMs },
    sides: [side(sides[0]), side(sides[1])],
    expiresAtMs: expiryOf(window),
    manifest: manifest?.manifest ?? null,
  };
}
