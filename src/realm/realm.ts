// A realm where it is led: the engine, its pipeline, what is announced and what is read, behind the
// port that the gateway knows. In a single process the gateway calls it; in a cluster LeaderSeat
// does, for the gateways of all nodes. It owns the clockwork (expiry, deadlines, lag) and the
// moment at which everything stops: a writer that is deposed, or whose engine broke a rule, says
// nothing more.

import { ME, parseChannel } from '../../protocol/channels.ts';
import type { Payload } from '../../protocol/commands/registry.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import type { AmountLocale } from '../base/amount-text.ts';
import { assert } from '../base/assert.ts';
import { within } from '../base/within.ts';
import type { Engine } from '../engine/engine.ts';
import type { Suspension } from '../engine/suspension.ts';
import type {
  Answer,
  Asker,
  EngineRequest,
  FeedSink,
  Readiness,
  ReadRequest,
  RealmPort,
  ReplyTarget,
} from '../gateway/port.ts';
import type { Journal } from '../journal/journal.ts';
import type { PrivateSnapshot } from '../reads/reader.ts';
import type { TablesStanding } from '../reads/standing.ts';
import { Announcer } from './announcer.ts';
import type { RealmClock } from './engine-clock.ts';
import type { Standing } from './feed-collector.ts';
import { readMarket } from './market-reads.ts';
import { PendingSnapshots } from './pending-snapshots.ts';
import { Pipeline, type PipelineLimits, type PipelineObserver } from './pipeline.ts';
import { Released } from './released.ts';
import type { TablesWatch } from './tables-watch.ts';
import { READ_WAIT_MS, type ReaderPort, TABLES_LATE, TrueReads } from './true-reads.ts';
import { endFrame } from './window-view.ts';

/** What a realm needs of the projection. */
export interface ProjectionPort {
  readonly lagMs: number;
  readonly isFailing: boolean;
  /** Facts that the tables could not take, and nobody has settled; and all since it began. */
  readonly quarantined: number;
  readonly setAsideTotal: number;
  notify(position: number): void;
  waitFor(position: number): Promise<void>;
  onDoubt(callback: () => void): void;
  onBroken(callback: (reason: string) => void): void;
  onSuspension(callback: (suspension: Suspension) => void): void;
}

export interface RealmOptions {
  readonly name: string;
  readonly epoch: number;
  /** The position of our claim: everything before it is in the engine. */
  readonly position: number;
  readonly engine: Engine;
  readonly journal: Journal;
  readonly projection: ProjectionPort;
  readonly reader: ReaderPort;
  /** Where the database stands. */
  readonly tables: TablesWatch;
  readonly sink: FeedSink;
  readonly clock: RealmClock;
  readonly limits: PipelineLimits & { readonly projectionLagMaxMs: number };
  readonly feedIntervalMs: number;
  /** The language of the words in manifests. */
  readonly amountWordsLocale: AmountLocale;
  readonly observer: PipelineObserver;
  /** Where the stream of commands stands that the journal has seen; empty without one. */
  readonly offset?: string;
  /** Everything of the stream up to `offset` is durable. */
  readonly durable?: (offset: string) => void;
  /** This process can't go on: it was deposed, or the engine broke a rule. Called once. */
  readonly failed: (error: unknown) => void;
}

const TICK_MS = 50;

/**
 * From this lag of the tables on, appends hold back: by a fiftieth of what is beyond it, so that
 * writers slow down long before the lag is so large that they must be refused.
 */
const EASY_LAG_MS = 1_000;
const PAUSE_SHARE = 1 / 50;
const PAUSE_MS_MAX = 100;
const ROOM_INTERVAL_MS = 2;

const LAGGING: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'The tables are too far behind the journal. Nothing was executed.',
  retryAfterMs: 1_000,
});

const UNCERTAIN: Answer = Object.freeze({
  outcome: 'unavailable',
  body: Object.freeze({
    code: 'SERVICE_UNAVAILABLE',
    message: 'It is not certain that this server knows what was decided last.',
    retryAfterMs: 1_000,
  }),
});

