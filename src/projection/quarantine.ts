// The facts that are set aside because the tables cannot take them: the table `quarantine`, and
// what of it is unsettled in memory. Whoever writes here does so in the database transaction of the
// round that the fact belongs to. Invariants: each fact is here once; of one thing at most one
// unsettled fact is the last; no more than QUARANTINE_MAX are unsettled. Beyond that it is no
// longer a bad input, but a fault of the tables, the server or a version: the tables then stand
// still, as in an outage, with every fact safe in the journal. Long before, a player whose facts
// fail again and again can only cancel.

import type pg from 'pg';
import type { Suspension } from '../engine/suspension.ts';
import { decodeStored, type StoredFact, type StoredRecord } from '../journal/fact-reader.ts';
import type { Changes, Substitute } from './changes.ts';
import { errorText, sqlstateOf } from './row-error.ts';
import {
  addHalts,
  authorOf,
  type Halts,
  isRetold,
  isSuperseded,
  subjectOf,
  suspensionOf,
} from './subject.ts';

/** Unsettled facts. Beyond it the tables stand still until they are settled. */
export const QUARANTINE_MAX = 10_000;

/** Unsettled facts of one player's doing. From it on, they can only cancel. */
export const AUTHOR_FACTS_MAX = 20;

/** A fact that was set aside just now, for the log. */
export interface Notice {
  readonly position: number;
  readonly sequence: number;
  readonly subject: string;
  readonly sqlstate: string;
  readonly error: string;
}

/** A fact of the journal, with the lived time of its entry. */
export interface LivedRecord extends StoredRecord {
  readonly livedMs: number;
}

/** A fact that is not settled. */
export interface Unsettled {
  readonly sequence: number;
  readonly step: number;
  readonly atMs: number;
  readonly livedMs: number;
  readonly kind: StoredFact['kind'];
  readonly subject: string;
  readonly fact: StoredFact;
  readonly bytes: Uint8Array;
  isLast: boolean;
}

/** The quarantine is full: the tables wait until somebody settles what is in it. */
export class QuarantineFullError extends Error {
  override readonly name = 'QuarantineFullError';
}

type Source = Pick<pg.ClientBase, 'query'>;

const UNSETTLED = `select sequence, step, at_ms as "atMs", lived_ms as "livedMs", kind, subject,
    fact as bytes, is_last as "isLast"
  from realm.quarantine where settled_at_ms is null order by sequence, step`;

const PUT = `insert into realm.quarantine (sequence, step, position, at_ms, lived_ms, kind, subject,
    fact, sqlstate, error, set_aside_at_ms, is_last)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
    floor(extract(epoch from clock_timestamp()) * 1000), true)`;

const SUPERSEDE = `update realm.quarantine set is_last = false,
    settled_at_ms =
      case when $3 then floor(extract(epoch from clock_timestamp()) * 1000)::bigint end,
    settled_how = case when $3 then 'superseded by a later fact of the same thing' end
  where sequence = $1 and step = $2 and settled_at_ms is null`;

const SETTLE = `update realm.quarantine set settled_how = $3, mended = $4,
    settled_at_ms = floor(extract(epoch from clock_timestamp()) * 1000)
  where sequence = $1 and step = $2 and settled_at_ms is null`;

const FORGET = `delete from realm.quarantine where (sequence, step) in (
  select sequence, step from realm.quarantine where settled_at_ms is not null
    and settled_at_ms < floor(extract(epoch from clock_timestamp()) * 1000) - $1
  order by settled_at_ms limit 1000)`;
/** Settled facts are kept this long, for whoever asks what was changed. */
const SETTLED_RETENTION_MS = 90 * 24 * 60 * 60 * 1000;

export class Quarantine {
  readonly #unsettled: Unsettled[];

  private constructor(unsettled: Unsettled[]) {
    this.#unsettled = unsettled;
  }

  /** As `source` sees it. */
  static async read(source: Source): Promise<Quarantine> {
    const { rows } = await source.query<Omit<Unsettled, 'fact'>>(UNSETTLED);
    return new Quarantine(rows.map(row => ({ ...row, fact: factOf(row.bytes) })));
  }

