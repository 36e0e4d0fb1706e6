// What is announced of one market (an item at a location) on its three channels. Changes gather
// here as batches commit, and leave as one frame per channel and tick of the feed. Invariant: each
// frame's previousSequence is the sequence of the frame or snapshot before it on that channel.
// A view that is let go leaves its subscribers where they would begin anew: with nothing, at 0.

import { channelName, PUBLIC_FAMILIES, type PublicFamily } from '../../protocol/channels.ts';
import { encodeEvent } from '../../protocol/codec.ts';
import type { BookSides, EventKind, TickerState, TradePrint } from '../../protocol/events.ts';
import { TRADES_SNAPSHOT_MAX } from '../../protocol/limits.ts';
import type { FeedSink } from '../gateway/port.ts';
import { BookView } from './book-view.ts';
import type { TradeHistory } from './market-past.ts';
import { emptyMarket } from './views.ts';

/** One channel: its name, and the last sequence its subscribers know. */
interface Channel {
  readonly name: string;
  sequence: number;
}

export class MarketView {
  readonly book = new BookView();
  readonly #epoch: number;
  readonly #channels: Record<PublicFamily, Channel>;
  readonly #history: TradeHistory;
  /** Trades that subscribers have not seen. */
  #unseen: TradePrint[] = [];
  /** The last decision that changed the book; any of the market. */
  #bookSequence = 0;
  #sequence = 0;
  /** Whether something changed since the last flush. */
  isDirty = false;
  /** Whether it waits until its oldest trades leave the day: see aging.ts. */
  isAging = false;

  constructor(epoch: number, item: string, location: string, history: TradeHistory) {
    this.#epoch = epoch;
    this.#history = history;
    const channel = (family: PublicFamily) => ({
      name: channelName(family, item, location),
      sequence: 0,
    });
    this.#channels = {
      book: channel('book'),
      trades: channel('trades'),
      ticker: channel('ticker'),
    };
  }

  /** Whether nothing rests and nothing was ever traded here. */
  get isBlank(): boolean {
    const { bids, asks } = this.book;
    return this.#history.isEmpty && bids.bestPrice === null && asks.bestPrice === null;
  }

  /** Where the market stands when nothing was announced yet: after a start. */
  begin(sequence: number): void {
    this.#bookSequence = sequence;
    this.#sequence = sequence;
    for (const family of PUBLIC_FAMILIES) this.#channels[family].sequence = sequence;
    this.isDirty = false;
  }

  level(
    sequence: number,
    side: 'buy' | 'sell',
    level: { price: number; quantity: number; orders: number },
  ): void {
    const view = side === 'buy' ? this.book.bids : this.book.asks;
    view.set(level.price, level.quantity, level.orders);
    this.#bookSequence = sequence;
    this.#sequence = sequence;
    this.isDirty = true;
  }

  trade(sequence: number, print: TradePrint): void {
    this.#history.add(print);
    this.#unseen.push(print);
    this.#sequence = sequence;
    this.isDirty = true;
  }

  /** Sends what changed to those who listen. */
  flush(sink: FeedSink, nowMs: number): void {
    this.isDirty = false;
    const { book, trades, ticker } = this.#channels;
    if (sink.hasSubscribers(book.name)) {
      const changes = this.book.changes();
      if (changes !== null) this.#publish(sink, book, this.#bookSequence, changes);
    }
    if (this.#unseen.length > 0) {
      if (sink.hasSubscribers(trades.name)) {
        this.#publish(sink, trades, this.#sequence, { trades: this.#unseen });
      }
      this.#unseen = [];
    }
    if (sink.hasSubscribers(ticker.name) && ticker.sequence !== this.#sequence) {
      this.#publish(sink, ticker, this.#sequence, this.tickerState(nowMs));
    }
  }

  get agesIn(): number | null {
    return this.#history.ticker.agesIn;
  }

  /**
   * Time alone has changed the ticker: no decision did, so who listens gets a snapshot at the
   * sequence that they know. Of a market that has just changed they hear in any case.
   */
  age(sink: FeedSink, nowMs: number): void {
    const { ticker } = this.#channels;
    const state = this.tickerState(nowMs);
    if (this.isDirty || !sink.hasSubscribers(ticker.name)) return;
    sink.publish(ticker.name, this.#encode(ticker, 'snapshot', ticker.sequence, state));
  }

  /** The frame for a new subscriber. What others have not seen yet is sent to them first. */
  snapshot(family: PublicFamily, sink: FeedSink, nowMs: number): Uint8Array {
    if (this.isDirty) this.flush(sink, nowMs);
    const channel = this.#channels[family];
    if (!sink.hasSubscribers(channel.name)) {
      channel.sequence = family === 'book' ? this.#bookSequence : this.#sequence;
    }
    const content = this.#content(family, nowMs);
    return this.#encode(channel, 'snapshot', channel.sequence, content);
  }

  /** Brings the subscribers of a blank market to where those of one without a view are. */
  leave(sink: FeedSink): void {
    for (const family of PUBLIC_FAMILIES) {
      const { name } = this.#channels[family];
      if (!sink.hasSubscribers(name)) continue;
      sink.publish(name, blankSnapshot(name, this.#epoch, family));
    }
  }

  /** Where a channel stands for one who only looks. */
  standing(family: PublicFamily): { epoch: number; sequence: number } {
    const sequence = family === 'book' ? this.#bookSequence : this.#sequence;
    return { epoch: this.#epoch, sequence };
  }

  lastTrades(limit: number): TradePrint[] {
    return this.#history.latest(limit);
  }

  tickerState(nowMs: number): TickerState {
    const { ticker } = this.#history;
    return ticker.state(nowMs, this.book.bids.bestPrice, this.book.asks.bestPrice);
  }

  #content(family: PublicFamily, nowMs: number): BookSides | TickerState | object {
    switch (family) {
      case 'book':
        return this.book.announce();
      case 'trades':
        return { trades: this.lastTrades(TRADES_SNAPSHOT_MAX) };
      case 'ticker':
        return this.tickerState(nowMs);
    }
  }

  #publish(sink: FeedSink, channel: Channel, sequence: number, content: object): void {
    sink.publish(channel.name, this.#encode(channel, 'delta', sequence, content));
    channel.sequence = sequence;
  }

  #encode(channel: Channel, kind: EventKind, sequence: number, content: object): Uint8Array {
    const { name, sequence: previous } = channel;
    return encodeEvent(name, this.#epoch, sequence, previous, kind, content);
  }
}

/** The frame for a new subscriber of a market in which nothing has happened. */
export function blankSnapshot(name: string, epoch: number, family: PublicFamily): Uint8Array {
  return encodeEvent(name, epoch, 0, 0, 'snapshot', emptyMarket(family));
}
