// What comes after the little history of facts.ts: a window that is traded, one that is declined,
// one under review and an invitation; offers that are open, declined and countered; a block that
// stays and one that does not. Consistent with it, so that the audit is content with both together.

import type { Manifest, WindowEventKind } from '../../protocol/direct.ts';
import { manifestHash } from '../../protocol/window-hash.ts';
import type {
  Fact,
  FactGroup,
  Line,
  ManifestFact,
  OfferFact,
  WindowFact,
  WindowSideFact,
} from '../../src/engine/fact.ts';
import { ANN, BOB, balance, COINS, ORE, SWORD_1, sampleGroups, T0, transfer } from './facts.ts';

/** More than a minute later: what an engine remembers of an invitation is over. */
export const T1 = T0 + 70_000;
const CAT = 4;
const DAN = 5;

const line = (asset: number, quantity: number): Line => ({ asset, location: 0, quantity });
const COINS_500 = line(COINS, 500);
const ORE_4 = line(ORE, 4);
const ORE_2 = line(ORE, 2);

function side(player: number, changed: Partial<WindowSideFact> = {}): WindowSideFact {
  return { player, lines: [], accepted: false, confirmed: false, awayUntilMs: 0, ...changed };
}

function window(
  id: number,
  [event, by]: readonly [WindowEventKind, number],
  changed: Pick<WindowFact, 'status' | 'sides'> & Partial<WindowFact>,
): WindowFact {
  const times = { armedAtMs: T0 + 1_000, deadlineMs: T0 + 30_000, createdAtMs: T0 + 11 };
  const plain = {
    reason: null,
    revision: 0,
    steps: 0,
    manifest: '',
    baseline: null,
    isLogged: true,
  };
  return { kind: 'window', id, ...plain, ...times, ...changed, event, by };
}

function manifest(body: Omit<Manifest, 'manifest'>): ManifestFact {
  return {
    kind: 'manifest',
    window: body.window,
    body: { manifest: manifestHash(body), ...body },
  };
}

const coins500 = { asset: 'coins', location: 'main', quantity: 500 };
const ORE_AT = { asset: 'ore', location: 'main' };
const ore = (quantity: number) => ({ ...ORE_AT, quantity });

/** Ann's 500 coins for Bob's 4 ore. */
export const MANIFEST_1 = manifest({
  window: 1,
  revision: 2,
  atMs: T0 + 16,
  sides: [
    {
      player: 'ann',
      assets: [{ ...coins500, unitPrice: 1, confidence: 'high', value: 500, fee: 0 }],
      value: 500,
      confidence: 'high',
    },
    {
      player: 'bob',
      assets: [{ ...ore(4), unitPrice: 100, confidence: 'low', value: 400, fee: 0 }],
      value: 400,
      confidence: 'low',
    },
  ],
  changes: [],
  warnings: [
    {
      code: 'THIN_PRICE',
      level: 'caution',
      player: 'ann',
      token: '0123456789abcdef',
      details: { asset: 'ore' },
    },
  ],
});

/** Nothing for 2 ore of Ann's. */
export const MANIFEST_3 = manifest({
  window: 3,
  revision: 1,
  atMs: T1 + 7,
  sides: [
    { player: 'cat', assets: [], value: 0, confidence: 'high' },
    {
      player: 'ann',
      assets: [{ ...ore(2), unitPrice: null, confidence: 'none', value: null, fee: 0 }],
      value: 0,
      confidence: 'none',
    },
  ],
  changes: [
    {
      player: 'ann',
      change: 'swapped',
      asset: 'coins',
      location: 'main',
      from: 1,
      to: 2,
      by: ORE_AT,
    },
  ],
  warnings: [
    { code: 'ONE_SIDE_EMPTY', level: 'danger', player: 'ann', token: 'fedc', details: {} },
  ],
});

const HASH_1 = MANIFEST_1.body.manifest;
const HASH_3 = MANIFEST_3.body.manifest;

/** Window 1 with both sides laid, as far as they are. */
function table(
  event: readonly [WindowEventKind, number],
  ann: Partial<WindowSideFact>,
  bob: Partial<WindowSideFact>,
  changed: Partial<WindowFact> = {},
): WindowFact {
  return window(1, event, { status: 'open', sides: [side(ANN, ann), side(BOB, bob)], ...changed });
}

const baseline = [[COINS_500], [ORE_4]] as const;
const gives = { ann: { lines: [COINS_500] }, bob: { lines: [ORE_4] } };
const yes = { accepted: true };
const sure = { confirmed: true };

const steps1: Fact[][] = [
  [table(['invited', ANN], {}, {}, { status: 'invited' })],
  [table(['joined', BOB], {}, {})],
  [balance('annCoins', 3_020, 680), table(['put', ANN], gives.ann, {}, { revision: 1 })],
  [balance('bobOre', 6, 10), table(['put', BOB], gives.ann, gives.bob, { revision: 2 })],
  [table(['accepted', ANN], { ...gives.ann, ...yes }, gives.bob, { revision: 2, baseline })],
  [
    MANIFEST_1,
    table(
      ['reviewed', BOB],
      { ...gives.ann, ...yes },
      { ...gives.bob, ...yes },
      { revision: 2, baseline, status: 'review', manifest: HASH_1 },
    ),
  ],
  [
    table(
      ['confirmed', ANN],
      { ...gives.ann, ...yes, ...sure },
      { ...gives.bob, ...yes },
      { revision: 2, baseline, status: 'review', manifest: HASH_1 },
    ),
  ],
  [
    transfer('annCoins', 'bobCoins', 500, 'window', 1),
    transfer('bobOre', 'annOre', 4, 'window', 1),
    balance('annCoins', 3_020, 180),
    balance('bobCoins', 1_800),
    balance('annOre', 8),
    balance('bobOre', 6, 6),
    table(
      ['done', BOB],
      { ...gives.ann, ...yes, ...sure },
      { ...gives.bob, ...yes, ...sure },
      { revision: 2, baseline, status: 'done', manifest: HASH_1 },
    ),
  ],
];

