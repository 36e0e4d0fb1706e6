// A little history for tests of what lies behind the engine: two players, an item and a unique one,
// a listing that is bought in parts, a bid, a key. Consistent, so that the audit is content with
// it.

import type {
  BalanceFact,
  Fact,
  FactGroup,
  OrderFact,
  TransferFact,
} from '../../src/engine/fact.ts';
import { testKey } from './test-key.ts';

export const T0 = 1_700_000_000_000;

export const ISSUER = 0;
export const HOUSE = 1;
export const ANN = 2;
export const BOB = 3;
export const COINS = 0;
export const ORE = 1;
export const SWORD = 2;
export const SWORD_1 = 3;

const ACCOUNTS = {
  issuerCoins: { account: 0, owner: ISSUER, asset: COINS },
  issuerOre: { account: 1, owner: ISSUER, asset: ORE },
  annCoins: { account: 2, owner: ANN, asset: COINS },
  bobOre: { account: 3, owner: BOB, asset: ORE },
  annOre: { account: 4, owner: ANN, asset: ORE },
  bobCoins: { account: 5, owner: BOB, asset: COINS },
  issuerSword: { account: 6, owner: ISSUER, asset: SWORD_1 },
  annSword: { account: 7, owner: ANN, asset: SWORD_1 },
  bobSword: { account: 8, owner: BOB, asset: SWORD_1 },
} as const;
type AccountName = keyof typeof ACCOUNTS;

export function balance(name: AccountName, available: number, held = 0): BalanceFact {
  return { kind: 'balance', ...ACCOUNTS[name], location: 0, available, held, opened: false };
}

export function transfer(
  debit: AccountName,
  credit: AccountName,
  quantity: number,
  reason: TransferFact['reason'],
  reference = 0,
): TransferFact {
  const [from, to] = [ACCOUNTS[debit].account, ACCOUNTS[credit].account];
  return { kind: 'transfer', debit: from, credit: to, quantity, reason, reference };
}

/** Bob's listing of 10 ore at 100. */
export function listing(remaining: number): OrderFact {
  return {
    kind: 'order',
    id: 1,
    side: 'sell',
    player: BOB,
    asset: ORE,
    location: 0,
    price: 100,
    quantity: 10,
    remaining,
    held: remaining,
    feeBps: 0,
    priority: 4,
    timeInForce: 'gtc',
    postOnly: false,
    expiresAtMs: 0,
    createdAtMs: T0 + 4,
    status: remaining === 0 ? 'filled' : 'open',
  };
}

/** Ann buys `quantity` of the listing, of which `bought` are hers then. */
function purchase(trade: number, quantity: number, bought: number): Fact[] {
  return [
    transfer('bobOre', 'annOre', quantity, 'trade', trade),
    transfer('annCoins', 'bobCoins', quantity * 100, 'trade', trade),
    balance('annCoins', 5_000 - bought * 100),
    balance('bobCoins', bought * 100),
    balance('annOre', bought),
    balance('bobOre', 10, 10 - bought),
    listing(10 - bought),
    {
      kind: 'trade',
      id: trade,
      asset: ORE,
      location: 0,
      price: 100,
      quantity,
      maker: 1,
      taker: 0,
      takerSide: 'buy',
      buyer: ANN,
      seller: BOB,
      buyerFee: 0,
      sellerFee: 0,
    },
  ];
}

const definition = {
  kind: 'item',
  currency: COINS,
  tickSize: 1,
  lotSize: 1,
  minPrice: 1,
  maxPrice: Number.MAX_SAFE_INTEGER,
  halted: false,
} as const;

const steps: Fact[][] = [
  [
    { kind: 'player', player: ISSUER, name: '$issuer' },
    { kind: 'player', player: HOUSE, name: '$house' },
    { kind: 'location', location: 0, name: 'main' },
    { ...definition, asset: COINS, name: 'coins', itemKind: 'currency', attributes: {} },
    { kind: 'player', player: ANN, name: 'ann' },
    transfer('issuerCoins', 'annCoins', 5_000, 'grant'),
    balance('issuerCoins', -5_000),
    balance('annCoins', 5_000),
  ],
  [
    {
      ...definition,
      asset: ORE,
      name: 'ore',
      itemKind: 'commodity',
      attributes: { colour: 'rød', weight: 3, rare: false },
    },
  ],
  [
    { kind: 'player', player: BOB, name: 'bob' },
    transfer('issuerOre', 'bobOre', 20, 'grant'),
    balance('issuerOre', -20),
    balance('bobOre', 20),
  ],
  [balance('bobOre', 10, 10), listing(10)],
  purchase(1, 3, 3),
  [
    ...purchase(2, 1, 4),
    {
      kind: 'decided',
      player: ANN,
      key: testKey('k-1'),
      digest: 77,
      ok: true,
      service: false,
      body: { filled: 1, fee: 0 },
    },
  ],
  [
    { ...definition, asset: SWORD, name: 'sword', itemKind: 'unique', attributes: {} },
    { kind: 'instance', asset: SWORD_1, name: 'sword#1', item: SWORD, attributes: { edge: 9 } },
    transfer('issuerSword', 'bobSword', 1, 'grant'),
    balance('issuerSword', -1),
    balance('bobSword', 1),
  ],
  [
    balance('bobSword', 0, 1),
    {
      ...listing(1),
      id: 2,
      asset: SWORD_1,
      price: 900,
      quantity: 1,
      priority: 8,
      createdAtMs: T0 + 8,
    },
  ],
  [
    transfer('bobSword', 'annSword', 1, 'trade', 3),
    transfer('annCoins', 'bobCoins', 900, 'trade', 3),
    balance('annCoins', 3_700),
    balance('bobCoins', 1_300),
    balance('annSword', 1),
    balance('bobSword', 0),
    {
      ...listing(0),
      id: 2,
      asset: SWORD_1,
      price: 900,
      quantity: 1,
      priority: 8,
      createdAtMs: T0 + 8,
    },
    {
      kind: 'trade',
      id: 3,
      asset: SWORD_1,
      location: 0,
      price: 900,
      quantity: 1,
      maker: 2,
      taker: 0,
      takerSide: 'buy',
      buyer: ANN,
      seller: BOB,
      buyerFee: 0,
      sellerFee: 0,
    },
  ],
  [
    balance('annCoins', 3_700 - 180, 180),
    {
      ...listing(2),
      id: 3,
      side: 'buy',
      player: ANN,
      price: 90,
      quantity: 2,
      held: 180,
      priority: 10,
      timeInForce: 'gtd',
      expiresAtMs: T0 + 1_000_000,
      createdAtMs: T0 + 10,
    },
  ],
];

export const sampleGroups: readonly FactGroup[] = steps.map((facts, i) => ({
  sequence: i + 1,
  atMs: T0 + i + 1,
  facts,
}));
