// When rounds are run. While one runs, the next accumulates; when nobody waits, a round may be held
// back a little, because what is touched twice is then written once; when a reader waits, it runs
// at once. Goes on by itself when the database was away. Runs in a worker thread or in this one.

import type pg from 'pg';
import { InvariantError } from '../base/assert.ts';
import { connect, type Database, discard } from '../database/connection.ts';
import { listenForWanted } from '../database/wanted.ts';
import type { Suspension } from '../engine/suspension.ts';
import { BackOff } from '../journal/back-off.ts';
import { PostgresJournalReader } from '../journal/postgres-reader.ts';
import { holdShared } from './hold.ts';
import { Projector, type ProjectorOptions, TablesMovedError } from './projector.ts';
import type { Notice } from './quarantine.ts';

export interface LoopOptions extends ProjectorOptions {
  /** Rounds are at least this far apart when nobody waits. */
  readonly intervalMs: number;
  /** The journal is looked at this often when nothing was reported. */
  readonly idleMs: number;
}

/** What the loop tells. */
export interface LoopListener {
  /** The tables have come to `position`, whose row is of `epoch`. */
  reached(position: number, epoch: number): void;
  /** What is set aside has changed, or is known now. Told before what is reached with it. */
  quarantined(news: QuarantineNews): void;
  /** A round failed, or the connection; the next `reached` says where the tables stand by then. */
  failed(reason: string): void;
  /** The journal does not have what was committed, as after a restore. Told once per connection. */
  missing(): void;
  /** A rule is broken, as by a damaged journal: the loop has ended, and trying again is no use. */
  broken(reason: string): void;
}

/** What the tables could not take. */
export interface QuarantineNews {
  /** Facts that nobody has settled. */
  readonly unsettled: number;
  /** What must not go on because of all of them. */
  readonly suspension: Suspension;
  /** How many were set aside since the last news, and the first ones of them. */
  readonly setAside: number;
  readonly notices: readonly Notice[];
}

/** Of more facts than this at once, the log has the number. */
const NOTICES_MAX = 20;
const STATEMENT_TIMEOUT_MS = 60_000;
/** A process that was frozen in a round holds up the tables, and all reads, no longer than this. */
const FROZEN_MS = 3_000;
const PRUNE_EVERY_MS = 10_000;

export class ProjectionLoop {
  readonly #database: Database;
  readonly #options: LoopOptions;
  readonly #listener: LoopListener;
  readonly #backOff = new BackOff();
  #client: pg.Client | null = null;
  /** Reads the journal while the other one writes; null with the embedded database. */
  #reading: pg.Client | null = null;
  #projector: Projector | null = null;
  /** The number of unsettled facts that was told last; -1 before the first time. */
  #toldUnsettled = -1;
  /** The last position known to be in the journal, and the last one that somebody waits for. */
  #committed = 0;
  #wanted = 0;
  /** What readers in other processes wait for, as far as the journal has it. */
  #wantedElsewhere = 0;
  #reached = 0;
  #isMissing = false;
  #stopAt = Number.POSITIVE_INFINITY;
  #lastRoundMs = 0;
  #nextPruneMs = performance.now() + PRUNE_EVERY_MS;
  #pausedUntilMs = 0;
  #wake: (() => void) | null = null;

  constructor(database: Database, options: LoopOptions, listener: LoopListener) {
    this.#database = database;
    this.#options = options;
    this.#listener = listener;
  }

