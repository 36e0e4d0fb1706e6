// windows.get, windows.mine and windows.blocked: trade windows as they stand, with all that was
// shown for confirmation and all that happened; and whom a player wants nothing of.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import {
  type LineChange,
  type LineView,
  type ManifestView,
  WINDOW_ENDS,
  WINDOW_EVENTS,
  WINDOW_STATUSES,
  type WindowEnd,
  type WindowLogEntry,
  type WindowView,
} from '../../protocol/direct.ts';
import { diffLines } from '../../protocol/window-diff.ts';
import type { AmountLocale } from '../base/amount-text.ts';
import { decodeManifest } from '../journal/fact-reader.ts';
import { wordOf } from '../journal/words.ts';
import { linesAsJson, playerName } from './lines.ts';
import { manifestView } from './manifest-view.ts';
import { page, pageRows, type Source } from './source.ts';

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

/** One statement, so that the window, its manifests and its log are of one moment. */
const ONE = `select ${VIEW}, w.created_at_ms as "createdAtMs",
    (select coalesce(json_agg(encode(m.body, 'base64') order by m.revision), '[]')
      from realm.manifests as m where m.window_id = w.id) as manifests,
    (select coalesce(json_agg(json_build_object('atMs', e.at_ms, 'event', e.event,
        'player', ${playerName('e.by')}, 'revision', e.revision,
        'put', case when e.lines is not null then ${linesAsJson('e.lines')} end
        ) order by e.sequence, e.step), '[]')
      from realm.window_log as e where e.window_id = w.id) as log
  from realm.windows as w where w.id = $1`;

/** Nobody trades with himself, so no window is found twice. */
const own = (column: 'inviter' | 'invited') => `(select * from realm.windows
  where ${column} = (select id from realm.players where name = $1)
    and ($2::bigint is null or id < $2)
  order by id desc limit $3)`;
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

interface LogRow {
  readonly atMs: number;
  readonly event: number;
  readonly player: string | null;
  readonly revision: number;
  /** All of his side, when he put something. */
  readonly put: readonly LineView[] | null;
}

interface FullRow extends WindowRow {
  readonly createdAtMs: number;
  readonly manifests: readonly string[];
  readonly log: readonly LogRow[];
}

/** Null when there is no such window, or when it is none of the asking player's. */
export async function getWindow(
  source: Source,
  { player, role }: { readonly player: string; readonly role: string },
  { window }: Payload<'windows.get'>,
  locale: AmountLocale,
): Promise<Result<'windows.get'> | null> {
  const [row] = (await source.query<FullRow>(ONE, [window])).rows;
  if (row === undefined) return null;
  const { createdAtMs, manifests, log, ...rest } = row;
  const view = windowView(rest);
  const isOwn = view.sides.some(each => each.player === player);
  if (!isOwn && role !== 'service') return null;
  const shown = manifests.map(
    (body): ManifestView => manifestView(decodeManifest(Buffer.from(body, 'base64')), locale),
  );
  return { window: view, createdAtMs, manifests: shown, log: logOf(log) };
}

export async function getOwnWindows(
  source: Source,
  player: string,
  payload: Payload<'windows.mine'>,
): Promise<Result<'windows.mine'>> {
  const limit = pageRows(payload.limit);
  const { rows } = await source.query<WindowRow>(OWN, [player, payload.before ?? null, limit + 1]);
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

/** Each step with what it changed, against what the player had put before it. */
function logOf(rows: readonly LogRow[]): WindowLogEntry[] {
  const table = new Map<string, readonly LineView[]>();
  return rows.map(({ atMs, event, player, revision, put }) => {
    let changes: LineChange[] = [];
    if (player !== null && put !== null) {
      changes = diffLines(player, table.get(player) ?? [], put);
      table.set(player, put);
    }
    return { atMs, event: wordOf(WINDOW_EVENTS, event), player, revision, changes };
  });
}
