// The model's reading of RULES.md on what ends although nobody asks for it: what is due, in which
// order, and how much of it in one entry.

import { leave, leaveAll } from './model-presence.ts';
import { end, expiryOf } from './model-windows.ts';
import type { ModelWindow, World } from './model-world.ts';

/** Something that is due: it counts as itself and each line that it holds. */
interface Due {
  readonly atMs: number;
  readonly kind: number;
  readonly id: number;
  readonly counts: number;
  readonly end: () => void;
}

/** Ends as much of what is due as one entry may. */
export function endDue(world: World): void {
  let left = endBurnt(world, world.rules.endsPerEntryMax);
  while (left > 0) {
    // Who is away by now may have given a window more time, or less.
    const [due] = dueAt(world, world.nowMs);
    if (due === undefined) break;
    due.end();
    left -= due.counts;
  }
  if (left > 0) goOnBeginning(world, left);
}

/** Whether one entry at this time might not be enough for all that is due. */
export function isMuchDue(world: World, atMs: number): boolean {
  let counts = world.beginning?.length ?? 0;
  for (const { give } of wantingBurnt(world)) counts += 1 + give.length;
  for (const due of dueAt(world, atMs)) counts += due.counts;
  // Each may have somebody leave before it ends.
  for (const { sides } of world.liveWindows()) {
    for (const { leavesAtMs } of sides) if (leavesAtMs > 0 && leavesAtMs <= atMs) counts += 2;
  }
  return counts >= world.rules.endsPerEntryMax;
}

/** An instance is burnt: the open offers that want it have lost their sense, the oldest first. */
export function burnt(world: World, asset: string): void {
  if (!asset.includes('#')) return;
  world.burnt = asset;
  endBurnt(world, world.rules.endsPerEntryMax);
}

/** Nobody is known to be there: in all windows, the oldest first. */
export function begin(world: World): void {
  world.beginning = world.liveWindows().map(({ id }) => id);
  goOnBeginning(world, world.rules.endsPerEntryMax);
}

function goOnBeginning(world: World, most: number): void {
  const ids = (world.beginning ?? []).filter(id => {
    return world.liveWindows().some(window => window.id === id);
  });
  for (const id of ids.slice(0, most)) {
    for (const window of world.liveWindows()) if (window.id === id) leaveAll(world, window);
  }
  world.beginning = ids.length > most ? ids.slice(most) : null;
}

function wantingBurnt(world: World) {
  return world.openOffers().filter(({ want }) => want.some(line => line.asset === world.burnt));
}

function endBurnt(world: World, most: number): number {
  let left = most;
  for (const offer of wantingBurnt(world)) {
    if (left <= 0) return left;
    offer.status = 'invalid';
    left -= 1 + offer.give.length;
  }
  world.burnt = null;
  return left;
}

/** Who is to be away before the window ends, if anybody: the one who has been gone for longer. */
function leaverOf(world: World, window: ModelWindow): Due | null {
  const gone = window.sides.filter(({ leavesAtMs }) => leavesAtMs > 0);
  const [side] = gone.sort((a, b) => a.leavesAtMs - b.leavesAtMs);
  if (side === undefined || side.leavesAtMs >= expiryOf(window)) return null;
  const end = () => leave(world, window, side);
  return { atMs: side.leavesAtMs, kind: 1, id: window.id, counts: 1, end };
}

function dueAt(world: World, nowMs: number): Due[] {
  const orders = world.openOrders().map((order): Due => {
    const endOrder = () => {
      order.status = 'expired';
    };
    const atMs = order.expiresAtMs === 0 ? Number.POSITIVE_INFINITY : order.expiresAtMs;
    return { atMs, kind: 0, id: order.id, counts: 1, end: endOrder };
  });
  const windows = world.liveWindows().map((window): Due => {
    const leaving = leaverOf(world, window);
    if (leaving !== null) return leaving;
    const isDeserted = window.sides.some(({ awayUntilMs: ms }) => ms !== 0 && ms <= nowMs);
    const reason = isDeserted ? 'disconnected' : 'timeout';
    const endWindow = () => end(window, window.status === 'invited' ? 'expired' : reason);
    const [one, other] = window.sides;
    const counts = 1 + one.assets.length + other.assets.length;
    return { atMs: expiryOf(window), kind: 1, id: window.id, counts, end: endWindow };
  });
  const offers = world.openOffers().map((offer): Due => {
    const endOffer = () => {
      offer.status = 'expired';
    };
    const { id, expiresAtMs: atMs, give } = offer;
    return { atMs, kind: 2, id, counts: 1 + give.length, end: endOffer };
  });
  return [...orders, ...windows, ...offers]
    .filter(({ atMs }) => atMs <= nowMs)
    .sort((a, b) => a.atMs - b.atMs || a.kind - b.kind || a.id - b.id);
}
