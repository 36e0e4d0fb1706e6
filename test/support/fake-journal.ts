// A journal in memory whose appends finish when the test says so.

import type { Batch, Claim, Journal } from '../../src/journal/journal.ts';

interface Pending {
  readonly batch: Batch;
  readonly facts: Uint8Array;
  resolve(position: number): void;
  reject(error: Error): void;
}

export class FakeJournal implements Journal {
  readonly reachable = true;
  readonly rows: Uint8Array[] = [];
  #pending: Pending | null = null;
  #position = 1;

  async claim(): Promise<Claim> {
    return { epoch: 1, position: 1, offset: '' };
  }

  append(batch: Batch): Promise<number> {
    if (this.#pending !== null) throw new Error('Two appends at once.');
    return new Promise((resolve, reject) => {
      this.#pending = { batch, facts: batch.facts.slice(), resolve, reject };
    });
  }

  /** Whether an append waits to be committed. */
  get isAppending(): boolean {
    return this.#pending !== null;
  }

  /** The append that waits becomes durable. */
  async commit(): Promise<void> {
    const pending = this.#take();
    this.rows.push(pending.facts);
    pending.resolve(++this.#position);
    await settled();
  }

  /** The append that waits fails for good. */
  async fail(error: Error): Promise<void> {
    this.#take().reject(error);
    await settled();
  }

  async close(): Promise<void> {}

  #take(): Pending {
    const pending = this.#pending;
    if (pending === null) throw new Error('No append waits.');
    this.#pending = null;
    return pending;
  }
}

const SETTLED_MS = 5;

/** Lets promises, immediates and the pause between two appends run. */
export async function settled(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, SETTLED_MS));
  await new Promise(resolve => setImmediate(resolve));
}
