// Keeps the steady clock of this process: asks the database what time it is, every half a minute
// and again and again while there is a doubt, and says aloud what comes of it. One for each
// process, from its start on; whoever leads takes engine time from it.

import type pg from 'pg';
import { monotonicClock, wallClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { type ClockTimes, SteadyClock, type Verdict } from './base/steady-clock.ts';
import type { Config } from './config.ts';
import { connect, type Database, discard, withClient } from './database/connection.ts';
import { EngineClock } from './realm/engine-clock.ts';

const CLIENT = { name: 'clock', statementTimeoutMs: 3_000 };
const NOW = 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"';
const LAST = 'select at_ms as "atMs" from realm.journal order by position desc limit 1';
const LOOK_MS = 250;
const ASK_MS = 30_000;
const ASK_IN_DOUBT_MS = 1_000;
/** Engine time that is ahead by more than this is worth a line in the log. */
const AHEAD_MS = 1_000;

const SAID: Record<Verdict, string> = {
  returned: 'the clock of this machine came back: all goes on as if nothing had been',
  confirmed: 'the database says it too, and the clock stayed: engine time takes the step',
  contradicted:
    'the database does not say so: the clock of this machine is wrong and is passed over. Set it',
};

export class ClockWatch {
  readonly clock: SteadyClock;
  readonly #database: Database;
  readonly #log: Log;
  readonly #jumpMaxMs: number;
  readonly #timer: NodeJS.Timeout;
  #client: pg.Client | null = null;
  #asking: Promise<void> | null = null;
  #nextAskMs = performance.now() + ASK_MS;
  #jumps = 0;
  #isApart = false;
  #isStopped = false;

  private constructor(
    database: Database,
    config: Config,
    log: Log,
    told: { readonly databaseMs: number; readonly passedMs: number },
  ) {
    this.#database = database;
    this.#log = log;
    this.#jumpMaxMs = config.clockJumpMaxMs;
    this.clock = new SteadyClock(
      {
        wall: wallClock,
        monotonic: monotonicClock,
        jumpMaxMs: config.clockJumpMaxMs,
        confirmMs: config.clockConfirmMs,
        doubted: times => this.#doubted(times),
        settled: (verdict, times) => this.#settled(verdict, times),
      },
      told.databaseMs,
      told.passedMs,
    );
    this.#report();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Begins, with a first word from the database. Rejects when that cannot be reached. */
  static async start(database: Database, config: Config, log: Log): Promise<ClockWatch> {
    const told = await withClient(database, CLIENT, async client => {
      const { rows } = await client.query<{ atMs: number }>(LAST);
      return { passedMs: rows[0]?.atMs ?? 0, databaseMs: await ask(client) };
    });
    return new ClockWatch(database, config, log, told);
  }

  /** How often the clock of this machine was doubted. */
  get jumps(): number {
    return this.#jumps;
  }

  /**
   * The clock of a realm whose last entry is of `sinceMs`. The clocks are compared once more before
   * it: what was told at the start of this process may be long ago.
   */
  async engineClock(sinceMs: number): Promise<EngineClock> {
    await this.ask();
    const clock = new EngineClock(this.clock, sinceMs);
    const { aheadMs } = clock;
    if (aheadMs > AHEAD_MS) {
      this.#log.warn(
        { aheadMs },
        'the journal is ahead of the clocks: engine time goes on from it',
      );
    }
    return clock;
  }

  /** Asks the database, and waits for the answer. Never rejects: a database may be away. */
  ask(): Promise<void> {
    this.#asking ??= this.#compare().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#drop();
  }

  #look(): void {
    this.clock.nowMs();
    if (performance.now() >= this.#nextAskMs) void this.ask();
  }

  async #compare(): Promise<void> {
    try {
      this.#client ??= await connect(this.#database, CLIENT, () => this.#drop());
      const databaseMs = await ask(this.#client);
      if (!this.#isStopped) this.clock.compare(databaseMs);
      this.#report();
    } catch (error) {
      this.#log.debug({ error: String(error) }, 'the database does not say what time it is');
      this.#drop();
    }
    if (this.#isStopped) this.#drop();
    this.#nextAskMs = performance.now() + (this.clock.isSure ? ASK_MS : ASK_IN_DOUBT_MS);
  }

  #drop(): void {
    if (this.#client !== null) discard(this.#client);
    this.#client = null;
  }

  #doubted(times: ClockTimes): void {
    this.#jumps++;
    this.#nextAskMs = 0;
    this.#log.error(
      shown(times),
      'the clock of this machine jumped ahead: no command is executed until that is decided',
    );
  }

  #settled(verdict: Verdict, times: ClockTimes): void {
    if (verdict === 'contradicted') this.#log.error(shown(times), SAID[verdict]);
    else this.#log.warn(shown(times), SAID[verdict]);
  }

  /** Tells of clocks that are apart, once, as far as that was not told as a doubt. */
  #report(): void {
    const { apartMs, isSure, isWallWrong } = this.clock;
    const isApart = Math.abs(apartMs) > this.#jumpMaxMs;
    if (isApart === this.#isApart || !isSure) return;
    this.#isApart = isApart;
    if (!isApart) this.#log.info('the clocks of this machine and of the database agree again');
    else {
      const which = isWallWrong ? 'that of this machine is ahead' : 'time goes by the earlier one';
      this.#log.error(
        { apartMs },
        `the clocks of this machine and of the database differ: ${which}`,
      );
    }
  }
}

async function ask(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ nowMs: number }>(NOW);
  return rows[0]?.nowMs ?? Number.NaN;
}

function shown({ wallMs, steadyMs }: ClockTimes): Record<string, string> {
  const text = (atMs: number) => new Date(atMs).toISOString();
  return { clock: text(wallMs), time: text(steadyMs) };
}
