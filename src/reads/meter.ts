// What a question to the tables costs: how long the database was busy with its statements. Waiting
// for a connection is not counted: that is what others cost. Nor is what a statement takes beyond a
// bound: all statements of reads take some milliseconds, so that is a database in trouble.

import type pg from 'pg';
import type { Source } from './source.ts';

const COUNTED_MS_MAX = 250;

export class Meter implements Source {
  readonly #pool: pg.Pool;
  spentMs = 0;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async query<Row extends pg.QueryResultRow>(
    text: string,
    values: unknown[] = [],
  ): Promise<{ readonly rows: Row[] }> {
    const client = await this.#pool.connect();
    const startedMs = performance.now();
    let failure: Error | undefined;
    try {
      return await client.query<Row>(text, values);
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      this.spentMs += Math.min(COUNTED_MS_MAX, performance.now() - startedMs);
      // As the pool does it: a connection on which something failed is not used again.
      client.release(failure);
    }
  }
}
