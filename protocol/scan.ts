// Looks over a frame before anything is decoded or allocated. What passes is exactly one value of
// nil, bool, int, str, array and map, with every length inside the frame, unique string keys, valid
// UTF-8, and integers that a JavaScript number holds exactly. The decoder behind it would accept
// much more (extensions that define records and compile code, floats, bigints, the last of two
// equal keys); this is what keeps all of that away from it.

import { FRAME_DEPTH_MAX, FRAME_MAP_KEYS_MAX, SERVER_FRAME_DEPTH_MAX } from './limits.ts';

/** Why a frame is refused. Constant texts: never anything the sender wrote. */
export type ScanFault =
  | 'the frame is empty or ends in the middle of a value'
  | 'bytes follow the value'
  | 'a type other than nil, bool, int, str, array and map'
  | 'an integer beyond 2^53 - 1'
  | 'nested too deeply'
  | 'too many values'
  | 'too many keys in one map'
  | 'a map key that is no string'
  | 'a map key that occurs twice'
  | 'a map key named __proto__'
  | 'a string that is not valid UTF-8, or starts with a byte order mark';

const ENDS_EARLY: ScanFault = 'the frame is empty or ends in the middle of a value';
const PROTO_LENGTH = 9;

// The scan in progress. It is synchronous, so one set of variables serves every frame.
let bytes: Uint8Array = new Uint8Array(0);
let end = 0;
let valuesLeft = 0;
let depthMax = 0;
let fault: ScanFault | null = null;

/** Start, length and hash of each key of the maps that are open, outermost first. */
const keys = new Int32Array(3 * FRAME_MAP_KEYS_MAX * (SERVER_FRAME_DEPTH_MAX + 1));

/** Null when `frame` holds one acceptable value of at most `valuesMax` values; else why not. */
export function scan(
  frame: Uint8Array,
  valuesMax: number,
  levelsMax: typeof FRAME_DEPTH_MAX | typeof SERVER_FRAME_DEPTH_MAX = FRAME_DEPTH_MAX,
): ScanFault | null {
  bytes = frame;
  end = frame.length;
  valuesLeft = valuesMax;
  depthMax = levelsMax;
  fault = null;
  const next = scanValue(0, 0, 0);
  if (next >= 0 && next !== end) fault = 'bytes follow the value';
  bytes = EMPTY;
  return fault;
}

const EMPTY = new Uint8Array(0);

function refuse(why: ScanFault): -1 {
  fault = why;
  return -1;
}

/** The position after the value at `position`, or -1 with `fault` set. */
function scanValue(position: number, depth: number, keysBase: number): number {
  if (position >= end) return refuse(ENDS_EARLY);
  valuesLeft -= 1;
  if (valuesLeft < 0) return refuse('too many values');
  const token = bytes[position] as number;
  if (token < 0x80 || token >= 0xe0) return position + 1;
  if (token < 0x90) return scanMap(position + 1, token & 0x0f, depth, keysBase);
  if (token < 0xa0) return scanArray(position + 1, token & 0x0f, depth, keysBase);
  if (token < 0xc0) return scanText(position + 1, token & 0x1f);
  switch (token) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return position + 1;
    case 0xcc:
    case 0xd0:
      return scanFixed(position + 2);
    case 0xcd:
    case 0xd1:
      return scanFixed(position + 3);
    case 0xce:
    case 0xd2:
      return scanFixed(position + 5);
    case 0xcf:
    case 0xd3:
      return scanWide(position + 1, token === 0xd3);
    case 0xd9:
    case 0xda:
    case 0xdb:
      return scanSized(position, token - 0xd8, depth, keysBase);
    case 0xdc:
    case 0xdd:
    case 0xde:
    case 0xdf:
      return scanSized(position, token, depth, keysBase);
    default:
      return refuse('a type other than nil, bool, int, str, array and map');
  }
}

function scanFixed(next: number): number {
  return next <= end ? next : refuse(ENDS_EARLY);
}

/** A 64-bit integer: accepted within +-(2^53 - 1), whatever its encoding could hold. */
function scanWide(position: number, signed: boolean): number {
  if (position + 8 > end) return refuse(ENDS_EARLY);
  const high = readUint(position, 4);
  const negative = signed && high >= 0x8000_0000;
  // -(2^53 - 1) is 0xffe00000_00000001; the one value below it with that high word is refused too.
  const fits = negative
    ? high > 0xffe0_0000 || (high === 0xffe0_0000 && readUint(position + 4, 4) > 0)
    : high < 0x0020_0000;
  return fits ? position + 8 : refuse('an integer beyond 2^53 - 1');
}

