// Where the database stands, of one moment: how far the journal has come, and how far the tables
// show it. The journal's end is what every read has to show, so the question has a connection of
// its own: it never waits behind a read that takes long.

import type pg from 'pg';
import { type Database, prepared } from '../database/connection.ts';
import { wantedChannel } from '../database/wanted.ts';

export interface TablesStanding {
  /** The last row of the journal: its position and epoch. 0 when there is none yet. */
  readonly head: number;
  readonly epoch: number;
  /** What the tables show. */
  readonly position: number;
  /** Facts that the tables could not take, and nobody has settled. */
  readonly quarantined: number;
}

const COLUMNS = `coalesce(j.position, 0) as head, coalesce(j.epoch, 0) as epoch, p.position,
    (select count(*) from realm.quarantine where settled_at_ms is null) as quarantined`;

const FROM = `from realm.projection as p left join (
    select position, epoch from realm.journal order by position desc limit 1) as j on true`;

const STANDING = `select ${COLUMNS} ${FROM}`;

/** Tables that are behind are wanted at once: whoever fills them need not be in this process. */
const STANDING_AND_WANTED = `select ${COLUMNS},
    case when p.position < j.position then pg_notify($1, j.position::text) end as told ${FROM}`;

/** `wants`: whoever fills the tables is told when they are behind. */
export async function askStanding(
  source: Pick<pg.Pool, 'query'>,
  database: Database,
  wants: boolean,
): Promise<TablesStanding> {
  const query = wants
    ? {
        ...prepared(database, 'standing_wanted', STANDING_AND_WANTED),
        values: [wantedChannel(database)],
      }
    : prepared(database, 'standing', STANDING);
  const [standing] = (await source.query<TablesStanding>(query)).rows;
  if (standing === undefined) throw new Error('The projection has no position.');
  const { head, epoch, position, quarantined } = standing;
  return { head, epoch, position, quarantined };
}
