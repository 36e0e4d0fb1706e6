// The windows as they are committed, for their channels. The engine's own windows may be ahead of
// them; nobody may see that. Invariant: the frames of a window form one chain, each with the
// sequence of the one before it, whether anybody listened to that one or not; so a snapshot, which
// is at the last one, has its place in the chain. What ended is kept for a minute.

import { windowChannelName } from '../../protocol/channels.ts';
import { encodeEvent } from '../../protocol/codec.ts';
import type { LineChange, Manifest, ManifestView, WindowView } from '../../protocol/direct.ts';
import type { WindowEvent, WindowSnapshot } from '../../protocol/events.ts';
import { diffLines } from '../../protocol/window-diff.ts';
import type { AmountLocale } from '../base/amount-text.ts';
import { assert } from '../base/assert.ts';
import type { Breath } from '../base/breath.ts';
import type { ManifestFact, WindowFact } from '../engine/fact.ts';
import type { State } from '../engine/state.ts';
import { NOBODY, windowFact } from '../engine/window.ts';
import { viewOfWindow } from '../engine/window-view.ts';
import type { FeedSink } from '../gateway/port.ts';
import { manifestView } from '../reads/manifest-view.ts';
import type { EndedWindow } from '../reads/window-end.ts';
import type { CommittedGroup } from './announcer.ts';
import type { RealmClock } from './engine-clock.ts';

/** How long a window that ended can still be looked at; how many of those at most. */
const ENDED_MS = 60_000;
const ENDED_MAX = 10_000;

export interface WindowViewsOptions {
  readonly state: State;
  readonly sink: FeedSink;
  readonly clock: RealmClock;
  readonly epoch: number;
  /** The language of the words in manifests. */
  readonly locale: AmountLocale;
}

/** The last frame of a channel whose window ended while nobody could say so. */
export function endFrame(epoch: number, ended: EndedWindow | null): Uint8Array | null {
  if (ended === null) return null;
  const { sequence, data } = ended;
  const name = windowChannelName(data.window.window);
  return encodeEvent(name, epoch, sequence, sequence, 'snapshot', data);
}

/** A window as of its last committed fact. */
interface Committed {
  fact: WindowFact;
  sequence: number;
  atMs: number;
  manifest: Manifest | null;
  /** What was made of fact and manifest for showing; null until it is needed. */
  view: WindowView | null;
  manifestView: ManifestView | null;
}

export class WindowViews {
  readonly #options: WindowViewsOptions;
  readonly #windows = new Map<number, Committed>();
  /** When those that ended did, by the monotonic clock; the first to end comes first. */
  readonly #ended = new Map<number, number>();

  constructor(options: WindowViewsOptions) {
    this.#options = options;
  }

  /** Takes over the windows that the engine has recovered: they are committed. */
  async begin(breath: Breath): Promise<void> {
    const { state } = this.#options;
    for (const window of state.windows.values()) {
      const fact = windowFact(window, 'left', NOBODY);
      this.#windows.set(window.id, {
        ...begun(fact, state.sequence, state.changedAtMs),
        manifest: window.manifest,
      });
      if (breath.isDue) await breath.take();
    }
  }

  /** A manifest is committed; the window that it belongs to follows. */
  manifest({ window, body }: ManifestFact): void {
    const committed = this.#windows.get(window);
    assert(committed !== undefined, 'a manifest belongs to a window');
    committed.manifest = body;
    committed.manifestView = null;
  }

  /** Something that happened to a window is committed: who listens is told. */
  commit(group: CommittedGroup, fact: WindowFact): void {
    const { sequence, atMs } = group;
    const isHeard = this.#options.sink.listensToWindow(fact.id);
    let committed = this.#windows.get(fact.id);
    if (committed === undefined) {
      committed = begun(fact, sequence, atMs);
      this.#windows.set(fact.id, committed);
    }
    const before = isHeard ? this.#view(committed) : null;
    const previousSequence = committed.sequence;
    committed.fact = fact;
    committed.view = null;
    committed.sequence = sequence;
    committed.atMs = atMs;
    if (before !== null) this.#publish(committed, before, previousSequence);
    if (fact.status === 'done' || fact.status === 'cancelled') this.#end(fact.id);
  }

  /** See RealmPort.windowSnapshots. */
  snapshot(player: string, window: number): Uint8Array | null {
    const committed = this.#windows.get(window);
    if (committed === undefined || !this.#players(committed.fact).includes(player)) return null;
    const { sequence } = committed;
    const data: WindowSnapshot = this.#show(committed);
    const name = windowChannelName(window);
    return encodeEvent(name, this.#options.epoch, sequence, sequence, 'snapshot', data);
  }

  /** Forgets what ended more than a minute ago. */
  sweep(): void {
    const endedBeforeMs = this.#options.clock.monotonicMs() - ENDED_MS;
    for (const [window, endedAtMs] of this.#ended) {
      if (endedAtMs > endedBeforeMs && this.#ended.size <= ENDED_MAX) return;
      this.#ended.delete(window);
      this.#windows.delete(window);
      // For those who came to look at it after its end.
      this.#options.sink.endWindow(window);
    }
  }

  #end(window: number): void {
    const { sink, clock } = this.#options;
    sink.endWindow(window);
    this.#ended.set(window, clock.monotonicMs());
    if (this.#ended.size > ENDED_MAX) this.sweep();
  }

  #publish(committed: Committed, before: WindowView, previousSequence: number): void {
    const { state, sink, epoch } = this.#options;
    const { fact, sequence, atMs } = committed;
    const players = this.#players(fact);
    const data: WindowEvent = {
      atMs,
      event: fact.event,
      player: fact.by === NOBODY ? null : state.players.name(fact.by),
      changes: changesOf(before, this.#view(committed)),
      ...this.#show(committed),
    };
    const name = windowChannelName(fact.id);
    const frame = encodeEvent(name, epoch, sequence, previousSequence, 'event', data);
    sink.publishWindow(players, fact.id, frame);
  }

  #show(committed: Committed): WindowSnapshot {
    const { fact, atMs } = committed;
    const isDone = fact.status === 'done';
    return {
      window: this.#view(committed),
      manifest: isDone || fact.status === 'review' ? this.#manifestView(committed) : null,
      receipt: isDone ? { window: fact.id, manifest: fact.manifest, atMs } : null,
    };
  }

  #view(committed: Committed): WindowView {
    committed.view ??= viewOfWindow(this.#options.state, committed.fact);
    return committed.view;
  }

  /** Its words take longer than all the rest. */
  #manifestView(committed: Committed): ManifestView {
    const { manifest, fact } = committed;
    assert(manifest?.manifest === fact.manifest, 'a review has its manifest');
    committed.manifestView ??= manifestView(manifest, this.#options.locale);
    return committed.manifestView;
  }

  #players({ sides }: WindowFact): readonly [string, string] {
    const { players } = this.#options.state;
    return [players.name(sides[0].player), players.name(sides[1].player)];
  }
}

function begun(fact: WindowFact, sequence: number, atMs: number): Committed {
  return { fact, sequence, atMs, manifest: null, view: null, manifestView: null };
}

function changesOf(before: WindowView, after: WindowView): LineChange[] {
  return after.sides.flatMap(({ player, assets }, index) =>
    diffLines(player, before.sides[index]?.assets ?? [], assets),
  );
}
