// Hostile and broken bytes. Single refused frames, with what is answered, are in
// test/support/refused-frames.ts; here is what goes beyond a list.

import { encode as otherEncode } from '@msgpack/msgpack';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeRequest, decodeServerFrame, encode, encodeRequest } from '../../protocol/codec.ts';
import { COMMANDS } from '../../protocol/commands/registry.ts';
import { FRAME_BYTES_MAX, FRAME_DEPTH_MAX, SERVER_FRAME_DEPTH_MAX } from '../../protocol/limits.ts';
import { goldenRequests } from '../support/golden-frames.ts';
import { bytesOf, hexOf } from '../support/hex.ts';
import { refusedBytes } from '../support/refused-frames.ts';
import { seeded } from '../support/seeded.ts';

const goldenBytes = goldenRequests.map(({ frame }) => encode(frame));

afterAll(() => {
  expect(Object.keys(Object.prototype)).toEqual([]);
});

describe('a frame that is cut', () => {
  it.each(goldenRequests)('is refused at every byte: $name', ({ frame }) => {
    const whole = encode(frame);
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      expect(decodeRequest(cut), hexOf(cut)).toMatchObject({ ok: false, code: 'MALFORMED_FRAME' });
    }
    expect(decodeRequest(whole)).toMatchObject({ ok: true });
  });

  it('is refused when it is a view into a larger buffer that goes on behind it', () => {
    const whole = encodeRequest(1, 'items.get', { item: 'iron-ore' });
    const larger = new Uint8Array(whole.length + 64).fill(0x61);
    larger.set(whole, 32);
    expect(decodeRequest(larger.subarray(32, 32 + whole.length))).toMatchObject({ ok: true });
    expect(decodeRequest(larger.subarray(32, 31 + whole.length))).toMatchObject({ ok: false });
  });
});

describe('a bomb of the largest frame size', () => {
  const bombs = {
    'nested arrays': '91',
    'nested maps': '81a161',
    'nested array 32 headers': 'dd00000001',
    'array 32 headers that promise 2^32 - 1 values': 'ddffffffff',
    'map 32 headers that promise 2^32 - 1 values': 'dfffffffff',
    ones: '01',
    'map keys': 'a161',
    extensions: 'd47240',
  };
  it.each(Object.entries(bombs))('is refused without an exception: %s', (_, unit) => {
    const bytes = bytesOf(unit.repeat(Math.floor((2 * FRAME_BYTES_MAX) / unit.length)));
    const inRequest = new Uint8Array([0x93, 1, 0xa1, 0x61, ...bytes]);
    const inArray = new Uint8Array([0xdc, 0x3f, 0xff, ...bytes]);
    const inMap = new Uint8Array([0x93, 1, 0xa1, 0x61, 0xde, 0x1f, 0xff, ...bytes]);
    for (const frame of [bytes, inRequest, inArray, inMap]) {
      expect(decodeRequest(frame)).toMatchObject({ ok: false, code: 'MALFORMED_FRAME' });
    }
  });

  it('allocates nothing that grows with what the frame promises', () => {
    const frame = bytesOf('9301a161dd7fffffff');
    const before = process.memoryUsage();
    for (let i = 0; i < 1_000; i++) decodeRequest(frame);
    const after = process.memoryUsage();
    expect(after.rss - before.rss).toBeLessThan(64 * 1024 * 1024);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1024 * 1024);
  });
});

describe('nesting', () => {
  const nested = (levels: number): Uint8Array => bytesOf(`${'91'.repeat(levels - 1)}90`);

  it('is allowed up to the bound and refused beyond it', () => {
    // Both are refused, but only the deeper one for its bytes.
    expect(decodeRequest(nested(FRAME_DEPTH_MAX))).toMatchObject({
      message: expect.stringContaining('id'),
    });
    expect(decodeRequest(nested(FRAME_DEPTH_MAX + 1))).toMatchObject({
      message: expect.stringContaining('nested'),
    });
  });
});

