// The payloads and results of windows.* and offers.* behind the golden frames, see
// golden-exchanges.ts.

import type { CommandName } from '../../protocol/commands/registry.ts';
import {
  bobAcknowledges,
  briefOf,
  cancelledWindow,
  counter,
  doneWindow,
  invitedWindow,
  manifest,
  offer,
  openHash,
  openWindow,
  reviewWindow,
  windowLog,
  windowReceipt,
} from './golden-direct.ts';
import type { Exchanges } from './golden-exchanges.ts';
import { atMs, goldenKey } from './golden-values.ts';

type Family = 'offers' | 'windows';
type DirectCommand = Extract<CommandName, `${Family}.${string}`>;

const window = 42;
const cancelled = briefOf(cancelledWindow);

export const directExchanges: Pick<Exchanges, DirectCommand> = {
  'offers.create': [
    {
      payload: {
        to: 'bob',
        give: [{ asset: 'coins', quantity: 750 }],
        want: [{ asset: 'excalibur#1', quantity: 1 }],
        expiresAtMs: offer.expiresAtMs,
        message: 'For my collection ⚔',
      },
      result: { offer: 77, expiresAtMs: offer.expiresAtMs },
      key: goldenKey('offer-1'),
    },
    {
      payload: {
        to: 'bob',
        give: [{ asset: 'iron-ore', quantity: 10, location: 'north' }],
        want: [],
      },
      result: { offer: 79, expiresAtMs: atMs + 604_800_000 },
      key: goldenKey('offer-2'),
    },
  ],
  'offers.accept': [
    {
      payload: { offer: 77 },
      result: { offer: 77, status: 'accepted' },
      key: goldenKey('offer-3'),
    },
  ],
  'offers.decline': [
    {
      payload: { offer: 77 },
      result: { offer: 77, status: 'declined' },
      key: goldenKey('offer-4'),
    },
  ],
  'offers.cancel': [
    {
      payload: { offer: 77 },
      result: { offer: 77, status: 'cancelled' },
      key: goldenKey('offer-5'),
    },
  ],
  'offers.counter': [
    {
      payload: {
        offer: 77,
        give: [{ asset: 'excalibur#1', quantity: 1 }],
        want: [{ asset: 'coins', quantity: 900 }],
      },
      result: { offer: 78, countered: 77, expiresAtMs: counter.expiresAtMs },
      key: goldenKey('offer-6'),
    },
  ],
  'offers.get': [{ payload: { offer: 77 }, result: { ...offer, status: 'countered' } }],
  'offers.mine': [
    { payload: {}, result: { offers: [counter], next: null } },
    {
      payload: { direction: 'received', all: true, before: 78, limit: 1 },
      result: { offers: [{ ...offer, status: 'countered' }], next: 77 },
    },
  ],
  'windows.invite': [
    { payload: { player: 'bob' }, result: briefOf(invitedWindow), key: goldenKey('window-1') },
  ],
  'windows.join': [
    {
      payload: { window },
      result: briefOf(invitedWindow, { status: 'open', expiresAtMs: atMs + 304_000 }),
      key: goldenKey('window-2'),
    },
  ],
  'windows.decline': [
    {
      payload: { window },
      result: briefOf(invitedWindow, { status: 'cancelled' }),
      key: goldenKey('window-3'),
    },
  ],
  'windows.put': [
    {
      payload: {
        window,
        revision: 3,
        assets: [
          { asset: 'coins', quantity: 5_000_000_000 },
          { asset: 'iron-ore', quantity: 40, location: 'north' },
        ],
      },
      result: briefOf(openWindow),
      key: goldenKey('window-4'),
    },
    { payload: { window, revision: 4, assets: [] }, result: briefOf(openWindow, { revision: 5 }) },
  ],
  'windows.accept': [
    {
      payload: { window, revision: 4, hash: openHash },
      result: briefOf(openWindow),
      key: goldenKey('window-5'),
    },
    {
      payload: { window, revision: 4, hash: openHash },
      result: briefOf(reviewWindow),
      key: goldenKey('window-6'),
    },
  ],
  'windows.unaccept': [
    { payload: { window }, result: briefOf(openWindow), key: goldenKey('window-7') },
  ],
  'windows.confirm': [
    {
      payload: {
        window,
        manifest: manifest.manifest,
        acknowledge: bobAcknowledges,
      },
      result: { ...briefOf(doneWindow), receipt: windowReceipt },
      key: goldenKey('window-8'),
    },
    {
      payload: { window, manifest: manifest.manifest },
      result: { ...briefOf(reviewWindow), receipt: null },
      key: goldenKey('window-9'),
    },
  ],
  'windows.unconfirm': [
    { payload: { window }, result: briefOf(reviewWindow), key: goldenKey('window-10') },
  ],
  'windows.reopen': [
    {
      payload: { window },
      result: briefOf(openWindow, { revision: 5 }),
      key: goldenKey('window-11'),
    },
  ],
  'windows.cancel': [{ payload: { window }, result: cancelled, key: goldenKey('window-12') }],
  'windows.block': [
    {
      payload: { player: 'mallory' },
      result: { player: 'mallory', blocked: true },
      key: goldenKey('block-1'),
    },
  ],
  'windows.unblock': [
    {
      payload: { player: 'mallory' },
      result: { player: 'mallory', blocked: false },
      key: goldenKey('block-2'),
    },
  ],
  'windows.privacy': [
    {
      payload: { invitations: 'none' },
      result: { invitations: 'none' },
      key: goldenKey('privacy-1'),
    },
  ],
  'windows.blocked': [{ payload: {}, result: { invitations: 'all', blocked: ['mallory'] } }],
  'windows.get': [
    {
      payload: { window, limit: 8 },
      result: {
        window: doneWindow,
        createdAtMs: atMs,
        manifests: [manifest],
        log: windowLog.slice(0, 8),
        next: 8_123_430,
      },
    },
    {
      payload: { window, before: 8_123_430 },
      result: {
        window: doneWindow,
        createdAtMs: atMs,
        manifests: [],
        log: windowLog.slice(8),
        next: null,
      },
    },
  ],
  'windows.mine': [
    { payload: { limit: 2 }, result: { windows: [doneWindow], next: null } },
    { payload: { before: 42 }, result: { windows: [], next: null } },
  ],
  'windows.report': [
    {
      payload: { window, reason: 'Took ten of the ore back at the last moment.' },
      result: { window, reported: true },
    },
  ],
  'windows.reports': [
    {
      payload: { limit: 50 },
      result: {
        reports: [
          {
            report: 5,
            window,
            player: 'bob',
            atMs: atMs + 90_000,
            reason: 'Took ten of the ore back at the last moment.',
          },
        ],
        next: null,
      },
    },
  ],
};
