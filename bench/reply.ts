// Reads as much of a server frame as load needs: of a reply [id, outcome, body] the id, the
// outcome, an integer at the start of the body, and a manifest in it. Cursors are module variables:
// frames are read one by one.

/** Where the last value read ended. */
let cursor = 0;

/** The integer at `at` (unsigned, up to 2^53 - 1), or -1 for anything else. */
export function readUint(bytes: Buffer, at: number): number {
  const token = bytes[at] as number;
  if (token < 0x80) {
    cursor = at + 1;
    return token;
  }
  switch (token) {
    case 0xcc:
      cursor = at + 2;
      return bytes[at + 1] as number;
    case 0xcd:
      cursor = at + 3;
      return bytes.readUInt16BE(at + 1);
    case 0xce:
      cursor = at + 5;
      return bytes.readUInt32BE(at + 1);
    case 0xcf:
      cursor = at + 9;
      return bytes.readUInt32BE(at + 1) * 2 ** 32 + bytes.readUInt32BE(at + 5);
    default:
      return -1;
  }
}

/** Where the value last read by this module ended. */
export function readEnd(): number {
  return cursor;
}

/** Whether a frame is a reply: an array of three or four that starts with an integer. */
export function isReply(bytes: Buffer, start: number): boolean {
  const header = bytes[start] as number;
  const id = bytes[start + 1] as number;
  return (header === 0x93 || header === 0x94) && (id < 0x80 || (id >= 0xcc && id <= 0xce));
}

/** The integer of the first key of the map at `at`, as in `{listing: 7, ...}`; -1 without one. */
export function firstInteger(bytes: Buffer, at: number): number {
  const key = bytes[at + 1] as number;
  if (key < 0xa0 || key > 0xbf) return -1;
  return readUint(bytes, at + 2 + (key & 0x1f));
}

/** The position after the string at `at`. */
export function skipText(bytes: Buffer, at: number): number {
  const token = bytes[at] as number;
  return token === 0xd9 ? at + 2 + (bytes[at + 1] as number) : at + 1 + (token & 0x1f);
}

/** `manifest`, then the header of a string of 64 characters. */
const MANIFEST_KEY = Buffer.from([0xa8, ...Buffer.from('manifest'), 0xd9, 64]);

/** Where the digits of the manifest start in the body at `at`, which must have one. */
export function manifestStart(bytes: Buffer, at: number): number {
  return bytes.indexOf(MANIFEST_KEY, at) + MANIFEST_KEY.length;
}
