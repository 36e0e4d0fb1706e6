// How a window ended, as the last frame of its channel shows it: for those who listen while the one
// who should have told them ended before.

import { WINDOW_STATUSES } from '../../protocol/direct.ts';
import type { WindowSnapshot } from '../../protocol/events.ts';
import type { AmountLocale } from '../base/amount-text.ts';
import { decodeManifest } from '../journal/fact-reader.ts';
import { codeOf } from '../journal/words.ts';
import { manifestView } from './manifest-view.ts';
import type { Source } from './source.ts';
import { VIEW, type WindowRow, windowView } from './windows.ts';

/** A window that is over, and the sequence at which it ended. */
export interface EndedWindow {
  readonly sequence: number;
  readonly data: WindowSnapshot;
}

const DONE = codeOf(WINDOW_STATUSES, 'done');

/** The end is always logged, and is the last step. */
const ENDED = `select ${VIEW}, e.sequence, e.at_ms as "atMs",
    (select encode(m.body, 'base64') from realm.manifests as m
      where m.window_id = w.id and m.revision = w.revision and m.hash = w.manifest) as body
  from realm.windows as w cross join lateral (
    select l.sequence, l.at_ms from realm.window_log as l where l.window_id = w.id
    order by l.sequence desc, l.step desc limit 1
  ) as e where w.id = $1 and w.status >= ${DONE}`;

interface Row extends WindowRow {
  readonly sequence: number;
  readonly atMs: number;
  readonly body: string | null;
}

/** Null when the window is live, or not the player's, or there is none. */
export async function getWindowEnd(
  source: Source,
  player: string,
  window: number,
  locale: AmountLocale,
): Promise<EndedWindow | null> {
  const [row] = (await source.query<Row>(ENDED, [window])).rows;
  if (row === undefined) return null;
  const { sequence, atMs, body, ...rest } = row;
  const view = windowView(rest);
  if (!view.sides.some(side => side.player === player)) return null;
  if (view.status !== 'done' || view.manifest === null || body === null) {
    return { sequence, data: { window: view, manifest: null, receipt: null } };
  }
  const manifest = manifestView(decodeManifest(Buffer.from(body, 'base64')), locale);
  const receipt = { window, manifest: view.manifest, atMs };
  return { sequence, data: { window: view, manifest, receipt } };
}
