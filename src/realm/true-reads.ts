// Reads of the tables, under one rule: a read sees everything that was acknowledged, or shown to
// anybody, before it began. All of that is in the journal, so the end of the journal is asked for
// when a read comes; the tables are waited for until they show it; and the snapshot that answers
// says itself whether it does. If it does not, all of it is done again. So no memory is trusted, of
// this process or of another one, and a read that can't be true in time is refused.

import type { RejectBody } from '../../protocol/rejects.ts';
import { InvariantError } from '../base/assert.ts';
import type { Recalled } from '../engine/entry.ts';
import type { Answer, ReadRequest } from '../gateway/port.ts';
import type { KeyQuestion } from '../reads/key-lookup.ts';
import type { KeysRead, PrivateSnapshot, WindowEndRead } from '../reads/reader.ts';
import type { TablesStanding } from '../reads/standing.ts';
import type { EndedWindow } from '../reads/window-end.ts';

/** What a realm needs of the tables. See Reader for what null means. */
export interface ReaderPort {
  answer(request: ReadRequest, atLeast: number): Promise<Answer | null>;
  privateSnapshot(
    player: string,
    from: readonly number[] | null,
    atLeast: number,
  ): Promise<PrivateSnapshot | null>;
  windowEnd(player: string, window: number, atLeast: number): Promise<WindowEndRead | null>;
  lookUpKeys(questions: readonly KeyQuestion[], atLeast: number): Promise<KeysRead | null>;
}

/** How far the database is. */
export interface TablesPort {
  /** As of a moment after the call. */
  standing(): Promise<TablesStanding>;
  /** Whether the tables came to `position` in time. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
}

/** A read is refused after this long. */
export const READ_WAIT_MS = 5_000;
const AGAIN_MS = 20;

const LATE: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'The tables are too far behind the journal.',
  retryAfterMs: 1_000,
});

export const TABLES_LATE: Answer = Object.freeze({ outcome: 'unavailable', body: LATE });

export class TrueReads {
  readonly #reader: ReaderPort;
  readonly #tables: TablesPort;

  constructor(reader: ReaderPort, tables: TablesPort) {
    this.#reader = reader;
    this.#tables = tables;
  }

  async answer(request: ReadRequest): Promise<Answer> {
    const answer = await this.#read(atLeast => this.#reader.answer(request, atLeast));
    return answer ?? TABLES_LATE;
  }

  /** Rejects when it can't be read in time. */
  async privateSnapshot(player: string, from: readonly number[] | null): Promise<PrivateSnapshot> {
    const read = (atLeast: number) => this.#reader.privateSnapshot(player, from, atLeast);
    const snapshot = await this.#read(read);
    if (snapshot === null) throw new Error('The tables are behind the journal.');
    return snapshot;
  }

  /** How a window ended that is over. Rejects when it can't be read in time. */
  async windowEnd(player: string, window: number): Promise<EndedWindow | null> {
    const found = await this.#read(atLeast => this.#reader.windowEnd(player, window, atLeast));
    if (found === null) throw new Error('The tables are behind the journal.');
    return found.ended;
  }

  /**
   * What the tables know of keys, in the order of the questions. Rejects when it can't be read in
   * time, and when the tables can't say.
   */
  async recall(questions: readonly KeyQuestion[]): Promise<readonly Recalled[]> {
    const found = await this.#read(atLeast => this.#reader.lookUpKeys(questions, atLeast));
    if (found === null) throw new Error('The tables are behind the journal.');
    if (found.recalled === null) throw new Error('The tables can not say what is decided.');
    return found.recalled;
  }

  /** Null when it can't be done in time. */
  async #read<Found>(read: (atLeast: number) => Promise<Found | null>): Promise<Found | null> {
    const untilMs = performance.now() + READ_WAIT_MS;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>(resolve => {
      timer = setTimeout(resolve, READ_WAIT_MS, null);
    });
    try {
      return await Promise.race([this.#untilFound(read, untilMs), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #untilFound<Found>(
    read: (atLeast: number) => Promise<Found | null>,
    untilMs: number,
  ): Promise<Found | null> {
    for (;;) {
      const found = await this.#attempt(read, untilMs);
      const isLate = performance.now() + AGAIN_MS >= untilMs;
      if (found !== null || isLate) return found;
      await new Promise(resolve => setTimeout(resolve, AGAIN_MS));
    }
  }

  async #attempt<Found>(
    read: (atLeast: number) => Promise<Found | null>,
    untilMs: number,
  ): Promise<Found | null> {
    try {
      const { head, position } = await this.#tables.standing();
      if (position < head) {
        const isThere = await this.#tables.waitFor(head, untilMs - performance.now());
        if (!isThere) return null;
      }
      return await read(head);
    } catch (error) {
      // The database is away: it may be back in a moment.
      if (error instanceof InvariantError) throw error;
      return null;
    }
  }
}
