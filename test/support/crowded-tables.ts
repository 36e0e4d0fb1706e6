// Tables full of the longest there is: a player who owns 16,000 instances with the longest names,
// has hundreds of offers and windows with 16 lines on each side, a window that was changed 5,000
// times, and a long past. For tests of what is read of it, how large and at what cost.

import type pg from 'pg';
import { encode } from '../../protocol/codec.ts';
import { type ManifestView, manifestView, WINDOW_EVENTS } from '../../protocol/direct.ts';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import { codeOf } from '../../src/journal/words.ts';
import { largestValue } from './largest-value.ts';

/** Of the player who has it all. */
export const RICH = 'P'.repeat(64);
export const INSTANCES = 16_000;
export const CLOSED_LISTINGS = 12_000;
/** Their numbers: every put swaps 16 lines; as many reviews as there may be; 5,000 puts. */
export const WINDOW = { swapped: 1, reviewed: 2, endless: 3 } as const;
export const PUTS = 5_000;

export const CROWDED: readonly string[] = [
  ...['players', 'locations', 'items', 'instances', 'accounts', 'orders', 'trades', 'offers'],
  ...['windows', 'window_log', 'manifests', 'window_reports', 'blocks'],
];

const ME = 100;
const OTHER = 101;
const LIVE_INVITATIONS = 250;
const OFFERS = 150;
const REPORTS = 250;
const BIG = AMOUNT_MAX;

/** 16 lines of 16 instances from `first` on, at a place with a long name. */
const lines = (
  first: string,
) => `(select array_agg(v order by k, n) from generate_series(0, 15) as k
  cross join lateral (values (1, (${first}) + k), (2, 1), (3, ${BIG}::bigint)) as line (n, v))`;

const name = (letter: string, length: number, number: string) =>
  `rpad('${letter}' || ${number}, ${length}, '${letter}')`;

const SEED: readonly string[] = [
  `insert into players values (${ME}, '${RICH}'), (${OTHER}, '${'Q'.repeat(64)}')`,
  `insert into players select n, ${name('R', 64, 'n')} from generate_series(1000, 1999) as n`,
  `insert into locations values (1, '${'p'.repeat(64)}') on conflict do nothing`,
  `insert into items values (50, '${'i'.repeat(64)}', 2, 50, 1, 1, 1, ${BIG}, false, '{}')`,
  `insert into instances select n, ${name('i', 64, "''")} || '#' || ${name('s', 32, 'n')}, 50, '{}'
    from generate_series(1000, ${999 + INSTANCES}) as n`,
  `insert into accounts (id, owner, asset, location, available, held)
    select n, ${ME}, n, 1, ${BIG}, ${BIG} from generate_series(1000, ${999 + INSTANCES}) as n`,
  `insert into orders (id, price, quantity, remaining, held, priority, expires_at_ms, created_at_ms,
      player, asset, location, fee_bps, side, time_in_force, status, post_only)
    select ${BIG - 100_000} + n, ${BIG}, ${BIG}, ${BIG}, ${BIG}, n, ${BIG}, ${BIG}, ${ME},
      1000 + n % ${INSTANCES}, 1, 0, 1, 1, case when n < ${CLOSED_LISTINGS} then 2 else 0 end, true
    from generate_series(1, ${CLOSED_LISTINGS + 999}) as n`,
  `insert into orders (id, price, quantity, remaining, held, priority, expires_at_ms, created_at_ms,
      player, asset, location, fee_bps, side, time_in_force, status, post_only)
    values (1, 1, 1, 1, 1, 1, 0, 1, ${ME}, 1000, 1, 0, 0, 0, 2, false)`,
  `insert into trades (id, sequence, at_ms, price, quantity, maker, taker, buyer_fee, seller_fee,
      asset, location, buyer, seller, taker_side)
    select ${BIG - 10_000} + n, 1, ${BIG}, ${BIG}, ${BIG}, ${BIG}, ${BIG}, ${BIG}, ${BIG},
      1000 + n, 1, ${ME}, ${OTHER}, 0 from generate_series(1, 6000) as n`,
  `insert into offers (id, created_at_ms, expires_at_ms, counter_of, maker, taker, status, give,
      want, message)
    select ${BIG - 1_000} + n, ${BIG}, ${BIG}, ${BIG}, ${ME}, ${OTHER}, 0,
      ${lines('1000 + 32 * n')}, ${lines('1016 + 32 * n')}, repeat('𝄞', 200)
    from generate_series(1, ${OFFERS}) as n`,
  windows(`select ${BIG - 1_000} + n as id, 1000 + n as inviter, 0 as status
    from generate_series(1, ${LIVE_INVITATIONS}) as n`),
  windows(`select n as id, ${OTHER} as inviter, 3 as status from generate_series(1, 3) as n`),
  `insert into window_log (window_id, sequence, at_ms, revision, step, by, event, lines)
    select ${WINDOW.swapped}, ${BIG - 10_000} + n, ${BIG}, ${BIG}, 0, case when n % 2 = 0 then ${ME}
      else ${OTHER} end, 2, ${lines('1000 + 16 * (n % 100)')} from generate_series(1, 1000) as n`,
  `insert into window_log (window_id, sequence, at_ms, revision, step, by, event, lines)
    select ${WINDOW.endless}, n, ${BIG}, n, 0, ${ME}, 2, array[1000 + n % 2, 1, n]
      from generate_series(1, ${PUTS}) as n`,
  `insert into window_log (window_id, sequence, at_ms, revision, step, by, event, lines)
    select ${WINDOW.reviewed}, n, ${BIG}, n, 0, ${ME}, ${codeOf(WINDOW_EVENTS, 'reviewed')}, null
      from generate_series(1, 333) as n`,
  `insert into window_reports (window_id, player, at_ms, reason)
    select ${BIG - 1_000} + n, ${OTHER}, ${BIG}, repeat('𝄞', 500)
      from generate_series(1, ${REPORTS}) as n`,
  `insert into window_reports (window_id, player, at_ms, reason)
    select n, 1000 + n % 1000, 1, 'x' from generate_series(1000, 11000) as n`,
  `insert into blocks select ${ME}, n, true from generate_series(1000, 1199) as n`,
];

function windows(rows: string): string {
  return `insert into windows (id, revision, armed_at_ms, deadline_ms, created_at_ms,
      inviter_away_until_ms, invited_away_until_ms, inviter, invited, by, status, reason, event,
      inviter_accepted, inviter_confirmed, invited_accepted, invited_confirmed, has_baseline,
      inviter_lines, invited_lines, inviter_baseline, invited_baseline, manifest)
    select id, ${BIG}, ${BIG}, ${BIG}, ${BIG}, 0, 0, inviter, ${ME}, -1, status, -1, 0, false,
      false, false, false, false, ${lines('1000')}, ${lines('1016')}, '{}', '{}', repeat('f', 64)
    from (${rows}) as w`;
}

/** Fills the tables of the client's search path. */
export async function crowdTables(client: pg.ClientBase): Promise<void> {
  for (const statement of SEED) await client.query(statement);
  await client.query(
    `insert into manifests (window_id, revision, at_ms, hash, body)
      select ${WINDOW.reviewed}, n, ${BIG}, repeat('f', 64), $1 from generate_series(1, 333) as n`,
    [Buffer.from(encode(largestManifest()))],
  );
}

/** As it is stored: without its digits and words. */
function largestManifest(): object {
  const whole = largestValue(manifestView) as ManifestView;
  const sides = whole.sides.map(side => ({
    ...side,
    assets: side.assets.map(({ digits: _, words: __, ...line }) => line),
  }));
  return { ...whole, sides };
}