const created2 = { createdAtMs: T1 + 3, armedAtMs: 0, deadlineMs: T1 + 30_000 };
const created3 = { createdAtMs: T1 + 5, deadlineMs: T1 + 60_000 };
const annsOre = { lines: [ORE_2] };
const fromTable3 = { revision: 1, baseline: [[], [ORE_2]] as const, ...created3 };
const sides3 = (cat: Partial<WindowSideFact>, ann: Partial<WindowSideFact>) =>
  [side(CAT, cat), side(ANN, ann)] as const;
const window4 = {
  status: 'invited',
  createdAtMs: T1 + 15,
  armedAtMs: 0,
  deadlineMs: T1 + 30_015,
} as const;

function offer(id: number, changed: Partial<OfferFact>): OfferFact {
  return {
    kind: 'offer',
    id,
    maker: BOB,
    taker: ANN,
    give: [],
    want: [],
    message: '',
    status: 'open',
    createdAtMs: T1 + 10,
    expiresAtMs: T1 + 1_000_000,
    counterOf: 0,
    ...changed,
  };
}

const coins = (quantity: number) => [line(COINS, quantity)];
const offer2 = { give: coins(100), want: [ORE_2] };
const offer3 = { taker: CAT, give: coins(50) };

const steps2: Fact[][] = [
  [
    { kind: 'player', player: CAT, name: 'cat' },
    { kind: 'player', player: DAN, name: 'dan' },
    { kind: 'block', player: CAT, other: DAN, blocked: true },
    { kind: 'block', player: ANN, other: CAT, blocked: true },
    { kind: 'privacy', player: BOB, closed: true },
    { kind: 'privacy', player: CAT, closed: true },
  ],
  [
    { kind: 'block', player: ANN, other: CAT, blocked: false },
    { kind: 'privacy', player: CAT, closed: false },
    { kind: 'friend', player: ANN, other: BOB, sequence: 9, isKept: true },
    { kind: 'friend', player: BOB, other: ANN, sequence: 9, isKept: true },
    { kind: 'friend', player: BOB, other: CAT, sequence: 3, isKept: true },
    { kind: 'friend', player: BOB, other: CAT, sequence: 3, isKept: false },
  ],
  [window(2, ['invited', BOB], { status: 'invited', sides: [side(BOB), side(CAT)], ...created2 })],
  [
    window(2, ['cancelled', CAT], {
      status: 'cancelled',
      reason: 'declined',
      sides: [side(BOB), side(CAT)],
      ...created2,
    }),
  ],
  [window(3, ['invited', CAT], { status: 'invited', sides: sides3({}, {}), ...created3 })],
  [
    balance('annOre', 6, 2),
    window(3, ['joined', ANN], { status: 'open', sides: sides3({}, {}), ...created3 }),
    window(3, ['put', ANN], {
      status: 'open',
      sides: sides3({}, annsOre),
      ...created3,
      revision: 1,
    }),
  ],
  [
    MANIFEST_3,
    window(3, ['reviewed', ANN], {
      status: 'review',
      sides: sides3(yes, { ...annsOre, ...yes }),
      ...fromTable3,
      manifest: HASH_3,
    }),
  ],
  [
    window(3, ['confirmed', CAT], {
      status: 'review',
      sides: sides3({ ...yes, ...sure }, { ...annsOre, ...yes }),
      ...fromTable3,
      manifest: HASH_3,
    }),
  ],
  [
    balance('annSword', 0, 1),
    offer(1, {
      maker: ANN,
      taker: BOB,
      give: [line(SWORD_1, 1)],
      want: [line(ORE, 3)],
      message: 'tåk',
    }),
  ],
  [balance('bobCoins', 1_700, 100), offer(2, offer2)],
  [balance('bobCoins', 1_800), offer(2, { ...offer2, status: 'declined' })],
  [balance('bobCoins', 1_750, 50), offer(3, offer3)],
  [
    balance('bobCoins', 1_800),
    offer(3, { ...offer3, status: 'countered' }),
    offer(4, { maker: CAT, taker: BOB, want: coins(60), counterOf: 3 }),
  ],
  [
    window(4, ['invited', BOB], { sides: [side(BOB), side(ANN)], ...window4 }),
    window(4, ['left', -1], {
      sides: [side(BOB, { awayUntilMs: T1 + 15_015 }), side(ANN)],
      ...window4,
    }),
  ],
];

const FIRST = sampleGroups.length + 1;

/** Comes behind {@link sampleGroups}. */
export const directGroups: readonly FactGroup[] = [...steps1, ...steps2].map((facts, i) => {
  const late = i - steps1.length;
  const atMs = late < 0 ? T0 + FIRST + i : T1 + late + 1;
  return { sequence: FIRST + i, atMs, facts };
});
