// The windows and offers that the golden frames are made of: one face-to-face trade from the
// invitation to the receipt, and offers in both directions. Its hashes are proved apart, in
// test/protocol/vectors-hashes.test.ts.

import type {
  LineChange,
  Manifest,
  ManifestView,
  OfferView,
  Receipt,
  Warning,
  WindowBrief,
  WindowLogEntry,
  WindowNotice,
  WindowSideView,
  WindowView,
} from '../../protocol/direct.ts';
import { manifestHash, tableHash, valueHash } from '../../protocol/window-hash.ts';
import { atMs } from './golden-values.ts';

const WINDOW = 42;

const coins = { asset: 'coins', location: 'main', quantity: 5_000_000_000 };
const ore = { asset: 'iron-ore', location: 'north', quantity: 40 };
const sword = { asset: 'excalibur#1', location: 'main', quantity: 1 };

const alice: WindowSideView = {
  player: 'alice',
  assets: [coins, ore],
  accepted: false,
  confirmed: false,
  present: true,
};
const bob: WindowSideView = { ...alice, player: 'bob', assets: [sword] };

/** On the table, put last by alice, who took ten of the ore away. */
export const openWindow: WindowView = {
  window: WINDOW,
  status: 'open',
  reason: null,
  revision: 4,
  sides: [alice, bob],
  armedAtMs: atMs + 27_000,
  expiresAtMs: atMs + 320_000,
  manifest: null,
};

export const invitedWindow: WindowView = {
  ...openWindow,
  status: 'invited',
  revision: 0,
  sides: [
    { ...alice, assets: [] },
    { ...bob, assets: [], present: true },
  ],
  armedAtMs: atMs,
  expiresAtMs: atMs + 30_000,
};

export const openHash = tableHash(WINDOW, openWindow.revision, openWindow.sides);

export const tookAway: LineChange = {
  player: 'alice',
  change: 'decreased',
  asset: 'iron-ore',
  location: 'north',
  from: 50,
  to: 40,
};

const warnings: Warning[] = [
  {
    code: 'THIN_PRICE',
    level: 'caution',
    player: 'alice',
    token: null,
    details: { asset: 'excalibur#1' },
  },
  {
    code: 'THIN_PRICE',
    level: 'caution',
    player: 'bob',
    token: null,
    details: { asset: 'iron-ore' },
  },
  {
    code: 'CHANGED_AFTER_ACCEPT',
    level: 'caution',
    player: 'bob',
    token: null,
    details: { changes: 1 },
  },
];

const named: Omit<Manifest, 'manifest'> = {
  window: WINDOW,
  revision: openWindow.revision,
  atMs: atMs + 28_000,
  sides: [
    {
      player: 'alice',
      assets: [
        { ...coins, unitPrice: 1, confidence: 'high', value: 5_000_000_000, fee: 50_000_000 },
        { ...ore, unitPrice: 1_250, confidence: 'low', value: 50_000, fee: 0 },
      ],
      value: 5_000_050_000,
      confidence: 'low',
    },
    {
      player: 'bob',
      assets: [{ ...sword, unitPrice: null, confidence: 'none', value: null, fee: 0 }],
      value: 0,
      confidence: 'none',
    },
  ],
  changes: [tookAway],
  warnings,
};

const manifestName = manifestHash(named);

const WORDS: Readonly<Record<string, readonly [digits: string, words: string]>> = {
  coins: ['5,000,000,000', 'five billion'],
  'iron-ore': ['40', 'forty'],
  'excalibur#1': ['1', 'one'],
};

function inWords([first, second]: Manifest['sides']): ManifestView['sides'] {
  const shown = (side: Manifest['sides'][0]) => ({
    ...side,
    assets: side.assets.map(line => {
      const [digits, words] = WORDS[line.asset] as readonly [string, string];
      return { ...line, digits, words };
    }),
  });
  return [shown(first), shown(second)];
}

