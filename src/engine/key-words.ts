// An idempotency key as four words: 16 bytes instead of 36 characters, in the same order. Kept as
// signed integers; compared as the unsigned ones that they stand for.

export const KEY_WORDS = 4;

const DASH = 0x2d;
const NINE = 0x39;

/** Writes the words of a key, which has the form of one, into `words` from `at` on. */
export function writeKeyWords(key: string, words: Int32Array, at: number): void {
  let from = 0;
  for (let word = 0; word < KEY_WORDS; word++) {
    let value = 0;
    for (let digits = 0; digits < 8; from++) {
      const code = key.charCodeAt(from);
      if (code === DASH) continue;
      value = (value << 4) | (code <= NINE ? code - 0x30 : code - 0x57);
      digits++;
    }
    words[at + word] = value;
  }
}

/** The key whose words `words` has from `at` on. */
export function keyOfWords(words: Int32Array, at: number): string {
  let hex = '';
  for (let word = 0; word < KEY_WORDS; word++) {
    hex += ((words[at + word] as number) >>> 0).toString(16).padStart(8, '0');
  }
  const end = `${hex.slice(16, 20)}-${hex.slice(20)}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${end}`;
}

/** The time in a key: its first 48 bits, in milliseconds. */
export function timeOfWords(words: Int32Array, at: number): number {
  const high = (words[at] as number) >>> 0;
  return high * 0x1_0000 + ((words[at + 1] as number) >>> 16);
}

/** Below 0 when the first one comes before the second, 0 when they are the same. */
export function compareKeyWords(
  one: Int32Array,
  oneAt: number,
  other: Int32Array,
  otherAt: number,
): number {
  for (let word = 0; word < KEY_WORDS; word++) {
    const ours = (one[oneAt + word] as number) >>> 0;
    const theirs = (other[otherAt + word] as number) >>> 0;
    if (ours !== theirs) return ours < theirs ? -1 : 1;
  }
  return 0;
}

/** 31 bits of a player's key, spread evenly: the lower ones choose its bucket. */
export function hashOfKey(player: number, words: Int32Array, at: number): number {
  let hash = Math.imul(player + 1, 0x9e3779b1);
  for (let word = 0; word < KEY_WORDS; word++) {
    hash = Math.imul(hash ^ (words[at + word] as number), 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) & 0x7fffffff;
}
