// From what is stored to a running engine, wherever the tables stand: what they say at one moment,
// and behind that the facts of the journal, row by row, as far as is wanted. Invariant: each row
// that is taken follows the one before it, and its bytes are those that were digested when it was
// written. Who may write when the engine is there is for leadership.ts to see to.

import type pg from 'pg';
import type { TradePrint } from '../protocol/events.ts';
import { assert } from './base/assert.ts';
import { Breath, inSlices } from './base/breath.ts';
import type { Log } from './base/log.ts';
import { connect, type Database, discard, withClient } from './database/connection.ts';
import { StalledError, StallWatch } from './database/stall.ts';
import { auditSteps } from './engine/audit.ts';
import { Engine } from './engine/engine.ts';
import type { Fact, TradeFact } from './engine/fact.ts';
import { livedAfter } from './engine/lived-time.ts';
import type { Rules } from './engine/rules.ts';
import { decodeGroups } from './journal/fact-reader.ts';
import { digestOf } from './journal/postgres-journal.ts';
import { PostgresJournalReader, type StoredRow } from './journal/postgres-reader.ts';
import { loadRealm } from './projection/load.ts';
import type { Standing } from './projection/projector.ts';
import { Quarantine } from './projection/quarantine.ts';
import { atOneMoment } from './projection/rows.ts';
import { MarketPast, type TradeHistory } from './realm/market-past.ts';

const CLIENT = { name: 'recovery', statementTimeoutMs: 10 * 60_000 };
const PROGRESS_EVERY_FACTS = 250_000;
/** How many facts are a sign of life: see stall.ts. */
const SIGN_EVERY_FACTS = 256;
const PIECE_BYTES_MAX = 4 * 1024 * 1024;

export class Recovery {
  readonly engine: Engine;
  /** What the feed starts from. */
  readonly past = new MarketPast();
  readonly #database: Database;
  readonly #log: Log;
  #client: pg.Client | null = null;
  #stall: StallWatch | null = null;
  #lost: Error | null = null;
  #standing: Standing | null = null;
  #tablesPosition = 0;
  #quarantined = 0;
  readonly #breath = new Breath();
  #facts = 0;

  constructor(database: Database, rules: Rules, log: Log) {
    this.engine = new Engine(rules);
    this.#database = database;
    this.#log = log;
  }