  /** The journal has come to `committed`; somebody waits for `wanted`. */
  notify(committed: number, wanted: number): void {
    if (committed > this.#committed) this.#committed = committed;
    if (wanted > this.#wanted) this.#wanted = wanted;
    this.#hasten();
  }

  /** Ends the loop once it has come to `position`; with 0, after the round that is running. */
  stop(position: number): void {
    this.#stopAt = position;
    this.#wanted = Math.max(this.#wanted, position);
    this.#backOff.wake();
    this.#wake?.();
  }

  /** Resolves when the loop was stopped. Never rejects. */
  async run(): Promise<void> {
    while (this.#reached < this.#stopAt) {
      try {
        const moved = await this.#round();
        this.#backOff.reset();
        if (this.#reached >= this.#stopAt) break;
        if (!moved) await this.#prune();
        await this.#pause(moved);
      } catch (error) {
        this.#drop();
        if (error instanceof InvariantError) {
          this.#listener.broken(error.message);
          return;
        }
        if (!(error instanceof TablesMovedError)) {
          this.#listener.failed(error instanceof Error ? error.message : String(error));
        }
        if (this.#stopAt > 0) await this.#backOff.wait();
      }
    }
    this.#drop();
  }

  async #round(): Promise<boolean> {
    this.#projector ??= await this.#begin();
    const projector = this.#projector;
    this.#lastRoundMs = performance.now();
    const committed = this.#committed;
    const elsewhere = this.#wantedElsewhere;
    const moved = await projector.step();
    // Anybody may say anything there.
    if (!moved && this.#wantedElsewhere === elsewhere) this.#wantedElsewhere = 0;
    if (moved) {
      this.#tellQuarantine(projector);
      this.#report(projector);
      if (this.#isPruneDue()) await this.#prune();
    } else if (committed > this.#reached && !this.#isMissing) {
      this.#isMissing = true;
      this.#listener.missing();
    }
    return moved;
  }

  async #begin(): Promise<Projector> {
    // A round that is lost in a crash of the server is done again from the journal: it need not be
    // flushed by itself. Plans are made once, for few rows, which is what index look-ups want.
    const settings = {
      synchronous_commit: 'off',
      plan_cache_mode: 'force_generic_plan',
      enable_seqscan: 'off',
      idle_in_transaction_session_timeout: `${FROZEN_MS}`,
      // Trades that are folded are sorted in memory.
      work_mem: '16MB',
    };
    const options = { name: 'projector', statementTimeoutMs: STATEMENT_TIMEOUT_MS, settings };
    const client = () => connect(this.#database, options, (error, lost) => this.#lost(lost, error));
    this.#client = await client();
    // The embedded database is one session: a second connection would only wait for the first.
    const readsAhead = this.#database.address.kind === 'server';
    if (readsAhead) this.#reading = await client();
    if (readsAhead) await holdShared(this.#client, this.#database);
    if (readsAhead) {
      await listenForWanted(this.#client, this.#database, position => {
        if (position > this.#wantedElsewhere) this.#wantedElsewhere = position;
        this.#hasten();
      });
    }
    const journal = new PostgresJournalReader(this.#reading ?? this.#client);
    const projector = await Projector.begin(this.#database, this.#client, journal, {
      ...this.#options,
      readsAhead,
    });
    this.#tellQuarantine(projector);
    this.#report(projector);
    this.#isMissing = false;
    return projector;
  }

  /** Says nothing while nothing is set aside, as nearly always. */
  #tellQuarantine(projector: Projector): void {
    const { quarantine } = projector;
    const notices = projector.takeNotices();
    const unsettled = quarantine.unsettled.length;
    if (notices.length === 0 && unsettled === this.#toldUnsettled) return;
    this.#toldUnsettled = unsettled;
    this.#listener.quarantined({
      unsettled,
      suspension: quarantine.suspension(),
      setAside: notices.length,
      notices: notices.slice(0, NOTICES_MAX),
    });
  }

  #report(projector: Projector): void {
    const { position, epoch } = projector.standing;
    this.#reached = position;
    this.#listener.reached(position, epoch);
  }

  #isPruneDue(): boolean {
    return performance.now() >= this.#nextPruneMs;
  }

  /** Under load one step at a time between rounds; when idle, until nothing is left. */
  async #prune(): Promise<void> {
    if (!this.#isPruneDue() || this.#projector === null) return;
    const isMore = await this.#projector.prune();
    if (!isMore) this.#nextPruneMs = performance.now() + PRUNE_EVERY_MS;
  }

  /** Ends a pause that has become too long. */
  #hasten(): void {
    if (performance.now() + this.#pauseMs() < this.#pausedUntilMs) this.#wake?.();
  }

  /** How long to hold the next round back: 0 when it should run now. */
  #pauseMs(): number {
    const { intervalMs, idleMs } = this.#options;
    const wanted = Math.max(this.#wanted, this.#wantedElsewhere);
    if (wanted > this.#reached || this.#projector === null) return 0;
    const sinceMs = performance.now() - this.#lastRoundMs;
    const dueMs = this.#committed > this.#reached ? intervalMs : idleMs;
    return Math.max(0, dueMs - sinceMs);
  }

  async #pause(moved: boolean): Promise<void> {
    let pauseMs = this.#pauseMs();
    // Somebody waits for what the journal does not have yet: look again soon, but not at once.
    if (!moved && pauseMs === 0) pauseMs = 1;
    while (pauseMs > 0 && this.#reached < this.#stopAt) {
      this.#pausedUntilMs = performance.now() + pauseMs;
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, pauseMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
      pauseMs = this.#pauseMs();
    }
  }

  /** The database was restarted, or is another one: what was known of it may not be so any more. */
  #lost(client: pg.Client, error: Error): void {
    if (client !== this.#client && client !== this.#reading) return;
    this.#drop();
    this.#listener.failed(error.message);
    this.#wake?.();
  }

  #drop(): void {
    for (const client of [this.#client, this.#reading]) if (client !== null) discard(client);
    this.#client = null;
    this.#reading = null;
    this.#projector = null;
  }
}
