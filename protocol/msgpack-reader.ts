// Reads back what msgpack-writer.ts wrote: bytes of our own, never of the wire's (scan.ts and
// codec.ts see to those). It exists for the engine, which depends on no package.

const TWO_32 = 0x1_0000_0000;
const decoder = new TextDecoder();

/** The value that the writer wrote from `start` on. */
export function readValue(bytes: Uint8Array, start: number): unknown {
  return new Reader(bytes, start).value();
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
  }

  value(): unknown {
    const token = this.#bytes[this.#at++] as number;
    if (token < 0x80) return token;
    if (token < 0x90) return this.#map(token & 0x0f);
    if (token < 0xa0) return this.#array(token & 0x0f);
    if (token < 0xc0) return this.#text(token & 0x1f);
    if (token >= 0xe0) return token - 0x100;
    return this.#wide(token);
  }

  #wide(token: number): unknown {
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xd9:
        return this.#text(this.#unsigned(1));
      case 0xda:
        return this.#text(this.#unsigned(2));
      case 0xdb:
        return this.#text(this.#unsigned(4));
      case 0xdc:
        return this.#array(this.#unsigned(2));
      case 0xdd:
        return this.#array(this.#unsigned(4));
      case 0xde:
        return this.#map(this.#unsigned(2));
      case 0xdf:
        return this.#map(this.#unsigned(4));
      default:
        return this.#integer(token);
    }
  }

  #integer(token: number): number {
    switch (token) {
      case 0xcc:
        return this.#unsigned(1);
      case 0xcd:
        return this.#unsigned(2);
      case 0xce:
        return this.#unsigned(4);
      case 0xcf:
        return this.#unsigned(4) * TWO_32 + this.#unsigned(4);
      case 0xd0:
        return this.#view.getInt8(this.#skip(1));
      case 0xd1:
        return this.#view.getInt16(this.#skip(2));
      case 0xd2:
        return this.#view.getInt32(this.#skip(4));
      case 0xd3:
        return this.#view.getInt32(this.#skip(4)) * TWO_32 + this.#unsigned(4);
      default:
        throw new TypeError(`The writer does not write 0x${token.toString(16)}.`);
    }
  }

  #unsigned(width: 1 | 2 | 4): number {
    const at = this.#skip(width);
    if (width === 1) return this.#view.getUint8(at);
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #skip(width: number): number {
    const at = this.#at;
    this.#at += width;
    return at;
  }

  #text(length: number): string {
    const start = this.#skip(length);
    return decoder.decode(this.#bytes.subarray(start, start + length));
  }

  #array(length: number): unknown[] {
    const values: unknown[] = [];
    for (let index = 0; index < length; index++) values.push(this.value());
    return values;
  }

  #map(length: number): Record<string, unknown> {
    const fields: Record<string, unknown> = {};
    for (let index = 0; index < length; index++) {
      const name = this.value() as string;
      fields[name] = this.value();
    }
    return fields;
  }
}
