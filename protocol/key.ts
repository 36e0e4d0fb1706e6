// Idempotency keys: a UUIDv7 in lower case, whose first 48 bits are milliseconds. So keys have an
// order, and whoever remembers keys can say with one of them which ones it has forgotten. Text and
// bytes have the same order.

/** The form that is taken: RFC 9562, version 7, lower case. */
export const KEY_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const RANDOM_BYTES = 10;
/** The twelve bits behind the version count the keys of a millisecond. */
const COUNT_MAX = 0xfff;
/** Where a millisecond begins to count: anywhere in the lower half, so that keys are no guess. */
const COUNT_START = 0x7ff;

/** The time in a key. */
export function keyTimeMs(key: string): number {
  return Number.parseInt(key.slice(0, 8) + key.slice(9, 13), 16);
}

/** Makes keys, each after the one before, whatever the clock does. */
export class KeyMaker {
  readonly #nowMs: () => number;
  readonly #random = new Uint8Array(RANDOM_BYTES);
  #lastMs = 0;
  #count = 0;

  /** `nowMs` is the time of the server, as far as it is known: a key may not be far ahead of it. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  next(): string {
    const random = globalThis.crypto.getRandomValues(this.#random);
    const nowMs = this.#nowMs();
    if (nowMs > this.#lastMs) {
      this.#lastMs = nowMs;
      this.#count = (((random[8] as number) << 8) | (random[9] as number)) & COUNT_START;
    } else if (this.#count++ === COUNT_MAX) {
      this.#lastMs += 1;
      this.#count = 0;
    }
    const time = this.#lastMs.toString(16).padStart(12, '0');
    const count = this.#count.toString(16).padStart(3, '0');
    random[0] = ((random[0] as number) & 0x3f) | 0x80;
    let rest = '';
    for (const byte of random.subarray(0, 8)) rest += byte.toString(16).padStart(2, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${rest.slice(0, 4)}-${rest.slice(4)}`;
  }
}
