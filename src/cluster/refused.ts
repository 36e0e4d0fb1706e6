// What came from Redis and is not taken: counted by its reason, and said in the log, but not as
// often as somebody sends it. Whoever can publish must not be able to fill a disk with lines.

import type { Log } from '../base/log.ts';
import { SampledLog } from '../base/sampled-log.ts';

export const REFUSALS = [
  /** Longer than a message of its kind can be. */
  'size',
  /** Of a node of a version that this one does not understand. */
  'version',
  /** Of another realm, or another database. */
  'identity',
  /** Without a signature, or with a wrong one. */
  'signature',
  /** Not what a message of its kind looks like. */
  'malformed',
  /** It came before. */
  'repeated',
  /** Its id in the stream lies too far ahead. */
  'id',
  /** A command, or a question, that this version does not know or does not take. */
  'command',
  /** What it asked for could not be done here: a fault of ours. */
  'failed',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Why bytes are no message for us. Thrown by {@link Envelope.open} alone. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string) {
    super(message);
    this.refusal = refusal;
  }
}

export class Refused {
  readonly #log: SampledLog;
  readonly #count: (refusal: Refusal) => void;

  constructor(log: Log, count: (refusal: Refusal) => void) {
    this.#log = new SampledLog(log);
    this.#count = count;
  }

  /** @param where the channel, or the id of the entry. */
  note(refusal: Refusal, where: string, error: unknown): void {
    this.#count(refusal);
    const fields = () => ({ refusal, where, error: String(error) });
    this.#log.error(refusal, 'a message was not taken', fields);
  }
}
