// Who may see which fact: turns committed facts into public frames and private events.
//
// Invariant: it is given facts only after their batch is durable, in order. Public channels are
// flushed at most once per `intervalMs`, however many batches commit in between; private events go
// out with their batch. Names are read from the engine's registries, which only ever grow.

import type { PublicChannel } from '../../protocol/channels.ts';
import type { MeEvent } from '../../protocol/events.ts';
import { DEFAULT_LOCATION } from '../../protocol/fields.ts';
import type { AmountLocale } from '../base/amount-text.ts';
import { Breath } from '../base/breath.ts';
import type { EngineOutput, LevelFact, OfferFact, TradeFact, WindowFact } from '../engine/fact.ts';
import type { State } from '../engine/state.ts';
import type { FeedSink } from '../gateway/port.ts';
import { Aging } from './aging.ts';
import { offerView, windowNotice } from './direct-views.ts';
import type { RealmClock } from './engine-clock.ts';
import { type MarketPast, TradeHistory } from './market-past.ts';
import { blankSnapshot, MarketView } from './market-view.ts';
import { balanceView, ownOrder, tradeView } from './views.ts';
import { WindowViews } from './window-view.ts';

/**
 * Views of markets in which nothing rests and nothing was ever traded. With orders alone, placed
 * and cancelled at every place that there is, anybody could make millions of them.
 */
export const BLANK_VIEWS_MAX = 1_000;

/** The output of one entry, as the pipeline hands it over once it is durable. */
export interface CommittedGroup {
  readonly sequence: number;
  readonly atMs: number;
  readonly output: readonly EngineOutput[];
}

export interface AnnouncerOptions {
  readonly state: State;
  readonly sink: FeedSink;
  readonly clock: RealmClock;
  readonly epoch: number;
  /** The shortest time between two flushes of the public feed. */
  readonly intervalMs: number;
  /** The language of the words in manifests. */
  readonly locale: AmountLocale;
}

