// wallet.get: what a player owns, page by page in the order of what it is and where it lies, which
// is the order of the index: a page looks at no more rows than it shows, whatever the player owns.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import { assetName, placeName } from './lines.ts';
import { page, pageRows, type Source } from './source.ts';
import { walk } from './walk.ts';

/** More than there can be places: an asset and a place are one number, the cursor of a page. */
const PLACE_NUMBERS = 2 ** 17;

/** The cursor of the account `a`. */
export const PLACE_OF_ACCOUNT = `a.asset::bigint * ${PLACE_NUMBERS} + a.location`;

/** Of the player whose number is `owner` the accounts that have something, after a cursor. */
export const accountsAfter = (owner: string, asset: string, location: string, limit: string) =>
  walk({
    table: 'realm.accounts',
    of: { owner },
    after: { asset: `${asset}::bigint`, location: `${location}::bigint` },
    direction: 'up',
    where: '(available <> 0 or held <> 0)',
    limit,
  });

export function accountCursor(after: number): [asset: number, location: number] {
  return after < 0 ? [-1, -1] : [Math.floor(after / PLACE_NUMBERS), after % PLACE_NUMBERS];
}

const OWNER = '(select id from realm.players where name = $1)';

const VIEW = `select ${PLACE_OF_ACCOUNT} as place, ${assetName('a.asset')} as asset,
    ${placeName('a.location')} as location, a.available, a.held`;
const ORDER = 'order by a.asset, a.location';

const ALL = `${VIEW} from (${accountsAfter(OWNER, '$2', '$3', '$4')}) as a ${ORDER}`;

const OF_ASSET = `${VIEW} from (select * from realm.accounts
    where owner = ${OWNER} and asset = coalesce((select asset from realm.items where name = $5),
      (select asset from realm.instances where name = $5))
      and (asset, location) > ($2::bigint, $3::bigint) and (available <> 0 or held <> 0)
    order by asset, location limit $4) as a ${ORDER}`;

interface Row {
  readonly place: number;
  readonly asset: string;
  readonly location: string;
  readonly available: number;
  readonly held: number;
}

/** Balances other than zero of `player`; none for a player who never had anything. */
export async function getWallet(
  source: Source,
  player: string,
  payload: Omit<Payload<'wallet.get'>, 'player'>,
): Promise<Result<'wallet.get'>> {
  const limit = pageRows(payload.limit);
  const values = [player, ...accountCursor(payload.after ?? -1), limit + 1];
  const { rows } =
    payload.asset === undefined
      ? await source.query<Row>(ALL, values)
      : await source.query<Row>(OF_ASSET, [...values, payload.asset]);
  const { page: balances, next } = page(rows, limit, row => row.place);
  return {
    balances: balances.map(({ asset, location, available, held }) => ({
      asset,
      location,
      available,
      held,
    })),
    next,
  };
}
