// Frames that a server must refuse, with what it says: bytes that are not of our MessagePack
// subset, frames of another shape, and payloads that do not fit. Shared by the vectors and the
// tests.

import { encode } from '../../protocol/codec.ts';
import { bytesOf, hexOf } from './hex.ts';
import { directRefused } from './refused-direct.ts';

export interface RefusedFrame {
  readonly name: string;
  readonly hex: string;
  readonly code: 'MALFORMED_FRAME' | 'UNKNOWN_COMMAND' | 'INVALID_REQUEST';
  readonly id: number | null;
  readonly path: string | null;
}

/** Hex of values of the wire. */
const of = (value: unknown): string => hexOf(encode(value));

/** A request whose payload is given in hex. */
const around = (payload: string, command = 'items.get'): string => `9301${of(command)}${payload}`;

/** A listings.create whose price is given in hex. */
const priced = (price: string): string =>
  around(`83${of('item')}${of('ore')}${of('quantity')}01${of('price')}${price}`, 'listings.create');

const malformed = (name: string, hex: string, id: number | null = 1): RefusedFrame => ({
  name,
  hex,
  code: 'MALFORMED_FRAME',
  id,
  path: null,
});

const invalid = (name: string, path: string, frame: unknown): RefusedFrame => ({
  name,
  hex: typeof frame === 'string' ? frame : of(frame),
  code: 'INVALID_REQUEST',
  id: 1,
  path,
});

const nested = (opener: string, levels: number): string => opener.repeat(levels);

const bytesRefused: readonly RefusedFrame[] = [
  malformed('empty', '', null),
  malformed('only an array header', '93', null),
  malformed('never-used byte 0xc1', around('c1')),
  malformed('trailing byte', `${around(of({ item: 'ore' }))}c0`),
  malformed('two requests in one frame', around(of({ item: 'ore' })).repeat(2)),
  malformed('bin 8', around('c4020102')),
  malformed('bin 16', around('c500020102')),
  malformed('bin 32', around('c6000000020102')),
  malformed('float 32', priced('ca3fc00000')),
  malformed('float 64: 1.5', priced('cb3ff8000000000000')),
  malformed('float 64 of a whole number', priced('cb4059000000000000')),
  malformed('float 64: NaN', priced('cb7ff8000000000000')),
  malformed('float 64: infinity', priced('cb7ff0000000000000')),
  malformed('float 64: -0', priced('cb8000000000000000')),
  malformed('uint 64: 2^53', priced('cf0020000000000000')),
  malformed('uint 64: 2^53 + 1', priced('cf0020000000000001')),
  malformed('uint 64: 2^63', priced('cf8000000000000000')),
  malformed('uint 64: 2^64 - 1', priced('cfffffffffffffffff')),
  malformed('int 64: 2^53', priced('d30020000000000000')),
  malformed('int 64: -2^53', priced('d3ffe0000000000000')),
  malformed('int 64: -2^63', priced('d38000000000000000')),
  malformed('fixext 1, record definition 0x72', around('d4724093a161a162a163')),
  malformed('fixext 2, record definition 0x72', around('d572400193a161a162a163')),
  malformed('fixext 1, extension 0', around('d40000')),
  malformed('fixext 4, timestamp', around('d6ff00000000')),
  malformed('fixext 8, timestamp', around('d7ff0000000000000000')),
  malformed('fixext 16', around(`d801${'00'.repeat(16)}`)),
  malformed('fixext 4, structured clone reference 0x70', around('d67000000001')),
  malformed('ext 8, regular expression 0x78', around('c7047892a161a0')),
  malformed('ext 8, set 0x73', around('c7027390')),
  malformed('ext 8, error 0x65', around('c7016500')),
  malformed('ext 8, bigint 0x42', around('c7014200')),
  malformed('ext 16', around('c800010000')),
  malformed('ext 32', around('c9000000010000')),
  malformed('ext 32 longer than the frame', around('c9ffffffff00')),
  malformed('array 32 of 33 million', 'dd01ffffff', null),
  malformed('array 16 headers, nested', nested('dc0001', 20), null),
  malformed('array 32 headers, nested', nested('dd00000001', 20), null),
  malformed('map 32 of 2^32 - 1', around('dfffffffff')),
  malformed('map 16 of 65,535', around('deffff')),
  malformed('map of 65 keys', around(`de0041${keysOf(65)}`)),
  malformed('string 32 longer than the frame', around('dbffffffff61')),
  malformed('string 16 longer than the frame', around('daffff61')),
  malformed('string 8 longer than the frame', around('d9ff61')),
  malformed('9 levels of arrays', `${nested('91', 8)}90`, null),
  malformed('9 levels of maps and arrays', around(`${nested(`81${of('a')}`, 7)}80`)),
  malformed('more than 2,000 values', around(`dc0800${'c0'.repeat(2_048)}`)),
  malformed('a key twice', around(`82${of('item')}${of('ore')}${of('item')}${of('gold')}`)),
  malformed(
    'a key twice, in two encodings',
    around(`82${of('item')}${of('ore')}d904${of('item').slice(2)}${of('gold')}`),
  ),
  malformed('a key that is an integer', around('810102')),
  malformed('a key that is nil', around('81c002')),
  malformed('a key that is an array', around('819002')),
  malformed('a key that is a map', around('818002')),
  malformed('key __proto__', around(`81${of('__proto__')}80`)),
  malformed('string with a stray continuation byte', around('a180')),
  malformed('string with an overlong slash', around('a2c0af')),
  malformed('string with an overlong slash in three bytes', around('a3e080af')),
  malformed('string with a lone surrogate', around('a3eda080')),
  malformed('string with a surrogate pair in six bytes', around('a6eda081edb080')),
  malformed('string beyond U+10FFFF', around('a4f4908080')),
  malformed('string with byte 0xff', around('a1ff')),
  malformed('string that ends within a character', around('a2e282')),
  malformed('string with a leading byte order mark', around('a4efbbbf61')),
];

