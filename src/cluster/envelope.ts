// Messages as bytes: a head that says whose a message is, and its content as MessagePack.
//
//   0       the version of the vocabulary
//   1       the kind of message, by its place in TAGS
//   2..17   the identity of the realm
//   18..33  HMAC-SHA-256 with the realm's secret, its first 16 bytes, over where it was sent (the
//           channel or the stream), the head before it, and the content
//   34..    the content
//
// Every node signs. Whether it takes what is not signed is its setting, so a cluster may be
// restarted node by node with another one. Invariant: nothing is decoded before size, version,
// identity and, where it is wanted, signature are right; and what is handed over has its shape.

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Packr, RESERVE_START_SPACE } from 'msgpackr';
import { CLUSTER_VERSION, type Message, type Messages, type Tag } from './messages.ts';
import { RefusedError } from './refused.ts';
import { isMessage } from './shapes.ts';

export interface EnvelopeOptions {
  /** 32 hexadecimal digits. */
  readonly identity: string;
  readonly secret: Uint8Array;
  /** Whether only what is signed is taken. */
  readonly isSigned: boolean;
}

/** In the order of their numbers: new ones go behind them. */
const TAGS: readonly Tag[] = [
  'commands',
  'replies',
  'feed',
  'question',
  'answer',
  'state',
  'orders',
];
const NUMBERS: ReadonlyMap<Tag, number> = new Map(TAGS.map((tag, number) => [tag, number]));

const OLDEST_READ = CLUSTER_VERSION - 1;
const NEWEST_READ = CLUSTER_VERSION + 1;
const IDENTITY_AT = 2;
const SIGNATURE_AT = 18;
const CONTENT_AT = 34;
const MEGABYTE = 1024 * 1024;

/** More than a message of each kind can have, whatever the players do. */
const BYTES_MAX: Readonly<Record<Tag, number>> = {
  commands: 16 * MEGABYTE,
  replies: 64 * MEGABYTE,
  feed: 64 * MEGABYTE,
  question: 64 * 1024,
  answer: 4 * MEGABYTE,
  state: MEGABYTE,
  orders: MEGABYTE,
};

const packr = new Packr({ useRecords: false, moreTypes: false });

export class Envelope {
  readonly #identity: Buffer;
  readonly #secret: KeyObject;
  readonly #isSigned: boolean;

  constructor({ identity, secret, isSigned }: EnvelopeOptions) {
    this.#identity = Buffer.from(identity, 'hex');
    this.#secret = createSecretKey(secret);
    this.#isSigned = isSigned;
  }

  /** @param place the channel or stream that it is for: nowhere else will it be taken. */
  seal<Name extends Tag>(place: string, tag: Name, content: Messages[Name]): Buffer {
    const bytes = packr.pack(content, RESERVE_START_SPACE | CONTENT_AT);
    bytes[0] = CLUSTER_VERSION;
    bytes[1] = NUMBERS.get(tag) as number;
    this.#identity.copy(bytes, IDENTITY_AT);
    this.#sign(place, bytes).copy(bytes, SIGNATURE_AT, 0, CONTENT_AT - SIGNATURE_AT);
    return bytes;
  }

  /**
   * Null for a kind of message that a later version has added.
   * @throws {RefusedError} with what is wrong. Nothing else.
   */
  open(place: string, bytes: Buffer): Message | null {
    const version = bytes[0] ?? -1;
    if (bytes.length <= CONTENT_AT) throw new RefusedError('malformed', 'It is too short.');
    if (!this.#identity.equals(bytes.subarray(IDENTITY_AT, SIGNATURE_AT))) {
      throw new RefusedError('identity', 'It is of another realm, or of another database.');
    }
    if (version < OLDEST_READ || version > NEWEST_READ) {
      throw new RefusedError(
        'version',
        `A node speaks version ${version}; this one understands ${OLDEST_READ} to ${NEWEST_READ}.`,
      );
    }
    const tag = TAGS[bytes[1] as number];
    if (tag === undefined && version <= CLUSTER_VERSION) {
      throw new RefusedError('malformed', 'There is no message of this kind.');
    }
    if (bytes.length > BYTES_MAX[tag ?? 'question']) {
      throw new RefusedError('size', `It has ${bytes.length} bytes, which no ${tag} has.`);
    }
    if (this.#isSigned && !this.#isOurs(place, bytes)) {
      throw new RefusedError('signature', 'It is not signed with the secret of the realm.');
    }
    return tag === undefined ? null : decode(tag, bytes);
  }

  #isOurs(place: string, bytes: Buffer): boolean {
    const signature = bytes.subarray(SIGNATURE_AT, CONTENT_AT);
    return timingSafeEqual(signature, this.#sign(place, bytes).subarray(0, signature.length));
  }

  #sign(place: string, bytes: Buffer): Buffer {
    // No name has a NUL in it, so no two places and contents give the same bytes.
    return createHmac('sha256', this.#secret)
      .update(`${place}\0`)
      .update(bytes.subarray(0, SIGNATURE_AT))
      .update(bytes.subarray(CONTENT_AT))
      .digest();
  }
}

function decode(tag: Tag, bytes: Buffer): Message {
  let content: unknown;
  try {
    content = packr.unpack(bytes, { start: CONTENT_AT });
  } catch (error) {
    throw new RefusedError('malformed', `Its content cannot be read: ${String(error)}`);
  }
  if (!isMessage(tag, content)) {
    throw new RefusedError('malformed', `It does not look like a message of the kind ${tag}.`);
  }
  return { tag, content } as Message;
}
