// Tells a story line by line, in columns, and checks every number that it tells. Nothing is told
// that was not compared with what the server said; a story that goes wrong ends with what differs.

import { isDeepStrictEqual } from 'node:util';

/** The server did not do what the story says. */
export class StoryError extends Error {
  override readonly name = 'StoryError';
}

const WHO_WIDTH = 7;
const DOES_WIDTH = 47;

export class Teller {
  readonly #write: (text: string) => void;
  /** Comparisons made so far. */
  checks = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  title(text: string): void {
    this.#write(`${text}\n`);
  }

  chapter(text: string): void {
    this.#write(`\n${text}\n`);
  }

  /** Who did what, and what came of it. */
  line(who: string, does: string, outcome: string): void {
    const left = `  ${who.padEnd(WHO_WIDTH)}${`${does} `.padEnd(DOES_WIDTH)}`;
    this.#write(`${left}${outcome}`.trimEnd().concat('\n'));
  }

  /** @throws {StoryError} unless the two are equal, deeply. */
  check(what: string, actual: unknown, expected: unknown): void {
    this.checks += 1;
    if (isDeepStrictEqual(actual, expected)) return;
    throw new StoryError(`${what}: expected ${show(expected)}, but it is ${show(actual)}.`);
  }
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

/** 12345 as `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** One order book on one line: `bids 50 @ 10 | asks 200 @ 12, 100 @ 15`. */
export function ladder(book: {
  readonly bids: readonly (readonly [number, number, number])[];
  readonly asks: readonly (readonly [number, number, number])[];
}): string {
  const side = (levels: typeof book.bids) =>
    levels.map(([price, quantity]) => `${quantity} @ ${price}`).join(', ') || 'none';
  return `bids ${side(book.bids)} | asks ${side(book.asks)}`;
}