  /** The last journal row that is in the engine, and what follows from it. */
  get standing(): Standing {
    assert(this.#standing !== null, 'what is recovered was loaded first');
    return this.#standing;
  }

  /** Where the tables stood when they were loaded. */
  get tablesPosition(): number {
    return this.#tablesPosition;
  }

  /** Facts that the tables could not take, when they were loaded. */
  get quarantined(): number {
    return this.#quarantined;
  }

  /**
   * Loads what the tables say and takes the journal rows behind that, up to `until`, all as of one
   * moment: so rows that others remove meanwhile, once the tables show them, are not missed.
   * @throws for the operator when the journal is damaged.
   */
  async load(until = Number.POSITIVE_INFINITY): Promise<void> {
    assert(this.#client === null, 'an engine is loaded once');
    this.#client = await connect(this.#database, CLIENT, error => {
      this.#lost ??= error;
    });
    // It was ended while it connected.
    if (this.#lost !== null) this.close();
    this.#stall = await StallWatch.of(this.#database, this.#client);
    await this.#reading(client =>
      atOneMoment(client, async () => {
        this.#standing = await loadRealm(client, {
          fact: (fact, atMs, livedMs) => this.#take(fact, atMs, livedMs),
          pastTrade: (fact, atMs) => this.#takePast(fact, atMs),
          quarter: quarter => {
            this.past.of(quarter.item, quarter.location).ticker.restore(quarter);
          },
        });
        this.#tablesPosition = this.#standing.position;
        const quarantine = await Quarantine.read(client);
        this.#quarantined = quarantine.unsettled.length;
        this.engine.suspend(quarantine.suspension());
        await this.#follow(client, until);
      }),
    );
  }

  /** Takes the journal rows that are there by now, up to `until`. Throws as {@link load} does. */
  follow(until = Number.POSITIVE_INFINITY): Promise<void> {
    return this.#reading(client => this.#follow(client, until));
  }

  /** Whether the journal has rows by now that the engine does not have. */
  async hasMore(): Promise<boolean> {
    const next = await this.#reading(client =>
      new PostgresJournalReader(client).readAfter(this.standing.position, 1),
    );
    return next.length > 0;
  }

  /**
   * Looks at all of the state, in slices: nothing may change it meanwhile. O(n).
   * @throws for the operator when the state cannot be, so that the tables are damaged.
   */
  async assertSound(): Promise<void> {
    const broken = await inSlices(auditSteps(this.engine.state));
    if (broken.length === 0) return;
    throw new Error(
      `The tables are damaged, so the realm is not started. Run "npm run audit". ` +
        broken.join('; '),
    );
  }

  /** Lets the engine go on from here. */
  resume(): void {
    this.engine.resume(this.standing);
  }

  /** Ends its connection, whatever it is doing. The engine stays. */
  close(why = new Error('The recovery was ended.')): void {
    this.#lost ??= why;
    if (this.#client !== null) discard(this.#client);
  }

  /** Rejects with why the connection was lost, when it was; and when nothing comes any more. */
  async #reading<Outcome>(work: (client: pg.Client) => Promise<Outcome>): Promise<Outcome> {
    const [client, stall] = [this.#client, this.#stall];
    assert(
      client !== null && stall !== null,
      'the journal is followed from where the tables stood',
    );
    try {
      return await stall.during(work(client));
    } catch (error) {
      if (error instanceof StalledError) this.close(error);
      throw this.#lost ?? error;
    }
  }

  async #follow(client: pg.Client, until: number): Promise<void> {
    const journal = new PostgresJournalReader(client);
    while (this.standing.position < until) {
      const rows = await journal.readAfter(this.standing.position, PIECE_BYTES_MAX);
      if (rows.length === 0) return;
      for (const row of rows) if (row.position <= until) await this.#row(row);
    }
  }

  async #row(row: StoredRow): Promise<void> {
    const { position: last, epoch: lastEpoch, ...ids } = this.standing;
    const { state } = this.engine;
    let { atMs: beforeMs, livedMs } = ids;
    const { position, epoch, sequence, atMs, facts, digest } = row;
    if (position !== last + 1) throw damagedAt(last + 1, 'is missing');
    if (!digestOf(facts).equals(digest))
      throw damagedAt(position, 'was changed after it was written');
    assert(epoch >= lastEpoch, 'the epoch of the journal never falls');
    for (const group of decodeGroups(facts)) {
      livedMs = livedAfter(livedMs, beforeMs, group.atMs, state.rules.livedStepMaxMs);
      beforeMs = group.atMs;
      for (const fact of group.facts) this.#take(fact, group.atMs, livedMs);
      if (this.#breath.isDue) await this.#breath.take();
    }
    this.#standing = {
      position,
      epoch,
      sequence,
      atMs,
      livedMs,
      lastOrder: Math.max(ids.lastOrder, state.lastOrder),
      lastTrade: Math.max(ids.lastTrade, state.lastTrade),
      lastWindow: Math.max(ids.lastWindow, state.lastWindow),
      lastOffer: Math.max(ids.lastOffer, state.lastOffer),
    };
  }

  #take(fact: Fact, atMs: number, livedMs: number): void {
    this.#restore(fact, livedMs);
    if (fact.kind === 'trade') this.#historyOf(fact).add(this.#print(fact, atMs));
  }

  #takePast(fact: TradeFact, atMs: number): void {
    // Lived time matters to keys alone.
    this.#restore(fact, 0);
    this.#historyOf(fact).restore(this.#print(fact, atMs));
  }

  #restore(fact: Fact, livedMs: number): void {
    this.engine.restore(fact, livedMs);
    this.#facts++;
    if (this.#facts % SIGN_EVERY_FACTS === 0) this.#stall?.progress();
    if (this.#facts % PROGRESS_EVERY_FACTS === 0) {
      this.#log.info({ facts: this.#facts }, 'loading the realm');
    }
  }

  #historyOf({ asset, location }: TradeFact): TradeHistory {
    return this.past.of(this.engine.state.market(asset).item.asset, location);
  }

  #print({ id, asset, price, quantity, takerSide }: TradeFact, atMs: number): TradePrint {
    return [id, this.engine.state.assetNames.name(asset), price, quantity, takerSide, atMs];
  }
}

/** An engine with all that is stored in it by now. Nobody is kept from writing more. */
export async function loadEngine(database: Database, rules: Rules, log: Log): Promise<Engine> {
  const recovery = new Recovery(database, rules, log);
  try {
    await recovery.load();
    recovery.resume();
    return recovery.engine;
  } finally {
    recovery.close();
  }
}

/** The first thing that is wrong with the journal rows that the tables lack, in their order. */
const FIRST_FAULT = `
  with standing as (select position from realm.projection),
  ending as (select coalesce(max(position), 0) as position from realm.journal),
  backlog as (
    select position, sha256(facts) = digest as is_whole,
      coalesce(lag(position) over (order by position), (select position from standing)) as before
    from realm.journal where position > (select position from standing)
  ),
  faults as (
    select position, 'was changed after it was written' as fault from backlog where not is_whole
    union all
    select before + 1, 'is missing' from backlog where position <> before + 1
    union all
    select ending.position + 1, 'is missing, though the tables have seen it'
    from ending, standing where ending.position < standing.position
  )
  select position, fault from faults order by position limit 1`;

/**
 * Looks at what the tables have yet to be given, before they are given it.
 * @throws for the operator when journal rows are missing or are not what was written.
 */
export async function checkBacklog(database: Database): Promise<void> {
  const { rows } = await withClient(database, CLIENT, async client => {
    const stall = await StallWatch.of(database, client);
    return stall.during(client.query<{ position: number; fault: string }>(FIRST_FAULT));
  });
  const [found] = rows;
  if (found !== undefined) throw damagedAt(found.position, found.fault);
}

/** What the operator is told of a row of the journal. */
export function damagedAt(position: number, fault: string): Error {
  return new Error(
    `The journal is damaged: its position ${position} ${fault}. Before that is mended, no ` +
      'server starts and the tables are given nothing. README.md, "A damaged journal", says what ' +
      'can be done.',
  );
}
