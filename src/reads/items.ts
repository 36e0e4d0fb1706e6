// items.get: an item, currency or instance by its name.

import type { ItemView } from '../../protocol/commands/items.ts';
import type { Payload, Result } from '../../protocol/commands/registry.ts';
import { ITEM_KINDS, wordOf } from '../journal/words.ts';
import type { Source } from './source.ts';

const RULES = `c.name as currency, i.kind, i.tick_size as "tickSize", i.lot_size as "lotSize",
  i.min_price as "minPrice", i.max_price as "maxPrice", i.halted`;

const ITEM = `select i.name as item, i.attributes, ${RULES}
  from realm.items as i join realm.items as c on c.asset = i.currency where i.name = $1`;

const INSTANCE = `select n.name as item, n.attributes, ${RULES}
  from realm.instances as n join realm.items as i on i.asset = n.item
    join realm.items as c on c.asset = i.currency
  where n.name = $1`;

type Row = Omit<ItemView, 'kind'> & { readonly kind: number };

/** Null when nothing of this name was ever defined or granted. */
export async function getItem(
  source: Source,
  { item }: Payload<'items.get'>,
): Promise<Result<'items.get'> | null> {
  const { rows } = await source.query<Row>(item.includes('#') ? INSTANCE : ITEM, [item]);
  const [row] = rows;
  return row === undefined ? null : { ...row, kind: wordOf(ITEM_KINDS, row.kind) };
}
