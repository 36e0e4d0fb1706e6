// Bytes back to the facts of direct trades: the other half of fact-codec-direct.ts.

import {
  OFFER_STATUSES,
  WINDOW_ENDS,
  WINDOW_EVENTS,
  WINDOW_STATUSES,
} from '../../protocol/direct.ts';
import type {
  BlockFact,
  FriendFact,
  Line,
  ManifestFact,
  OfferFact,
  PrivacyFact,
  WindowFact,
  WindowSideFact,
} from '../engine/fact.ts';
import type { ByteReader } from './bytes.ts';
import {
  BASELINE_FLAG,
  EVENT_MASK,
  SIDE_FLAG,
  STEPS_FLAG,
  UNLOGGED_FLAG,
} from './fact-codec-direct.ts';
import { wordOf } from './words.ts';

/** A manifest whose body is left as the MessagePack bytes that it was written with. */
export interface StoredManifest extends Omit<ManifestFact, 'body'> {
  readonly revision: number;
  /** Its hash. */
  readonly manifest: string;
  readonly bodyBytes: Uint8Array;
}

export function readWindow(reader: ByteReader): WindowFact {
  const words = reader.byte();
  const event = reader.byte();
  const end = words >> 4;
  return {
    kind: 'window',
    id: reader.uint(),
    status: wordOf(WINDOW_STATUSES, words & 0xf),
    reason: end === 0 ? null : wordOf(WINDOW_ENDS, end - 1),
    revision: reader.uint(),
    steps: (event & STEPS_FLAG) === 0 ? 0 : reader.uint(),
    armedAtMs: reader.uint(),
    deadlineMs: reader.uint(),
    createdAtMs: reader.uint(),
    event: wordOf(WINDOW_EVENTS, event & EVENT_MASK),
    isLogged: (event & UNLOGGED_FLAG) === 0,
    by: reader.uint() - 1,
    manifest: reader.string(),
    sides: [readSide(reader), readSide(reader)],
    baseline: (event & BASELINE_FLAG) === 0 ? null : [readLines(reader), readLines(reader)],
  };
}

export function readManifest(reader: ByteReader): StoredManifest {
  return {
    kind: 'manifest',
    window: reader.uint(),
    revision: reader.uint(),
    manifest: reader.string(),
    bodyBytes: reader.blob(),
  };
}

export function readOffer(reader: ByteReader): OfferFact {
  const status = wordOf(OFFER_STATUSES, reader.byte());
  return {
    kind: 'offer',
    id: reader.uint(),
    maker: reader.uint(),
    taker: reader.uint(),
    createdAtMs: reader.uint(),
    expiresAtMs: reader.uint(),
    counterOf: reader.uint(),
    message: reader.string(),
    give: readLines(reader),
    want: readLines(reader),
    status,
  };
}

export function readBlock(reader: ByteReader): BlockFact {
  const blocked = reader.byte() === 1;
  return { kind: 'block', player: reader.uint(), other: reader.uint(), blocked };
}

export function readPrivacy(reader: ByteReader): PrivacyFact {
  const closed = reader.byte() === 1;
  return { kind: 'privacy', player: reader.uint(), closed };
}

export function readFriend(reader: ByteReader): FriendFact {
  const isKept = reader.byte() === 1;
  return {
    kind: 'friend',
    player: reader.uint(),
    other: reader.uint(),
    sequence: reader.uint(),
    isKept,
  };
}

function readSide(reader: ByteReader): WindowSideFact {
  const flags = reader.byte();
  return {
    player: reader.uint(),
    awayUntilMs: reader.uint(),
    lines: readLines(reader),
    accepted: (flags & SIDE_FLAG.accepted) !== 0,
    confirmed: (flags & SIDE_FLAG.confirmed) !== 0,
  };
}

function readLines(reader: ByteReader): Line[] {
  const lines: Line[] = [];
  for (let left = reader.uint(); left > 0; left--) {
    lines.push({ asset: reader.uint(), location: reader.uint(), quantity: reader.uint() });
  }
  return lines;
}
