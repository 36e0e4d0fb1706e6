// The handle to the projection: tells the loop what was committed, and readers how far the tables
// have come. The loop runs in a worker thread, or, for tests, in this one. At most one order is on
// its way to it, whatever the rate of commits.

import { Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Database } from '../database/connection.ts';
import { workerFile } from '../database/worker-file.ts';
import { KEY_KEPT_MS } from '../engine/lived-time.ts';
import type { Suspension } from '../engine/suspension.ts';
import {
  type LoopListener,
  type LoopOptions,
  ProjectionLoop,
  type QuarantineNews,
} from './loop.ts';
import type { WorkerOrder, WorkerReport, WorkerStart } from './worker.ts';

export interface ProjectionOptions {
  readonly database: Database;
  /** Where the tables stand, and the epoch of our own claim. */
  readonly position: number;
  readonly epoch: number;
  /** Facts that they could not take so far; 0 when it is left out. */
  readonly quarantined?: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly loop?: Partial<LoopOptions>;
  /** 'worker' unless said otherwise. */
  readonly thread?: 'worker' | 'same';
}

export const DEFAULT_LOOP: LoopOptions = Object.freeze({
  intervalMs: 200,
  idleMs: 1_000,
  roundBytesMax: 4 * 1024 * 1024,
  journalRetentionMs: 60 * 60 * 1000,
  keyRetentionMs: KEY_KEPT_MS,
});

/** The projection ended, so that what a reader waited for will not come. */
export class ProjectionStoppedError extends Error {
  override readonly name = 'ProjectionStoppedError';
}

/** A loop, wherever it runs. */
interface Engaged {
  order(order: WorkerOrder): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  terminate(): void;
}

interface Waiter {
  readonly position: number;
  resolve(): void;
  reject(error: Error): void;
}

const REPAIR =
  'facts are set aside, and what depends on them is halted: run "npm run audit", and with the ' +
  'server stopped "npm run repair -- --quarantine"';
const STOP_GRACE_MS = 5_000;
const YOUNG_GENERATION_MB = 96;
const MARK_EVERY_MS = 20;
const UNKNOWN = -1;

export class Projection {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #epoch: number;
  readonly #loop: Engaged;
  readonly #doubtListeners: (() => void)[] = [];
  readonly #brokenListeners: ((reason: string) => void)[] = [];
  readonly #suspensionListeners: ((suspension: Suspension) => void)[] = [];
  #suspension: Suspension | null = null;
  #quarantined: number;
  #setAsideTotal = 0;
  #isInDoubt = false;
  #committed: number;
  #reached: number;
  #wanted = 0;
  #isOrdered = false;
  #isStopping = false;
  #isStopped = false;
  #isFailing = false;
  /** In the order of their positions. */
  #waiters: Waiter[] = [];
  /** When which position was committed, for the lag; thinned out. */
  #marks: { position: number; atMs: number }[] = [];

  constructor(options: ProjectionOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#epoch = options.epoch;
    this.#committed = options.position;
    this.#quarantined = options.quarantined ?? 0;
    this.#reached = options.position;
    const loop = { ...DEFAULT_LOOP, ...options.loop };
    const listener: LoopListener = {
      reached: (position, epoch) => this.#onReached(position, epoch),
      quarantined: news => this.#onQuarantined(news),
      failed: reason => this.#onFailed(reason),
      missing: () => this.#doubt(),
      broken: reason => this.#onBroken(reason),
    };
    const start = { database: options.database, options: loop };
    this.#loop =
      options.thread === 'same' ? engageHere(start, listener) : engageWorker(start, listener);
    this.#loop.ended.then(() => this.#onEnded());
  }

  /** The last position that the tables show; -1 while the database is away. */
  get reached(): number {
    return this.#reached;
  }

