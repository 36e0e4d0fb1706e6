// Writes MessagePack in the subset of our wire, each value in its shortest form. Libraries write
// integers above 32 bits as floats, which the wire forbids; this writer has no float at all.
// Frames are appended to one growing arena, so that a batch of replies costs no allocation.

const ARENA_BYTES = 64 * 1024;
const INT_BYTES_MAX = 9;
const HEADER_BYTES_MAX = 5;
const UTF8_BYTES_MAX = 3;
const TWO_32 = 0x1_0000_0000;

const encoder = new TextEncoder();

/** Appends values to an arena: `bytes` up to `length` is what was written since `reset`. */
export class FrameWriter {
  /** The arena. Replaced by a larger one when it is full: read it after writing, not before. */
  bytes: Uint8Array;
  /** How much of the arena is written. */
  length = 0;
  #view: DataView;

  constructor(arenaBytes = ARENA_BYTES) {
    this.bytes = new Uint8Array(arenaBytes);
    this.#view = new DataView(this.bytes.buffer);
  }

  reset(): void {
    this.length = 0;
  }

  /** A copy of what was written from `start` on. */
  copy(start = 0): Uint8Array {
    return this.bytes.slice(start, this.length);
  }

  /**
   * Null, a boolean, a safe integer, a string, an array or a plain object; properties that are
   * undefined are left out. Keys keep their order.
   * @throws {TypeError} for anything else: fractions, NaN, bigints, undefined, class instances.
   */
  value(value: unknown): void {
    switch (typeof value) {
      case 'number':
        this.integer(value);
        return;
      case 'string':
        this.text(value);
        return;
      case 'boolean':
        this.#byte(value ? 0xc3 : 0xc2);
        return;
      case 'object':
        if (value === null) this.#byte(0xc0);
        else if (Array.isArray(value)) this.#array(value);
        else this.#map(value as Record<string, unknown>);
        return;
      default:
        throw new TypeError(`The wire has no ${typeof value}.`);
    }
  }

  /** A value that is encoded already: `bytes[start..end)`. */
  encoded(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    const target = this.bytes;
    let at = this.length;
    // Most are short, and copied faster by hand than by a call.
    for (let from = start; from < end; from++) target[at++] = bytes[from] as number;
    this.length = at;
  }

  /** The header of an array; its `length` values must follow. */
  arrayHeader(length: number): void {
    this.#header(length, 0x90, 15, 0xdc);
  }

  /** @throws {TypeError} for a number that is not a safe integer. */
  integer(value: number): void {
    if (!Number.isSafeInteger(value)) throw new TypeError('The wire has safe integers only.');
    if (value >= 0 && value < 0x80) {
      this.#byte(value);
      return;
    }
    this.#reserve(INT_BYTES_MAX);
    if (value >= 0) this.#positive(value);
    else this.#negative(value);
  }

  text(value: string): void {
    const length = value.length;
    this.#reserve(HEADER_BYTES_MAX + length * UTF8_BYTES_MAX);
    const start = this.length;
    this.#textHeader(length);
    const bytes = this.bytes;
    let at = this.length;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit >= 0x80) {
        this.#unicode(value, start);
        return;
      }
      bytes[at++] = unit;
    }
    this.length = at;
  }

  /** The slow path: how many bytes there are is known only once they are encoded. */
  #unicode(value: string, start: number): void {
    const encoded = encoder.encode(value);
    this.length = start;
    this.#textHeader(encoded.length);
    this.bytes.set(encoded, this.length);
    this.length += encoded.length;
  }

  #array(values: readonly unknown[]): void {
    this.arrayHeader(values.length);
    for (let i = 0; i < values.length; i++) this.value(values[i]);
  }

  #map(fields: Record<string, unknown>): void {
    const prototype = Object.getPrototypeOf(fields);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new TypeError('The wire has plain objects only.');
    }
    let count = 0;
    for (const name in fields) if (fields[name] !== undefined) count += 1;
    this.#header(count, 0x80, 15, 0xde);
    for (const name in fields) {
      const field = fields[name];
      if (field === undefined) continue;
      this.text(name);
      this.value(field);
    }
  }

  #positive(value: number): void {
    const view = this.#view;
    const at = this.length;
    if (value < 0x100) {
      view.setUint16(at, 0xcc00 | value);
      this.length = at + 2;
    } else if (value < 0x1_0000) {
      view.setUint8(at, 0xcd);
      view.setUint16(at + 1, value);
      this.length = at + 3;
    } else if (value < TWO_32) {
      view.setUint8(at, 0xce);
      view.setUint32(at + 1, value);
      this.length = at + 5;
    } else {
      this.#wide(0xcf, value);
    }
  }

  #negative(value: number): void {
    const view = this.#view;
    const at = this.length;
    if (value >= -0x20) {
      view.setInt8(at, value);
      this.length = at + 1;
    } else if (value >= -0x80) {
      view.setUint8(at, 0xd0);
      view.setInt8(at + 1, value);
      this.length = at + 2;
    } else if (value >= -0x8000) {
      view.setUint8(at, 0xd1);
      view.setInt16(at + 1, value);
      this.length = at + 3;
    } else if (value >= -0x8000_0000) {
      view.setUint8(at, 0xd2);
      view.setInt32(at + 1, value);
      this.length = at + 5;
    } else {
      this.#wide(0xd3, value);
    }
  }

  #wide(token: number, value: number): void {
    const view = this.#view;
    const at = this.length;
    const high = Math.floor(value / TWO_32);
    view.setUint8(at, token);
    view.setInt32(at + 1, high);
    view.setUint32(at + 5, value - high * TWO_32);
    this.length = at + 9;
  }

  #textHeader(length: number): void {
    if (length < 0x20) this.#byte(0xa0 | length);
    else if (length < 0x100) {
      this.#byte(0xd9);
      this.#byte(length);
    } else this.#header(length, 0xa0, 0, 0xda);
  }

  /** A short header, or `token` with 16 bits, or the token after it with 32. */
  #header(length: number, short: number, shortMax: number, token: number): void {
    this.#reserve(HEADER_BYTES_MAX);
    if (length <= shortMax) {
      this.bytes[this.length++] = short | length;
    } else if (length < 0x1_0000) {
      this.#view.setUint8(this.length, token);
      this.#view.setUint16(this.length + 1, length);
      this.length += 3;
    } else {
      this.#view.setUint8(this.length, token + 1);
      this.#view.setUint32(this.length + 1, length);
      this.length += 5;
    }
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.bytes[this.length++] = value;
  }

  #reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.bytes.length, this.length + more));
    grown.set(this.bytes);
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
