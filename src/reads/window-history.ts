// windows.get: a trade window with what happened in it, newest first, page by page, and what was
// shown for confirmation meanwhile. Invariant: a page is within ANSWER_BYTES_MAX, whatever the
// players did: rows are weighed by what they become at most, before anything is looked up for them.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import {
  type LineChange,
  type LineView,
  WINDOW_EVENTS,
  type WindowLogEntry,
} from '../../protocol/direct.ts';
import { diffLines } from '../../protocol/window-diff.ts';
import type { AmountLocale } from '../base/amount-text.ts';
import { decodeManifest } from '../journal/fact-reader.ts';
import { codeOf, wordOf } from '../journal/words.ts';
import { linesAsJson, playerName } from './lines.ts';
import { manifestView } from './manifest-view.ts';
import { pageRows, type Source } from './source.ts';
import { walk } from './walk.ts';
import { VIEW, type WindowRow, windowView } from './windows.ts';

/** At most: an entry of the log without its changes, one change, a manifest. */
export const ENTRY_BYTES = 160;
export const CHANGE_BYTES = 490;
export const MANIFEST_BYTES = 53_000;
/** Of a page, but for the window itself and for what its first entry of a side changed before. */
export const PAGE_BYTES = 230_000;

/** More than one entry of the engine tells of one window, so that the last moment is whole. */
const STEPS_OF_A_MOMENT_MAX = 8;

const REVIEWED = codeOf(WINDOW_EVENTS, 'reviewed');

/** A put changes at most what it lays and what lay there: each of them counts for two puts. */
const WEIGHT = `${ENTRY_BYTES} + ${2 * CHANGE_BYTES} * coalesce(cardinality(lines), 0) / 3
    + case when event = ${REVIEWED} then ${MANIFEST_BYTES} else 0 end`;

const FOUND = walk({
  table: 'realm.window_log',
  of: { window_id: '$1::bigint' },
  after: { sequence: '$2::bigint', step: '0' },
  direction: 'down',
  limit: `$3::int + ${STEPS_OF_A_MOMENT_MAX}`,
});

/**
 * One statement, so that all of it is of one moment. A moment counts as a whole: the sums stand at
 * its last step for each of its steps. The first moment is always shown.
 */
const ONE = `with found as materialized (${FOUND}), weighed as (
    select *, count(*) over newest as place, sum(${WEIGHT}) over newest as bytes,
      max(sequence) over () as first, min(sequence) over () as last
    from found window newest as (order by sequence desc)
  ), shown as materialized (
    select * from weighed where (place <= $3 and bytes <= ${PAGE_BYTES}) or sequence = first
  ), earlier as (
    select players.by, (
        select e.lines from realm.window_log as e
        where e.window_id = $1 and e.by = players.by and e.lines is not null
          and e.sequence < (select min(sequence) from shown)
        order by e.sequence desc, e.step desc limit 1) as lines
    from (select distinct by from shown where lines is not null) as players
  )
  select ${VIEW}, w.created_at_ms as "createdAtMs",
    (select nullif(min(sequence), min(last)) from shown) as next,
    (select coalesce(json_agg(encode(m.body, 'base64') order by m.revision desc), '[]')
      from realm.manifests as m where m.window_id = w.id
        and m.revision in (select revision from shown where event = ${REVIEWED})) as manifests,
    (select coalesce(json_agg(json_build_object('player', ${playerName('e.by')},
        'put', ${linesAsJson('e.lines')})), '[]') from earlier as e where e.lines is not null
        ) as earlier,
    (select coalesce(json_agg(json_build_object('atMs', e.at_ms, 'event', e.event,
        'player', ${playerName('e.by')}, 'revision', e.revision,
        'put', case when e.lines is not null then ${linesAsJson('e.lines')} end
        ) order by e.sequence desc, e.step desc), '[]') from shown as e) as log
  from realm.windows as w where w.id = $1`;

interface Put {
  readonly player: string | null;
  /** All of the side, when something was put. */
  readonly put: readonly LineView[] | null;
}

interface LogRow extends Put {
  readonly atMs: number;
  readonly event: number;
  readonly revision: number;
}

interface HistoryRow extends WindowRow {
  readonly createdAtMs: number;
  readonly next: number | null;
  readonly manifests: readonly string[];
  /** What both had put last before this page. */
  readonly earlier: readonly Put[];
  readonly log: readonly LogRow[];
}

/** Null when there is no such window, or when it is none of the asking player's. */
export async function getWindow(
  source: Source,
  { player, role }: { readonly player: string; readonly role: string },
  { window, before, limit: asked }: Payload<'windows.get'>,
  locale: AmountLocale,
): Promise<Result<'windows.get'> | null> {
  const values = [window, before ?? Number.MAX_SAFE_INTEGER, pageRows(asked)];
  const [row] = (await source.query<HistoryRow>(ONE, values)).rows;
  if (row === undefined) return null;
  const { createdAtMs, next, manifests, earlier, log, ...rest } = row;
  const view = windowView(rest);
  const isOwn = view.sides.some(each => each.player === player);
  if (!isOwn && role !== 'service') return null;
  return {
    window: view,
    createdAtMs,
    manifests: manifests.map(body =>
      manifestView(decodeManifest(Buffer.from(body, 'base64')), locale),
    ),
    log: logOf(log, earlier),
    next,
  };
}

/** Each step with what it changed, against what the player had put before it; newest first. */
function logOf(rows: readonly LogRow[], earlier: readonly Put[]): WindowLogEntry[] {
  const table = new Map(earlier.map(({ player, put }) => [player, put ?? []]));
  const entry = ({ atMs, event, player, revision, put }: LogRow): WindowLogEntry => {
    let changes: LineChange[] = [];
    if (player !== null && put !== null) {
      changes = diffLines(player, table.get(player) ?? [], put);
      table.set(player, put);
    }
    return { atMs, event: wordOf(WINDOW_EVENTS, event), player, revision, changes };
  };
  return rows.toReversed().map(entry).reverse();
}
