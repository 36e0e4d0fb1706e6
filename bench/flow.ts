// Seeded flows of orders for the book alone, as columns of numbers, so that every book gets the
// same ones and none of them waits for their making. While a flow is written, a book runs along:
// cancels name orders that still rest, and the number of resting orders stays about the same.

import { BookRun } from './book-run.ts';
import { Random } from './random.ts';

/** What an operation does: 0 buys, 1 sells (limit orders that cross or rest), 2 cancels. */
export const BUY = 0;
export const SELL = 1;
export const CANCEL = 2;

export interface Flow {
  readonly kinds: Uint8Array;
  /** The number of the order: its own, or the one to cancel. Counted from 0. */
  readonly orders: Uint32Array;
  readonly prices: Uint32Array;
  readonly quantities: Uint32Array;
  /** How many operations come first and only fill the book. */
  readonly before: number;
}

export interface FlowPlan {
  readonly seed: number;
  /** Orders that rest before the measured part, and about as many while it lasts. */
  readonly resting: number;
  /** Operations of the measured part. */
  readonly count: number;
  /** Prices of resting orders on each side. */
  readonly prices: number;
}

/** A book that a flow can be played to. */
export interface Book {
  place(id: number, side: 'buy' | 'sell', price: number, quantity: number): void;
  cancel(id: number): void;
}

/** About a thousand orders rest all the time. */
export const LIVE = { seed: 2, resting: 1_000, count: 1_000_000, prices: 50 } as const;

const ADD_SHARE = 0.45;
const CANCEL_SHARE = 0.4;
const MIDDLE = 10_000;
const QUANTITY_MAX = 100;
/** Between the middle and the best price on either side. */
const GAP = 5;

/** Of 100 operations 45 add an order that rests, 40 cancel one, 15 cross. */
export function writeFlow(plan: FlowPlan): Flow {
  const writer = new FlowWriter(plan);
  for (let at = 0; at < plan.resting; at++) writer.rest();
  for (let at = 0; at < plan.count; at++) {
    const draw = writer.random.next();
    if (draw < ADD_SHARE) writer.rest();
    else if (draw < ADD_SHARE + CANCEL_SHARE) writer.cancel();
    else writer.cross();
  }
  return writer.flow;
}

/** Plays the operations from number `from` to before `to`. */
export function replay(book: Book, flow: Flow, from: number, to: number): void {
  for (let at = from; at < to; at++) step(book, flow, at);
}

export function step(book: Book, flow: Flow, at: number): void {
  const kind = flow.kinds[at] as number;
  const order = flow.orders[at] as number;
  if (kind === CANCEL) {
    book.cancel(order);
    return;
  }
  const side = kind === BUY ? 'buy' : 'sell';
  book.place(order, side, flow.prices[at] as number, flow.quantities[at] as number);
}

class FlowWriter {
  readonly flow: Flow;
  readonly random: Random;
  readonly #plan: FlowPlan;
  readonly #book = new BookRun();
  #length = 0;
  #orders = 0;
  /** Candidates for cancels; those that were filled meanwhile are dropped when they are drawn. */
  readonly #candidates: number[] = [];

  constructor(plan: FlowPlan) {
    const size = plan.resting + plan.count;
    this.#plan = plan;
    this.random = new Random(plan.seed);
    this.flow = {
      kinds: new Uint8Array(size),
      orders: new Uint32Array(size),
      prices: new Uint32Array(size),
      quantities: new Uint32Array(size),
      before: plan.resting,
    };
  }

  rest(): void {
    const distance = GAP + 1 + this.random.below(this.#plan.prices);
    const kind = this.random.next() < 0.5 ? BUY : SELL;
    const price = kind === BUY ? MIDDLE - distance : MIDDLE + distance;
    this.#place(kind, price, 1 + this.random.below(QUANTITY_MAX));
  }

  /** Takes much when too many orders rest, little when too few do. */
  cross(): void {
    const kind = this.random.next() < 0.5 ? BUY : SELL;
    const reach = GAP + this.#plan.prices;
    const price = kind === BUY ? MIDDLE + reach : MIDDLE - reach;
    const isFull = this.#book.live > this.#plan.resting;
    this.#place(kind, price, 1 + this.random.below(isFull ? 3 * QUANTITY_MAX : QUANTITY_MAX / 4));
  }

  cancel(): void {
    const candidates = this.#candidates;
    for (;;) {
      const at = this.random.below(candidates.length);
      const order = candidates[at] as number;
      candidates[at] = candidates.at(-1) as number;
      candidates.pop();
      if (!this.#book.has(order)) continue;
      this.#put(CANCEL, order, 0, 0);
      this.#book.cancel(order);
      return;
    }
  }

  #place(kind: number, price: number, quantity: number): void {
    const order = this.#orders++;
    this.#put(kind, order, price, quantity);
    this.#book.place(order, kind === BUY ? 'buy' : 'sell', price, quantity);
    if (this.#book.has(order)) this.#candidates.push(order);
  }

  #put(kind: number, order: number, price: number, quantity: number): void {
    const { kinds, orders, prices, quantities } = this.flow;
    const at = this.#length++;
    kinds[at] = kind;
    orders[at] = order;
    prices[at] = price;
    quantities[at] = quantity;
  }
}
