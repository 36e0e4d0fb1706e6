// The auditor's reading of the facts of windows: how a table may change, who can have agreed to
// what and when, and how a window may end. Each check throws an AuditError that names the rule.

import type { WindowStatus } from '../../protocol/direct.ts';
import type { Entry } from '../../src/engine/entry.ts';
import type { Line, WindowFact } from '../../src/engine/fact.ts';
import type { DirectRules } from '../../src/engine/rules.ts';
import { demand } from './audit-rules.ts';
import type { FactTables } from './fact-tables.ts';

const NEXT: Readonly<Record<WindowStatus, readonly WindowStatus[]>> = {
  invited: ['invited', 'open', 'cancelled'],
  open: ['open', 'review', 'cancelled'],
  review: ['review', 'open', 'done', 'cancelled'],
  done: [],
  cancelled: [],
};

export interface WindowChange {
  readonly before: WindowFact | undefined;
  readonly fact: WindowFact;
  readonly entry: Entry;
  /** As they were before the entry; its manifests are in them already. */
  readonly tables: FactTables;
  readonly rules: DirectRules;
}

export function checkWindowFact(change: WindowChange): void {
  const { before, fact, entry, tables } = change;
  const { id, sides, status } = fact;
  // Who is away is found out when their time is up, whatever the entry.
  const isAbsence = fact.event === 'left';
  const isOurs = fact.by < 0 || isAbsence || tables.playerName(fact.by) === entry.player;
  demand(isOurs, `window ${id} is changed by the one who said so`);
  demand((status === 'cancelled') === (fact.reason !== null), `window ${id} says why it ended`);
  demand(
    (status === 'review' || status === 'done') === (fact.manifest !== ''),
    `window ${id} has a manifest in review`,
  );
  for (const side of sides) {
    const agrees = side.accepted || side.confirmed;
    demand(!agrees || side.awayUntilMs === 0, `who is away from window ${id} agrees to nothing`);
    demand(!side.confirmed || side.accepted, `window ${id} is confirmed once it is accepted`);
    demand(status !== 'review' || side.accepted, `window ${id} is reviewed when both accepted`);
    demand(status !== 'done' || side.confirmed, `window ${id} is done when both confirmed`);
  }
  if (before === undefined) checkNewWindow(change);
  else checkChange(change, before);
}

function checkNewWindow({ fact, entry, tables }: WindowChange): void {
  const { id, sides } = fact;
  demand(id === Math.max(0, ...tables.windows.keys()) + 1, 'windows are counted without a gap');
  demand(fact.status === 'invited' && fact.revision === 0, `window ${id} begins as an invitation`);
  demand(fact.createdAtMs === entry.atMs, `window ${id} is made now`);
  demand(sides[0].player !== sides[1].player, `window ${id} is between two players`);
  for (const side of sides) demand(side.lines.length === 0, `window ${id} begins empty`);
}

function checkChange(change: WindowChange, before: WindowFact): void {
  const { fact, entry, tables } = change;
  const { id, status, sides } = fact;
  demand(NEXT[before.status].includes(status), `window ${id}: ${before.status} to ${status}`);
  demand(before.createdAtMs === fact.createdAtMs, `window ${id} keeps its beginning`);
  const moved = sides.map(({ lines }, at) => !same(lines, before.sides[at as 0 | 1].lines));
  const reopens = before.status === 'review' && status === 'open';
  const isNew = moved.includes(true) || reopens;
  demand(fact.revision === before.revision + (isNew ? 1 : 0), `window ${id} counts its changes`);
  demand(!moved.includes(true) || before.status === 'open', `window ${id} changes on the table`);
  if (isNew) checkNewTable(change, before, moved);
  sides.forEach((side, at) => {
    const old = before.sides[at as 0 | 1];
    demand(side.player === old.player, `window ${id} keeps its players`);
    const agrees = (side.accepted && !old.accepted) || (side.confirmed && !old.confirmed);
    if (!agrees) return;
    demand(fact.by === side.player, `nobody agrees to window ${id} for another`);
    demand(entry.atMs >= before.armedAtMs, `window ${id} is armed before anybody agrees`);
    const isTime = before.status === (side.confirmed ? 'review' : 'open');
    demand(isTime, `window ${id} is accepted on the table and confirmed in the review`);
  });
  if (status === 'review') checkManifest(fact, tables);
  if (status === 'done') demand(fact.manifest === before.manifest, `window ${id} is as confirmed`);
  if (status === 'cancelled') checkEnd(fact, before, entry);
}