describe('an integer', () => {
  const priced = (price: string): Uint8Array => {
    const head = encodeRequest(1, 'listings.update', { listing: 1, price: 1 });
    return bytesOf(hexOf(head).slice(0, -2) + price);
  };

  it.each([
    ['fixint', '7f', 127],
    ['uint 8', 'cc7f', 127],
    ['uint 16', 'cd007f', 127],
    ['uint 32', 'ce0000007f', 127],
    ['uint 64', 'cf000000000000007f', 127],
    ['int 8', 'd07f', 127],
    ['int 16', 'd1007f', 127],
    ['int 32', 'd20000007f', 127],
    ['int 64', 'd3000000000000007f', 127],
    ['uint 64 above 32 bits', 'cf0000000100000000', 2 ** 32],
    ['int 64 above 32 bits', 'd30000000100000001', 2 ** 32 + 1],
    ['uint 64, the largest', 'cf001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['int 64, the largest', 'd3001fffffffffffff', Number.MAX_SAFE_INTEGER],
  ])('means the same in every encoding: %s', (_, hex, price) => {
    expect(decodeRequest(priced(hex))).toMatchObject({ ok: true, payload: { listing: 1, price } });
  });

  it('may be the smallest one that a number holds exactly, which no price may be', () => {
    expect(decodeRequest(priced('d3ffe0000000000001'))).toMatchObject({
      code: 'INVALID_REQUEST',
      path: 'payload.price',
    });
    const attributes = { low: Number.MIN_SAFE_INTEGER, high: Number.MAX_SAFE_INTEGER };
    const payload = { item: 'ore', kind: 'commodity', attributes } as const;
    expect(decodeRequest(encodeRequest(1, 'items.define', payload))).toMatchObject({ payload });
  });
});

describe('a decoded request', () => {
  it('has its fields in the order of the schema, whatever the order on the wire', () => {
    const frame = encode([7, 'bids.create', { price: 3, quantity: 2, item: 'ore' }]);
    const request = decodeRequest(frame);
    expect(request).toMatchObject({ ok: true });
    expect(request.ok && Object.keys(request.payload)).toEqual(['item', 'quantity', 'price']);
  });

  it('keeps strings exactly, of whatever script and length', () => {
    const texts = [
      '',
      'a',
      'é',
      '鉄鉱石',
      '⛏️🪨',
      'é'.repeat(100),
      'x'.repeat(256),
      '😀'.repeat(256),
      'a\nb',
    ];
    for (const text of texts) {
      const payload = { item: 'ore', kind: 'commodity', attributes: { text } } as const;
      expect(decodeRequest(encodeRequest(1, 'items.define', payload))).toMatchObject({ payload });
    }
  });

  it('may have an attribute named like a property of every object', () => {
    const payload = { item: 'ore', kind: 'unique', attributes: { constructor: 1 } } as const;
    const request = decodeRequest(encode([1, 'items.define', payload]));
    expect(request).toMatchObject({ ok: true });
    expect(request.ok && JSON.stringify(request.payload)).toBe(JSON.stringify(payload));
  });

  it('names the first field at fault only, and no value of it', () => {
    const payload = { item: 'DROP TABLE', quantity: -5, price: 'secret', more: 1 };
    const error = decodeRequest(encode([1, 'bids.create', payload]));
    expect(error).toMatchObject({ ok: false, code: 'INVALID_REQUEST', command: 'bids.create' });
    expect(JSON.stringify(error)).not.toMatch(/DROP|secret/);
  });
});

describe('a frame from the server', () => {
  it.each([
    ['a refused byte', 'c1'],
    ['nothing', ''],
    ['nil', 'c0'],
    ['a reply without a body', '930100c0'],
    ['a reply with an unknown outcome', '93010980'],
    ['an event of an unknown kind', hexOf(encode(['me', 1, 2, 1, 'rumour', null]))],
    ['an event without data', hexOf(encode(['me', 1, 2, 1, 'delta']))],
    ['an event with a sequence that is no integer', hexOf(encode(['me', 1, '2', 1, 'delta', 1]))],
  ])('is null when it is neither a reply nor an event: %s', (_, hex) => {
    expect(decodeServerFrame(bytesOf(hex))).toBeNull();
  });

  it('may have more values than a command', () => {
    const bids = Array.from({ length: 5_000 }, (_, i) => [i + 1, 1, 1]);
    const frame = encode(['book:ore', 1, 2, 0, 'snapshot', { bids, asks: [] }]);
    expect(decodeServerFrame(frame)).toMatchObject({ type: 'event', data: { bids } });
  });
});

describe('nesting in a frame from the server', () => {
  const reply = (levels: number): Uint8Array => bytesOf(`930100${'81a161'.repeat(levels - 2)}80`);

  it('may be deeper than in a command, up to a bound of its own', () => {
    expect(decodeServerFrame(reply(SERVER_FRAME_DEPTH_MAX))).toMatchObject({ type: 'reply' });
    expect(decodeServerFrame(reply(SERVER_FRAME_DEPTH_MAX + 1))).toBeNull();
    expect(SERVER_FRAME_DEPTH_MAX).toBeGreaterThan(FRAME_DEPTH_MAX);
  });
});

describe('fuzz', () => {
  const SEED = 20_261_121;
  const FRAMES = 300_000;
  const corpus = [...goldenBytes, ...refusedBytes.filter(bytes => bytes.length > 0)];
  const interesting = [0, 0x7f, 0x80, 0x90, 0xa0, 0xc0, 0xc1, 0xc4, 0xca, 0xcf, 0xd3, 0xd4, 0xd9];

  it(`never throws and never lets a bad value through (seed ${SEED})`, () => {
    const random = seeded(SEED);
    const below = (n: number): number => Math.floor(random() * n);
    let accepted = 0;
    for (let i = 0; i < FRAMES; i++) {
      const frame = mutate(corpus[below(corpus.length)] as Uint8Array, below);
      const request = decodeRequest(frame);
      if (!request.ok) continue;
      accepted += 1;
      expect(COMMANDS[request.command].payload.safeParse(request.payload).success).toBe(true);
      // What was accepted can be said again, and then it is the same.
      const { id, command, payload, key, player } = request;
      const again = decodeRequest(otherEncode([id, command, payload, key, player]));
      expect(again).toEqual(request);
    }
    expect(accepted).toBeGreaterThan(1_000);
  });

  function mutate(source: Uint8Array, below: (n: number) => number): Uint8Array {
    let bytes = source.slice();
    const rounds = 1 + below(3);
    for (let round = 0; round < rounds && bytes.length > 0; round++) {
      const at = below(bytes.length);
      switch (below(5)) {
        case 0:
          bytes[at] = below(256);
          break;
        case 1:
          bytes[at] = interesting[below(interesting.length)] as number;
          break;
        case 2:
          bytes = bytes.slice(0, at);
          break;
        case 3: {
          const other = corpus[below(corpus.length)] as Uint8Array;
          bytes = new Uint8Array([...bytes.slice(0, at), ...other.slice(below(other.length))]);
          break;
        }
        default:
          bytes = new Uint8Array([...bytes.slice(0, at), below(256), ...bytes.slice(at)]);
      }
    }
    return bytes;
  }
});
