// Rows of direct trades back to facts: what is open, what an engine remembers of invitations that
// are over, and who wants nothing from whom.

import type pg from 'pg';
import {
  OFFER_STATUSES,
  WINDOW_ENDS,
  WINDOW_EVENTS,
  WINDOW_STATUSES,
} from '../../protocol/direct.ts';
import type { Fact, OfferFact, WindowFact } from '../engine/fact.ts';
import { INVITATION_MEMORY_MS } from '../engine/window.ts';
import { decodeManifest } from '../journal/fact-reader.ts';
import { codeOf, wordOf } from '../journal/words.ts';
import { linesOf } from './lines.ts';
import type { Standing } from './projector.ts';
import { type Cells, each } from './rows.ts';

/**
 * Gives `restore` blocks, privacy and friends; by id the live windows and those that began within
 * the last minute; the manifests under review; and the open offers by id.
 */
export async function loadDirectTrades(
  client: pg.ClientBase,
  { atMs }: Standing,
  restore: (fact: Fact) => void,
): Promise<void> {
  await each(client, BLOCKS, ([player, other]) =>
    restore({
      kind: 'block',
      player: player as number,
      other: other as number,
      blocked: true,
    }),
  );
  await each(client, CLOSED, ([player]) =>
    restore({ kind: 'privacy', player: player as number, closed: true }),
  );
  await each(client, FRIENDS, ([player, other, sequence]) =>
    restore({
      kind: 'friend',
      player: player as number,
      other: other as number,
      sequence: sequence as number,
      isKept: true,
    }),
  );
  await each(client, windowsSince(atMs - INVITATION_MEMORY_MS), cells => restore(windowOf(cells)));
  await each(client, MANIFESTS, ([window, body]) =>
    restore({
      kind: 'manifest',
      window: window as number,
      body: decodeManifest(body as Uint8Array),
    }),
  );
  await each(client, OPEN_OFFERS, cells => restore(offerOf(cells)));
}

const BLOCKS = 'select player, other from realm.blocks where blocked order by player, other';
const FRIENDS = 'select player, other, sequence from realm.friends order by player, other';
const CLOSED = 'select player from realm.privacy where closed order by player';

const LIVE = `status < ${codeOf(WINDOW_STATUSES, 'done')}`;
const windowsSince = (sinceMs: number) => `select id, status, reason, revision,
    inviter, inviter_lines, inviter_accepted, inviter_confirmed, inviter_away_until_ms,
    invited, invited_lines, invited_accepted, invited_confirmed, invited_away_until_ms,
    armed_at_ms, deadline_ms, created_at_ms, manifest,
    has_baseline, inviter_baseline, invited_baseline, event, by, steps
  from realm.windows where ${LIVE} or created_at_ms > ${sinceMs} order by id`;

const MANIFESTS = `select m.window_id, m.body
  from realm.windows as w join realm.manifests as m on m.window_id = w.id and m.hash = w.manifest
  where w.${LIVE} order by w.id`;

const OPEN_OFFERS = `select id, maker, taker, give, want, message, status, created_at_ms,
  expires_at_ms, counter_of from realm.offers where status = 0 order by id`;

function windowOf(cells: Cells): WindowFact {
  const reason = cells[2] as number;
  const side = (first: number) => ({
    player: cells[first] as number,
    lines: linesOf(cells[first + 1]),
    accepted: cells[first + 2] as boolean,
    confirmed: cells[first + 3] as boolean,
    awayUntilMs: cells[first + 4] as number,
  });
  return {
    kind: 'window',
    id: cells[0] as number,
    status: wordOf(WINDOW_STATUSES, cells[1] as number),
    reason: reason < 0 ? null : wordOf(WINDOW_ENDS, reason),
    revision: cells[3] as number,
    sides: [side(4), side(9)],
    armedAtMs: cells[14] as number,
    deadlineMs: cells[15] as number,
    createdAtMs: cells[16] as number,
    manifest: cells[17] as string,
    baseline: (cells[18] as boolean) ? [linesOf(cells[19]), linesOf(cells[20])] : null,
    event: wordOf(WINDOW_EVENTS, cells[21] as number),
    by: cells[22] as number,
    isLogged: true,
    steps: cells[23] as number,
  };
}

function offerOf(cells: Cells): OfferFact {
  return {
    kind: 'offer',
    id: cells[0] as number,
    maker: cells[1] as number,
    taker: cells[2] as number,
    give: linesOf(cells[3]),
    want: linesOf(cells[4]),
    message: cells[5] as string,
    status: wordOf(OFFER_STATUSES, cells[6] as number),
    createdAtMs: cells[7] as number,
    expiresAtMs: cells[8] as number,
    counterOf: cells[9] as number,
  };
}
