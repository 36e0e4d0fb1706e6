// The life of a command in a realm, in its four stages:
//
//   sequence  it gets engine time, and is refused if the realm cannot take it now
//   apply     the engine decides it; facts and reply go into the batch that is forming
//   append    one batch at a time goes to the journal; meanwhile the next one forms
//   release   the batch is durable: replies and announcements leave the process
//
// Invariant: nothing that depends on an entry leaves before the entry is durable, a rejection that
// saw uncommitted state included. A failure after sequencing is never answered as "not executed".

import { requestDigest } from '../../protocol/digest.ts';
import type { RejectBody } from '../../protocol/rejects.ts';
import { assert } from '../base/assert.ts';
import type { Engine } from '../engine/engine.ts';
import type { Applied, Entry, Internal, Recalled } from '../engine/entry.ts';
import { haltsNothing, type Suspension } from '../engine/suspension.ts';
import type { EngineRequest, ReplyTarget } from '../gateway/port.ts';
import type { Journal } from '../journal/journal.ts';
import type { KeyQuestion } from '../reads/key-lookup.ts';
import type { CommittedGroup } from './announcer.ts';
import { Batch } from './batch.ts';
import { DueFirst, NOT_YET } from './due-first.ts';
import type { RealmClock } from './engine-clock.ts';
import { KeyLookups, type Lookup } from './key-lookups.ts';
import { KEY_UNKNOWN, LATE, OVERLOADED, STOPPED, UNSURE } from './refusals.ts';

export interface PipelineLimits {
  /** Entries, and bytes of facts and replies, that wait while an append is in flight. */
  readonly waitingEntriesMax: number;
  readonly waitingBytesMax: number;
  /** After this long without the journal's answer, replies say `unknown`. */
  readonly replyTimeoutMs: number;
}

/** What the pipeline tells of itself; for metrics. */
export interface PipelineObserver {
  appended(entries: number, bytes: number, tookMs: number): void;
}

export interface PipelineOptions {
  readonly engine: Engine;
  readonly journal: Journal;
  readonly clock: RealmClock;
  readonly limits: PipelineLimits;
  readonly observer: PipelineObserver;
  /** What the tables know of these keys, once they show what was released. */
  readonly recall: (questions: readonly KeyQuestion[]) => Promise<readonly Recalled[]>;
  /** How long the next append should hold back, for the tables to keep up with the journal. */
  readonly pauseMs: () => number;
  /** Where the stream of commands stands that the journal has seen; empty without one. */
  readonly offset?: string;
  /** A batch is durable at `position`. Called before its replies are delivered. */
  readonly committed: (position: number, groups: readonly CommittedGroup[], offset: string) => void;
  /** The writer must stop: it is deposed, or a rule of the engine is broken. */
  readonly failed: (error: unknown) => void;
}

/**
 * At most one append per millisecond. Under a moderate load, appends of one or two commands each
 * cost the database more than everything else, and the wait for a core is longer than this one.
 */
const APPEND_SPACING_MS = 1;

/** A batch with as much as this takes no more of what is only due: it is one row of the journal. */
const DUE_BYTES_MAX = 512 * 1024;

const TICK: Internal = { command: 'tick', payload: null };
const RESTART: Internal = { command: 'restart', payload: null };

