// Commands of the service role whose keys the engine has forgotten: they wait here until the tables
// have said what they know of them, and then come to the engine again, in their order. Invariant:
// each is decided or refused, once. Many keys are one question, one question is asked at a time,
// and it is asked once the tables show what was released; what the engine finds too old is asked
// again. Only so many wait, and only so long: then nothing is executed, and they may come again.

import type { Recalled } from '../engine/entry.ts';
import type { EngineRequest, ReplyTarget } from '../gateway/port.ts';
import type { KeyQuestion } from '../reads/key-lookup.ts';

/** A command that waits. */
export interface Lookup {
  readonly request: EngineRequest;
  readonly target: ReplyTarget;
  readonly sinceMs: number;
}

export interface KeyLookupOptions {
  /** In the order of the questions; rejects when the tables do not answer. */
  readonly recall: (questions: readonly KeyQuestion[]) => Promise<readonly Recalled[]>;
  /** Gives the command to the engine again; {@link KeyLookups.again} may come of it. */
  readonly decide: (lookup: Lookup, recalled: Recalled) => void;
  readonly refuse: (id: number, target: ReplyTarget) => void;
  readonly monotonicMs: () => number;
}

/** Commands that wait. The engine keeps as many late keys and more (src/engine/late-keys.ts). */
export const LOOKUPS_MAX = 8_192;
/** Keys of one question. */
const QUESTION_KEYS_MAX = 1_000;
/** After this long without an answer that can be used, a command is refused. */
const WAIT_MS = 5_000;
/** Before the tables are asked again. */
const AGAIN_MS = 10;

export class KeyLookups {
  readonly #options: KeyLookupOptions;
  #waiting: Lookup[] = [];
  /** Those that the question at hand is about. */
  #asked: readonly Lookup[] = [];
  #isStopped = false;
  #isAsking = false;

  constructor(options: KeyLookupOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length + this.#asked.length;
  }

  /** Takes a command that the engine wants to have again. */
  add(request: EngineRequest, target: ReplyTarget): void {
    this.again({ request, target, sinceMs: this.#options.monotonicMs() });
  }

  /** Takes one back: what the tables said is too old. */
  again(lookup: Lookup): void {
    const isLate = this.#options.monotonicMs() - lookup.sinceMs > WAIT_MS;
    if (this.size >= LOOKUPS_MAX || isLate) {
      this.#options.refuse(lookup.request.id, lookup.target);
      return;
    }
    this.#waiting.push(lookup);
    if (!this.#isAsking) void this.#askAll();
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
    this.#asked = [];
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    // Whatever else comes in this turn is asked for together.
    await new Promise(resolve => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const sinceMs = this.#options.monotonicMs();
      await this.#ask();
      const leftMs = AGAIN_MS - (this.#options.monotonicMs() - sinceMs);
      if (leftMs > 0) await new Promise(resolve => setTimeout(resolve, leftMs));
    }
    this.#isAsking = false;
  }

  async #ask(): Promise<void> {
    const { recall, decide, refuse } = this.#options;
    const asked = this.#waiting.splice(0, QUESTION_KEYS_MAX);
    this.#asked = asked;
    let answers: readonly Recalled[] | null;
    try {
      answers = await recall(asked.map(({ request }) => questionOf(request)));
    } catch {
      answers = null;
    }
    if (this.#isStopped) return;
    this.#asked = [];
    for (const [index, lookup] of asked.entries()) {
      const recalled = answers?.[index];
      if (recalled === undefined) refuse(lookup.request.id, lookup.target);
      else decide(lookup, recalled);
      if (this.#isStopped) return;
    }
  }
}

function questionOf({ command, payload, player, key }: EngineRequest): KeyQuestion {
  // The payload of keys.get names the key that it asks about.
  const asked = command === 'keys.get' ? (payload as { readonly key: string }).key : key;
  return { player, key: asked ?? '' };
}
