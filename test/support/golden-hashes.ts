// What protocol/vectors/hashes.json shows to people who compute the hashes of windows in another
// language: a table or manifest as the server sends it, and by hand the value whose bytes are
// hashed. test/protocol/vectors-hashes.test.ts proves both against other implementations.

import type { Manifest } from '../../protocol/direct.ts';
import type { HashedSide } from '../../protocol/window-hash.ts';
import { manifest, openWindow } from './golden-direct.ts';

interface Golden {
  readonly name: string;
  readonly meaning: string;
  /** What is hashed, as arrays. */
  readonly value: readonly unknown[];
}

export interface GoldenTable extends Golden {
  readonly shown: {
    readonly window: number;
    readonly revision: number;
    readonly sides: readonly [HashedSide, HashedSide];
  };
}

export interface GoldenManifest extends Golden {
  readonly shown: Omit<Manifest, 'manifest'>;
}

const ore = (asset: string, location = 'main', quantity = 1) => ({ asset, location, quantity });

const WIDTHS = [
  1,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  4_294_967_295,
  4_294_967_296,
  Number.MAX_SAFE_INTEGER,
];
const widths = WIDTHS.map((quantity, index) => ore(`a${index}`, 'main', quantity));
const sixteen = Array.from({ length: 16 }, (_, index) => ore(`relic#${index + 10}`));

const { window, revision, sides } = openWindow;
const alice: HashedSide = sides[0];
const bob: HashedSide = sides[1];

const aliceLines = [
  ['coins', 'main', 5_000_000_000],
  ['iron-ore', 'north', 40],
];
const bobLines = [['excalibur#1', 'main', 1]];

export const goldenTables: readonly GoldenTable[] = [
  {
    name: 'coins and ore for a sword',
    meaning:
      'The one who invited comes first. 5,000,000,000 needs an unsigned 64-bit integer. Who ' +
      'accepted, confirmed or is present is not hashed.',
    shown: { window, revision, sides: [alice, bob] },
    value: [42, 4, ['alice', aliceLines], ['bob', bobLines]],
  },
  {
    name: 'the same table, one revision later',
    meaning: 'The revision is hashed, so a table that returns to what it was has another hash.',
    shown: { window, revision: 5, sides: [alice, bob] },
    value: [42, 5, ['alice', aliceLines], ['bob', bobLines]],
  },
  {
    name: 'nothing on the table',
    meaning: 'A side without lines is an empty array.',
    shown: {
      window: 1,
      revision: 0,
      sides: [
        { player: 'alice', assets: [] },
        { player: 'bob', assets: [] },
      ],
    },
    value: [1, 0, ['alice', []], ['bob', []]],
  },
  {
    name: 'lines in no order',
    meaning:
      'Lines are sorted by the bytes of the asset, then of the location. A comparison by the ' +
      'rules of a language (the default of C#) has another order.',
    shown: {
      window: 128,
      revision: 300,
      sides: [
        {
          player: 'Zoe:42|eu@main',
          assets: [
            ore('ironore'),
            ore('iron_ore'),
            ore('iron0'),
            ore('iron.ore'),
            ore('iron-ore', 'north'),
            ore('iron-ore', 'main'),
            ore('iron#1'),
            ore('iron'),
          ],
        },
        { player: 'alice', assets: [] },
      ],
    },
    value: [
      128,
      300,
      [
        'Zoe:42|eu@main',
        [
          ['iron', 'main', 1],
          ['iron#1', 'main', 1],
          ['iron-ore', 'main', 1],
          ['iron-ore', 'north', 1],
          ['iron.ore', 'main', 1],
          ['iron0', 'main', 1],
          ['iron_ore', 'main', 1],
          ['ironore', 'main', 1],
        ],
      ],
      ['alice', []],
    ],
  },
  {
    name: 'integers of every width, the longest names',
    meaning:
      'Each integer is written in the fewest bytes; a string of 32 to 255 bytes starts with d9.',
    shown: {
      window: Number.MAX_SAFE_INTEGER,
      revision: 65_536,
      sides: [
        { player: 'p'.repeat(64), assets: widths },
        { player: 'q'.repeat(32), assets: [ore('i'.repeat(64), 'l'.repeat(31))] },
      ],
    },
    value: [
      Number.MAX_SAFE_INTEGER,
      65_536,
      ['p'.repeat(64), WIDTHS.map((quantity, index) => [`a${index}`, 'main', quantity])],
      ['q'.repeat(32), [['i'.repeat(64), 'l'.repeat(31), 1]]],
    ],
  },
  {
    name: 'sixteen lines',
    meaning: 'An array of 16 starts with dc and two bytes of length; up to 15 fit into one byte.',
    shown: {
      window: 7,
      revision: 16,
      sides: [
        { player: 'alice', assets: sixteen },
        { player: 'bob', assets: [] },
      ],
    },
    value: [
      7,
      16,
      ['alice', sixteen.map(({ asset, location, quantity }) => [asset, location, quantity])],
      ['bob', []],
    ],
  },
];

