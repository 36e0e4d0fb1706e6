// wallet.get: what a player owns, page by page in the order of the accounts' numbers.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import { page, pageRows, type Source } from './source.ts';

const BALANCES = `select a.id, coalesce(i.name, n.name) as asset, l.name as location, a.available,
    a.held
  from realm.accounts as a
  join realm.locations as l on l.id = a.location
  left join realm.items as i on i.asset = a.asset
  left join realm.instances as n on n.asset = a.asset
  where a.owner = (select id from realm.players where name = $1)
    and a.id > $2::bigint and (a.available <> 0 or a.held <> 0)
    and ($3::text is null or coalesce(i.name, n.name) = $3)
  order by a.id limit $4`;

interface Row {
  readonly id: number;
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
  const values = [player, payload.after ?? -1, payload.asset ?? null, limit + 1];
  const { rows } = await source.query<Row>(BALANCES, values);
  const { page: balances, next } = page(rows, limit, row => row.id);
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
