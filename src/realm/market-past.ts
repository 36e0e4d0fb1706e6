// The past of the markets, as far as it is shown: of each its latest trades and its last day.
// Bounded per market, so a node that follows the journal for weeks gathers no more of it than one
// that was just started. The announcer takes it over market by market, when a market is first
// needed.

import type { TradePrint } from '../../protocol/events.ts';
import { TRADES_SNAPSHOT_MAX } from '../../protocol/limits.ts';
import { Ticker } from './ticker.ts';

/** Of one market. */
export class TradeHistory {
  readonly ticker = new Ticker();
  /** Oldest first. */
  #latest: TradePrint[] = [];

  /** Whether nothing was ever traded. */
  get isEmpty(): boolean {
    return this.#latest.length === 0;
  }

  /** Takes the next trade in. */
  add(print: TradePrint): void {
    const [, , price, quantity, , atMs] = print;
    this.ticker.trade(price, quantity, atMs);
    this.#latest.push(print);
    if (this.#latest.length >= TRADES_SNAPSHOT_MAX * 2) {
      this.#latest = this.#latest.slice(-TRADES_SNAPSHOT_MAX);
    }
  }

  /** Puts a trade back that its quarter knows of already: at most those shown, oldest first. */
  restore(print: TradePrint): void {
    this.#latest.push(print);
    this.ticker.restoreLast(print);
  }

  latest(limit: number): TradePrint[] {
    return this.#latest.slice(-limit);
  }
}

export class MarketPast {
  /** By asset number of the item, then by location number. */
  readonly #markets = new Map<number, Map<number, TradeHistory>>();

  /** The past of a market, begun when there is none. */
  of(item: number, location: number): TradeHistory {
    let places = this.#markets.get(item);
    if (places === undefined) {
      places = new Map();
      this.#markets.set(item, places);
    }
    let history = places.get(location);
    if (history === undefined) {
      history = new TradeHistory();
      places.set(location, history);
    }
    return history;
  }

  /** The past of a market that has one, from here on the caller's; else null. */
  take(item: number, location: number): TradeHistory | null {
    const places = this.#markets.get(item);
    const history = places?.get(location) ?? null;
    places?.delete(location);
    return history;
  }
}
