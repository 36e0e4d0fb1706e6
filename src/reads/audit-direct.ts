// What must hold in the tables of windows and offers, each rule one query that finds what breaks
// it. audit.ts runs them with its own.

import { OFFER_STATUSES, WINDOW_EVENTS, WINDOW_STATUSES } from '../../protocol/direct.ts';
import { TRANSFER_REASONS, type TransferReason } from '../engine/fact.ts';
import { codeOf } from '../journal/words.ts';
import type { Check } from './audit.ts';

const DONE = codeOf(WINDOW_STATUSES, 'done');
const INVITED = codeOf(WINDOW_STATUSES, 'invited');
const REVIEW = codeOf(WINDOW_STATUSES, 'review');
/** Coming and going is logged only where it took something back. */
const PRESENCES = `${codeOf(WINDOW_EVENTS, 'left')}, ${codeOf(WINDOW_EVENTS, 'returned')}`;
const OPEN_OFFER = codeOf(OFFER_STATUSES, 'open');
const ACCEPTED_OFFER = codeOf(OFFER_STATUSES, 'accepted');

/** The lines of `sides`, a query of (id, player, lines): one row each. */
const linesOf = (sides: string) => `select s.id, s.player as owner, s.lines[k]::int as asset,
    s.lines[k + 1]::int as location, s.lines[k + 2] as quantity
  from (${sides}) as s cross join generate_series(1, cardinality(s.lines), 3) as k`;

const windowSides = (which: string) => `
  select id, inviter as player, inviter_lines as lines from realm.windows where ${which}
  union all select id, invited, invited_lines from realm.windows where ${which}`;

/** What a player of window `w` put last. */
const LAST_PUT = (player: string) => `coalesce((
  select lines from realm.window_log where window_id = w.id and by = ${player} and lines is not null
  order by sequence desc, step desc limit 1), '{}')`;

const LIVE_LINES = linesOf(windowSides(`status < ${DONE}`));
const TRADED_LINES = linesOf(windowSides(`status = ${DONE}`));
const OFFERED_LINES = linesOf(
  `select id, maker as player, give as lines from realm.offers where status = ${OPEN_OFFER}`,
);
const EXCHANGED_LINES = linesOf(`
  select id, maker as player, give as lines from realm.offers where status = ${ACCEPTED_OFFER}
  union all select id, taker, want from realm.offers where status = ${ACCEPTED_OFFER}`);

/** What live windows and open offers hold: (owner, asset, location, held). */
export const HELD_DIRECTLY = `select owner, asset, location, quantity as held
  from (${LIVE_LINES} union all ${OFFERED_LINES}) as lines`;

const codes = (reasons: readonly TransferReason[]) =>
  reasons.map(reason => codeOf(TRANSFER_REASONS, reason)).join(', ');

/**
 * Lines that are not what moved by transfers of these reasons: in all; and by account, as far as
 * the accounts are still there.
 */
const unlike = (lines: string, reasons: readonly TransferReason[]) => `
  select id, null as owner, null as asset, null as location, due.sum, moved.sum as moved from (
    select id, sum(quantity) as sum from (${lines}) as lines group by 1
  ) as due full join (
    select reference as id, sum(quantity) as sum from realm.transfers
    where reason in (${codes(reasons)}) group by 1
  ) as moved using (id)
  where due.sum is distinct from moved.sum
  union all select id, owner, asset, location, due.sum, moved.sum from (
    select m.reference as id, d.owner, d.asset, d.location, sum(m.quantity) as sum
    from realm.transfers as m join realm.accounts as d on d.id = m.debit and d.since <= m.sequence
    where m.reason in (${codes(reasons)}) group by 1, 2, 3, 4
  ) as moved left join (
    select id, owner, asset, location, sum(quantity) as sum from (${lines}) as lines
    group by 1, 2, 3, 4
  ) as due using (id, owner, asset, location)
  where due.sum is distinct from moved.sum`;

/** Pairs of which one has blocked the other. */
const BLOCKED = (
  one: string,
  other: string,
) => `exists (select from realm.blocks as b where b.blocked
  and ((b.player = ${one} and b.other = ${other}) or (b.player = ${other} and b.other = ${one})))`;

export const DIRECT_CHECKS: readonly Check[] = [
  {
    check: 'a window that was traded moved what lay on both sides, and no other moved anything',
    over: 'windows',
    broken: unlike(TRADED_LINES, ['window', 'window-fee']),
  },
  {
    check: 'an offer that was accepted moved what it said, and no other moved anything',
    over: 'offers',
    broken: unlike(EXCHANGED_LINES, ['offer', 'offer-fee']),
  },
  {
    check: 'nobody takes part in two live windows',
    over: 'windows',
    broken: `select player, count(*) from (
        select inviter as player from realm.windows where status < ${DONE}
        union all select invited from realm.windows where status < ${DONE} and status <> ${INVITED}
      ) as busy group by player having count(*) > 1`,
  },
  {
    check: 'a window stands as the last line of its log has it',
    over: 'window_log',
    broken: `select w.id, w.revision, e.revision as logged, e.event
      from realm.windows as w full join (
        select distinct on (window_id) * from realm.window_log
        order by window_id, sequence desc, step desc
      ) as e on e.window_id = w.id
      where (w.revision, w.inviter_lines, w.invited_lines) is distinct from
        (e.revision, ${LAST_PUT('w.inviter')}, ${LAST_PUT('w.invited')})
        or (w.event not in (${PRESENCES}) and (w.event, w.by) is distinct from (e.event, e.by))`,
  },
  {
    check: 'a window under review, or traded, was shown its manifest and accepted by both',
    over: 'manifests',
    broken: `select w.id, w.revision, w.manifest from realm.windows as w
      left join realm.manifests as m
        on m.window_id = w.id and m.revision = w.revision and m.hash = w.manifest
      where w.status in (${REVIEW}, ${DONE})
        and (m.hash is null or not w.inviter_accepted or not w.invited_accepted)`,
  },
  {
    check: 'a window that was traded was confirmed by both',
    over: 'windows',
    broken: `select id from realm.windows
      where status = ${DONE} and not (inviter_confirmed and invited_confirmed)`,
  },
  {
    check: 'nothing is open between two players of whom one blocked the other',
    over: 'blocks',
    broken: `select 'window' as what, id from realm.windows
        where status < ${DONE} and ${BLOCKED('inviter', 'invited')}
      union all select 'offer', id from realm.offers
        where status = ${OPEN_OFFER} and ${BLOCKED('maker', 'taker')}`,
  },
];