function keysOf(count: number): string {
  return Array.from({ length: count }, (_, i) => `${of(`k${i}`)}c0`).join('');
}

const shapesRefused: readonly RefusedFrame[] = [
  malformed('nil', 'c0', null),
  malformed('bool', 'c3', null),
  malformed('int', '01', null),
  malformed('string', of('session.ping'), null),
  malformed('map', of({ id: 1, command: 'session.ping', payload: {} }), null),
  malformed('empty array', '90', null),
  malformed('id is a string', of(['1', 'session.ping', {}]), null),
  malformed('id is nil', of([null, 'session.ping', {}]), null),
  malformed('id is negative', of([-1, 'session.ping', {}]), null),
  malformed('id is 2^32', of([2 ** 32, 'session.ping', {}]), null),
  malformed('no payload', of([1, 'session.ping'])),
  malformed('six elements', of([1, 'session.ping', {}, null, null, null])),
  malformed('command is an integer', of([1, 2, {}])),
  ...['session.pong', 'toString', '__proto__', 'constructor', '', 'SESSION.PING'].map(
    (command): RefusedFrame => ({
      name: `command ${JSON.stringify(command)}`,
      hex: of([1, command, {}]),
      code: 'UNKNOWN_COMMAND',
      id: 1,
      path: null,
    }),
  ),
];

const create = (change: object): unknown => [
  1,
  'listings.create',
  { item: 'ore', quantity: 1, price: 1, ...change },
];

