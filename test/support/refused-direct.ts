// Payloads of windows.* and offers.* that a server must refuse, see refused-frames.ts.

import { encode } from '../../protocol/codec.ts';
import { hexOf } from './hex.ts';
import type { RefusedFrame } from './refused-frames.ts';

const invalid = (name: string, path: string, command: string, payload: object): RefusedFrame => ({
  name,
  hex: hexOf(encode([1, command, payload])),
  code: 'INVALID_REQUEST',
  id: 1,
  path,
});

const put = (name: string, path: string, assets: readonly object[]): RefusedFrame =>
  invalid(name, path, 'windows.put', { window: 1, revision: 0, assets });

const offer = (name: string, path: string, change: object): RefusedFrame =>
  invalid(name, path, 'offers.create', {
    to: 'bob',
    give: [{ asset: 'coins', quantity: 1 }],
    want: [{ asset: 'ore', quantity: 1 }],
    ...change,
  });

const HASH = '0'.repeat(64);
const accept = (name: string, path: string, change: object): RefusedFrame =>
  invalid(name, path, 'windows.accept', { window: 1, revision: 0, hash: HASH, ...change });

const ore = { asset: 'ore', quantity: 1 };

export const directRefused: readonly RefusedFrame[] = [
  put(
    '17 lines on a side',
    'payload.assets',
    Array.from({ length: 17 }, (_, n) => ({ asset: `ore${n}`, quantity: 1 })),
  ),
  put('an asset twice on a side', 'payload.assets', [ore, { asset: 'ore', quantity: 2 }]),
  put('an asset twice on a side, once with main said', 'payload.assets', [
    ore,
    { ...ore, location: 'main' },
  ]),
  put('a line of 0', 'payload.assets.0.quantity', [{ asset: 'ore', quantity: 0 }]),
  put('a line of less than nothing', 'payload.assets.1.quantity', [
    ore,
    { asset: 'coins', quantity: -1 },
  ]),
  put('a line with a price', 'payload.assets.0.price', [{ ...ore, price: 1 }]),
  invalid('put for another player', 'payload.player', 'windows.put', {
    window: 1,
    revision: 0,
    assets: [],
    player: 'bob',
  }),
  invalid('put without a revision', 'payload.revision', 'windows.put', { window: 1, assets: [] }),
  accept('accept without a hash', 'payload.hash', { hash: '' }),
  accept('a hash in upper case', 'payload.hash', { hash: 'A'.repeat(64) }),
  accept('a hash with a line feed', 'payload.hash', { hash: `${HASH}\n` }),
  accept('a revision below 0', 'payload.revision', { revision: -1 }),
  invalid('window 0', 'payload.window', 'windows.join', { window: 0 }),
  invalid('65 tokens', 'payload.acknowledge', 'windows.confirm', {
    window: 1,
    manifest: HASH,
    acknowledge: Array.from({ length: 65 }, (_, n) => `${n}`),
  }),
  invalid('a report without a reason', 'payload.reason', 'windows.report', {
    window: 1,
    reason: '',
  }),
  invalid('a privacy that there is not', 'payload.invitations', 'windows.privacy', {
    invitations: 'friends',
  }),
  offer('an offer with two empty sides', 'payload.give', { give: [], want: [] }),
  offer('an asset on both sides of an offer', 'payload.want', { give: [ore], want: [ore] }),
  offer('an asset on both sides of an offer, at two locations', 'payload.want', {
    give: [ore],
    want: [{ ...ore, location: 'north' }],
  }),
  offer('a message of 201 characters', 'payload.message', { message: 'm'.repeat(201) }),
  invalid('a counter with two empty sides', 'payload.give', 'offers.counter', {
    offer: 1,
    give: [],
    want: [],
  }),
];