const gift: Omit<Manifest, 'manifest'> = {
  window: 43,
  revision: 2,
  atMs: 1_795_219_200_000,
  sides: [
    {
      player: 'alice',
      assets: [
        { ...ore('coins', 'main', 900), unitPrice: 1, confidence: 'high', value: 900, fee: 9 },
      ],
      value: 900,
      confidence: 'high',
    },
    { player: 'bob', assets: [], value: 0, confidence: 'high' },
  ],
  changes: [],
  warnings: [
    { code: 'ONE_SIDE_EMPTY', level: 'danger', player: 'alice', token: null, details: {} },
  ],
};

const swapped: Omit<Manifest, 'manifest'> = {
  window: 44,
  revision: 6,
  atMs: 1_795_219_200_001,
  sides: [
    {
      player: 'alice',
      assets: [
        { ...ore('coins', 'main', 400), unitPrice: 1, confidence: 'high', value: 400, fee: 0 },
      ],
      value: 400,
      confidence: 'high',
    },
    {
      player: 'bob',
      assets: [{ ...ore('silk_'), unitPrice: 100, confidence: 'medium', value: 100, fee: 0 }],
      value: 100,
      confidence: 'medium',
    },
  ],
  changes: [
    {
      player: 'bob',
      change: 'swapped',
      asset: 'silk',
      location: 'main',
      from: 5,
      to: 1,
      by: { asset: 'silk_', location: 'main' },
    },
  ],
  warnings: [
    {
      code: 'VALUE_RATIO',
      level: 'danger',
      player: 'alice',
      token: null,
      details: { gives: 400, gets: 100, ratioBps: 40_000 },
    },
    {
      code: 'CHANGED_AFTER_ACCEPT',
      level: 'caution',
      player: 'alice',
      token: null,
      details: { changes: 1 },
    },
  ],
};

export const goldenManifests: readonly GoldenManifest[] = [
  {
    name: 'the manifest of the golden window',
    meaning: 'The name of the manifest itself, digits, words and tokens are not hashed.',
    shown: manifest,
    value: [
      42,
      4,
      1_795_219_228_000,
      [
        [
          'alice',
          [
            ['coins', 'main', 5_000_000_000, 1, 'high', 5_000_000_000, 50_000_000],
            ['iron-ore', 'north', 40, 1_250, 'low', 50_000, 0],
          ],
          5_000_050_000,
          'low',
        ],
        ['bob', [['excalibur#1', 'main', 1, null, 'none', null, 0]], 0, 'none'],
      ],
      [['alice', 'decreased', 'iron-ore', 'north', 50, 40, null]],
      [
        ['THIN_PRICE', 'caution', 'alice', [['asset', 'excalibur#1']]],
        ['THIN_PRICE', 'caution', 'bob', [['asset', 'iron-ore']]],
        ['CHANGED_AFTER_ACCEPT', 'caution', 'bob', [['changes', 1]]],
      ],
    ],
  },
  {
    name: 'a gift',
    meaning: 'Details without entries are an empty array.',
    shown: gift,
    value: [
      43,
      2,
      1_795_219_200_000,
      [
        ['alice', [['coins', 'main', 900, 1, 'high', 900, 9]], 900, 'high'],
        ['bob', [], 0, 'high'],
      ],
      [],
      [['ONE_SIDE_EMPTY', 'danger', 'alice', []]],
    ],
  },
  {
    name: 'a look-alike for less',
    meaning: 'Details are sorted by their names: gets, gives, ratioBps. A swap names what came.',
    shown: swapped,
    value: [
      44,
      6,
      1_795_219_200_001,
      [
        ['alice', [['coins', 'main', 400, 1, 'high', 400, 0]], 400, 'high'],
        ['bob', [['silk_', 'main', 1, 100, 'medium', 100, 0]], 100, 'medium'],
      ],
      [['bob', 'swapped', 'silk', 'main', 5, 1, ['silk_', 'main']]],
      [
        [
          'VALUE_RATIO',
          'danger',
          'alice',
          [
            ['gets', 100],
            ['gives', 400],
            ['ratioBps', 40_000],
          ],
        ],
        ['CHANGED_AFTER_ACCEPT', 'caution', 'alice', [['changes', 1]]],
      ],
    ],
  },
];
