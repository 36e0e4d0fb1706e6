// The events of windows and offers behind the golden frames, see golden-frames.ts.

import type { WindowEvent } from '../../protocol/events.ts';
import {
  cancelledWindow,
  doneWindow,
  invitation,
  manifest,
  offer,
  openWindow,
  reviewWindow,
  tookAway,
  windowReceipt,
} from './golden-direct.ts';
import type { GoldenEvent } from './golden-frames.ts';
import { atMs, balance } from './golden-values.ts';

const CHANNEL = 'window:42';

function event(name: string, data: WindowEvent): GoldenEvent {
  return {
    name: `window event: ${name}`,
    frame: [CHANNEL, 3, 8_123_460, 8_123_456, 'event', data],
  };
}

export const directEvents: readonly GoldenEvent[] = [
  {
    name: 'me event: an offer was made to bob',
    frame: [
      'me',
      3,
      8_123_460,
      8_123_456,
      'event',
      { atMs, balances: [], orders: [], trades: [], offers: [offer], windows: [] },
    ],
  },
  {
    name: 'me event: a window ended, and what was held is back',
    frame: [
      'me',
      3,
      8_123_460,
      8_123_456,
      'event',
      {
        atMs,
        balances: [balance],
        orders: [],
        trades: [],
        offers: [],
        windows: [{ ...invitation, status: 'cancelled', reason: 'expired' }],
      },
    ],
  },
  {
    name: 'window snapshot',
    frame: [
      CHANNEL,
      3,
      8_123_456,
      0,
      'snapshot',
      { window: reviewWindow, manifest, receipt: null },
    ],
  },
  event('alice took ten of the ore away after bob had accepted', {
    atMs: atMs + 20_000,
    event: 'put',
    player: 'alice',
    changes: [tookAway],
    window: openWindow,
    manifest: null,
    receipt: null,
  }),
  event('the second acceptance opens the review', {
    atMs: atMs + 28_000,
    event: 'reviewed',
    player: 'bob',
    changes: [],
    window: reviewWindow,
    manifest,
    receipt: null,
  }),
  event('the second confirmation was the swap', {
    atMs: atMs + 33_000,
    event: 'done',
    player: 'bob',
    changes: [],
    window: doneWindow,
    manifest,
    receipt: windowReceipt,
  }),
  event('bob did not come back in time', {
    atMs: atMs + 43_000,
    event: 'cancelled',
    player: null,
    changes: [],
    window: cancelledWindow,
    manifest: null,
    receipt: null,
  }),
];
