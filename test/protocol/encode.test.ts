// The writer: whatever it writes, both our own decoder and a second implementation read back.

import * as other from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeServerFrame, encode, encodeReply, writeReply } from '../../protocol/codec.ts';
import { FrameWriter } from '../../protocol/msgpack-writer.ts';
import { hexOf } from '../support/hex.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 300 });
const key = fc.string({ maxLength: 40 }).filter(name => name !== '__proto__');

const value = fc.letrec(tie => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.integer(),
    fc.integer({ min: -300, max: 300 }),
    fc.boolean(),
    fc.constant(null),
    text,
    fc.array(tie('any'), { maxLength: 20 }),
    fc.dictionary(key, tie('any'), { maxKeys: 20, noNullPrototype: true }),
  ),
})).any;

describe('the writer', () => {
  it('writes what a second implementation reads, and in the same bytes', () => {
    fc.assert(
      fc.property(value, wanted => {
        const bytes = encode(wanted);
        expect(other.decode(bytes)).toEqual(wanted);
        expect(hexOf(bytes)).toBe(hexOf(other.encode(wanted)));
      }),
      { numRuns: 2_000, seed: 42 },
    );
  });

  it('writes what our own decoder reads', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value, { noNullPrototype: true, maxKeys: 10 }), body => {
        expect(decodeServerFrame(encodeReply(1, 'ok', body))).toMatchObject({ body });
      }),
      { numRuns: 1_000, seed: 43 },
    );
  });

  it.each([
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x100,
    0xffff,
    0x1_0000,
    0xffff_ffff,
    0x1_0000_0000,
    2 ** 53 - 1,
    -1,
    -0x20,
    -0x21,
    -0x80,
    -0x81,
    -0x8000,
    -0x8001,
    -0x8000_0000,
    -0x8000_0001,
    1 - 2 ** 53,
  ])('writes the integer %d in its shortest form', integer => {
    expect(hexOf(encode(integer))).toBe(hexOf(other.encode(integer)));
    expect(other.decode(encode(integer))).toBe(integer);
  });

  it('writes minus zero as zero', () => {
    expect(hexOf(encode(-0))).toBe('00');
  });

  it.each([0, 31, 32, 255, 256, 65_535, 65_536])('writes a string of %d bytes', length => {
    for (const unit of ['x', 'é', '鉄']) {
      const wanted = unit.repeat(Math.ceil(length / unit.length));
      expect(hexOf(encode(wanted))).toBe(hexOf(other.encode(wanted)));
    }
  });

  it.each([15, 16, 65_535, 65_536])('writes an array of %d values', length => {
    const wanted = Array.from({ length }, () => 1);
    expect(hexOf(encode(wanted))).toBe(hexOf(other.encode(wanted)));
  });

  it('leaves out properties that are undefined', () => {
    expect(other.decode(encode({ a: 1, b: undefined, c: null }))).toEqual({ a: 1, c: null });
  });

  it.each([
    ['a fraction', 1.5],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['2^53', 2 ** 53],
    ['a bigint', 1n],
    ['undefined in an array', [undefined]],
    ['a function', () => 1],
    ['a Map', new Map([['a', 1]])],
    ['a Date', new Date(0)],
    ['bytes', new Uint8Array(3)],
  ])('refuses %s', (_, wrong) => {
    expect(() => encode(wrong)).toThrow(TypeError);
    expect(() => encode({ deep: [wrong] })).toThrow(TypeError);
  });

  it('grows its arena and keeps what was written', () => {
    const writer = new FrameWriter(4);
    const wanted = Array.from({ length: 500 }, (_, i) => `value ${i}`);
    for (const one of wanted) writer.value(one);
    expect([...other.decodeMulti(writer.copy())]).toEqual(wanted);
  });

  it('appends replies to one arena and says where their bodies start', () => {
    const writer = new FrameWriter(16);
    writer.value('before');
    const start = writer.length;
    const body = { quantity: 1, total: 5_000_000_000 };
    const bodyStart = writeReply(writer, 70_000, 'rejected', body);
    const end = writer.length;
    writer.value('after');
    expect(other.decode(writer.bytes.subarray(start, end))).toEqual([70_000, 1, body]);
    expect(other.decode(writer.bytes.subarray(bodyStart, end))).toEqual(body);
  });
});