/** Whatever changes, everybody must look again: the longer, the more somebody could have missed. */
function checkNewTable(
  { fact, entry, rules }: WindowChange,
  before: WindowFact,
  moved: readonly boolean[],
): void {
  const { id, sides } = fact;
  const wasAccepted = before.sides.some(({ accepted }) => accepted);
  sides.forEach((side, at) => {
    demand(!side.accepted && !side.confirmed, `a change of window ${id} ends every acceptance`);
    if (moved[at] !== true) return;
    demand(fact.by === side.player, `each player of window ${id} changes his own side`);
    const isLess = before.sides[at as 0 | 1].lines.some(line => {
      const now = side.lines.find(one => isSamePlace(one, line));
      return now === undefined || now.quantity < line.quantity;
    });
    const pauseMs = isLess ? rules.armTakenMs : rules.armAddedMs;
    const armedAtMs = entry.atMs + pauseMs + (wasAccepted ? rules.armAcceptedMs : 0);
    demand(fact.armedAtMs >= armedAtMs, `a change of window ${id} bars accepting for a while`);
  });
}

function checkManifest({ id, manifest, revision, sides }: WindowFact, tables: FactTables): void {
  const body = tables.manifests.get(manifest)?.body;
  demand(body !== undefined, `window ${id} is reviewed by a manifest that was told`);
  demand(body.window === id && body.revision === revision, `the manifest of ${id} is of its table`);
  sides.forEach(({ lines }, at) => {
    const shown = body.sides[at as 0 | 1].assets;
    const isSame = lines.every((line, index) => {
      const { asset, location, quantity } = tables.lineView(line);
      const other = shown[index];
      return other?.asset === asset && other.location === location && other.quantity === quantity;
    });
    demand(isSame && shown.length === lines.length, `the manifest of ${id} shows the table`);
  });
}

function checkEnd(fact: WindowFact, before: WindowFact, { atMs }: Entry): void {
  const { id, reason } = fact;
  const isDeserted = before.sides.some(({ awayUntilMs: ms }) => ms > 0 && ms <= atMs);
  const isDue = before.deadlineMs <= atMs;
  const isInvited = before.status === 'invited';
  if (reason === 'expired') demand(isInvited && (isDue || isDeserted), `window ${id} expires`);
  if (reason === 'timeout') demand(!isInvited && isDue, `window ${id} has had its time`);
  if (reason === 'disconnected') demand(!isInvited && isDeserted, `window ${id} is deserted`);
  if (reason === 'declined') demand(isInvited, `only an invitation is declined (${id})`);
}

/** Between two entries: nobody trades in two windows, with somebody blocked, or beyond the time. */
export function checkWindows(tables: FactTables, nowMs: number): void {
  const occupied = new Set<number>();
  for (const { id, status, sides, deadlineMs } of tables.liveWindows()) {
    demand(deadlineMs > nowMs, `window ${id} is live beyond its time`);
    sides.forEach(({ player, awayUntilMs }, at) => {
      demand(awayUntilMs === 0 || awayUntilMs > nowMs, `window ${id} waits too long`);
      if (status === 'invited' && at === 1) return;
      demand(!occupied.has(player), `player ${player} is in one window (${id})`);
      occupied.add(player);
    });
    checkApart(tables, sides[0].player, sides[1].player, `window ${id}`);
  }
}

export function checkApart(tables: FactTables, one: number, other: number, what: string): void {
  const isApart = [`${one} ${other}`, `${other} ${one}`].some(
    pair => tables.blocks.get(pair)?.blocked === true,
  );
  demand(!isApart, `${what} is not between players of whom one blocked the other`);
}

function isSamePlace(one: Line, other: Line): boolean {
  return one.asset === other.asset && one.location === other.location;
}

function same(some: readonly Line[], others: readonly Line[]): boolean {
  if (some.length !== others.length) return false;
  return some.every((one, index) => {
    const other = others[index];
    return other !== undefined && isSamePlace(one, other) && one.quantity === other.quantity;
  });
}
