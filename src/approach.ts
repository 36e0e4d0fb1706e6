// The way of a node from the lease to the claim: the hold on the realm, and an engine that is
// ready. Nobody is deposed on it. A node that loses the lease while it loads goes on loading, and
// waits longer each time before it seeks the lease again, unless it is ready. So of nodes that load
// too slowly for their lease one is ready in the end, and leads at once.

import type { Log } from './base/log.ts';
import type { RealmKeys } from './cluster/keys.ts';
import type { Links } from './cluster/links.ts';
import type { Config } from './config.ts';
import type { Database } from './database/connection.ts';
import { RealmHeldError, RealmHold } from './database/realm-hold.ts';
import { BackOff } from './journal/back-off.ts';
import { DeposedError } from './journal/journal.ts';
import { holdForCluster } from './node-hold.ts';
import { Preparation } from './preparation.ts';

export interface ApproachOptions {
  readonly config: Config;
  readonly log: Log;
  readonly database: Database;
  readonly links: Links;
  readonly keys: RealmKeys;
  /** Whether a leader is heard, on whichever node. */
  readonly isLed: () => boolean;
  /** The first time, takes the realm from a living writer outside of the cluster too. */
  readonly takeover: boolean;
}

/** Why a leadership ended. `asked`: in peace, everything was handed over. */
export type Ending =
  | { readonly why: 'asked' | 'lease' }
  | { readonly why: 'failed'; readonly error: unknown };

/** This node is not to lead any more, though it has only begun to. */
class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

/** Another node is about to lead, or does: nothing is wrong with the database. */
const OVERTAKEN = [OvertakenError, DeposedError, RealmHeldError] as const;

const RETRY_MS = 1_000;
const BACK_OFF_MIN_MS = 1_000;
const BACK_OFF_MAX_MS = 16_000;

/** One time of holding the lease, until it ends for whatever reason. */
export class Turn {
  readonly ended: Promise<Ending>;
  #ending: Ending | null = null;
  #resolve: (ending: Ending) => void = () => {};

  constructor() {
    this.ended = new Promise(resolve => {
      this.#resolve = resolve;
    });
  }

  /** The first reason counts. */
  end(ending: Ending): void {
    this.#ending ??= ending;
    this.#resolve(this.#ending);
  }

  get hasEnded(): boolean {
    return this.#ending !== null;
  }

  /** Throws when it has ended. */
  assertWanted(): void {
    const ending = this.#ending;
    if (ending === null) return;
    throw new OvertakenError(ending.why === 'asked' ? 'it stops' : 'its lease was lost meanwhile');
  }
}

export class Approach {
  readonly #options: ApproachOptions;
  readonly #backOff = new BackOff(BACK_OFF_MIN_MS, BACK_OFF_MAX_MS);
  #preparation: Preparation | null = null;
  /** Connected, and not taken yet. */
  #hold: RealmHold | null = null;
  /** The leader wants this node to be ready. */
  #isAsked = false;
  #isForced: boolean;
  #isHeldOff = false;

  constructor(options: ApproachOptions) {
    this.#options = options;
    this.#isForced = options.takeover;
  }

  /** The engine could be taken at once. */
  get isReady(): boolean {
    return this.#preparation?.isReady === true;
  }

  /** A writer outside of the cluster has the realm, and this node waits for it to go. */
  get isHeldOff(): boolean {
    return this.#isHeldOff;
  }

  /** The leader wants this node to make an engine ready; or not any more. */
  asked(isAsked: boolean): void {
    this.#isAsked = isAsked;
    if (isAsked) {
      this.#prepare();
      this.#hold ??= this.#newHold();
      this.#hold.open();
    } else {
      this.drop();
    }
  }

  drop(): void {
    this.#preparation?.drop();
    this.#preparation = null;
    void this.#hold?.release();
    this.#hold = null;
  }

  /**
   * While the lease is sought: what was loaded for one that was lost is kept until somebody leads.
   * Returns how to end that.
   */
  keepUntilLed(): () => void {
    const watch = setInterval(() => {
      if (!this.#isAsked && this.#options.isLed()) this.drop();
    }, RETRY_MS);
    return () => {
      clearInterval(watch);
      this.#isAsked = false;
    };
  }

  /** @throws when `turn` has ended before, and as a database that is away or damaged. */
  async make(turn: Turn): Promise<{ hold: RealmHold; preparation: Preparation }> {
    const hold = this.#hold ?? this.#newHold();
    this.#hold = null;
    try {
      await this.#take(hold, turn);
      turn.assertWanted();
      this.#isForced = false;
      const preparation = this.#prepare();
      await Promise.race([preparation.ready(), turn.ended.then(() => turn.assertWanted())]);
      this.#preparation = null;
      return { hold, preparation };
    } catch (error) {
      await hold.release();
      throw error;
    }
  }

  /** Resolves when the lease may be sought again, after a turn that led or, with why, did not. */
  async letOthersTry(failure: unknown): Promise<void> {
    const isOvertaken = OVERTAKEN.some(kind => failure instanceof kind);
    if (!isOvertaken) {
      this.drop();
      if (failure === null) this.#backOff.reset();
      return new Promise(resolve => setTimeout(resolve, RETRY_MS));
    }
    // Whoever is ready has nothing to fight about: it leads at once or not at all.
    const wake = () => this.#backOff.wake();
    this.#preparation?.ready().then(wake, () => {});
    await this.#backOff.wait();
  }

  /** Ends the wait of {@link letOthersTry}. */
  wake(): void {
    this.#backOff.wake();
  }

  #prepare(): Preparation {
    const { database, config, log } = this.#options;
    this.#preparation ??= new Preparation({ database, rules: config.rules, log });
    return this.#preparation;
  }

  #newHold(): RealmHold {
    return new RealmHold(this.#options.database, this.#options.log);
  }

  async #take(hold: RealmHold, turn: Turn): Promise<void> {
    const { links, keys, log } = this.#options;
    try {
      await holdForCluster({
        hold,
        redis: links.commands,
        keys,
        log,
        isForced: this.#isForced,
        isWanted: () => !turn.hasEnded,
        heldOff: () => {
          this.#isHeldOff = true;
        },
      });
    } finally {
      this.#isHeldOff = false;
    }
  }
}
