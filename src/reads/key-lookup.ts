// What the tables know of keys that the engine has forgotten: all of it as of one moment, which one
// statement sees to. What is done with it is for the engine to say (src/engine/key-check.ts).

import type { Recalled } from '../engine/entry.ts';
import { decodeBody } from '../journal/fact-reader.ts';
import type { Source } from './source.ts';

/** A key, and the player that it was used for. */
export interface KeyQuestion {
  readonly player: string;
  readonly key: string;
}

/**
 * `unclear`: an answer was set aside, as nothing that the tables could take (projection/sieve.ts),
 * so that a key which is not there may have been decided all the same.
 */
const LOOKUP = `select p.sequence, p.key_floor as floor, f.key as watermark, k.digest, k.ok, k.body,
    exists (select from realm.quarantine where (kind = 'decided' and mended is null)
      or (kind = 'forgotten' and settled_at_ms is null)) as unclear
  from realm.projection as p
  cross join unnest($1::text[], $2::uuid[]) with ordinality as q (name, key, n)
  left join realm.players as l on l.name = q.name
  left join realm.forgotten_keys as f on f.player = l.id
  left join realm.service_keys as k on k.player = l.id and k.key = q.key
  order by q.n`;

interface Row {
  readonly sequence: number;
  readonly floor: string | null;
  readonly watermark: string | null;
  readonly digest: number | null;
  readonly ok: boolean;
  readonly body: Uint8Array;
  readonly unclear: boolean;
}

/** In the order of the questions; null when the tables can't say. */
export async function lookUpKeys(
  source: Source,
  questions: readonly KeyQuestion[],
): Promise<Recalled[] | null> {
  const { rows } = await source.query<Row>(LOOKUP, [
    questions.map(({ player }) => player),
    questions.map(({ key }) => key),
  ]);
  if (rows.some(({ digest, unclear }) => digest === null && unclear)) return null;
  return rows.map(({ sequence, floor, watermark, digest, ok, body }) => {
    const answered = digest === null ? null : { digest, ok, body: decodeBody(body) };
    return { sequence, floor, watermark, answered };
  });
}
