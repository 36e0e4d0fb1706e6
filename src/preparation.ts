// An engine that is made ready to lead, whoever leads meanwhile: loaded, checked, and then kept at
// the end of the journal until it is taken or dropped. It only reads. When anything goes wrong with
// it, it is thrown away and another one begun. It is checked as a whole here and not again when it
// is taken: what it takes after that are rows of the journal, each held against its digest.

import type { Log } from './base/log.ts';
import type { Database } from './database/connection.ts';
import type { Rules } from './engine/rules.ts';
import { checkBacklog, Recovery } from './recovery.ts';

export interface PreparationOptions {
  readonly database: Database;
  readonly rules: Rules;
  readonly log: Log;
}

const FOLLOW_INTERVAL_MS = 25;
const RETRY_MS = 250;

/**
 * Loads an engine and checks it as a whole. Nobody is kept from writing meanwhile.
 * @throws for the operator when the journal or the tables are damaged.
 */
export async function loadSound(recovery: Recovery, database: Database): Promise<void> {
  await checkBacklog(database);
  await recovery.load();
  await recovery.assertSound();
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class Preparation {
  readonly #options: PreparationOptions;
  #isTaken = false;
  #isDropped = false;
  #isReady = false;
  #recovery: Recovery | null = null;
  #wake: () => void = () => {};
  #waiters: Waiter[] = [];
  readonly #done: Promise<Recovery | null>;

  /** Begins at once. */
  constructor(options: PreparationOptions) {
    this.#options = options;
    this.#done = this.#run();
  }

  /** Whether the engine is sound, and has everything that the journal had a moment ago. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when it is ready. Rejects when the attempt under way fails, or it is dropped. */
  ready(): Promise<void> {
    if (this.#isReady) return Promise.resolve();
    if (this.#isDropped) return Promise.reject(dropped());
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  get #isWanted(): boolean {
    return !this.#isTaken && !this.#isDropped;
  }

  /** The engine as it is now, or once it is loaded; null when it could not be. Called once. */
  take(): Promise<Recovery | null> {
    this.#isTaken = true;
    this.#wake();
    return this.#done;
  }

  /** It is not needed any more. */
  drop(): void {
    this.#isDropped = true;
    this.#recovery?.close();
    this.#wake();
    for (const { reject } of this.#waiters.splice(0)) reject(dropped());
  }

  /** Never rejects. */
  async #run(): Promise<Recovery | null> {
    const { database, rules, log } = this.#options;
    log.info('this node makes itself ready to lead');
    while (this.#isWanted) {
      const recovery = new Recovery(database, rules, log);
      this.#recovery = recovery;
      try {
        await loadSound(recovery, database);
        while (this.#isWanted) {
          await recovery.follow();
          if (!this.#isReady) this.#becomeReady(recovery);
          await this.#pause(FOLLOW_INTERVAL_MS);
        }
        if (this.#isTaken) return recovery;
      } catch (error) {
        if (!this.#isDropped) log.warn({ error: String(error) }, 'preparing to lead failed');
        for (const { reject } of this.#waiters.splice(0)) reject(error);
      }
      this.#isReady = false;
      recovery.close();
      await this.#pause(RETRY_MS);
    }
    return null;
  }

  #becomeReady(recovery: Recovery): void {
    this.#isReady = true;
    this.#options.log.info(recovery.standing, 'this node is ready to lead');
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  async #pause(ms: number): Promise<void> {
    if (!this.#isWanted) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function dropped(): Error {
  return new Error('The engine is not wanted any more.');
}
