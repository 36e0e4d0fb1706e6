// The lines that a player can cause, whatever they send: of each kind so many a minute and no more,
// and one for each player or address. What was left out is counted, and said when the minute is
// over. Invariant: neither lines nor memory follow what is sent; nothing that was left out goes
// uncounted. What only the machines around us can cause goes to the log itself.

import type { Log } from './log.ts';

/** How long what was said is not said again. */
export const SAMPLE_WINDOW_MS = 60_000;
/** Lines of one kind in that time. So many names are remembered, too. */
export const LINES_PER_KIND_MAX = 10;

interface Kind {
  readonly level: 'warn' | 'error';
  readonly text: string;
  /** Who had a line in this minute. */
  readonly said: Set<string>;
  unsaid: number;
}

export class SampledLog {
  readonly #log: Log;
  /** Of this minute, by what they say: constants of the program, so there are only so many. */
  readonly #kinds = new Map<string, Kind>();
  #timer: NodeJS.Timeout | null = null;

  constructor(log: Log) {
    this.#log = log;
  }

  /** @param who the player, address or node that caused it. `text` is the kind of the line. */
  warn(who: string, text: string, fields: () => object): void {
    this.#note('warn', who, text, fields);
  }

  /** As {@link warn}, for what is a fault of ours. */
  error(who: string, text: string, fields: () => object): void {
    this.#note('error', who, text, fields);
  }

  /** Says what was left out. Nothing is lost when the process ends in order. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const { level, text, unsaid } of this.#kinds.values()) {
      if (unsaid > 0) this.#log[level]({ unsaid, of: text }, 'more of the same was left out');
    }
    this.#kinds.clear();
  }

  #note(level: Kind['level'], who: string, text: string, fields: () => object): void {
    let kind = this.#kinds.get(text);
    if (kind === undefined) {
      kind = { level, text, said: new Set(), unsaid: 0 };
      this.#kinds.set(text, kind);
      this.#timer ??= setTimeout(() => this.flush(), SAMPLE_WINDOW_MS).unref();
    }
    if (kind.said.has(who) || kind.said.size >= LINES_PER_KIND_MAX) {
      kind.unsaid += 1;
      return;
    }
    kind.said.add(who);
    this.#log[level](fields(), text);
  }
}
