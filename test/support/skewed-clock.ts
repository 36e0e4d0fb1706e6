// A wall clock that a test sets while a process runs: in the child, `Date.now` is ahead by what a
// file says. The embedded database of the child runs in its process, so its clock is set as well;
// a Postgres server goes on with the time that it is. The monotonic clock is left alone.

import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Environment, temporaryFolder } from './server-process.ts';

const READ_EVERY_MS = 5;

export class SkewedClock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
    this.set(0);
  }

  static async make(aheadMs = 0): Promise<SkewedClock> {
    const clock = new SkewedClock(join(await temporaryFolder(), 'ahead'));
    clock.set(aheadMs);
    return clock;
  }

  /** For the child. */
  get environment(): Environment {
    const code = `
      import { readFileSync } from 'node:fs';
      const now = Date.now;
      let aheadMs = 0;
      let nextMs = 0;
      Date.now = () => {
        if (performance.now() >= nextMs) {
          nextMs = performance.now() + ${READ_EVERY_MS};
          aheadMs = Number(readFileSync(${JSON.stringify(this.#file)}, 'utf8'));
        }
        return now() + aheadMs;
      };`;
    return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
  }

  /** The child's clock is ahead by so much from now on. */
  set(aheadMs: number): void {
    writeFileSync(`${this.#file}.new`, `${aheadMs}`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
