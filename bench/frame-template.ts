// A request encoded once, as a complete client frame with places in it that are filled in for each
// use: the request id, other 32-bit numbers, names of fixed width (`p0001234`), and one hash. The
// server sees ordinary requests; the client saves the encoding.

import { encodeRequest } from '../protocol/codec.ts';
import type { CommandName, Payload } from '../protocol/commands/registry.ts';
import { clientFrame } from './raw-socket.ts';

const NAME_DIGITS = 7;
const PLACE_BASE = 0xfeed_0000;
const ID_PLACE = PLACE_BASE;
const TEN_MILLION = 10 ** NAME_DIGITS;
/** Hexadecimal digits of a SHA-256. */
export const HASH_DIGITS = 64;
/** What to put into a payload where a hash follows later. */
export const HASH_PLACE = 'f'.repeat(HASH_DIGITS);

/** What to put into a payload where a number follows later. `place` 1 to 9 names it. */
export function numberPlace(place: number): number {
  return PLACE_BASE + place;
}

/** The same for a name. */
export function namePlace(place: number, letter = 'p'): string {
  return nameOf(TEN_MILLION - place, letter);
}

/** The same for a key. Keys with rising numbers are in the order in which a client makes them. */
export function keyPlace(place: number): string {
  return keyNumber(TEN_MILLION - place);
}

/** The key number `index`: its last digits. */
export function keyNumber(index: number): string {
  return `01900000-0000-7000-8000-00000${String(index).padStart(NAME_DIGITS, '0')}`;
}

/** The name of player or item number `index`: a letter and seven digits. */
export function nameOf(index: number, letter = 'p'): string {
  return `${letter}${String(index).padStart(NAME_DIGITS, '0')}`;
}

export class FrameTemplate {
  readonly bytes: Buffer;
  readonly #id: number;
  readonly #numbers: number[] = [];
  readonly #names: number[] = [];
  readonly #hash: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#id = this.#find(numberBytes(ID_PLACE)) as number;
    this.#hash = this.#find(Buffer.from(HASH_PLACE)) ?? -1;
    for (let place = 1; place <= 9; place++) {
      this.#numbers[place] = this.#find(numberBytes(numberPlace(place))) ?? -1;
      // The letter may differ, so that keys and items have places too.
      this.#names[place] = this.#find(Buffer.from(namePlace(place).slice(1))) ?? -1;
    }
  }

  id(value: number): void {
    this.#uint32(this.#id, value);
  }

  number(place: number, value: number): void {
    this.#uint32(this.#numbers[place] as number, value);
  }

  name(place: number, index: number): void {
    const offset = this.#names[place] as number;
    let rest = index;
    for (let at = offset + NAME_DIGITS - 1; at >= offset; at--) {
      const next = (rest / 10) | 0;
      this.bytes[at] = 48 + rest - next * 10;
      rest = next;
    }
  }

  /** Copies the digits of a hash from `digits` at `from`. */
  hash(digits: Buffer, from: number): void {
    digits.copy(this.bytes, this.#hash, from, from + HASH_DIGITS);
  }

  #uint32(offset: number, value: number): void {
    const { bytes } = this;
    bytes[offset] = value >>> 24;
    bytes[offset + 1] = value >>> 16;
    bytes[offset + 2] = value >>> 8;
    bytes[offset + 3] = value;
  }

  #find(pattern: Buffer): number | null {
    const at = this.bytes.indexOf(pattern);
    return at < 0 ? null : at;
  }
}

/** The template of a command; with `player`, for a service-role socket that acts for it. */
export function template<Name extends CommandName>(
  command: Name,
  payload: Payload<Name>,
  more: { readonly player?: string; readonly key?: string } = {},
): FrameTemplate {
  return new FrameTemplate(clientFrame(encodeRequest(ID_PLACE, command, payload, more)));
}

function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