/** Strings (token 1, 2, 3), arrays and maps whose length stands in 1, 2 or 4 bytes of its own. */
function scanSized(position: number, token: number, depth: number, keysBase: number): number {
  const width = token === 1 ? 1 : token === 2 || token === 0xdc || token === 0xde ? 2 : 4;
  const start = position + 1 + width;
  if (start > end) return refuse(ENDS_EARLY);
  const length = readUint(position + 1, width);
  if (token <= 3) return scanText(start, length);
  return token <= 0xdd
    ? scanArray(start, length, depth, keysBase)
    : scanMap(start, length, depth, keysBase);
}

function readUint(position: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (bytes[position + i] as number);
  return value;
}

function scanArray(start: number, length: number, depth: number, keysBase: number): number {
  if (depth >= depthMax) return refuse('nested too deeply');
  if (length > end - start) return refuse(ENDS_EARLY);
  if (length > valuesLeft) return refuse('too many values');
  let position = start;
  for (let i = 0; i < length; i++) {
    position = scanValue(position, depth + 1, keysBase);
    if (position < 0) return -1;
  }
  return position;
}

function scanMap(start: number, length: number, depth: number, keysBase: number): number {
  if (depth >= depthMax) return refuse('nested too deeply');
  if (2 * length > end - start) return refuse(ENDS_EARLY);
  if (length > FRAME_MAP_KEYS_MAX) return refuse('too many keys in one map');
  let position = start;
  const keysEnd = keysBase + 3 * length;
  for (let key = keysBase; key < keysEnd; key += 3) {
    position = scanKey(position, keysBase, key);
    if (position < 0) return -1;
    position = scanValue(position, depth + 1, keysEnd);
    if (position < 0) return -1;
  }
  return position;
}

/** Notes the key at `position` in slot `slot`, after comparing it with the slots from `base` on. */
function scanKey(position: number, base: number, slot: number): number {
  if (position >= end) return refuse(ENDS_EARLY);
  const token = bytes[position] as number;
  const width = token >= 0xd9 && token <= 0xdb ? 1 << (token - 0xd9) : 0;
  if (width === 0 && (token < 0xa0 || token > 0xbf)) return refuse('a map key that is no string');
  const next = scanValue(position, 0, 0);
  if (next < 0) return -1;
  const start = position + 1 + width;
  const length = next - start;
  let hash = length;
  for (let at = start; at < next; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  for (let other = base; other < slot; other += 3) {
    if (keys[other + 2] === hash && keys[other + 1] === length) {
      if (sameBytes(keys[other] as number, start, length)) {
        return refuse('a map key that occurs twice');
      }
    }
  }
  if (length === PROTO_LENGTH && isProto(start)) return refuse('a map key named __proto__');
  keys[slot] = start;
  keys[slot + 1] = length;
  keys[slot + 2] = hash;
  return next;
}

function sameBytes(a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}

const PROTO = [...'__proto__'].map(char => char.charCodeAt(0));

function isProto(start: number): boolean {
  for (let i = 0; i < PROTO_LENGTH; i++) if (bytes[start + i] !== PROTO[i]) return false;
  return true;
}

function scanText(start: number, length: number): number {
  if (length > end - start) return refuse(ENDS_EARLY);
  const next = start + length;
  for (let position = start; position < next; position++) {
    if ((bytes[position] as number) >= 0x80) {
      return isUtf8(position, next) && !startsWithByteOrderMark(start, length)
        ? next
        : refuse('a string that is not valid UTF-8, or starts with a byte order mark');
    }
  }
  return next;
}

/** Some decoders drop a leading byte order mark, so two different strings could become equal. */
function startsWithByteOrderMark(start: number, length: number): boolean {
  if (length < 3) return false;
  return bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf;
}

/** Well-formed by table 3-7 of the Unicode standard: no overlong forms, no surrogates. */
function isUtf8(from: number, to: number): boolean {
  let position = from;
  while (position < to) {
    const lead = bytes[position] as number;
    position += 1;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (position + more > to) return false;
    const second = bytes[position] as number;
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let i = 1; i < more; i++) {
      if (((bytes[position + i] as number) & 0xc0) !== 0x80) return false;
    }
    position += more;
  }
  return true;
}
