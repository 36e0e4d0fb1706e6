// The manifests in protocol/vectors/hashes.json, see golden-hashes.ts: as the server sends them,
// and by hand the value whose bytes are hashed.

import type { Manifest } from '../../protocol/direct.ts';
import { manifest } from './golden-direct.ts';
import type { Golden } from './golden-hashes.ts';

export interface GoldenManifest extends Golden {
  readonly shown: Omit<Manifest, 'manifest'>;
}

const one = (asset: string, quantity = 1) => ({ asset, location: 'main', quantity });

const gift: Omit<Manifest, 'manifest'> = {
  window: 43,
  revision: 2,
  atMs: 1_795_219_200_000,
  sides: [
    {
      player: 'alice',
      assets: [{ ...one('coins', 900), unitPrice: 1, confidence: 'high', value: 900, fee: 9 }],
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
      assets: [{ ...one('coins', 400), unitPrice: 1, confidence: 'high', value: 400, fee: 0 }],
      value: 400,
      confidence: 'high',
    },
    {
      player: 'bob',
      assets: [{ ...one('silk_'), unitPrice: 100, confidence: 'medium', value: 100, fee: 0 }],
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
