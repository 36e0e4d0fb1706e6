// The channels a client listens to: who gets which frame, and which channels have lost their chain.
// It sends nothing itself; the client subscribes and resyncs by what it says.

import { ChannelState } from './channel-state.ts';
import { ME } from './channels.ts';
import type { ServerEvent } from './codec.ts';
import type {
  BookSides,
  MeEvent,
  MeSnapshot,
  TickerState,
  TradePrints,
  WindowEvent,
  WindowSnapshot,
} from './events.ts';
import { MeParts } from './me-parts.ts';

interface Update<Kind, Data> {
  readonly kind: Kind;
  readonly data: Data;
  readonly channel: string;
  readonly epoch: number;
  readonly sequence: number;
}

/** What a listener of a channel gets, by the name of the channel. */
export type FeedEvent<Channel extends string> = Channel extends typeof ME
  ? Update<'snapshot', MeSnapshot> | Update<'event', MeEvent>
  : Channel extends `book:${string}`
    ? Update<'snapshot' | 'delta', BookSides>
    : Channel extends `trades:${string}`
      ? Update<'snapshot' | 'delta', TradePrints>
      : Channel extends `ticker:${string}`
        ? Update<'snapshot' | 'delta', TickerState>
        : Channel extends `window:${string}`
          ? Update<'snapshot', WindowSnapshot> | Update<'event', WindowEvent>
          : ServerEvent;

export type FeedListener<Channel extends string> = (event: FeedEvent<Channel>) => void;

type AnyListener = (event: ServerEvent) => void;

interface Listening {
  /** Had his first snapshot: before it, changes would mean nothing to him. */
  primed: boolean;
  readonly over: (error: Error) => void;
}

interface Entry {
  readonly state: ChannelState;
  readonly listeners: Map<AnyListener, Listening>;
}

export class Feed {
  readonly #entries = new Map<string, Entry>();
  readonly #parts = new MeParts();

  /** The channels that have listeners. */
  get channels(): string[] {
    return [...this.#entries.keys()];
  }

  /** True when it is the first listener of the channel. */
  add(channel: string, listener: AnyListener, over: (error: Error) => void): boolean {
    const entry = this.#entries.get(channel);
    const listening = { primed: false, over };
    if (entry !== undefined) {
      entry.listeners.set(listener, listening);
      return false;
    }
    const listeners = new Map([[listener, listening]]);
    this.#entries.set(channel, { state: new ChannelState(), listeners });
    return true;
  }

  /** True when it was the last listener of the channel. */
  remove(channel: string, listener: AnyListener): boolean {
    const entry = this.#entries.get(channel);
    if (entry === undefined || !entry.listeners.delete(listener)) return false;
    return entry.listeners.size === 0 && this.#entries.delete(channel);
  }

  /** Nothing more comes on this channel: its listeners are told so and forgotten. */
  over(channel: string, error: Error): void {
    const entry = this.#entries.get(channel);
    this.#entries.delete(channel);
    for (const { over } of entry?.listeners.values() ?? []) deliver(over, error);
  }

  /** Nothing more comes on any channel. */
  end(error: Error): void {
    for (const channel of this.channels) this.over(channel, error);
  }

  /** Where the private feed stopped; null while its snapshot is not whole. */
  resume(): { epoch: number; sequence: number } | null {
    return this.#parts.isWhole ? (this.#entries.get(ME)?.state.position() ?? null) : null;
  }

  /** The connection is gone: public channels start over, the private one can be resumed. */
  lost(): void {
    for (const [channel, { state }] of this.#entries) {
      if (channel !== ME || !this.#parts.isWhole) state.forget();
    }
    this.#parts.forget();
  }

  /** Those of `channels` that still have listeners. */
  listened(channels: readonly string[]): string[] {
    return channels.filter(channel => this.#entries.has(channel));
  }

  /** Hands a frame to its listeners. True when it shows a gap in its channel. */
  receive(event: ServerEvent): boolean {
    const entry = this.#entries.get(event.channel);
    if (entry === undefined) return false;
    const verdict = entry.state.accept(event);
    if (verdict === 'apply' && event.kind !== 'heartbeat') {
      const told = event.channel === ME ? this.#parts.take(event) : [event];
      for (const one of told) this.#tell(entry, one);
    }
    return verdict === 'gap';
  }

  #tell(entry: Entry, event: ServerEvent): void {
    for (const [listener, listening] of [...entry.listeners]) {
      if (!listening.primed && event.kind !== 'snapshot') continue;
      listening.primed = true;
      deliver(listener, event);
    }
  }
}

/** A listener that throws harms neither other listeners nor the feed; its error still surfaces. */
export function deliver<News>(listener: (news: News) => void, news: News): void {
  try {
    listener(news);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