const fieldsRefused: readonly RefusedFrame[] = [
  invalid('payload is nil', 'payload', [1, 'session.ping', null]),
  invalid('payload is an array', 'payload', [1, 'session.ping', []]),
  invalid('key is empty', 'key', [1, 'session.ping', {}, '']),
  invalid('key of 65 characters', 'key', [1, 'session.ping', {}, 'k'.repeat(65)]),
  invalid('key with a blank', 'key', [1, 'session.ping', {}, 'a b']),
  invalid('key with a line feed at its end', 'key', [1, 'session.ping', {}, 'ab\n']),
  invalid('key that is not ASCII', 'key', [1, 'session.ping', {}, 'schlüssel']),
  invalid('key is an integer', 'key', [1, 'session.ping', {}, 7]),
  invalid('player is empty', 'player', [1, 'session.ping', {}, null, '']),
  invalid('player is an integer', 'player', [1, 'session.ping', {}, null, 7]),
  invalid('player with a blank', 'player', [
    1,
    'session.ping',
    {},
    '00000000-0000-7000-8000-000000000000',
    'a b',
  ]),
  invalid('unknown field', 'payload.colour', create({ colour: 'red' })),
  invalid('unknown field constructor', 'payload.constructor', create({ constructor: 1 })),
  invalid('unknown field toString', 'payload.toString', create({ toString: 1 })),
  invalid('unknown field hasOwnProperty', 'payload.hasOwnProperty', create({ hasOwnProperty: 1 })),
  invalid('unknown field whose name is not shown', 'payload', create({ '<script>': 1 })),
  invalid('field missing', 'payload.price', [1, 'listings.create', { item: 'ore', quantity: 1 }]),
  invalid('optional field nil', 'payload.location', create({ location: null })),
  invalid('price 0', 'payload.price', create({ price: 0 })),
  invalid('price -1', 'payload.price', create({ price: -1 })),
  invalid('price as a string', 'payload.price', create({ price: '1' })),
  invalid('price as a bool', 'payload.price', create({ price: true })),
  invalid('price as an array', 'payload.price', create({ price: [1] })),
  invalid('quantity 0', 'payload.quantity', create({ quantity: 0 })),
  invalid('item empty', 'payload.item', create({ item: '' })),
  invalid('item of 65 characters', 'payload.item', create({ item: 'a'.repeat(65) })),
  invalid('item with an upper-case letter', 'payload.item', create({ item: 'Ore' })),
  invalid('item with NUL', 'payload.item', create({ item: 'ore\0' })),
  invalid('item with a line feed', 'payload.item', create({ item: 'ore\n' })),
  invalid('item with a right-to-left override', 'payload.item', create({ item: 'o\u202ere' })),
  invalid('item with a zero-width joiner', 'payload.item', create({ item: 'o\u200dre' })),
  invalid('item with a composed letter', 'payload.item', create({ item: 'öre' })),
  invalid('item that looks like SQL', 'payload.item', create({ item: "ore'; drop table" })),
  invalid('gtd without expiresAtMs', 'payload.expiresAtMs', create({ timeInForce: 'gtd' })),
  invalid('post-only with fok', 'payload.postOnly', create({ timeInForce: 'fok', postOnly: true })),
  invalid('purchase of a listing with a bound of the book', 'payload.maxTotal', [
    1,
    'purchases.create',
    { listing: 1, quantity: 1, maxTotal: 5 },
  ]),
  invalid('purchase from the book without a bound', 'payload.maxUnitPrice', [
    1,
    'purchases.create',
    { item: 'ore', quantity: 1 },
  ]),
  invalid('purchase with neither listing nor item', 'payload.item', [
    1,
    'purchases.create',
    { quantity: 1, maxTotal: 5 },
  ]),
  invalid('sale into a bid without a quantity', 'payload.quantity', [
    1,
    'sales.create',
    { bid: 1 },
  ]),
  invalid('sale into the book without a bound', 'payload.minUnitPrice', [
    1,
    'sales.create',
    { item: 'ore', quantity: 1 },
  ]),
  invalid('a channel that is an integer', 'payload.channels.1', [
    1,
    'session.subscribe',
    { channels: ['me', 1] },
  ]),
  invalid('51 channels', 'payload.channels', [
    1,
    'session.subscribe',
    { channels: Array.from({ length: 51 }, () => 'me') },
  ]),
  invalid('an attribute that is nil', 'payload.attributes.sharp', [
    1,
    'items.define',
    { item: 'ore', kind: 'commodity', attributes: { sharp: null } },
  ]),
  invalid('33 attributes', 'payload.attributes', [
    1,
    'items.define',
    {
      item: 'ore',
      kind: 'commodity',
      attributes: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, i])),
    },
  ]),
];

export const refusedFrames: readonly RefusedFrame[] = [
  ...bytesRefused,
  ...shapesRefused,
  ...fieldsRefused,
  ...directRefused,
];

export const refusedBytes: readonly Uint8Array[] = refusedFrames.map(({ hex }) => bytesOf(hex));
