// The ticker of one market: its last trade, and the last 24 hours in quarters of an hour. A quarter
// counts as long as any of it lies within the 24 hours; so volumes cover 24 h to 24 h 15 min.

import type { TickerState, TradePrint } from '../../protocol/events.ts';
import { QUARTER_MS } from '../base/times.ts';

const BUCKETS = 96 + 1;

/** Trades of one quarter of an hour. `bucket` is its start divided by its length. */
export interface TickerBucket {
  readonly bucket: number;
  readonly open: number;
  high: number;
  low: number;
  volume: number;
  trades: number;
}

export class Ticker {
  #lastPrice: number | null = null;
  #lastQuantity: number | null = null;
  #lastAtMs: number | null = null;
  /** Oldest first, none empty. */
  #buckets: TickerBucket[] = [];

  trade(price: number, quantity: number, atMs: number): void {
    this.#lastPrice = price;
    this.#lastQuantity = quantity;
    this.#lastAtMs = atMs;
    const bucket = Math.floor(atMs / QUARTER_MS);
    const current = this.#buckets.at(-1);
    if (current?.bucket !== bucket) {
      this.#buckets.push({
        bucket,
        open: price,
        high: price,
        low: price,
        volume: quantity,
        trades: 1,
      });
      this.#forget(atMs);
      return;
    }
    current.high = Math.max(current.high, price);
    current.low = Math.min(current.low, price);
    // A volume is for looking at: it stays at 2^53 - 1 rather than lose its precision.
    current.volume = Math.min(current.volume + quantity, Number.MAX_SAFE_INTEGER);
    current.trades++;
  }

  /** Puts the last trade of the past back. */
  restoreLast([, , price, quantity, , atMs]: TradePrint): void {
    this.#lastPrice = price;
    this.#lastQuantity = quantity;
    this.#lastAtMs = atMs;
  }

  /** Puts a quarter of the past back, oldest first. */
  restore(bucket: TickerBucket): void {
    this.#buckets.push(bucket);
  }

  /** The quarter, counted from 1970, in which the oldest trades here are forgotten; or null. */
  get agesIn(): number | null {
    const [oldest] = this.#buckets;
    return oldest === undefined ? null : oldest.bucket + BUCKETS;
  }

  state(nowMs: number, bestBid: number | null, bestAsk: number | null): TickerState {
    this.#forget(nowMs);
    const buckets = this.#buckets;
    const isQuiet = buckets.length === 0;
    let volume24h = 0;
    let trades24h = 0;
    let high = 0;
    let low = Number.MAX_SAFE_INTEGER;
    for (const bucket of buckets) {
      volume24h = Math.min(volume24h + bucket.volume, Number.MAX_SAFE_INTEGER);
      trades24h += bucket.trades;
      high = Math.max(high, bucket.high);
      low = Math.min(low, bucket.low);
    }
    return {
      lastPrice: this.#lastPrice,
      lastQuantity: this.#lastQuantity,
      lastAtMs: this.#lastAtMs,
      bestBid,
      bestAsk,
      open24h: buckets[0]?.open ?? null,
      high24h: isQuiet ? null : high,
      low24h: isQuiet ? null : low,
      volume24h,
      trades24h,
    };
  }

  #forget(nowMs: number): void {
    const first = Math.floor(nowMs / QUARTER_MS) - BUCKETS + 1;
    let old = 0;
    while (old < this.#buckets.length && (this.#buckets[old] as TickerBucket).bucket < first) old++;
    if (old > 0) this.#buckets = this.#buckets.slice(old);
  }
}
