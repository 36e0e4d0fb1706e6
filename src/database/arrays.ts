// Columns as binary array parameters: thousands of rows in one statement with `unnest`, without
// turning a number into text. The driver sends Buffers as binary; the layout is array_recv's.

import { int2Of, int4Of, int8Of } from './integers.ts';

const HEADER_BYTES = 20;
const NULL_LENGTH = -1;
const TWO_POW_32 = 0x1_0000_0000;

const OID = { bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, text: 25 } as const;

/** `int8[]`. @throws {RangeError} for what is no safe integer. */
export function int8Array<Row>(rows: readonly Row[], of: (row: Row) => number): Buffer {
  const view = fixedArray(OID.int8, 8, rows.length);
  let at = HEADER_BYTES;
  for (let i = 0; i < rows.length; i++) {
    const value = int8Of(of(rows[i] as Row));
    view.setInt32(at, 8);
    view.setInt32(at + 4, Math.floor(value / TWO_POW_32));
    view.setUint32(at + 8, value >>> 0);
    at += 12;
  }
  return bufferOf(view);
}

/** `int4[]`. @throws {RangeError} for what does not fit. */
export function int4Array<Row>(rows: readonly Row[], of: (row: Row) => number): Buffer {
  const view = fixedArray(OID.int4, 4, rows.length);
  let at = HEADER_BYTES;
  for (let i = 0; i < rows.length; i++) {
    view.setInt32(at, 4);
    view.setInt32(at + 4, int4Of(of(rows[i] as Row)));
    at += 8;
  }
  return bufferOf(view);
}

/** `int2[]`. @throws {RangeError} for what does not fit. */
export function int2Array<Row>(rows: readonly Row[], of: (row: Row) => number): Buffer {
  const view = fixedArray(OID.int2, 2, rows.length);
  let at = HEADER_BYTES;
  for (let i = 0; i < rows.length; i++) {
    view.setInt32(at, 2);
    view.setInt16(at + 4, int2Of(of(rows[i] as Row)));
    at += 6;
  }
  return bufferOf(view);
}

/** `bool[]`. */
export function boolArray<Row>(rows: readonly Row[], of: (row: Row) => boolean): Buffer {
  const view = fixedArray(OID.bool, 1, rows.length);
  let at = HEADER_BYTES;
  for (let i = 0; i < rows.length; i++) {
    view.setInt32(at, 1);
    view.setUint8(at + 4, of(rows[i] as Row) ? 1 : 0);
    at += 5;
  }
  return bufferOf(view);
}

/** `text[]`. */
export function textArray<Row>(rows: readonly Row[], of: (row: Row) => string | null): Buffer {
  const texts = rows.map(of);
  const bytes = texts.reduce((sum, text) => sum + 4 + Buffer.byteLength(text ?? ''), HEADER_BYTES);
  const view = arrayOf(OID.text, bytes, rows.length);
  const buffer = bufferOf(view);
  let at = HEADER_BYTES;
  for (const text of texts) {
    const length = text === null ? NULL_LENGTH : buffer.write(text, at + 4);
    view.setInt32(at, length);
    at += 4 + Math.max(length, 0);
  }
  return buffer;
}

/** `bytea[]`. */
export function byteaArray<Row>(rows: readonly Row[], of: (row: Row) => Uint8Array): Buffer {
  const bytes = rows.reduce((sum, row) => sum + 4 + of(row).length, HEADER_BYTES);
  const view = arrayOf(OID.bytea, bytes, rows.length);
  const buffer = bufferOf(view);
  let at = HEADER_BYTES;
  for (const row of rows) {
    const element = of(row);
    view.setInt32(at, element.length);
    buffer.set(element, at + 4);
    at += 4 + element.length;
  }
  return buffer;
}

function fixedArray(oid: number, width: number, length: number): DataView {
  return arrayOf(oid, HEADER_BYTES + length * (4 + width), length);
}

/** Header: one dimension, no nulls, the type, the length, counted from 1. */
function arrayOf(oid: number, bytes: number, length: number): DataView {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  const view = new DataView(buffer.buffer, buffer.byteOffset, bytes);
  view.setInt32(0, 1);
  view.setInt32(4, 0);
  view.setInt32(8, oid);
  view.setInt32(12, length);
  view.setInt32(16, 1);
  return view;
}

function bufferOf(view: DataView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}
