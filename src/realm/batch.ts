// One batch: what is decided while the batch before it is being appended. It owns the bytes of its
// facts and of its replies in arenas that are reused; the pipeline has two batches and swaps them.

import { writeReply, writeReplyHead } from '../../protocol/codec.ts';
import { FrameWriter } from '../../protocol/msgpack-writer.ts';
import { REJECTS, type RejectBody } from '../../protocol/rejects.ts';
import { assert } from '../base/assert.ts';
import type { Applied } from '../engine/entry.ts';
import type { ReplyTarget } from '../gateway/port.ts';
import { FactWriter } from '../journal/fact-codec.ts';
import type { CommittedGroup } from './announcer.ts';

export class Batch {
  readonly facts = new FactWriter();
  readonly #replies = new FrameWriter();
  /** Per target: request id, start and end of each reply frame. */
  readonly #targets = new Map<ReplyTarget, number[]>();
  readonly groups: CommittedGroup[] = [];
  /** Entries, with facts or without. */
  entries = 0;
  /** When the oldest of those who wait for an answer came, by the monotonic clock. */
  awaitedSinceMs = 0;

  get bytes(): number {
    return this.facts.length + this.#replies.length;
  }

  /** Whether anybody waits for an answer from it. */
  get isAwaited(): boolean {
    return this.#targets.size > 0;
  }

  /**
   * Adds what an entry came to; `target` gets its reply when the batch is durable. Null: nobody is
   * answered, so no key can be decided.
   */
  add(applied: Applied, atMs: number, target: ReplyTarget | null, id: number): void {
    this.entries++;
    const replies = this.#replies;
    const start = replies.length;
    let bodyStart = start;
    if (target !== null) {
      bodyStart = writeApplied(replies, id, applied);
      this.#reply(target, id, start);
    }
    const { output, sequence } = applied;
    if (output.length === 0) return;
    this.groups.push({ sequence, atMs, output });
    this.facts.group(sequence, atMs);
    for (const fact of output) {
      if (fact.kind === 'level') continue;
      // Mostly what is remembered is what is answered, and encoded already.
      if (fact.kind === 'decided' && applied.encoded !== null) {
        this.facts.decided(fact, replies.bytes, bodyStart, replies.length);
      } else {
        this.facts.fact(fact);
      }
    }
  }

  /** Adds the answer to a command that is not executed: it too leaves only with the batch. */
  refuse(target: ReplyTarget, id: number, body: RejectBody): void {
    this.entries++;
    const start = this.#replies.length;
    writeReply(this.#replies, id, REJECTS[body.code].outcome, body);
    this.#reply(target, id, start);
  }

  /** Hands every target its replies. */
  deliver(): void {
    const { bytes } = this.#replies;
    for (const [target, replies] of this.#targets) target.deliver(bytes, replies);
    this.#targets.clear();
  }

  /**
   * Gives up on answering in time: every target gets `body` as an unknown outcome instead, and the
   * facts go on to the journal. The commands' keys find out what became of them.
   */
  deliverUnknown(body: object): void {
    const answers = new FrameWriter(1024);
    for (const [target, replies] of this.#targets) {
      const late: number[] = [];
      answers.reset();
      for (let index = 0; index < replies.length; index += 3) {
        const start = answers.length;
        const id = replies[index] as number;
        writeReply(answers, id, 'unknown', body);
        late.push(id, start, answers.length);
      }
      target.deliver(answers.bytes, late);
    }
    this.#targets.clear();
  }

  /** Notes the frame from `start` on as the reply to `id`. */
  #reply(target: ReplyTarget, id: number, start: number): void {
    const own = this.#targets.get(target);
    if (own === undefined) this.#targets.set(target, [id, start, this.#replies.length]);
    else own.push(id, start, this.#replies.length);
  }

  reset(): void {
    this.facts.reset();
    this.#replies.reset();
    this.#targets.clear();
    this.groups.length = 0;
    this.entries = 0;
  }
}

/** The reply to an entry; returns where its body starts. */
export function writeApplied(writer: FrameWriter, id: number, applied: Applied): number {
  const { outcome, body, encoded } = applied;
  assert(outcome !== 'recall', 'what is not decided is not answered');
  if (encoded === null) return writeReply(writer, id, outcome, body);
  writeReplyHead(writer, id, outcome);
  const bodyStart = writer.length;
  writer.encoded(encoded.bytes, encoded.start, encoded.end);
  return bodyStart;
}
