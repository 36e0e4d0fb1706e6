// Bytes back to facts: the other half of fact-codec.ts. What is read was written by ourselves, so
// anything unexpected is a broken invariant and not an input error.

import { decode } from '../../protocol/codec.ts';
import type { Manifest } from '../../protocol/direct.ts';
import { assert, InvariantError } from '../base/assert.ts';
import type { DecidedFact, Fact, FactGroup, ManifestFact } from '../engine/fact.ts';
import { TRANSFER_REASONS } from '../engine/fact.ts';
import { ByteReader, ByteWriter, UINT_BYTES_MAX } from './bytes.ts';
import { FORMAT } from './fact-codec.ts';
import {
  readBlock,
  readFriend,
  readManifest,
  readOffer,
  readPrivacy,
  readWindow,
  type StoredManifest,
} from './fact-reader-direct.ts';
import { ITEM_KINDS, ORDER_STATUSES, SIDES, TAG, TIMES_IN_FORCE, wordOf } from './words.ts';

/** A decided fact whose body is left as the MessagePack bytes that it was written with. */
export interface StoredDecided extends Omit<DecidedFact, 'body'> {
  readonly bodyBytes: Uint8Array;
}

/** As facts are stored: bodies are bytes. */
export type StoredFact = Exclude<Fact, DecidedFact | ManifestFact> | StoredDecided | StoredManifest;

export interface StoredGroup {
  readonly sequence: number;
  readonly atMs: number;
  readonly facts: readonly StoredFact[];
}

/** The groups in a journal row's `facts`, bodies decoded. None for a claim's empty bytes. */
export function decodeGroups(bytes: Uint8Array): FactGroup[] {
  return decodeStored(bytes).map(group => ({ ...group, facts: group.facts.map(withBody) }));
}

/** As {@link decodeGroups}, but bodies stay bytes: views into `bytes`, not copies. */
export function decodeStored(bytes: Uint8Array): StoredGroup[] {
  const groups: StoredGroup[] = [];
  const reader = new ByteReader(bytes);
  if (reader.done) return groups;
  assert(reader.byte() === FORMAT, 'a journal row has a format that this version reads');
  let sequence = 0;
  let atMs = 0;
  let facts: StoredFact[] | null = null;
  while (!reader.done) {
    const tag = reader.byte();
    if (tag === TAG.group) {
      sequence += reader.uint();
      atMs += reader.uint();
      facts = [];
      groups.push({ sequence, atMs, facts });
    } else {
      assert(facts !== null, 'facts come behind the group that they belong to');
      facts.push(readFact(tag, reader));
    }
  }
  return groups;
}

/** One fact with its place, and a journal row's bytes that have it alone. */
export interface StoredRecord {
  readonly sequence: number;
  readonly atMs: number;
  /** Its place among the facts of its entry. */
  readonly step: number;
  readonly fact: StoredFact;
  readonly bytes: Uint8Array;
}

/** As {@link decodeStored}, each fact with a copy of the bytes that it was written with. */
export function decodeRecords(bytes: Uint8Array): StoredRecord[] {
  const reader = new ByteReader(bytes);
  const head = new ByteWriter(1 + 1 + 2 * UINT_BYTES_MAX);
  const records: StoredRecord[] = [];
  for (const { sequence, atMs, facts } of decodeStored(bytes)) {
    if (reader.position === 0) reader.byte();
    reader.byte();
    reader.uint();
    reader.uint();
    head.reset();
    writeHead(head, sequence, atMs);
    for (let step = 0; step < facts.length; step++) {
      const start = reader.position;
      const fact = readFact(reader.byte(), reader);
      const record = Buffer.concat([head.bytes, bytes.subarray(start, reader.position)]);
      records.push({ sequence, atMs, step, fact, bytes: record });
    }
  }
  return records;
}

function writeHead(out: ByteWriter, sequence: number, atMs: number): void {
  out.byte(FORMAT);
  out.byte(TAG.group);
  out.uint(sequence);
  out.uint(atMs);
}

/** The body of a reply from its stored bytes. */
export function decodeBody(bytes: Uint8Array): Record<string, unknown> {
  return decode(bytes) as Record<string, unknown>;
}