export class Pipeline {
  readonly #options: PipelineOptions;
  #forming = new Batch();
  #appending: Batch | null = null;
  #spare = new Batch();
  #isScheduled = false;
  /** When the last append was sent, by the monotonic clock. */
  #appendedAtMs = 0;
  #state: 'open' | 'draining' | 'stopped' = 'open';
  #drained: (() => void) | null = null;
  /** What waits until all that is due has ended: see due-first.ts. */
  readonly #dueFirst: DueFirst;
  /** Commands that wait for what the tables know of their keys. */
  readonly #lookups: KeyLookups;
  /** The last entry of the stream whose commands were all submitted. */
  #offset: string;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#offset = options.offset ?? '';
    this.#dueFirst = new DueFirst({
      isDue: atMs => options.engine.isDue(atMs),
      hasRoom: () => this.#mayTick(),
      tick: atMs => this.#happen(TICK, '', atMs),
      clock: options.clock,
    });
    this.#lookups = new KeyLookups({
      recall: options.recall,
      decide: (lookup, recalled) => this.#decideAgain(lookup, recalled),
      refuse: (id, target) => this.refuse(id, KEY_UNKNOWN, target),
      monotonicMs: () => options.clock.monotonicMs(),
    });
  }

  /** The commands of the stream up to `offset` were submitted, in one turn. */
  reached(offset: string): void {
    if (this.#state !== 'open') return;
    this.#dueFirst.inTurn(() => {
      this.#offset = offset;
    });
  }

  /** Appends where the stream stands, with a row of its own when there is nothing else. */
  settle(): void {
    if (this.#state === 'open' && this.#forming.entries === 0) this.prove();
  }

  /**
   * Answers a command of the stream that is not executed, with the next batch: only when that is
   * durable is it certain that no other writer executes it. A writer that has stopped says nothing.
   */
  refuse(id: number, body: RejectBody, target: ReplyTarget): void {
    if (this.#state === 'stopped') return;
    const forming = this.#forming;
    if (!forming.isAwaited) forming.awaitedSinceMs = this.#options.clock.monotonicMs();
    forming.refuse(target, id, body);
    if (this.#appending === null) this.#schedule();
  }

  /** Whether there is room for a whole entry of a stream. */
  get hasRoom(): boolean {
    const { limits } = this.#options;
    const { bytes } = this.#forming;
    const entries = this.#forming.entries + this.#dueFirst.size;
    return entries * 2 < limits.waitingEntriesMax && bytes * 2 < limits.waitingBytesMax;
  }

  /** What a command would be refused with now, by the time that was last read; or null. */
  get refusal(): RejectBody | null {
    return this.#whyNoRoom() ?? (this.#options.clock.isSure ? null : UNSURE);
  }

  #whyNoRoom(): RejectBody | null {
    if (this.#state !== 'open') return STOPPED;
    const { limits } = this.#options;
    const { bytes } = this.#forming;
    const entries = this.#forming.entries + this.#dueFirst.size;
    const isFull = entries >= limits.waitingEntriesMax || bytes >= limits.waitingBytesMax;
    return isFull ? OVERLOADED : null;
  }

  /** Takes a command, or says why not: then nothing was executed. See RealmPort.submit. */
  submit(request: EngineRequest, target: ReplyTarget): RejectBody | null {
    const refusal = this.#whyNoRoom();
    if (refusal !== null) return refusal;
    const atMs = this.#dueFirst.settle();
    if (!this.#options.clock.isSure) return UNSURE;
    if (atMs === NOT_YET) {
      const refuse = () => this.refuse(request.id, OVERLOADED, target);
      this.#dueFirst.hold(inTimeMs => this.#decide(request, target, inTimeMs), refuse);
    } else this.#decide(request, target, atMs);
    return null;
  }

  #decide(request: EngineRequest, target: ReplyTarget, atMs: number): void {
    if (this.#applyRequest(request, target, atMs, null)) this.#lookups.add(request, target);
  }

  /** The tables have said what they know of the key of a command. */
  #decideAgain(lookup: Lookup, recalled: Recalled): void {
    const { request, target } = lookup;
    const act = (atMs: number) => {
      if (this.#applyRequest(request, target, atMs, recalled)) this.#lookups.again(lookup);
    };
    const atMs = this.#dueFirst.settle();
    if (atMs !== NOT_YET) act(atMs);
    else this.#dueFirst.hold(act, () => this.refuse(request.id, OVERLOADED, target));
  }

  /** True when the engine wants the command again, with what the tables know of its key. */
  #applyRequest(
    request: EngineRequest,
    target: ReplyTarget,
    atMs: number,
    recalled: Recalled | null,
  ): boolean {
    const { command, payload, player, key, sender } = request;
    const digest = key === null ? 0 : requestDigest(command, payload);
    const common = { player, key, digest, sender, recalled, atMs };
    // The gateway validated the payload by the schema of this very command.
    const applied = this.#apply({ command, payload, ...common } as Entry, target, request.id);
    return applied?.outcome === 'recall';
  }

  /** To be called before anything else: in the windows that were recovered, nobody is here yet. */
  begin(): void {
    if (this.#options.engine.state.windows.size === 0) return;
    this.#dueFirst.inTurn(atMs => this.#happen(RESTART, '', atMs));
  }

  /**
   * A player is here, or is gone. That matters to those who are in a window, and to one who is here
   * for the first time and whom the realm knows from now on. After a drain nobody is here in any
   * case. Whoever comes and goes within moments leaves no fact, and so no row.
   */
  presence(player: string, present: boolean): void {
    const { players, windows } = this.#options.engine.state;
    const number = players.find(player);
    const isNew = present && number < 0;
    if (this.#state !== 'open' || (!isNew && windows.occupying(number) === undefined)) return;
    const internal: Internal = { command: 'presence', payload: { present } };
    this.#dueFirst.inTurn(atMs => this.#happen(internal, player, atMs));
  }

  /** This is halted from now on, and nothing else: the tables lack something of it. */
  suspend(suspension: Suspension): void {
    const { suspended } = this.#options.engine.state;
    if (this.#state === 'stopped' || (suspended.isNothing && haltsNothing(suspension))) return;
    const internal: Internal = { command: 'suspend', payload: suspension };
    this.#dueFirst.inTurn(atMs => this.#happen(internal, '', atMs));
  }

  /** Lets what is due expire. Called every now and then, whoever is connected. */
  tick(): void {
    const { engine, limits, clock } = this.#options;
    if (this.#state === 'stopped') return;
    const beforeMs = clock.monotonicMs() - limits.replyTimeoutMs;
    this.#giveUp(beforeMs);
    this.#dueFirst.giveUp(beforeMs);
    if (engine.state.players.count === 0) this.#happen(TICK, '', clock.nowMs());
    else this.#dueFirst.settle();
  }

  /** Finds out by an append whether this writer still is the one: if not, `failed` is told. */
  prove(): void {
    if (this.#state !== 'stopped') this.#happen(TICK, '', this.#options.clock.nowMs());
  }

  /** Takes no more commands; resolves once everything taken is durable and released. */
  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    if (this.#state === 'stopped' || this.#isIdle()) return;
    await new Promise<void>(resolve => {
      this.#drained = resolve;
    });
  }

  /** Stops at once: nothing more is applied, answered or announced. */
  stop(): void {
    this.#state = 'stopped';
    this.#dueFirst.stop();
    this.#lookups.stop();
    this.#drained?.();
  }

  /** Entries that were decided but are not durable yet. */
  get waiting(): number {
    const held = this.#dueFirst.size + this.#lookups.size;
    return held + this.#forming.entries + (this.#appending?.entries ?? 0);
  }

  #isIdle(): boolean {
    return this.waiting === 0;
  }

  /** Whether another part of what is due may end now: in the drain only for those who wait. */
  #mayTick(): boolean {
    const isWanted = this.#state === 'open' || this.#dueFirst.size > 0;
    return isWanted && this.#forming.bytes < DUE_BYTES_MAX;
  }

  /** Takes an entry that nobody sent and nobody is answered. It is durable like all. */
  #happen(internal: Internal, player: string, atMs: number): void {
    this.#apply({ ...internal, player, key: null, digest: 0, atMs }, null, 0);
  }

  /** What came of an entry; null when the engine broke a rule. */
  #apply(entry: Entry, target: ReplyTarget | null, id: number): Applied | null {
    const forming = this.#forming;
    if (!forming.isAwaited) forming.awaitedSinceMs = this.#options.clock.monotonicMs();
    let applied: Applied;
    try {
      applied = this.#options.engine.apply(entry);
      const isAsked = applied.outcome === 'recall';
      const isSilent = isAsked || entry.command === 'presence';
      // Nobody is answered, and it says nothing that another writer could contradict; but what was
      // due may have ended before.
      if (isSilent && applied.output.length === 0) return applied;
      forming.add(applied, entry.atMs, isAsked ? null : target, id);
    } catch (error) {
      // The state may be half changed: what is not in the journal must not go there any more.
      this.stop();
      this.#options.failed(error);
      return null;
    }
    if (this.#appending === null) this.#schedule();
    return applied;
  }

  /** Lets the batch take in what comes in this turn, or while the tables catch up. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const append = () => {
      this.#isScheduled = false;
      this.#append();
    };
    const dueMs = this.#appendedAtMs + APPEND_SPACING_MS - this.#options.clock.monotonicMs();
    const pauseMs = Math.max(this.#options.pauseMs(), Math.min(dueMs, APPEND_SPACING_MS));
    if (pauseMs > 0) setTimeout(append, pauseMs);
    else setImmediate(append);
  }

  #append(): void {
    if (this.#state === 'stopped' || this.#appending !== null) return;
    const batch = this.#forming;
    if (batch.entries === 0) return;
    this.#forming = this.#spare;
    this.#appending = batch;
    const { engine, journal, clock, failed, observer } = this.#options;
    // A batch without facts is appended too: that is how a writer that was deposed, perhaps while
    // it was frozen, finds out before it answers from a past that is over. Nothing was applied
    // since its last entry, so the engine stands where the batch ends.
    const { sequence, changedAtMs: atMs } = engine.state;
    const startedMs = clock.monotonicMs();
    this.#appendedAtMs = startedMs;
    const offset = this.#offset;
    journal.append({ sequence, atMs, facts: batch.facts.bytes, offset }).then(
      position => {
        if (this.#state === 'stopped') return;
        observer.appended(batch.entries, batch.facts.length, clock.monotonicMs() - startedMs);
        this.#release(batch, position, offset);
      },
      error => {
        this.stop();
        failed(error);
      },
    );
  }

  #release(batch: Batch, position: number, offset: string): void {
    assert(this.#appending === batch, 'batches are released in their order');
    this.#options.committed(position, batch.groups, offset);
    batch.deliver();
    batch.reset();
    this.#appending = null;
    this.#spare = batch;
    this.#dueFirst.released();
    if (this.#isIdle()) this.#drained?.();
    else this.#schedule();
  }

  /** Answers `unknown` to whoever has waited since before `beforeMs`. */
  #giveUp(beforeMs: number): void {
    for (const batch of [this.#appending, this.#forming]) {
      if (batch?.isAwaited && batch.awaitedSinceMs < beforeMs) batch.deliverUnknown(LATE);
    }
  }
}
