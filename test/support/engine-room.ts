// A realm without a gateway, in the process of the tests: engine, pipeline, journal and projection
// on a real Postgres, with a clock that the test moves. It is stopped and recovered as a server is.

import type { Database } from '../../src/database/connection.ts';
import { migrate } from '../../src/database/migrate.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Entry } from '../../src/engine/entry.ts';
import type { Rules } from '../../src/engine/rules.ts';
import type { EngineRequest, ReplyTarget } from '../../src/gateway/port.ts';
import { PostgresJournal } from '../../src/journal/postgres-journal.ts';
import { Projection } from '../../src/projection/projection.ts';
import { EngineClock } from '../../src/realm/engine-clock.ts';
import { Pipeline } from '../../src/realm/pipeline.ts';
import { Recovery } from '../../src/recovery.ts';
import { quiet } from './postgres.ts';

const UNHEARD: ReplyTarget = { deliver: () => {} };
const LIMITS = { waitingEntriesMax: 100_000, waitingBytesMax: 2 ** 26, replyTimeoutMs: 60_000 };

export class EngineRoom {
  readonly engine: Engine;
  /** What the clocks say. */
  wallMs = 0;
  readonly #journal: PostgresJournal;
  readonly #projection: Projection;
  readonly #pipeline: Pipeline;

  private constructor(parts: { engine: Engine; journal: PostgresJournal; projection: Projection }) {
    this.engine = parts.engine;
    this.#journal = parts.journal;
    this.#projection = parts.projection;
    const steady = { nowMs: () => this.wallMs, isSure: true, readAtMs: 0 };
    this.#pipeline = new Pipeline({
      engine: parts.engine,
      journal: parts.journal,
      clock: new EngineClock(steady, parts.engine.state.nowMs),
      limits: LIMITS,
      observer: { appended: () => {} },
      recall: () => Promise.reject(new Error('No keys are forgotten here.')),
      pauseMs: () => 0,
      committed: position => parts.projection.notify(position),
      failed: error => {
        throw error;
      },
    });
  }

  /** Recovers whatever is there, as a server does at its start. */
  static async open(database: Database, rules: Rules): Promise<EngineRoom> {
    await migrate(database);
    const journal = new PostgresJournal(database, quiet);
    const { epoch, position } = await journal.claim();
    const recovery = new Recovery(database, rules, quiet);
    await recovery.load(position);
    recovery.resume();
    recovery.close();
    const projection = new Projection({
      database,
      position: recovery.tablesPosition,
      epoch,
      clock: { nowMs: () => 0 },
      log: quiet,
      loop: { intervalMs: 5, livedStepMaxMs: rules.livedStepMaxMs },
      thread: 'same',
    });
    projection.notify(position);
    return new EngineRoom({ engine: recovery.engine, journal, projection });
  }

  /** Takes an entry at its time, which becomes the wall clock's. */
  take(entry: Entry): void {
    this.wallMs = entry.atMs;
    if (entry.command === 'tick') {
      this.#pipeline.tick();
      return;
    }
    const { command, payload, player, key } = entry;
    this.#pipeline.submit(
      { id: 1, command, payload, player, key, sender: 'player' } as EngineRequest,
      UNHEARD,
    );
  }

  /** Lets time alone pass. */
  tick(): void {
    this.#pipeline.tick();
  }

  /** Everything taken becomes durable, and the tables catch up. */
  async close(): Promise<void> {
    await this.#pipeline.drain();
    await this.#projection.stop();
    await this.#journal.close();
  }
}