/** A manifest from its stored bytes. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  return decode(bytes) as Manifest;
}

function withBody(fact: StoredFact): Fact {
  if (fact.kind === 'manifest') {
    return { kind: 'manifest', window: fact.window, body: decodeManifest(fact.bodyBytes) };
  }
  if (fact.kind !== 'decided') return fact;
  const { bodyBytes, ...decided } = fact;
  return { ...decided, body: decodeBody(bodyBytes) };
}

function readFact(tag: number, reader: ByteReader): StoredFact {
  switch (tag) {
    case TAG.balance:
    case TAG.debt:
      return readBalance(tag, reader, false);
    case TAG.opened:
      return readBalance(reader.byte(), reader, true);
    case TAG.closed:
      return { kind: 'closed', account: reader.uint() };
    case TAG.transfer:
      return readTransfer(reader);
    case TAG.order:
      return readOrder(reader);
    case TAG.trade:
      return readTrade(reader);
    case TAG.decided:
      return readDecided(reader);
    case TAG.forgotten:
      return { kind: 'forgotten', player: reader.uint(), key: reader.uuid() };
    case TAG.window:
      return readWindow(reader);
    case TAG.manifest:
      return readManifest(reader);
    case TAG.offer:
      return readOffer(reader);
    case TAG.block:
      return readBlock(reader);
    case TAG.privacy:
      return readPrivacy(reader);
    case TAG.friend:
      return readFriend(reader);
    case TAG.player:
      return { kind: 'player', player: reader.uint(), name: reader.string() };
    case TAG.location:
      return { kind: 'location', location: reader.uint(), name: reader.string() };
    case TAG.item:
      return readItem(reader);
    case TAG.instance:
      return {
        kind: 'instance',
        asset: reader.uint(),
        name: reader.string(),
        item: reader.uint(),
        attributes: JSON.parse(reader.string()),
      };
    default:
      throw new InvariantError(`The journal has a record of an unknown kind, ${tag}.`);
  }
}

function readBalance(tag: number, reader: ByteReader, opened: boolean): StoredFact {
  assert(tag === TAG.balance || tag === TAG.debt, 'what is opened is an account');
  const sign = tag === TAG.debt ? -1 : 1;
  return {
    kind: 'balance',
    account: reader.uint(),
    owner: reader.uint(),
    asset: reader.uint(),
    location: reader.uint(),
    available: sign * reader.uint(),
    held: reader.uint(),
    opened,
  };
}

function readTransfer(reader: ByteReader): StoredFact {
  const reason = wordOf(TRANSFER_REASONS, reader.byte());
  return {
    kind: 'transfer',
    debit: reader.uint(),
    credit: reader.uint(),
    quantity: reader.uint(),
    reason,
    reference: reader.uint(),
  };
}

function readOrder(reader: ByteReader): StoredFact {
  const flags = reader.byte();
  return {
    kind: 'order',
    id: reader.uint(),
    side: wordOf(SIDES, flags & 1),
    player: reader.uint(),
    asset: reader.uint(),
    location: reader.uint(),
    price: reader.uint(),
    quantity: reader.uint(),
    remaining: reader.uint(),
    held: reader.uint(),
    feeBps: reader.uint(),
    priority: reader.uint(),
    timeInForce: wordOf(TIMES_IN_FORCE, (flags >> 1) & 3),
    postOnly: (flags & 0x20) !== 0,
    expiresAtMs: reader.uint(),
    createdAtMs: reader.uint(),
    status: wordOf(ORDER_STATUSES, (flags >> 3) & 3),
  };
}

function readTrade(reader: ByteReader): StoredFact {
  const takerSide = wordOf(SIDES, reader.byte());
  return {
    kind: 'trade',
    id: reader.uint(),
    asset: reader.uint(),
    location: reader.uint(),
    price: reader.uint(),
    quantity: reader.uint(),
    maker: reader.uint(),
    taker: reader.uint(),
    takerSide,
    buyer: reader.uint(),
    seller: reader.uint(),
    buyerFee: reader.uint(),
    sellerFee: reader.uint(),
  };
}

function readDecided(reader: ByteReader): StoredDecided {
  const flags = reader.byte();
  const player = reader.uint();
  const digest = reader.uint();
  const key = reader.uuid();
  const ok = (flags & 1) !== 0;
  const service = (flags & 2) !== 0;
  return { kind: 'decided', player, key, digest, ok, service, bodyBytes: reader.blob() };
}

function readItem(reader: ByteReader): StoredFact {
  const asset = reader.uint();
  const name = reader.string();
  const flags = reader.byte();
  return {
    kind: 'item',
    asset,
    name,
    itemKind: wordOf(ITEM_KINDS, flags & 3),
    currency: reader.uint(),
    tickSize: reader.uint(),
    lotSize: reader.uint(),
    minPrice: reader.uint(),
    maxPrice: reader.uint(),
    halted: (flags & 0x10) !== 0,
    attributes: JSON.parse(reader.string()),
  };
}
