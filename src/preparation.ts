// An engine that is made ready while another node leads: loaded, checked, and then kept at the end
// of the journal until it is taken or dropped. It only reads. When anything goes wrong with it, it
// is thrown away and another one begun. It is checked as a whole here and not again when it is
// taken: what it takes after that are rows of the journal, each held against its digest.

import type { Log } from './base/log.ts';
import type { Database } from './database/connection.ts';
import type { Rules } from './engine/rules.ts';
import { Recovery } from './recovery.ts';

export interface PreparationOptions {
  readonly database: Database;
  readonly rules: Rules;
  readonly log: Log;
}

const FOLLOW_INTERVAL_MS = 25;
const RETRY_MS = 250;

export class Preparation {
  readonly #options: PreparationOptions;
  #isTaken = false;
  #isDropped = false;
  #isReady = false;
  #recovery: Recovery | null = null;
  #wake: () => void = () => {};
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
  }

  /** Never rejects. */
  async #run(): Promise<Recovery | null> {
    const { database, rules, log } = this.#options;
    log.info('this node makes itself ready to lead');
    while (this.#isWanted) {
      const recovery = new Recovery(database, rules, log);
      this.#recovery = recovery;
      try {
        await recovery.load();
        await recovery.assertSound();
        while (this.#isWanted) {
          await recovery.follow();
          if (!this.#isReady) log.info(recovery.standing, 'this node is ready to lead');
          this.#isReady = true;
          await this.#pause(FOLLOW_INTERVAL_MS);
        }
        if (this.#isTaken) return recovery;
      } catch (error) {
        if (!this.#isDropped) log.warn({ error: String(error) }, 'preparing to lead failed');
      }
      this.#isReady = false;
      recovery.close();
      await this.#pause(RETRY_MS);
    }
    return null;
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
