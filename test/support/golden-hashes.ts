// What protocol/vectors/hashes.json shows to people who compute the hashes of windows in another
// language: a table as the server sends it, and by hand the value whose bytes are hashed. Manifests
// are in golden-manifests.ts. test/protocol/vectors-hashes.test.ts proves both against other
// implementations.

import type { HashedSide } from '../../protocol/window-hash.ts';
import { openWindow } from './golden-direct.ts';

export interface Golden {
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
