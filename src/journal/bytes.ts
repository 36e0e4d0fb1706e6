// Bytes in the order in which they are written: a growing arena, and a cursor that reads it back.
// Numbers are unsigned LEB128 within 0 .. 2^53 - 1, strings UTF-8 behind their length. What the
// bytes mean is the business of fact-codec.ts. Hot: one writer serves every command of the realm.

import { assert } from '../base/assert.ts';

/** Bytes that the longest number takes: 53 bits in groups of seven. */
export const UINT_BYTES_MAX = 8;

const TWO_POW_28 = 0x1000_0000;

const UUID_BYTES = 16;
const DASH = 0x2d;
const NINE = 0x39;

export class ByteWriter {
  #bytes: Buffer;
  #end = 0;

  constructor(bytesInitial: number) {
    this.#bytes = Buffer.allocUnsafe(bytesInitial);
  }

  get length(): number {
    return this.#end;
  }

  /** What was written so far: a view, valid until the next write or reset. */
  get bytes(): Uint8Array {
    // Not as a Buffer, whose slice() would be another view.
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#end);
  }

  reset(): void {
    this.#end = 0;
  }

  /** Makes room, so that the writes that follow need not look. Call it before each record. */
  reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.#bytes[this.#end++] = value;
  }

  /** A safe non-negative integer. Reserve {@link UINT_BYTES_MAX} first. */
  uint(value: number): void {
    const bytes = this.#bytes;
    let end = this.#end;
    if (value >= TWO_POW_28) {
      assert(value <= Number.MAX_SAFE_INTEGER, 'a stored number is a safe integer');
      const low = value & 0x0fff_ffff;
      value = (value - low) / TWO_POW_28;
      bytes[end++] = (low & 0x7f) | 0x80;
      bytes[end++] = ((low >>> 7) & 0x7f) | 0x80;
      bytes[end++] = ((low >>> 14) & 0x7f) | 0x80;
      bytes[end++] = (low >>> 21) | 0x80;
    }
    assert(value >= 0, 'a stored number is not negative');
    while (value >= 0x80) {
      bytes[end++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    bytes[end++] = value;
    this.#end = end;
  }

  /** Reserves for itself. */
  string(text: string): void {
    const length = text.length;
    this.reserve(UINT_BYTES_MAX + 3 * length);
    if (length < 0x80) {
      const bytes = this.#bytes;
      const start = this.#end + 1;
      let index = 0;
      for (; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code >= 0x80) break;
        bytes[start + index] = code;
      }
      if (index === length) {
        bytes[this.#end] = length;
        this.#end = start + length;
        return;
      }
    }
    this.uint(Buffer.byteLength(text));
    this.#end += this.#bytes.write(text, this.#end);
  }

  /** The 16 bytes of a UUID in lower case. Reserves for itself. */
  uuid(text: string): void {
    this.reserve(UUID_BYTES);
    const bytes = this.#bytes;
    let end = this.#end;
    for (let from = 0; from < text.length; from += 2) {
      if (text.charCodeAt(from) === DASH) from++;
      bytes[end++] = (digitOf(text, from) << 4) | digitOf(text, from + 1);
    }
    assert(end === this.#end + UUID_BYTES, 'a UUID has 16 bytes');
    this.#end = end;
  }

  /** `source` from `start` to `end`, behind its length. Reserves for itself. */
  blob(source: Uint8Array, start: number, end: number): void {
    this.reserve(UINT_BYTES_MAX + end - start);
    this.uint(end - start);
    this.#bytes.set(source.subarray(start, end), this.#end);
    this.#end += end - start;
  }
}

export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** How many bytes were read. */
  get position(): number {
    return this.#at;
  }

  byte(): number {
    assert(this.#at < this.#bytes.length, 'stored bytes end with a record');
    return this.#bytes[this.#at++] as number;
  }

  uint(): number {
    let value = this.byte();
    if (value < 0x80) return value;
    value &= 0x7f;
    let scale = 0x80;
    for (let count = 1; ; count++) {
      assert(count < UINT_BYTES_MAX, 'a stored number has at most 53 bits');
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  string(): string {
    const start = this.#skip(this.uint());
    return this.#bytes.toString('utf8', start, this.#at);
  }

  uuid(): string {
    const start = this.#skip(UUID_BYTES);
    return uuidOf(this.#bytes.toString('hex', start, this.#at));
  }

  /** A view of the bytes that are read, not a copy. */
  blob(): Uint8Array {
    const start = this.#skip(this.uint());
    return this.#bytes.subarray(start, this.#at);
  }

  /** Moves over `length` bytes; gives where they start. */
  #skip(length: number): number {
    const start = this.#at;
    assert(start + length <= this.#bytes.length, 'stored bytes end with a record');
    this.#at = start + length;
    return start;
  }
}

function digitOf(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code <= NINE ? code - 0x30 : code - 0x57;
}

function uuidOf(hex: string): string {
  const middle = `${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}`;
  return `${hex.slice(0, 8)}-${middle}-${hex.slice(20)}`;
}
