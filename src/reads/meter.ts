// What a question to the tables costs: how long the database was busy with its statements. Waiting
// for a connection is not counted: that is what others cost. Nor is what a statement takes beyond a
// bound: all statements of reads take some milliseconds, so that is a database in trouble.

import type pg from 'pg';
import type { Source } from './source.ts';

const COUNTED_MS_MAX = 250;

export class Meter implements Source {
  readonly #source: Source;
  spentMs = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  async query<Row extends pg.QueryResultRow>(
    text: string,
    values: unknown[] = [],
  ): Promise<{ readonly rows: Row[] }> {
    const startedMs = performance.now();
    try {
      return await this.#source.query<Row>(text, values);
    } finally {
      this.spentMs += Math.min(COUNTED_MS_MAX, performance.now() - startedMs);
    }
  }
}
