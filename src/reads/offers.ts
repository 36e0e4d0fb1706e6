// offers.get and offers.mine: directed offers by id, and a player's own in both directions.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import { OFFER_MESSAGE, OFFER_STATUSES, type OfferView } from '../../protocol/direct.ts';
import { TRADE_ROWS_MAX } from '../../protocol/limits.ts';
import { cleanText } from '../../protocol/text.ts';
import { wordOf } from '../journal/words.ts';
import { linesAsJson, playerName } from './lines.ts';
import { page, pageRows, type Source } from './source.ts';
import { latest } from './walk.ts';

const VIEW = `o.id as offer, ${playerName('o.maker')} as "from", ${playerName('o.taker')} as "to",
    ${linesAsJson('o.give')} as give, ${linesAsJson('o.want')} as want, o.message, o.status,
    o.created_at_ms as "createdAtMs", o.expires_at_ms as "expiresAtMs",
    o.counter_of as "counterOf"`;

const ONE = `select ${VIEW} from realm.offers as o
  where o.id = $1 and (select id from realm.players where name = $2) in (o.maker, o.taker)`;

type Direction = NonNullable<Payload<'offers.mine'>['direction']>;
const COLUMNS: Readonly<Record<Direction, string>> = { sent: 'maker', received: 'taker' };

const own = (direction: Direction, all: boolean) => {
  const player = '(select id from realm.players where name = $1)';
  return `(${latest('realm.offers', COLUMNS[direction], player, all ? 'true' : 'status = 0')})`;
};

/** Nobody makes himself an offer, so none is found twice. */
function ownOffers(directions: readonly Direction[], all: boolean): string {
  const found = directions.map(direction => own(direction, all)).join(' union all ');
  return `select ${VIEW} from (select * from (${found}) as own order by id desc limit $3) as o
    order by o.id desc`;
}

/** A row as the database has it: words are numbers, and empty and 0 stand for none. */
export type OfferRow = Omit<OfferView, 'status' | 'message' | 'counterOf'> & {
  readonly status: number;
  readonly message: string;
  readonly counterOf: number;
};

/** Null when no offer of this id is from or to the player. */
export async function getOffer(
  source: Source,
  player: string,
  { offer }: Payload<'offers.get'>,
): Promise<Result<'offers.get'> | null> {
  const { rows } = await source.query<OfferRow>(ONE, [offer, player]);
  return rows[0] === undefined ? null : offerView(rows[0]);
}

export async function getOwnOffers(
  source: Source,
  player: string,
  { direction, all = false, before, limit: asked }: Payload<'offers.mine'>,
): Promise<Result<'offers.mine'>> {
  const limit = pageRows(asked, TRADE_ROWS_MAX);
  const query = ownOffers(direction === undefined ? ['sent', 'received'] : [direction], all);
  const { rows } = await source.query<OfferRow>(query, [
    player,
    before ?? Number.MAX_SAFE_INTEGER,
    limit + 1,
  ]);
  const { page: offers, next } = page(rows, limit, row => row.offer);
  return { offers: offers.map(offerView), next };
}

export function offerView(row: OfferRow): OfferView {
  return {
    offer: row.offer,
    from: row.from,
    to: row.to,
    give: row.give,
    want: row.want,
    message: shownText(row.message),
    status: wordOf(OFFER_STATUSES, row.status),
    createdAtMs: row.createdAtMs,
    expiresAtMs: row.expiresAtMs,
    counterOf: row.counterOf === 0 ? null : row.counterOf,
  };
}

/** Earlier versions took more than a text may have; it is not shown. */
function shownText(message: string): string | null {
  return message === '' ? null : cleanText(message, OFFER_MESSAGE);
}
