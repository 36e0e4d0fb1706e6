// windows.mine and windows.blocked: trade windows as they stand, and whom a player wants nothing
// of. What happened in one is in window-history.ts.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import {
  WINDOW_ENDS,
  WINDOW_STATUSES,
  type WindowEnd,
  type WindowView,
} from '../../protocol/direct.ts';
import { TRADE_ROWS_MAX } from '../../protocol/limits.ts';
import { wordOf } from '../journal/words.ts';
import { linesAsJson, playerName } from './lines.ts';
import { page, pageRows, type Source } from './source.ts';
import { latest } from './walk.ts';

/** When a window `w` is over unless something happens: its deadline, or an absence before it. */
export const EXPIRES_AT_MS = `least(w.deadline_ms, nullif(w.inviter_away_until_ms, 0),
    nullif(w.invited_away_until_ms, 0))`;

const side = (name: 'inviter' | 'invited') => `json_build_object(
      'player', ${playerName(`w.${name}`)}, 'assets', ${linesAsJson(`w.${name}_lines`)},
      'accepted', w.${name}_accepted, 'confirmed', w.${name}_confirmed,
      'present', w.${name}_away_until_ms = 0)`;

export const VIEW = `w.id as window, w.status, w.reason, w.revision, w.manifest,
    w.armed_at_ms as "armedAtMs", ${EXPIRES_AT_MS} as "expiresAtMs",
    json_build_array(${side('inviter')}, ${side('invited')}) as sides`;

/** Nobody trades with himself, so no window is found twice. */
const own = (column: 'inviter' | 'invited') =>
  `(${latest('realm.windows', column, '(select id from realm.players where name = $1)')})`;
const OWN = `select ${VIEW} from (
    select * from (${own('inviter')} union all ${own('invited')}) as either
    order by id desc limit $3
  ) as w order by w.id desc`;

const BLOCKED = `with me as (select id from realm.players where name = $1)
  select
    coalesce((select closed from realm.privacy where player = (select id from me)), false)
      as closed,
    (select coalesce(json_agg(p.name order by p.name), '[]')
      from realm.blocks as b join realm.players as p on p.id = b.other
      where b.player = (select id from me) and b.blocked) as blocked`;

/** Words are numbers, and an empty hash stands for none. */
export type WindowRow = Omit<WindowView, 'status' | 'reason' | 'manifest'> & {
  readonly status: number;
  readonly reason: number;
  readonly manifest: string;
};

export async function getOwnWindows(
  source: Source,
  player: string,
  payload: Payload<'windows.mine'>,
): Promise<Result<'windows.mine'>> {
  const limit = pageRows(payload.limit, TRADE_ROWS_MAX);
  const { rows } = await source.query<WindowRow>(OWN, [
    player,
    payload.before ?? Number.MAX_SAFE_INTEGER,
    limit + 1,
  ]);
  const { page: windows, next } = page(rows, limit, row => row.window);
  return { windows: windows.map(windowView), next };
}

export async function getBlocked(
  source: Source,
  player: string,
): Promise<Result<'windows.blocked'>> {
  const { rows } = await source.query<{ closed: boolean; blocked: string[] }>(BLOCKED, [player]);
  const { closed = false, blocked = [] } = rows[0] ?? {};
  return { invitations: closed ? 'none' : 'all', blocked };
}

/** The word behind a reason; -1 stands for none. */
export function endOf(reason: number): WindowEnd | null {
  return reason < 0 ? null : wordOf(WINDOW_ENDS, reason);
}

export function windowView(row: WindowRow): WindowView {
  return {
    window: row.window,
    status: wordOf(WINDOW_STATUSES, row.status),
    reason: endOf(row.reason),
    revision: row.revision,
    sides: row.sides,
    armedAtMs: row.armedAtMs,
    expiresAtMs: row.expiresAtMs,
    manifest: row.manifest === '' ? null : row.manifest,
  };
}
