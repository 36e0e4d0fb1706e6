// Keeps the tables of keys in proportion to what an engine remembers. Keys that players sent go
// when the engine has forgotten them; what an earlier projector left is found by a walk over all
// players that forgot something. Keys of the service role go when they are forgotten and a day old
// besides, oldest first, and the greatest one that ever went is the floor of the tables: up to it,
// a key that is not there may have been. Invariant: no key above the watermark of its player is
// touched, so whatever a live engine remembers is in the tables.

import type pg from 'pg';
import { int4Array } from '../database/arrays.ts';
import { type Database, prepared } from '../database/connection.ts';

const STEP_ROWS_MAX = 20_000;
const STEP_PLAYERS_MAX = 500;

/** Of the players $1, the keys that are forgotten. */
const TRIM = `delete from realm.keys where sequence in (
  select k.sequence from unnest($1::int4[]) as p (player)
  join realm.forgotten_keys as f on f.player = p.player
  cross join lateral (select sequence from realm.keys
    where player = p.player and key <= f.key limit ${STEP_ROWS_MAX}) as k
  limit ${STEP_ROWS_MAX})`;

const NEXT_PLAYERS = `select player from realm.forgotten_keys where player > $1
  order by player limit ${STEP_PLAYERS_MAX}`;

/** Service keys from before lived time $1. The floor rises in the same statement. */
const PRUNE = `with oldest as (
    select sequence, player, key, lived_ms from realm.service_keys
    order by sequence limit ${STEP_ROWS_MAX}
  ), gone as (
    delete from realm.service_keys as k using oldest as o
    join realm.forgotten_keys as f on f.player = o.player
    where k.sequence = o.sequence and o.lived_ms < $1 and o.key <= f.key returning k.key
  ), raised as (
    update realm.projection set
      key_floor = greatest(key_floor, (select key from gone order by key desc limit 1))
    where exists (select from gone)
  )
  select count(*)::int as gone from gone`;

export interface KeyTrimOptions {
  readonly database: Database;
  readonly client: Pick<pg.Client, 'query'>;
}

export class KeyTrim {
  readonly #options: KeyTrimOptions;
  /** Players that may have keys in the table that are forgotten. */
  readonly #due = new Set<number>();
  /** How far the walk has come; null once it is done. */
  #walkedTo: number | null = -1;

  constructor(options: KeyTrimOptions) {
    this.#options = options;
  }

  /** These players have forgotten keys just now. */
  async follow(players: Iterable<number>): Promise<void> {
    for (const player of players) this.#due.add(player);
    if (this.#due.size > 0) await this.#trim();
  }

  /** Goes a step on with the walk over all players. True when there may be more to do. */
  async walk(): Promise<boolean> {
    if (this.#due.size === 0 && this.#walkedTo !== null) {
      const query = this.#prepared('next_players', NEXT_PLAYERS);
      const { rows } = await this.#options.client.query<{ player: number }>({
        ...query,
        values: [this.#walkedTo],
      });
      for (const { player } of rows) this.#due.add(player);
      this.#walkedTo = rows.length < STEP_PLAYERS_MAX ? null : (rows.at(-1)?.player ?? null);
    }
    if (this.#due.size > 0) await this.#trim();
    return this.#due.size > 0 || this.#walkedTo !== null;
  }

  /** Removes a step's worth of service keys of before `livedMs`. True when there may be more. */
  async prune(livedMs: number): Promise<boolean> {
    const { rows } = await this.#options.client.query<{ gone: number }>({
      ...this.#prepared('prune_keys', PRUNE),
      values: [livedMs],
    });
    return rows[0]?.gone === STEP_ROWS_MAX;
  }

  /** A step's worth. Who may have more to lose stays due. */
  async #trim(): Promise<void> {
    const players = [...this.#due].slice(0, STEP_PLAYERS_MAX);
    const { rowCount } = await this.#options.client.query({
      ...this.#prepared('trim_keys', TRIM),
      values: [int4Array(players, player => player)],
    });
    if (rowCount === STEP_ROWS_MAX) return;
    for (const player of players) this.#due.delete(player);
  }

  #prepared(name: string, text: string): pg.QueryConfig {
    return prepared(this.#options.database, name, text);
  }
}
