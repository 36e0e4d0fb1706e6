// Facts of every kind with whatever may stand in them, meaningful or not: for what must keep any
// fact as it is.

import fc from 'fast-check';
import {
  CHANGE_KINDS,
  CONFIDENCES,
  type Manifest,
  OFFER_STATUSES,
  WARNING_CODES,
  WARNING_LEVELS,
  WINDOW_ENDS,
  WINDOW_EVENTS,
  WINDOW_STATUSES,
} from '../../protocol/direct.ts';
import type { Fact, FactGroup } from '../../src/engine/fact.ts';
import { TRANSFER_REASONS } from '../../src/engine/fact.ts';
import { ITEM_KINDS, ORDER_STATUSES, SIDES, TIMES_IN_FORCE } from '../../src/journal/words.ts';
import { testKey } from './test-key.ts';

const amount = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.constantFrom(2 ** 28 - 1, 2 ** 28, 2 ** 31, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER),
  fc.maxSafeNat(),
);
const id = fc.nat();
const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 20 }));
const attributes = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z0-9_]{0,9}$/),
  fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean()),
  { noNullPrototype: true },
);
const body = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,9}$/),
  fc.oneof(
    amount,
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.array(fc.nat()),
    fc.constant(null),
  ),
  { noNullPrototype: true },
);

const hash = fc.oneof(fc.constant(''), fc.stringMatching(/^[0-9a-f]{64}$/));
const lines = fc.array(fc.record({ asset: id, location: id, quantity: amount }), {
  maxLength: 16,
});
const side = fc.record({
  player: id,
  lines,
  accepted: fc.boolean(),
  confirmed: fc.boolean(),
  awayUntilMs: amount,
});
const manifestSide = fc.record({
  player: name,
  assets: fc.array(
    fc.record({
      asset: name,
      location: name,
      quantity: amount,
      unitPrice: fc.option(amount),
      confidence: fc.constantFrom(...CONFIDENCES),
      value: fc.option(amount),
      fee: amount,
    }),
  ),
  value: amount,
  confidence: fc.constantFrom(...CONFIDENCES),
});
const manifest: fc.Arbitrary<Manifest> = fc.record({
  manifest: hash,
  window: amount,
  revision: amount,
  atMs: amount,
  sides: fc.tuple(manifestSide, manifestSide),
  changes: fc.array(
    fc.record(
      {
        player: name,
        change: fc.constantFrom(...CHANGE_KINDS),
        asset: name,
        location: name,
        from: amount,
        to: amount,
        by: fc.record({ asset: name, location: name }),
      },
      { requiredKeys: ['player', 'change', 'asset', 'location', 'from', 'to'] },
    ),
  ),
  warnings: fc.array(
    fc.record({
      code: fc.constantFrom(...WARNING_CODES),
      level: fc.constantFrom(...WARNING_LEVELS),
      player: name,
      token: fc.option(name),
      details: fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.oneof(amount, name), {
        noNullPrototype: true,
      }),
    }),
  ),
});

const key = fc.record({ name, atMs: fc.nat() }).map(({ name, atMs }) => testKey(name, atMs));

const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({ kind: fc.constant('player' as const), player: id, name }),
  fc.record({ kind: fc.constant('location' as const), location: id, name }),
  fc.record({
    kind: fc.constant('item' as const),
    asset: id,
    name,
    itemKind: fc.constantFrom(...ITEM_KINDS),
    currency: id,
    tickSize: amount,
    lotSize: amount,
    minPrice: amount,
    maxPrice: amount,
    halted: fc.boolean(),
    attributes,
  }),
  fc.record({ kind: fc.constant('instance' as const), asset: id, name, item: id, attributes }),
  fc.record({
    kind: fc.constant('balance' as const),
    account: id,
    owner: id,
    asset: id,
    location: id,
    available: fc.oneof(
      amount,
      amount.filter(value => value > 0).map(value => -value),
    ),
    held: amount,
    opened: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('closed' as const), account: id }),
  fc.record({
    kind: fc.constant('transfer' as const),
    debit: id,
    credit: id,
    quantity: amount,
    reason: fc.constantFrom(...TRANSFER_REASONS),
    reference: amount,
  }),
  fc.record({
    kind: fc.constant('order' as const),
    id: amount,
    side: fc.constantFrom(...SIDES),
    player: id,
    asset: id,
    location: id,
    price: amount,
    quantity: amount,
    remaining: amount,
    held: amount,
    feeBps: fc.nat(10_000),
    priority: amount,
    timeInForce: fc.constantFrom(...TIMES_IN_FORCE),
    postOnly: fc.boolean(),
    expiresAtMs: amount,
    createdAtMs: amount,
    status: fc.constantFrom(...ORDER_STATUSES),
  }),
  fc.record({
    kind: fc.constant('trade' as const),
    id: amount,
    asset: id,
    location: id,
    price: amount,
    quantity: amount,
    maker: amount,
    taker: amount,
    takerSide: fc.constantFrom(...SIDES),
    buyer: id,
    seller: id,
    buyerFee: amount,
    sellerFee: amount,
  }),
  fc.record({
    kind: fc.constant('window' as const),
    id: amount,
    status: fc.constantFrom(...WINDOW_STATUSES),
    reason: fc.constantFrom(null, ...WINDOW_ENDS),
    revision: amount,
    steps: amount,
    sides: fc.tuple(side, side),
    armedAtMs: amount,
    deadlineMs: amount,
    createdAtMs: amount,
    manifest: hash,
    baseline: fc.oneof(fc.constant(null), fc.tuple(lines, lines)),
    event: fc.constantFrom(...WINDOW_EVENTS),
    by: fc.oneof(fc.constant(-1), id),
    isLogged: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('manifest' as const), window: amount, body: manifest }),
  fc.record({
    kind: fc.constant('offer' as const),
    id: amount,
    maker: id,
    taker: id,
    give: lines,
    want: lines,
    message: name,
    status: fc.constantFrom(...OFFER_STATUSES),
    createdAtMs: amount,
    expiresAtMs: amount,
    counterOf: amount,
  }),
  fc.record({
    kind: fc.constant('block' as const),
    player: id,
    other: id,
    blocked: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('privacy' as const), player: id, closed: fc.boolean() }),
  fc.record({
    kind: fc.constant('friend' as const),
    player: id,
    other: id,
    sequence: amount,
    isKept: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('decided' as const),
    player: id,
    key,
    digest: amount,
    ok: fc.boolean(),
    service: fc.boolean(),
    body,
  }),
  fc.record({ kind: fc.constant('forgotten' as const), player: id, key }),
);

export const arbitraryGroups: fc.Arbitrary<FactGroup[]> = fc
  .array(fc.record({ step: fc.nat(1_000), wait: fc.nat(100_000), facts: fc.array(fact) }))
  .map(list => {
    let sequence = 0;
    let atMs = 1_700_000_000_000;
    return list.map(({ step, wait, facts }) => {
      sequence += step + 1;
      atMs += wait;
      return { sequence, atMs, facts };
    });
  });