export class Realm implements RealmPort {
  readonly realm: string;
  readonly epoch: number;
  readonly #options: RealmOptions;
  readonly #pipeline: Pipeline;
  readonly announcer: Announcer;
  readonly #released: Released;
  readonly #reads: TrueReads;
  readonly #snapshots = new PendingSnapshots(() => this.caughtUp());
  /** The last question where the database stands, and what follows from its answer. */
  #asked: { answer: Promise<TablesStanding>; isCaughtUp: Promise<boolean> } | null = null;
  #isLagging = false;
  #pauseMs = 0;
  #hasFailed = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: RealmOptions) {
    this.realm = options.name;
    this.epoch = options.epoch;
    this.#options = options;
    this.#released = new Released(options.position);
    this.#reads = new TrueReads(options.reader, {
      standing: () => options.tables.standing(),
      waitFor: (position, timeoutMs) => within(timeoutMs, options.projection.waitFor(position)),
    });
    const { engine, journal, clock, sink, limits, observer, epoch } = options;
    this.announcer = new Announcer({
      state: engine.state,
      sink,
      clock,
      epoch,
      intervalMs: options.feedIntervalMs,
      locale: options.amountWordsLocale,
    });
    this.#pipeline = new Pipeline({
      engine,
      journal,
      clock,
      limits,
      observer,
      offset: options.offset ?? '',
      recall: questions => this.#reads.recall(questions),
      pauseMs: () => this.#pauseMs,
      committed: (position, groups, offset) => {
        this.#released.position = position;
        options.durable?.(offset);
        options.projection.notify(position);
        this.announcer.commit(groups);
        this.#released.announced();
      },
      failed: error => this.#fail(error),
    });
    options.projection.onDoubt(() => this.#pipeline.prove());
    options.projection.onBroken(reason =>
      this.#fail(new Error(`The tables can't follow the journal any more: ${reason}`)),
    );
  }

  /** Begins to take commands. */
  start(): void {
    assert(this.#timer === null, 'a realm is started once');
    this.#pipeline.begin();
    this.#options.projection.onSuspension(suspension => this.#pipeline.suspend(suspension));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  submit(request: EngineRequest, target: ReplyTarget): RejectBody | null {
    return this.#isLagging ? LAGGING : this.#pipeline.submit(request, target);
  }

  /** What a command would be refused with now, or null: {@link submit} and readiness agree. */
  get refusal(): RejectBody | null {
    this.#options.clock.nowMs();
    return this.#isLagging ? LAGGING : this.#pipeline.refusal;
  }

  async read(request: ReadRequest): Promise<Answer> {
    switch (request.command) {
      case 'market.book':
      case 'market.trades':
      case 'market.ticker': {
        if (!(await this.caughtUp())) return UNCERTAIN;
        const payload = request.payload as Payload<typeof request.command>;
        const { engine, clock } = this.#options;
        const parts = { announcer: this.announcer, state: engine.state, nowMs: clock.nowMs() };
        return readMarket(parts, request.command, payload);
      }
    }
    return this.#isLagging ? TABLES_LATE : this.#reads.answer(request);
  }

  /**
   * Whether everything that was acknowledged, or shown to anybody, before the call has been
   * released here: then what is announced may be shown. It has not when another writer goes on by
   * now, which is found out like this too; waits for an append whose answer is still to come.
   */
  caughtUp(): Promise<boolean> {
    const answer = this.#options.tables.standing();
    // Who shares the question shares what follows from it: all who come back at once, for example.
    if (this.#asked?.answer === answer) return this.#asked.isCaughtUp;
    const isCaughtUp = this.#isCaughtUp(answer);
    this.#asked = { answer, isCaughtUp };
    return isCaughtUp;
  }

  async #isCaughtUp(answer: Promise<TablesStanding>): Promise<boolean> {
    const before = this.#released.position;
    const standing = (await within(READ_WAIT_MS, answer)) ? await answer : null;
    if (standing === null || this.#hasFailed) return false;
    const { head, epoch } = standing;
    if (epoch === this.epoch && head >= before) return this.#released.upTo(head, READ_WAIT_MS);
    // The realm may not be ours any more, or the database has lost rows: an append finds out.
    if (this.#pipeline.waiting === 0) this.#pipeline.prove();
    return false;
  }

  snapshot(name: string, deliver: (frame: Uint8Array) => void, asker: Asker): void {
    const channel = parseChannel(name);
    assert(channel !== null && channel !== ME, 'the gateway asks for public channels');
    assert(channel.family !== 'window', 'a window has its own snapshot');
    this.#snapshots.ask(name, asker, () => deliver(this.announcer.snapshot(name, channel)));
  }

  async privateSnapshot(player: string, from: readonly number[] | null): Promise<PrivateSnapshot> {
    const snapshot = await this.#reads.privateSnapshot(player, from);
    // The tables may show a row whose append is not answered here yet: its events come first, so
    // that none of them follows a snapshot that has it already.
    if (await this.#released.upTo(snapshot.position, READ_WAIT_MS)) return snapshot;
    throw new Error('What the tables show is not announced yet.');
  }

  windowSnapshots(
    player: string,
    windows: readonly number[],
    deliver: (frames: readonly (Uint8Array | null)[]) => void,
    asker: Asker,
  ): void {
    const show = () => deliver(this.windowFrames(player, windows));
    this.#snapshots.ask(`windows:${windows.join()} ${player}`, asker, show);
  }

  /** What is announced of them by now. */
  windowFrames(player: string, windows: readonly number[]): readonly (Uint8Array | null)[] {
    return windows.map(window => this.announcer.windows.snapshot(player, window));
  }

  async windowEnd(player: string, window: number): Promise<Uint8Array | null> {
    return endFrame(this.epoch, await this.#reads.windowEnd(player, window));
  }

  presence(player: string, sockets: number): void {
    this.#pipeline.presence(player, sockets > 0);
  }

  /** The sink is asked each time who listens. */
  unlisten(): void {}

  /** Answers a command of the stream that is not executed, once that is certain. */
  refuse(id: number, body: RejectBody, target: ReplyTarget): void {
    this.#pipeline.refuse(id, body, target);
  }

  /** The commands of the stream up to `offset` have been submitted or refused. */
  reached(offset: string): void {
    this.#pipeline.reached(offset);
  }

  /** Makes durable what was {@link reached}, though nothing else may be decided for long. */
  settle(): void {
    this.#pipeline.settle();
  }

  /** Whether the pipeline would take a whole entry of the stream more. */
  get hasRoom(): boolean {
    return this.#pipeline.hasRoom && !this.#isLagging;
  }

  /** Resolves when there is room again, or nothing is taken here any more. */
  async room(): Promise<void> {
    while (!this.hasRoom && !this.#hasFailed && this.#timer !== null) {
      await new Promise(resolve => setTimeout(resolve, ROOM_INTERVAL_MS));
    }
  }

  /** What everybody may know: the position of the last released batch. */
  get released(): number {
    return this.#released.position;
  }

  readiness(): Readiness {
    const { journal, projection, clock } = this.#options;
    const projectionLagMs = projection.lagMs;
    const leading = !this.#hasFailed;
    // A journal that nothing waits for does not try to come back; the projection always does.
    const isJournalReachable = journal.reachable || this.#pipeline.waiting === 0;
    const databaseReachable = isJournalReachable && !projection.isFailing;
    const refusal = this.refusal?.message ?? null;
    const clockSure = clock.isSure;
    const ready = leading && databaseReachable && refusal === null;
    const { quarantined } = projection;
    return { leading, databaseReachable, projectionLagMs, quarantined, clockSure, refusal, ready };
  }

  /**
   * What nodes are told: whether commands that they send are executed in time, and whether all is
   * well here. A leader that stops goes on with that: the next one takes what is in the stream.
   */
  standing(): Standing {
    const { leading, databaseReachable, clockSure } = this.readiness();
    const isTaking = !this.#isLagging && clockSure;
    return { isTaking, isReady: isTaking && leading && databaseReachable };
  }

  /** Engine time. */
  nowMs(): number {
    return this.#options.clock.nowMs();
  }

  /** By how much engine time is ahead of the clocks, which it goes by where it can. */
  get timeAheadMs(): number {
    return this.#options.clock.aheadMs;
  }

  /** Entries that were decided but are not durable yet. */
  get waiting(): number {
    return this.#pipeline.waiting;
  }

  /** Facts that the tables could not take, since this process leads. */
  get setAsideTotal(): number {
    return this.#options.projection.setAsideTotal;
  }

  get liveWindows(): number {
    return this.#options.engine.state.windows.size;
  }

  get openOffers(): number {
    return this.#options.engine.state.offers.size;
  }

  /** Takes no more commands; resolves when everything taken is durable, answered and announced. */
  async drain(): Promise<void> {
    await this.#pipeline.drain();
    this.announcer.flush();
    this.#stopClock();
  }

  /** Stops at once. Whoever still waits for an answer will not get it from here. */
  stop(): void {
    this.#pipeline.stop();
    this.#snapshots.close();
    this.#stopClock();
  }

  #stopClock(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    const { projection, limits } = this.#options;
    const { lagMs } = projection;
    this.#isLagging = lagMs > limits.projectionLagMaxMs;
    const beyondMs = Math.max(0, lagMs - EASY_LAG_MS);
    this.#pauseMs = Math.min(PAUSE_MS_MAX, Math.round(beyondMs * PAUSE_SHARE));
    this.#pipeline.tick();
    this.announcer.sweep();
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.stop();
    this.#options.failed(error);
  }
}
