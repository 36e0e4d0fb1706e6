// places.list: where goods can lie, page by page in the order in which the places were defined.

import type { Payload, Result } from '../../protocol/commands/registry.ts';
import { page, pageRows, type Source } from './source.ts';

const PLACES = `select id, name as place from realm.locations where id > $1::bigint
  order by id limit $2`;

interface Row {
  readonly id: number;
  readonly place: string;
}

export async function getPlaces(
  source: Source,
  { after, limit: asked }: Payload<'places.list'>,
): Promise<Result<'places.list'>> {
  const limit = pageRows(asked);
  const { rows } = await source.query<Row>(PLACES, [after ?? -1, limit + 1]);
  const { page: shown, next } = page(rows, limit, row => row.id);
  return { places: shown.map(({ place }) => ({ place })), next };
}
