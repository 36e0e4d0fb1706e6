// Facts as bytes: what a journal row holds. A format byte, then groups, each with its facts behind
// it: tag, then fields in the order of fact.ts. Sequences and times of groups are written as steps
// from the group before. The format is stored data: a change of it takes a new format byte, and
// the golden bytes in the tests say when that is due. Derived facts (levels) are never written.

import { FrameWriter } from '../../protocol/msgpack-writer.ts';
import { unreachable } from '../base/assert.ts';
import type {
  BalanceFact,
  DecidedFact,
  Fact,
  InstanceFact,
  ItemFact,
  LocationFact,
  OrderFact,
  PlayerFact,
  TradeFact,
  TransferFact,
} from '../engine/fact.ts';
import { TRANSFER_REASONS } from '../engine/fact.ts';
import { ByteWriter, UINT_BYTES_MAX } from './bytes.ts';
import { writeDirect, writeManifest } from './fact-codec-direct.ts';
import { codeOf, ITEM_KINDS, ORDER_STATUSES, SIDES, TAG, TIMES_IN_FORCE } from './words.ts';

export const FORMAT = 2;

const ARENA_BYTES = 256 * 1024;
const FIELDS_MAX = 16;
/** Covers every record but its strings, bodies and attributes. */
const RECORD_BYTES_MAX = FIELDS_MAX * UINT_BYTES_MAX;

/** Encodes the facts of one batch after another. Begin each entry with {@link group}. */
export class FactWriter {
  readonly #out: ByteWriter;
  readonly #body = new FrameWriter(4 * 1024);
  #sequence = 0;
  #atMs = 0;

  constructor(bytesInitial = ARENA_BYTES) {
    this.#out = new ByteWriter(bytesInitial);
  }

  /** Bytes written since the reset. */
  get length(): number {
    return this.#out.length;
  }

  /** What was written since the reset: a view, valid until the next write or reset. */
  get bytes(): Uint8Array {
    return this.#out.bytes;
  }

  reset(): void {
    this.#out.reset();
    this.#sequence = 0;
    this.#atMs = 0;
  }