  /** Age of the oldest commit that the tables do not show; 0 when they show all. */
  get lagMs(): number {
    const oldest = this.#marks[0];
    return oldest === undefined ? 0 : Math.max(0, this.#clock.nowMs() - oldest.atMs);
  }

  /** Whether the last round failed: the database is away. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Facts that the tables could not take and nobody has settled. */
  get quarantined(): number {
    return this.#quarantined;
  }

  /** How many the tables could not take, since this began. */
  get setAsideTotal(): number {
    return this.#setAsideTotal;
  }

  /** A batch is durable at `position`. Cheap: called for every batch. */
  notify(position: number): void {
    this.#committed = position;
    const atMs = this.#clock.nowMs();
    const last = this.#marks.at(-1);
    if (last === undefined || atMs - last.atMs >= MARK_EVERY_MS)
      this.#marks.push({ position, atMs });
    else last.position = position;
    if (!this.#isOrdered) this.#order();
  }

  /**
   * Resolves when the tables show `position`.
   * @throws {ProjectionStoppedError} when the projection ends before.
   */
  waitFor(position: number): Promise<void> {
    if (this.#reached >= position) return Promise.resolve();
    if (this.#isStopped) return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      const after = this.#waiters.findLastIndex(waiter => waiter.position <= position);
      this.#waiters.splice(after + 1, 0, { position, resolve, reject });
      if (position <= this.#wanted) return;
      this.#wanted = position;
      this.#order();
    });
  }

  /**
   * Calls back when the realm seems not to be ours any more, which the next append finds out: the
   * tables have come to rows of a later epoch, or the journal does not have what was committed. At
   * once when that is so already.
   */
  onDoubt(callback: () => void): void {
    this.#doubtListeners.push(callback);
    if (this.#isInDoubt) callback();
  }

  /**
   * Calls back with what must not go on because the tables lack something of it: all of it, each
   * time that it changes. At once when it is known already.
   */
  onSuspension(callback: (suspension: Suspension) => void): void {
    this.#suspensionListeners.push(callback);
    if (this.#suspension !== null) callback(this.#suspension);
  }

  /** Calls back when the projection has ended by itself, and why: the tables will not go on. */
  onBroken(callback: (reason: string) => void): void {
    this.#brokenListeners.push(callback);
  }

  /** Catches up with what was committed, then ends; gives up catching up after `graceMs`. */
  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    this.#isStopping = true;
    this.#loop.order({ kind: 'stop', position: this.#committed });
    const giveUp = setTimeout(() => this.#loop.order({ kind: 'stop', position: 0 }), graceMs);
    const terminate = setTimeout(() => this.#loop.terminate(), 2 * graceMs);
    await this.#loop.ended;
    clearTimeout(giveUp);
    clearTimeout(terminate);
  }

  #order(): void {
    this.#isOrdered = true;
    this.#loop.order({ kind: 'notify', committed: this.#committed, wanted: this.#wanted });
  }

  #onReached(position: number, epoch: number): void {
    this.#reached = position;
    this.#isFailing = false;
    this.#isOrdered = false;
    while (this.#marks[0] !== undefined && this.#marks[0].position <= position) this.#marks.shift();
    while (this.#waiters[0] !== undefined && this.#waiters[0].position <= position) {
      this.#waiters.shift()?.resolve();
    }
    if (this.#committed > position) this.#order();
    if (epoch > this.#epoch) this.#doubt();
  }

  #doubt(): void {
    this.#isInDoubt = true;
    for (const callback of this.#doubtListeners) callback();
  }

  #onQuarantined({ unsettled, suspension, setAside, notices }: QuarantineNews): void {
    for (const notice of notices) {
      this.#log.error(notice, 'a fact is set aside: the tables cannot take it');
    }
    if (unsettled > 0) {
      this.#log.error({ setAside, unsettled }, REPAIR);
    } else if (this.#quarantined > 0) {
      this.#log.info('nothing is set aside any more');
    }
    this.#quarantined = unsettled;
    this.#setAsideTotal += setAside;
    this.#suspension = suspension;
    for (const callback of this.#suspensionListeners) callback(suspension);
  }

  #onFailed(reason: string): void {
    this.#isFailing = true;
    // After a crash of the server the tables may show less than they did, until they catch up.
    this.#reached = UNKNOWN;
    this.#log.warn({ error: reason }, 'the projection waits for the database');
  }

  #onBroken(reason: string): void {
    this.#isFailing = true;
    this.#log.error({ error: reason }, 'the projection has ended');
    for (const callback of this.#brokenListeners) callback(reason);
  }

  #onEnded(): void {
    if (!this.#isStopping) this.#log.error('the projection ended by itself');
    this.#isStopped = true;
    for (const waiter of this.#waiters) waiter.reject(stopped());
    this.#waiters = [];
  }
}

function stopped(): ProjectionStoppedError {
  return new ProjectionStoppedError('The projection was stopped.');
}

function engageHere(start: WorkerStart, listener: LoopListener): Engaged {
  const loop = new ProjectionLoop(start.database, start.options, listener);
  return {
    order: order => {
      if (order.kind === 'notify') loop.notify(order.committed, order.wanted);
      else loop.stop(order.position);
    },
    ended: loop.run(),
    terminate: () => {},
  };
}

function engageWorker(start: WorkerStart, listener: LoopListener): Engaged {
  // Rounds are large and short-lived: a young generation that holds one spares most of the copying.
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB };
  const file = workerFile(import.meta.url, 'worker');
  const worker = new Worker(file, { workerData: start, resourceLimits });
  worker.on('message', (report: WorkerReport) => {
    if (report.kind === 'reached') listener.reached(report.position, report.epoch);
    else if (report.kind === 'quarantined') listener.quarantined(report.news);
    else if (report.kind === 'missing') listener.missing();
    else if ('reason' in report) listener[report.kind](report.reason);
  });
  worker.on('error', error => listener.broken(error.message));
  return {
    order: order => worker.postMessage(order),
    ended: new Promise(resolve => worker.once('exit', () => resolve())),
    terminate: () => void worker.terminate(),
  };
}