  /** In the order of the journal. */
  get unsettled(): readonly Unsettled[] {
    return this.#unsettled;
  }

  /** Sets a fact aside, in the database transaction that `client` is in. */
  async put(
    client: Source,
    position: number,
    { sequence, atMs, livedMs, step, fact, bytes }: LivedRecord,
    error: unknown,
  ): Promise<Notice> {
    if (this.#unsettled.length >= QUARANTINE_MAX) {
      throw new QuarantineFullError(
        `The tables refused ${QUARANTINE_MAX} facts: they stand still until those are settled. ` +
          'Stop the server, and run "npm run audit", then "npm run repair -- --quarantine".',
      );
    }
    const subject = subjectOf(fact, sequence, step);
    const earlier = this.#unsettled.filter(each => each.subject === subject && each.isLast);
    await this.#supersede(client, earlier);
    const { kind } = fact;
    const notice = { position, sequence, subject, sqlstate: sqlstateOf(error) };
    const text = errorText(error);
    const place = [sequence, step, position, atMs, livedMs];
    await client.query(PUT, [...place, kind, subject, bytes, notice.sqlstate, text]);
    const entry = { sequence, atMs, livedMs };
    this.#unsettled.push({ ...entry, step, kind, subject, fact, bytes, isLast: true });
    return { ...notice, error: text };
  }

  /** The tables have taken `changes`: what is told anew in them need not be told from here. */
  async retold(client: Source, changes: Changes): Promise<void> {
    if (this.#unsettled.length === 0) return;
    const earlier = this.#unsettled.filter(each => each.isLast && isRetold(each.fact, changes));
    await this.#supersede(client, earlier);
  }

  /** What must not go on while these facts are unsettled. */
  suspension(): Suspension {
    const halts: Halts = {
      everything: false,
      assets: new Set(),
      offers: new Set(),
      windows: new Set(),
      players: new Set(),
    };
    const byAuthor = new Map<number, number>();
    for (const { fact } of this.#unsettled) {
      addHalts(fact, halts);
      const author = authorOf(fact);
      if (author < 0) continue;
      const count = (byAuthor.get(author) ?? 0) + 1;
      byAuthor.set(author, count);
      if (count >= AUTHOR_FACTS_MAX) halts.players.add(author);
    }
    return suspensionOf(halts);
  }

  async #supersede(client: Source, earlier: readonly Unsettled[]): Promise<void> {
    for (const each of earlier) {
      const isSettled = isSuperseded(each.fact);
      await client.query(SUPERSEDE, [each.sequence, each.step, isSettled]);
      each.isLast = false;
      if (isSettled) this.#unsettled.splice(this.#unsettled.indexOf(each), 1);
    }
  }
}

/** What the tables have instead of the facts that they could not take: mended, or nothing yet. */
export async function readSubstitutes(source: Source): Promise<Substitute> {
  const { rows } = await source.query<{ sequence: number; step: number; mended: Buffer | null }>(
    'select sequence, step, mended from realm.quarantine',
  );
  const mended = new Map(
    rows.map(row => [
      `${row.sequence} ${row.step}`,
      row.mended === null ? null : factOf(row.mended),
    ]),
  );
  return (fact, sequence, step) => {
    const found = mended.get(`${sequence} ${step}`);
    return found === undefined ? fact : found;
  };
}

/** Marks a fact as settled: how, and the bytes of what went into the tables. */
export async function settle(
  client: Source,
  { sequence, step }: Pick<Unsettled, 'sequence' | 'step'>,
  how: string,
  mended: Uint8Array,
): Promise<void> {
  await client.query(SETTLE, [sequence, step, how, mended]);
}

/** Removes some of what was settled long ago. */
export async function forgetSettled(client: Source): Promise<void> {
  await client.query(FORGET, [SETTLED_RETENTION_MS]);
}

/** The one fact in such bytes. */
export function factOf(bytes: Uint8Array): StoredFact {
  return decodeStored(bytes)[0]?.facts[0] as StoredFact;
}
