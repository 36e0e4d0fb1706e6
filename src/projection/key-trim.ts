// Keeps the table of keys in proportion to what an engine remembers: of each player the newest
// ones. A player is trimmed whenever a quarter of what is remembered has come; what an earlier
// projector, another bound or a version before left is found by a walk over all players. Invariant:
// the newest `perPlayerMax` keys of a player are never touched, so whatever a live engine with that
// bound remembers is in the table. Keys end by age elsewhere (projector.ts).

import type pg from 'pg';
import { int4Array } from '../database/arrays.ts';
import { type Database, prepared } from '../database/connection.ts';
import type { RowOf } from './changes.ts';

const STEP_ROWS_MAX = 20_000;
const STEP_PLAYERS_MAX = 500;
const FIRST_COUNTS = 1_024;
const COUNT_MAX = 0xffff;

/** Of the players $1, the keys beyond the newest $2. */
const TRIM = `delete from realm.keys where sequence in (
  select k.sequence from unnest($1::int4[]) as p (player)
  cross join lateral (select sequence from realm.keys where player = p.player
    order by sequence desc offset $2 limit 1) as surplus
  cross join lateral (select sequence from realm.keys
    where player = p.player and sequence <= surplus.sequence) as k
  limit ${STEP_ROWS_MAX})`;

/** The next players after $1 that have keys, from one to the next by the index. */
const NEXT_PLAYERS = `with recursive next as (
    (select player from realm.keys where player > $1 order by player limit 1)
    union all
    select after.player from next cross join lateral (
      select player from realm.keys where player > next.player order by player limit 1) as after
  ) select player from next limit ${STEP_PLAYERS_MAX}`;

export interface KeyTrimOptions {
  readonly database: Database;
  readonly client: Pick<pg.Client, 'query'>;
  readonly perPlayerMax: number;
}

export class KeyTrim {
  readonly #options: KeyTrimOptions;
  readonly #every: number;
  /** Keys that came since the player was last due, by the player's number. */
  #counts = new Uint16Array(FIRST_COUNTS);
  /** Players that may have more keys than are remembered. */
  readonly #due = new Set<number>();
  /** How far the walk has come; null once it is done. */
  #walkedTo: number | null = -1;

  constructor(options: KeyTrimOptions) {
    this.#options = options;
    this.#every = Math.max(1, Math.min(options.perPlayerMax >> 2, COUNT_MAX));
  }

  /** Trims the players of whom enough keys have come together with these. */
  async follow(keys: readonly RowOf<'keys'>[]): Promise<void> {
    for (let i = 0; i < keys.length; i++) this.#count((keys[i] as RowOf<'keys'>).fact.player);
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

  /** Players begin at different counts, so that those who keep pace are not due all at once. */
  #count(player: number): void {
    if (player >= this.#counts.length) {
      const grown = new Uint16Array(Math.max(player + 1, this.#counts.length * 2));
      grown.set(this.#counts);
      this.#counts = grown;
    }
    const count = (this.#counts[player] as number) + 1;
    this.#counts[player] = count % this.#every;
    if ((count + player) % this.#every === 0) this.#due.add(player);
  }

  /** A step's worth. Who may have more to lose stays due. */
  async #trim(): Promise<void> {
    const players = [...this.#due].slice(0, STEP_PLAYERS_MAX);
    const { rowCount } = await this.#options.client.query({
      ...this.#prepared('trim_keys', TRIM),
      values: [int4Array(players, player => player), this.#options.perPlayerMax],
    });
    if (rowCount === STEP_ROWS_MAX) return;
    for (const player of players) this.#due.delete(player);
  }

  #prepared(name: string, text: string): pg.QueryConfig {
    return prepared(this.#options.database, name, text);
  }
}
