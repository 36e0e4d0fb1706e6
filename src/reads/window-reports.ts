// windows.report and windows.reports: what players put before the game's support. The one thing
// that the reads write: it moves nothing, so it is in no journal and no projection, and only the
// first report of a player on a window counts. A report may be made while the window is live. A
// player makes so many a day at most: of several that are sent at once, a few more may go through.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import { REPORT_REASON } from '../../protocol/commands/windows.ts';
import { REPORT_ROWS_MAX, REPORTS_PER_DAY_MAX } from '../../protocol/limits.ts';
import { cleanText } from '../../protocol/text.ts';
import { playerName } from './lines.ts';
import { page, pageRows, type Source } from './source.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const REPORT = `with now as (
    select floor(extract(epoch from clock_timestamp()) * 1000) as at_ms
  ), own as (
    select w.id, p.id as player
    from realm.windows as w join realm.players as p on p.id in (w.inviter, w.invited)
    where w.id = $1 and p.name = $2
  ), standing as (
    select own.id, own.player, now.at_ms,
      exists (
        select 1 from realm.window_reports as r where r.window_id = own.id and r.player = own.player
      ) as is_known,
      (
        select count(*) from realm.window_reports as r
        where r.player = own.player and r.at_ms > now.at_ms - ${DAY_MS}
      ) < ${REPORTS_PER_DAY_MAX} as has_room
    from own cross join now
  ), added as (
    insert into realm.window_reports (window_id, player, at_ms, reason)
    select id, player, at_ms, $3 from standing where has_room
    on conflict (window_id, player) do nothing
  )
  select is_known or has_room as reported from standing`;

const REPORTS = `select r.id as report, r.window_id as window, ${playerName('r.player')} as player,
    r.at_ms as "atMs", r.reason
  from realm.window_reports as r where $1::bigint is null or r.id < $1
  order by r.id desc limit $2`;

type Report = Result<'windows.reports'>['reports'][number];

/**
 * 'no-window' when the player never took part in a window of this id; 'too-many' when this would be
 * one report too many within a day.
 */
export async function reportWindow(
  source: Source,
  player: string,
  { window, reason }: Payload<'windows.report'>,
): Promise<Result<'windows.report'> | 'no-window' | 'too-many'> {
  const values = [window, player, reason];
  const { rows } = await source.query<{ reported: boolean }>(REPORT, values);
  const [row] = rows;
  if (row === undefined) return 'no-window';
  return row.reported ? { window, reported: true } : 'too-many';
}

export async function getReports(
  source: Source,
  { before, limit: asked }: Payload<'windows.reports'>,
): Promise<Result<'windows.reports'>> {
  const limit = pageRows(asked, REPORT_ROWS_MAX);
  const { rows } = await source.query<Report>(REPORTS, [before ?? null, limit + 1]);
  const { page: reports, next } = page(rows, limit, row => row.report);
  return { reports: reports.map(shown), next };
}

/** Earlier versions took more than a text may have; it is not shown. */
function shown(report: Report): Report {
  return { ...report, reason: cleanText(report.reason, REPORT_REASON) };
}
