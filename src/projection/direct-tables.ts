// The tables of direct trades: windows with their log and manifests, offers, blocks, privacy and
// friends. A
// window that begins and ends within a round is one row of `windows`; its log has every step.

import {
  OFFER_STATUSES,
  WINDOW_ENDS,
  WINDOW_EVENTS,
  WINDOW_STATUSES,
} from '../../protocol/direct.ts';
import type { Line } from '../engine/fact.ts';
import { codeOf } from '../journal/words.ts';
import type { Changes, RowOf } from './changes.ts';
import { lines } from './lines.ts';
import { bool, bytea, int2, int4, int8, Table, text } from './table.ts';
import { always, append, byId, type Target, type Write } from './write.ts';

const NO_LINES: readonly Line[] = [];

const windows = new Table<RowOf<'windows'>>(
  'windows',
  [
    int8('id', row => row.id),
    int8('revision', row => row.revision),
    int8('steps', row => row.steps),
    int8('armed_at_ms', row => row.armedAtMs),
    int8('deadline_ms', row => row.deadlineMs),
    int8('created_at_ms', row => row.createdAtMs),
    int8('inviter_away_until_ms', row => row.sides[0].awayUntilMs),
    int8('invited_away_until_ms', row => row.sides[1].awayUntilMs),
    int4('inviter', row => row.sides[0].player),
    int4('invited', row => row.sides[1].player),
    int4('by', row => row.by),
    int2('status', row => codeOf(WINDOW_STATUSES, row.status)),
    int2('reason', row => (row.reason === null ? -1 : codeOf(WINDOW_ENDS, row.reason))),
    int2('event', row => codeOf(WINDOW_EVENTS, row.event)),
    bool('inviter_accepted', row => row.sides[0].accepted),
    bool('inviter_confirmed', row => row.sides[0].confirmed),
    bool('invited_accepted', row => row.sides[1].accepted),
    bool('invited_confirmed', row => row.sides[1].confirmed),
    bool('has_baseline', row => row.baseline !== null),
    lines('inviter_lines', row => row.sides[0].lines),
    lines('invited_lines', row => row.sides[1].lines),
    lines('inviter_baseline', row => row.baseline?.[0] ?? NO_LINES),
    lines('invited_baseline', row => row.baseline?.[1] ?? NO_LINES),
    text('manifest', row => row.manifest),
  ],
  [
    'revision',
    'steps',
    'armed_at_ms',
    'deadline_ms',
    'inviter_away_until_ms',
    'invited_away_until_ms',
    'by',
    'status',
    'reason',
    'event',
    'inviter_accepted',
    'inviter_confirmed',
    'invited_accepted',
    'invited_confirmed',
    'has_baseline',
    'inviter_lines',
    'invited_lines',
    'inviter_baseline',
    'invited_baseline',
    'manifest',
  ],
);

const windowLog = new Table<RowOf<'windowLog'>>('window_log', [
  int8('window_id', row => row.id),
  int8('sequence', row => row.sequence),
  int8('at_ms', row => row.atMs),
  int8('revision', row => row.revision),
  int4('step', row => row.step),
  int4('by', row => row.by),
  int2('event', row => codeOf(WINDOW_EVENTS, row.event)),
  lines('lines', row => row.put),
]);

const manifests = new Table<RowOf<'manifests'>>('manifests', [
  int8('window_id', row => row.fact.window),
  int8('revision', row => row.fact.revision),
  int8('at_ms', row => row.atMs),
  text('hash', row => row.fact.manifest),
  bytea('body', row => row.fact.bodyBytes),
]);

const offers = new Table<RowOf<'offers'>>(
  'offers',
  [
    int8('id', row => row.id),
    int8('created_at_ms', row => row.createdAtMs),
    int8('expires_at_ms', row => row.expiresAtMs),
    int8('counter_of', row => row.counterOf),
    int4('maker', row => row.maker),
    int4('taker', row => row.taker),
    int2('status', row => codeOf(OFFER_STATUSES, row.status)),
    lines('give', row => row.give),
    lines('want', row => row.want),
    text('message', row => row.message),
  ],
  ['status'],
);

const blocks = new Table<RowOf<'blocks'>>(
  'blocks',
  [
    int4('player', row => row.player),
    int4('other', row => row.other),
    bool('blocked', row => row.blocked),
  ],
  ['blocked'],
  2,
);

const privacy = new Table<RowOf<'privacy'>>(
  'privacy',
  [int4('player', row => row.player), bool('closed', row => row.closed)],
  ['closed'],
);

const friends = new Table<RowOf<'friends'>>(
  'friends',
  [
    int4('player', row => row.player),
    int4('other', row => row.other),
    int8('sequence', row => row.sequence),
  ],
  ['sequence'],
  2,
);

export function directWrites(changes: Changes, target: Target): Write[] {
  const choices = [...changes.blocks.values()];
  const known = [...changes.friends.values()];
  return [
    always(blocks.upsert(choices.filter(({ blocked }) => blocked))),
    always(blocks.remove(choices.filter(({ blocked }) => !blocked))),
    always(privacy.upsert([...changes.privacy.values()])),
    always(friends.upsert(known.filter(({ isKept }) => isKept))),
    always(friends.remove(known.filter(({ isKept }) => !isKept))),
    ...byId(windows, changes.windows, target.windowMax, target),
    append(windowLog, changes.windowLog, target),
    append(manifests, changes.manifests, target),
    ...byId(offers, changes.offers, target.offerMax, target),
  ];
}