interface DirtyView {
  readonly view: MarketView;
  readonly asset: number;
  readonly location: number;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly windows: WindowViews;
  readonly #aging = new Aging();
  /** By asset number of the item, then by location number. */
  readonly #views: Map<number, MarketView>[] = [];
  /** Of the markets that have no view yet, and the sequence that it stands at. */
  #past: MarketPast | null = null;
  #begunAt = 0;
  /** The blank ones, with where they are; the one that has been for the longest comes first. */
  readonly #blank = new Map<MarketView, { readonly asset: number; readonly location: number }>();
  #dirty: DirtyView[] = [];
  #flushedAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.windows = new WindowViews(options);
  }

  get epoch(): number {
    return this.#options.epoch;
  }

  /**
   * Takes over what the engine has recovered, all of it committed, with the past of the markets.
   * In slices; nothing is decided meanwhile.
   */
  async begin(past: MarketPast): Promise<void> {
    const { state } = this.#options;
    const breath = new Breath();
    this.#past = past;
    this.#begunAt = state.sequence;
    for (const { market, instance } of state.assets.values()) {
      if (breath.isDue) await breath.take();
      if (instance !== null) continue;
      for (const book of market.books()) {
        const view = this.view(book.asset, book.location);
        for (const side of [book.bids, book.asks]) {
          for (let level = side.best; level !== null; level = level.worse) {
            view.level(state.sequence, side.side, level);
            if (breath.isDue) await breath.take();
          }
        }
        view.begin(state.sequence);
        if (breath.isDue) await breath.take();
      }
    }
    await this.windows.begin(breath);
  }

  /** The view of a market, made when it is first needed. */
  view(asset: number, location: number): MarketView {
    this.#views[asset] ??= new Map();
    const known = this.#views[asset].get(location);
    if (known !== undefined) return known;
    return this.#add(asset, location, this.#past?.take(asset, location) ?? null);
  }

  #add(asset: number, location: number, history: TradeHistory | null): MarketView {
    const { state, epoch } = this.#options;
    const names = [state.assetNames.name(asset), state.locations.name(location)] as const;
    const view = new MarketView(epoch, ...names, history ?? new TradeHistory());
    if (history !== null) view.begin(this.#begunAt);
    this.#aging.watch(view);
    this.#views[asset] ??= new Map();
    this.#views[asset].set(location, view);
    return view;
  }

  /** The view that a channel or a read names, or null when nothing ever happened there. */
  find(item: string, location: string | undefined): MarketView | null {
    const { state } = this.#options;
    const asset = state.assetNames.find(item);
    const place = state.locations.find(location ?? DEFAULT_LOCATION);
    const known = this.#views[asset]?.get(place);
    if (known !== undefined) return known;
    const history = this.#past?.take(asset, place) ?? null;
    return history === null ? null : this.#add(asset, place, history);
  }

  /** Announces one batch. */
  commit(groups: readonly CommittedGroup[]): void {
    const { sink } = this.#options;
    const hasListeners = sink.hasPrivateListeners();
    for (const group of groups) {
      for (const fact of group.output) {
        if (fact.kind === 'level') this.#level(group, fact);
        else if (fact.kind === 'trade') this.#trade(group, fact);
        else if (fact.kind === 'manifest') this.windows.manifest(fact);
        else if (fact.kind === 'window') this.windows.commit(group, fact);
      }
      if (hasListeners) this.#announcePrivately(group);
    }
    if (this.#dirty.length > 0) this.#schedule();
  }

  snapshot(name: string, channel: PublicChannel): Uint8Array {
    const { sink, clock, epoch } = this.#options;
    const view = this.find(channel.item, channel.location);
    if (view !== null) return view.snapshot(channel.family, sink, clock.nowMs());
    return blankSnapshot(name, epoch, channel.family);
  }

  /** Sends everything that is waiting, now. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { sink, clock } = this.#options;
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#flushedAtMs = clock.monotonicMs();
    const nowMs = clock.nowMs();
    for (const { view, asset, location } of dirty) {
      if (view.isDirty) view.flush(sink, nowMs);
      this.#blank.delete(view);
      if (view.isBlank) this.#blank.set(view, { asset, location });
    }
    this.#letGo();
  }

  /** What time alone changes: called with each tick of the realm, and does a bounded part of it. */
  sweep(): void {
    const { sink, clock } = this.#options;
    this.windows.sweep();
    const nowMs = clock.nowMs();
    this.#aging.sweep(nowMs, view => view.age(sink, nowMs));
  }

  /** Forgets the blank views that are too many. */
  #letGo(): void {
    for (const [view, { asset, location }] of this.#blank) {
      if (this.#blank.size <= BLANK_VIEWS_MAX) return;
      this.#blank.delete(view);
      this.#views[asset]?.delete(location);
      view.leave(this.#options.sink);
    }
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    const { clock, intervalMs } = this.#options;
    const waitMs = this.#flushedAtMs + intervalMs - clock.monotonicMs();
    if (waitMs <= 0) this.flush();
    else this.#timer = setTimeout(() => this.flush(), waitMs);
  }

  #level(group: CommittedGroup, fact: LevelFact): void {
    const view = this.#touch(fact.asset, fact.location);
    view.level(group.sequence, fact.side, fact);
  }

  #trade(group: CommittedGroup, fact: TradeFact): void {
    const { state } = this.#options;
    const view = this.#touch(state.market(fact.asset).item.asset, fact.location);
    const name = state.assetNames.name(fact.asset);
    const { id, price, quantity, takerSide } = fact;
    view.trade(group.sequence, [id, name, price, quantity, takerSide, group.atMs]);
    this.#aging.watch(view);
  }

  #touch(asset: number, location: number): MarketView {
    const view = this.view(asset, location);
    if (!view.isDirty) this.#dirty.push({ view, asset, location });
    return view;
  }

  #announcePrivately(group: CommittedGroup): void {
    const { state } = this.#options;
    const events = new Map<string, MeEvent>();
    for (const fact of group.output) {
      switch (fact.kind) {
        case 'balance':
          this.#event(events, group, fact.owner)?.balances.push(balanceView(state, fact));
          break;
        case 'order':
          this.#event(events, group, fact.player)?.orders.push(ownOrder(state, fact));
          break;
        case 'trade':
          this.#tradeOf(events, group, fact, fact.buyer);
          this.#tradeOf(events, group, fact, fact.seller);
          break;
        case 'window':
          if (isNoticed(fact)) this.#notice(events, group, fact);
          break;
        case 'offer':
          this.#offer(events, group, fact);
          break;
      }
    }
    for (const [player, event] of events) {
      this.#options.sink.publishPrivate(player, group.sequence, event);
    }
  }

  #tradeOf(
    events: Map<string, MeEvent>,
    group: CommittedGroup,
    fact: TradeFact,
    player: number,
  ): void {
    const event = this.#event(events, group, player);
    event?.trades.push(tradeView(this.#options.state, fact, player, group.atMs));
  }

  #notice(events: Map<string, MeEvent>, group: CommittedGroup, fact: WindowFact): void {
    for (const { player } of fact.sides) {
      const event = this.#event(events, group, player);
      event?.windows.push(windowNotice(this.#options.state, fact, player));
    }
  }

  #offer(events: Map<string, MeEvent>, group: CommittedGroup, fact: OfferFact): void {
    for (const player of [fact.maker, fact.taker]) {
      const event = this.#event(events, group, player);
      event?.offers.push(offerView(this.#options.state, fact));
    }
  }

  /** The event of a player that is being put together, or null when nobody listens. */
  #event(events: Map<string, MeEvent>, group: CommittedGroup, player: number): MeEvent | null {
    const { state, sink } = this.#options;
    const name = state.players.name(player);
    const started = events.get(name);
    if (started !== undefined) return started;
    if (!sink.listensPrivately(name)) return null;
    const { atMs } = group;
    const event = { atMs, balances: [], orders: [], trades: [], offers: [], windows: [] };
    events.set(name, event);
    return event;
  }
}

/** A window begins, opens or ends: the rest is for its own channel. */
function isNoticed({ event }: WindowFact): boolean {
  return event === 'invited' || event === 'joined' || event === 'done' || event === 'cancelled';
}
