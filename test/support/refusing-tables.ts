// A realm's tables that refuse what a test says, as a database refuses a row that it cannot take;
// on a server and on the embedded database.

import type pg from 'pg';
import type { Database } from '../../src/database/connection.ts';
import type { Fact, FactGroup, OfferFact } from '../../src/engine/fact.ts';
import type { JournalRow } from '../../src/journal/journal.ts';
import { Projector } from '../../src/projection/projector.ts';
import { directGroups } from './direct-facts.ts';
import { ANN, BOB, sampleGroups, T0 } from './facts.ts';
import { readerOf } from './journal-rows.ts';
import { openTestDatabase, serverUrl } from './postgres.ts';

const OPTIONS = { roundBytesMax: 1e6, journalRetentionMs: 1e6, keyRetentionMs: 1e6 };

export const TABLES = [
  'accounts',
  'blocks',
  'friends',
  'instances',
  'items',
  'keys',
  'locations',
  'manifests',
  'offers',
  'orders',
  'players',
  'privacy',
  'trades',
  'transfers',
  'window_log',
  'windows',
] as const;

const EMPTY = `truncate ${TABLES.join(', ')}, quarantine, journal;
  update projection set position = 0, epoch = 0, sequence = 0, at_ms = 0,
    last_order = 0, last_trade = 0, last_window = 0, last_offer = 0,
    lived_ms = 0, folded_trade = 0`;

const PLACES = [
  ['Postgres', serverUrl],
  ['the embedded database', null],
] as const;

/** Where there are databases to test with: a name, and a URL or null. */
export const databases = serverUrl === null ? PLACES.slice(1) : PLACES;

/** The little history. */
export const groups: readonly FactGroup[] = [...sampleGroups, ...directGroups];
export const last = groups.at(-1) as FactGroup;

export class RefusingTables {
  readonly database: Database;
  readonly client: pg.Client;
  readonly close: () => Promise<void>;

  private constructor(parts: {
    database: Database;
    client: pg.Client;
    close: () => Promise<void>;
  }) {
    this.database = parts.database;
    this.client = parts.client;
    this.close = parts.close;
  }

  static async open(url: string | null): Promise<RefusingTables> {
    const { database, client: connect, close } = await openTestDatabase(url);
    const client = await connect();
    await client.query(`create function refuse() returns trigger language plpgsql as $$
      begin raise exception 'refused' using errcode = '22000'; end $$`);
    return new RefusingTables({ database, client, close });
  }

  async empty(): Promise<void> {
    await this.client.query(EMPTY);
  }

  /** So many rows a round at most, until all are taken; gives the projector. */
  async project(rows: readonly JournalRow[], rowsMax = 1_000): Promise<Projector> {
    const reader = readerOf(rows, rowsMax);
    const projector = await Projector.begin(this.database, this.client, reader, OPTIONS);
    while (await projector.step());
    return projector;
  }

  /** Everything that was ever set aside, in the order of the journal. */
  async aside(): Promise<Record<string, unknown>[]> {
    const { rows } = await this.client.query(
      `select sequence, step, position, at_ms, kind, subject, fact, sqlstate, is_last, settled_how
       from quarantine order by sequence, step`,
    );
    return rows;
  }

  /** The offers that came after the little history. */
  async offers(): Promise<{ id: number; message: string }[]> {
    const query = 'select id, message from offers where id > 9 order by id';
    return (await this.client.query<{ id: number; message: string }>(query)).rows;
  }

  /** Runs `work` while the table refuses every row that `when` says. */
  async refusing(table: string, when: string, work: () => Promise<void>): Promise<void> {
    await this.client.query(`create trigger refusal before insert or update on ${table}
      for each row when (${when}) execute function refuse()`);
    try {
      await work();
    } finally {
      await this.client.query(`drop trigger refusal on ${table}`);
    }
  }
}

/** Facts of one entry, so many entries after the little history. */
export function later(steps: number, facts: Fact[]): FactGroup {
  return { sequence: last.sequence + steps, atMs: last.atMs + steps, facts };
}

export function offer(id: number, message: string): OfferFact {
  return {
    kind: 'offer',
    id,
    maker: ANN,
    taker: BOB,
    give: [],
    want: [],
    message,
    status: 'open',
    createdAtMs: T0,
    expiresAtMs: T0 + 1e9,
    counterOf: 0,
  };
}