  /** Opens the facts of one entry. Sequences rise and times do not fall within a batch. */
  group(sequence: number, atMs: number): void {
    const out = this.#out;
    out.reserve(RECORD_BYTES_MAX);
    if (out.length === 0) out.byte(FORMAT);
    out.byte(TAG.group);
    out.uint(sequence - this.#sequence);
    out.uint(atMs - this.#atMs);
    this.#sequence = sequence;
    this.#atMs = atMs;
  }

  fact(fact: Fact): void {
    const out = this.#out;
    out.reserve(RECORD_BYTES_MAX);
    switch (fact.kind) {
      case 'balance':
        writeBalance(out, fact);
        break;
      case 'closed':
        out.byte(TAG.closed);
        out.uint(fact.account);
        break;
      case 'transfer':
        writeTransfer(out, fact);
        break;
      case 'order':
        writeOrder(out, fact);
        break;
      case 'trade':
        writeTrade(out, fact);
        break;
      case 'decided':
        this.#body.reset();
        this.#body.value(fact.body);
        this.decided(fact, this.#body.bytes, 0, this.#body.length);
        break;
      case 'forgotten':
        out.byte(TAG.forgotten);
        out.uint(fact.player);
        out.uuid(fact.key);
        break;
      case 'manifest':
        this.#body.reset();
        this.#body.value(fact.body);
        writeManifest(out, fact, this.#body.bytes.subarray(0, this.#body.length));
        break;
      case 'window':
      case 'offer':
      case 'block':
      case 'privacy':
      case 'friend':
        writeDirect(out, fact);
        break;
      default:
        writeDefinition(out, fact);
    }
  }

  /** As {@link fact}, with the MessagePack bytes of `fact.body` at hand: `body[start..end)`. */
  decided(fact: Omit<DecidedFact, 'body'>, body: Uint8Array, start: number, end: number): void {
    const out = this.#out;
    out.reserve(RECORD_BYTES_MAX);
    out.byte(TAG.decided);
    out.byte((fact.ok ? 1 : 0) | (fact.service ? 2 : 0));
    out.uint(fact.player);
    out.uint(fact.digest);
    out.uuid(fact.key);
    out.blob(body, start, end);
  }
}

function writeName(out: ByteWriter, tag: number, id: number, name: string): void {
  out.byte(tag);
  out.uint(id);
  out.string(name);
}

function writeBalance(out: ByteWriter, fact: BalanceFact): void {
  const isDebt = fact.available < 0;
  if (fact.opened) out.byte(TAG.opened);
  out.byte(isDebt ? TAG.debt : TAG.balance);
  out.uint(fact.account);
  out.uint(fact.owner);
  out.uint(fact.asset);
  out.uint(fact.location);
  out.uint(isDebt ? -fact.available : fact.available);
  out.uint(fact.held);
}

function writeTransfer(out: ByteWriter, fact: TransferFact): void {
  out.byte(TAG.transfer);
  out.byte(codeOf(TRANSFER_REASONS, fact.reason));
  out.uint(fact.debit);
  out.uint(fact.credit);
  out.uint(fact.quantity);
  out.uint(fact.reference);
}

function writeOrder(out: ByteWriter, fact: OrderFact): void {
  out.byte(TAG.order);
  out.byte(
    codeOf(SIDES, fact.side) |
      (codeOf(TIMES_IN_FORCE, fact.timeInForce) << 1) |
      (codeOf(ORDER_STATUSES, fact.status) << 3) |
      (fact.postOnly ? 0x20 : 0),
  );
  out.uint(fact.id);
  out.uint(fact.player);
  out.uint(fact.asset);
  out.uint(fact.location);
  out.uint(fact.price);
  out.uint(fact.quantity);
  out.uint(fact.remaining);
  out.uint(fact.held);
  out.uint(fact.feeBps);
  out.uint(fact.priority);
  out.uint(fact.expiresAtMs);
  out.uint(fact.createdAtMs);
}

function writeTrade(out: ByteWriter, fact: TradeFact): void {
  out.byte(TAG.trade);
  out.byte(codeOf(SIDES, fact.takerSide));
  out.uint(fact.id);
  out.uint(fact.asset);
  out.uint(fact.location);
  out.uint(fact.price);
  out.uint(fact.quantity);
  out.uint(fact.maker);
  out.uint(fact.taker);
  out.uint(fact.buyer);
  out.uint(fact.seller);
  out.uint(fact.buyerFee);
  out.uint(fact.sellerFee);
}

type Definition = PlayerFact | LocationFact | ItemFact | InstanceFact;

function writeDefinition(out: ByteWriter, fact: Definition): void {
  switch (fact.kind) {
    case 'player':
      writeName(out, TAG.player, fact.player, fact.name);
      break;
    case 'location':
      writeName(out, TAG.location, fact.location, fact.name);
      break;
    case 'item':
      writeItem(out, fact);
      break;
    case 'instance':
      writeName(out, TAG.instance, fact.asset, fact.name);
      out.reserve(UINT_BYTES_MAX);
      out.uint(fact.item);
      out.string(JSON.stringify(fact.attributes));
      break;
    default:
      unreachable(fact);
  }
}

function writeItem(out: ByteWriter, fact: ItemFact): void {
  writeName(out, TAG.item, fact.asset, fact.name);
  out.reserve(RECORD_BYTES_MAX);
  out.byte(codeOf(ITEM_KINDS, fact.itemKind) | (fact.halted ? 0x10 : 0));
  out.uint(fact.currency);
  out.uint(fact.tickSize);
  out.uint(fact.lotSize);
  out.uint(fact.minPrice);
  out.uint(fact.maxPrice);
  out.string(JSON.stringify(fact.attributes));
}
