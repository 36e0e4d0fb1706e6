// The facts of direct trades as bytes: windows and offers with their lines, manifests, blocks,
// privacy and friends. Part of the format of fact-codec.ts, whose rules hold here too: records go
// at the end of a group, tag first, fields mostly in the order of fact.ts, small words packed into
// bytes.

import {
  OFFER_STATUSES,
  WINDOW_ENDS,
  WINDOW_EVENTS,
  WINDOW_STATUSES,
} from '../../protocol/direct.ts';
import { unreachable } from '../base/assert.ts';
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
import { type ByteWriter, UINT_BYTES_MAX } from './bytes.ts';
import { codeOf, TAG } from './words.ts';

export type DirectFact = WindowFact | OfferFact | BlockFact | PrivacyFact | FriendFact;

/** In the byte of a side. */
export const SIDE_FLAG = { accepted: 1, confirmed: 2 } as const;
/** In the byte of a window's event, besides the event: what follows. */
export const EVENT_MASK = 0x0f;
export const BASELINE_FLAG = 0x10;
export const UNLOGGED_FLAG = 0x20;
/** Its players have changed it: how often. */
export const STEPS_FLAG = 0x40;

const FIELDS_PER_LINE = 3;

/** Room for the record but its lines and strings has been reserved. */
export function writeDirect(out: ByteWriter, fact: DirectFact): void {
  switch (fact.kind) {
    case 'window':
      writeWindow(out, fact);
      break;
    case 'offer':
      writeOffer(out, fact);
      break;
    case 'block':
      out.byte(TAG.block);
      out.byte(fact.blocked ? 1 : 0);
      out.uint(fact.player);
      out.uint(fact.other);
      break;
    case 'privacy':
      out.byte(TAG.privacy);
      out.byte(fact.closed ? 1 : 0);
      out.uint(fact.player);
      break;
    case 'friend':
      out.byte(TAG.friend);
      out.byte(fact.isKept ? 1 : 0);
      out.uint(fact.player);
      out.uint(fact.other);
      out.uint(fact.sequence);
      break;
    default:
      unreachable(fact);
  }
}

/** `body`: the MessagePack bytes of `fact.body`. Its name and revision stand before it too. */
export function writeManifest(out: ByteWriter, fact: ManifestFact, body: Uint8Array): void {
  out.byte(TAG.manifest);
  out.uint(fact.window);
  out.uint(fact.body.revision);
  out.string(fact.body.manifest);
  out.blob(body, 0, body.length);
}

function writeWindow(out: ByteWriter, fact: WindowFact): void {
  const { sides, baseline } = fact;
  out.byte(TAG.window);
  out.byte(
    codeOf(WINDOW_STATUSES, fact.status) |
      ((fact.reason === null ? 0 : 1 + codeOf(WINDOW_ENDS, fact.reason)) << 4),
  );
  out.byte(
    codeOf(WINDOW_EVENTS, fact.event) |
      (baseline === null ? 0 : BASELINE_FLAG) |
      (fact.isLogged ? 0 : UNLOGGED_FLAG) |
      (fact.steps === 0 ? 0 : STEPS_FLAG),
  );
  out.uint(fact.id);
  out.uint(fact.revision);
  if (fact.steps > 0) out.uint(fact.steps);
  out.uint(fact.armedAtMs);
  out.uint(fact.deadlineMs);
  out.uint(fact.createdAtMs);
  // Nobody, -1, is 0.
  out.uint(fact.by + 1);
  out.string(fact.manifest);
  writeSide(out, sides[0]);
  writeSide(out, sides[1]);
  if (baseline === null) return;
  writeLines(out, baseline[0]);
  writeLines(out, baseline[1]);
}

function writeSide(out: ByteWriter, side: WindowSideFact): void {
  out.reserve(1 + 2 * UINT_BYTES_MAX);
  out.byte((side.accepted ? SIDE_FLAG.accepted : 0) | (side.confirmed ? SIDE_FLAG.confirmed : 0));
  out.uint(side.player);
  out.uint(side.awayUntilMs);
  writeLines(out, side.lines);
}

function writeLines(out: ByteWriter, lines: readonly Line[]): void {
  out.reserve((1 + FIELDS_PER_LINE * lines.length) * UINT_BYTES_MAX);
  out.uint(lines.length);
  for (const { asset, location, quantity } of lines) {
    out.uint(asset);
    out.uint(location);
    out.uint(quantity);
  }
}

function writeOffer(out: ByteWriter, fact: OfferFact): void {
  out.byte(TAG.offer);
  out.byte(codeOf(OFFER_STATUSES, fact.status));
  out.uint(fact.id);
  out.uint(fact.maker);
  out.uint(fact.taker);
  out.uint(fact.createdAtMs);
  out.uint(fact.expiresAtMs);
  out.uint(fact.counterOf);
  out.string(fact.message);
  writeLines(out, fact.give);
  writeLines(out, fact.want);
}
