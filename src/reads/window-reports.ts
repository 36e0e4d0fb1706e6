// windows.report and windows.reports: what players put before the game's support. The one thing
// that the reads write: it moves nothing, so it is in no journal and no projection, and only the
// first report of a player on a window counts. A report may be made while the window is live.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import { REPORT_REASON } from '../../protocol/commands/windows.ts';
import { cleanText } from '../../protocol/text.ts';
import { playerName } from './lines.ts';
import { page, pageRows, type Source } from './source.ts';

const REPORT = `with own as (
    select w.id, p.id as player
    from windows as w join players as p on p.id in (w.inviter, w.invited)
    where w.id = $1 and p.name = $2
  ), added as (
    insert into window_reports (window_id, player, at_ms, reason)
    select id, player, floor(extract(epoch from clock_timestamp()) * 1000), $3 from own
    on conflict (window_id, player) do nothing
  )
  select id from own`;

const REPORTS = `select r.id as report, r.window_id as window, ${playerName('r.player')} as player,
    r.at_ms as "atMs", r.reason
  from window_reports as r where $1::bigint is null or r.id < $1
  order by r.id desc limit $2`;

type Report = Result<'windows.reports'>['reports'][number];

/** Null when the player never took part in a window of this id. */
export async function reportWindow(
  source: Source,
  player: string,
  { window, reason }: Payload<'windows.report'>,
): Promise<Result<'windows.report'> | null> {
  const { rows } = await source.query(REPORT, [window, player, reason]);
  return rows.length === 0 ? null : { window, reported: true };
}

export async function getReports(
  source: Source,
  { before, limit: asked }: Payload<'windows.reports'>,
): Promise<Result<'windows.reports'>> {
  const limit = pageRows(asked);
  const { rows } = await source.query<Report>(REPORTS, [before ?? null, limit + 1]);
  const { page: reports, next } = page(rows, limit, row => row.report);
  return { reports: reports.map(shown), next };
}

/** Earlier versions took more than a text may have; it is not shown. */
function shown(report: Report): Report {
  return { ...report, reason: cleanText(report.reason, REPORT_REASON) };
}
