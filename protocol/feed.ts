// The channels a client listens to: who gets which frame, and which channels have lost their chain.
// It sends nothing itself; the client subscribes and resyncs by what it says.

import { ChannelState } from './channel-state.ts';
import { ME } from './channels.ts';
import type { ServerEvent } from './codec.ts';
import type { BookSides, MeEvent, MeSnapshot, TickerState, TradePrints } from './events.ts';

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
        : ServerEvent;

export type FeedListener<Channel extends string> = (event: FeedEvent<Channel>) => void;

type AnyListener = (event: ServerEvent) => void;

interface Entry {
  readonly state: ChannelState;
  /** Whether each listener had its first snapshot: before it, changes would mean nothing to him. */
  readonly listeners: Map<AnyListener, boolean>;
}

export class Feed {
  readonly #entries = new Map<string, Entry>();

  /** The channels that have listeners. */
  get channels(): string[] {
    return [...this.#entries.keys()];
  }

  /** True when it is the first listener of the channel. */
  add(channel: string, listener: AnyListener): boolean {
    const entry = this.#entries.get(channel);
    if (entry !== undefined) {
      entry.listeners.set(listener, false);
      return false;
    }
    const listeners = new Map([[listener, false]]);
    this.#entries.set(channel, { state: new ChannelState(), listeners });
    return true;
  }

  /** True when it was the last listener of the channel. */
  remove(channel: string, listener: AnyListener): boolean {
    const entry = this.#entries.get(channel);
    if (entry === undefined || !entry.listeners.delete(listener)) return false;
    return entry.listeners.size === 0 && this.#entries.delete(channel);
  }

  /** Where the private feed stopped. */
  resume(): { epoch: number; sequence: number } | null {
    return this.#entries.get(ME)?.state.position() ?? null;
  }

  /** The connection is gone: public channels start over, the private one can be resumed. */
  lost(): void {
    for (const [channel, { state }] of this.#entries) if (channel !== ME) state.forget();
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
      for (const [listener, primed] of [...entry.listeners]) {
        if (!primed && event.kind !== 'snapshot') continue;
        if (!primed) entry.listeners.set(listener, true);
        deliver(listener, event);
      }
    }
    return verdict === 'gap';
  }
}

/** A listener that throws harms neither other listeners nor the feed; its error still surfaces. */
function deliver(listener: AnyListener, event: ServerEvent): void {
  try {
    listener(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
