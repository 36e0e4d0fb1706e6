// The commands of a node that await their replies: whose each is, and when its outcome counts as
// unknown. Each is answered once: what comes after that is for nobody.

import { writeReply, writeReplyHead } from '../../protocol/codec.ts';
import { replyId } from '../../protocol/frame-head.ts';
import { FrameWriter } from '../../protocol/msgpack-writer.ts';
import { OUTCOMES, type Outcome, type RejectBody } from '../../protocol/rejects.ts';
import { compareIds } from '../cluster/stream-id.ts';
import type { ReplyTarget } from '../gateway/port.ts';

interface Pending {
  /** The request id of the client. */
  readonly id: number;
  readonly target: ReplyTarget;
  dueMs: number;
  /** Its entry of the stream; empty until it is known. */
  entry: string;
}

const UNSENT: RejectBody = Object.freeze({
  code: 'SERVICE_UNAVAILABLE',
  message: 'It did not reach the leader of the realm. Nothing was executed.',
  retryAfterMs: 1_000,
});

const UNKNOWN: RejectBody = Object.freeze({
  code: 'OUTCOME_UNKNOWN',
  message: 'Sent to the leader, whose answer is missing. Send it again with the same key.',
});

export class PendingCommands {
  readonly #timeoutMs: number;
  /** By number, oldest first: none is due before those that are older. */
  readonly #pending = new Map<number, Pending>();
  readonly #writer = new FrameWriter();
  #drained: (() => void)[] = [];

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#pending.size;
  }

  add(n: number, id: number, target: ReplyTarget): void {
    const dueMs = performance.now() + this.#timeoutMs;
    this.#pending.set(n, { id, target, dueMs, entry: '' });
  }

  /** Where in the stream commands are: in the order of {@link add}. */
  entered(numbers: readonly number[], entry: string): void {
    for (const n of numbers) {
      const pending = this.#pending.get(n);
      if (pending !== undefined) pending.entry = entry;
    }
  }

  /**
   * Waits no longer than until `dueMs` for commands in `entry` and before: whoever took them leads
   * no more, and his reply has most likely gone with him.
   */
  giveUp(entry: string, dueMs: number): void {
    if (entry === '') return;
    for (const pending of this.#pending.values()) {
      if (pending.entry === '' || compareIds(pending.entry, entry) > 0) break;
      pending.dueMs = Math.min(pending.dueMs, dueMs);
    }
  }

  /** Hands over reply frames whose ids are numbers; `places` has n, start and end of each. */
  deliver(frames: Uint8Array, places: readonly number[]): void {
    this.#answer(places.length / 3, (index, writer) => {
      const n = places[index * 3] as number;
      const start = places[index * 3 + 1] as number;
      const end = places[index * 3 + 2] as number;
      const pending = this.#take(n);
      if (pending === null) return null;
      const { outcomeAt } = replyId(frames, start);
      const outcome = OUTCOMES[frames[outcomeAt] as number] as Outcome;
      writeReplyHead(writer, pending.id, outcome);
      writer.encoded(frames, outcomeAt + 1, end);
      return pending;
    });
  }

  /** Answers commands whose batch failed. */
  fail(numbers: readonly number[], fate: 'unsent' | 'unknown'): void {
    const outcome = fate === 'unsent' ? 'unavailable' : 'unknown';
    this.#refuse(numbers, outcome, fate === 'unsent' ? UNSENT : UNKNOWN);
  }

  /** Gives up on those whose time is over. */
  sweep(nowMs: number): void {
    const late: number[] = [];
    for (const [n, { dueMs }] of this.#pending) {
      if (dueMs > nowMs) break;
      late.push(n);
    }
    if (late.length > 0) this.#refuse(late, 'unknown', UNKNOWN);
  }

  /** Resolves when nothing is pending. */
  drained(): Promise<void> {
    if (this.#pending.size === 0) return Promise.resolve();
    return new Promise(resolve => this.#drained.push(resolve));
  }

  /** Answers `unknown` to all that are left. */
  close(): void {
    this.#refuse([...this.#pending.keys()], 'unknown', UNKNOWN);
  }

  #refuse(numbers: readonly number[], outcome: Outcome, body: RejectBody): void {
    this.#answer(numbers.length, (index, writer) => {
      const pending = this.#take(numbers[index] as number);
      if (pending !== null) writeReply(writer, pending.id, outcome, body);
      return pending;
    });
  }

  #take(n: number): Pending | null {
    const pending = this.#pending.get(n);
    if (pending === undefined) return null;
    this.#pending.delete(n);
    return pending;
  }

  /** Writes `count` replies with `write`, and gives each target its own in one piece. */
  #answer(count: number, write: (index: number, writer: FrameWriter) => Pending | null): void {
    const writer = this.#writer;
    const targets = new Map<ReplyTarget, number[]>();
    writer.reset();
    for (let index = 0; index < count; index++) {
      const start = writer.length;
      const pending = write(index, writer);
      if (pending === null) continue;
      const own = targets.get(pending.target);
      if (own === undefined) targets.set(pending.target, [pending.id, start, writer.length]);
      else own.push(pending.id, start, writer.length);
    }
    for (const [target, replies] of targets) target.deliver(writer.bytes, replies);
    if (this.#pending.size > 0) return;
    for (const resolve of this.#drained) resolve();
    this.#drained = [];
  }
}