export const manifest: ManifestView = {
  manifest: manifestName,
  ...named,
  sides: inWords(named.sides),
  warnings: warnings.map((one, index) => ({
    ...one,
    token: valueHash([manifestName, one.code, one.player, index]).slice(0, 16),
  })),
};

/** The tokens of the warnings to bob. */
export const bobAcknowledges = manifest.warnings
  .filter(({ player }) => player === 'bob')
  .map(({ token }) => token as string);

export const reviewWindow: WindowView = {
  ...openWindow,
  status: 'review',
  sides: [
    { ...alice, accepted: true },
    { ...bob, accepted: true },
  ],
  armedAtMs: atMs + 30_000,
  expiresAtMs: atMs + 88_000,
  manifest: manifestName,
};

export const doneWindow: WindowView = {
  ...reviewWindow,
  status: 'done',
  sides: [
    { ...alice, accepted: true, confirmed: true },
    { ...bob, accepted: true, confirmed: true },
  ],
};

export const cancelledWindow: WindowView = {
  ...openWindow,
  status: 'cancelled',
  reason: 'disconnected',
  revision: 5,
  sides: [alice, { ...bob, present: false }],
};

export const windowReceipt: Receipt = {
  window: WINDOW,
  manifest: manifestName,
  atMs: atMs + 33_000,
};

/** What the commands answer about a window. */
export function briefOf(of: WindowView, change: Partial<WindowBrief> = {}): WindowBrief {
  const { window, status, revision, armedAtMs, expiresAtMs, manifest: name } = of;
  return { window, status, revision, armedAtMs, expiresAtMs, manifest: name, ...change };
}

/** As bob hears of it. */
export const invitation: WindowNotice = {
  window: WINDOW,
  status: 'invited',
  reason: null,
  player: 'alice',
  invited: true,
  expiresAtMs: atMs + 30_000,
};

const happened = (
  afterMs: number,
  event: WindowLogEntry['event'],
  player: string | null,
  revision: number,
  changes: LineChange[] = [],
): WindowLogEntry => ({ atMs: atMs + afterMs, event, player, revision, changes });

const added = (player: string, asset: string, location: string, to: number): LineChange => {
  return { player, change: 'added', asset, location, from: 0, to };
};

/** Newest first. */
export const windowLog: WindowLogEntry[] = [
  happened(33_000, 'done', 'bob', 4),
  happened(31_000, 'confirmed', 'alice', 4),
  happened(28_000, 'reviewed', 'bob', 4),
  happened(27_500, 'accepted', 'alice', 4),
  happened(20_000, 'put', 'alice', 4, [tookAway]),
  happened(18_000, 'accepted', 'bob', 3),
  happened(15_000, 'put', 'alice', 3, [added('alice', 'iron-ore', 'north', 50)]),
  happened(12_000, 'put', 'alice', 2, [added('alice', 'coins', 'main', 5_000_000_000)]),
  happened(9_000, 'put', 'bob', 1, [added('bob', 'excalibur#1', 'main', 1)]),
  happened(4_000, 'joined', 'bob', 0),
  happened(0, 'invited', 'alice', 0),
];

export const offer: OfferView = {
  offer: 77,
  from: 'alice',
  to: 'bob',
  give: [{ asset: 'coins', location: 'main', quantity: 750 }],
  want: [{ asset: 'excalibur#1', location: 'main', quantity: 1 }],
  message: 'For my collection ⚔',
  status: 'open',
  createdAtMs: atMs,
  expiresAtMs: atMs + 86_400_000,
  counterOf: null,
};

export const counter: OfferView = {
  offer: 78,
  from: 'bob',
  to: 'alice',
  give: offer.want,
  want: [{ asset: 'coins', location: 'main', quantity: 900 }],
  message: null,
  status: 'open',
  createdAtMs: atMs + 60_000,
  expiresAtMs: atMs + 604_860_000,
  counterOf: 77,
};
