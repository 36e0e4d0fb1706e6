import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../protocol/codec.ts';
import type { Fact, FactGroup } from '../../src/engine/fact.ts';
import { TRANSFER_REASONS } from '../../src/engine/fact.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import { decodeGroups, decodeStored } from '../../src/journal/fact-reader.ts';
import { ITEM_KINDS, ORDER_STATUSES, SIDES, TIMES_IN_FORCE } from '../../src/journal/words.ts';
import { sampleGroups } from '../support/facts.ts';

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
  }),
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
    kind: fc.constant('decided' as const),
    player: id,
    key: name,
    digest: amount,
    ok: fc.boolean(),
    body,
  }),
);

const groups: fc.Arbitrary<FactGroup[]> = fc
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

function encoded(list: readonly FactGroup[], writer = new FactWriter(1)): Uint8Array {
  writer.reset();
  for (const group of list) {
    writer.group(group.sequence, group.atMs);
    for (const each of group.facts) writer.fact(each);
  }
  return writer.bytes;
}

describe('the fact codec', () => {
  it('gives back what was written, whatever it was', () => {
    const isSame = fc.property(groups, list => {
      expect(decodeGroups(encoded(list))).toEqual(list);
    });
    fc.assert(isSame);
  });

  it('writes the same bytes again after a reset', () => {
    const writer = new FactWriter();
    const first = encoded(sampleGroups, writer).slice();
    expect(encoded(sampleGroups, writer)).toEqual(first);
  });

  it('writes nothing for no facts, and reads nothing from no bytes', () => {
    expect(new FactWriter().length).toBe(0);
    expect(decodeGroups(new Uint8Array(0))).toEqual([]);
  });

  it('takes the body of a reply as the bytes that the reply is made of', () => {
    const decided = { kind: 'decided', player: 7, key: 'k', digest: 5, ok: true } as const;
    const reply = { listing: 3, status: 'open' };
    const frame = encode([9, 0, reply]);
    const given = new FactWriter();
    given.group(1, 1);
    given.decided(decided, frame, 3, frame.length);
    const made = encoded([{ sequence: 1, atMs: 1, facts: [{ ...decided, body: reply }] }]);
    expect(given.bytes).toEqual(made);
    const [group] = decodeStored(given.bytes);
    expect(group?.facts).toEqual([{ ...decided, bodyBytes: Buffer.from(encode(reply)) }]);
  });

  it('keeps the stored format: these bytes are in the databases of this version', () => {
    expect(Buffer.from(encoded(sampleGroups)).toString('hex')).toMatchSnapshot();
  });

  it.each([-1, Number.MAX_SAFE_INTEGER + 1, Number.NaN])('refuses the number %d', value => {
    const writer = new FactWriter();
    writer.group(1, 1);
    const wrong = { kind: 'transfer', debit: 1, credit: 2, quantity: value } as const;
    expect(() => writer.fact({ ...wrong, reason: 'trade', reference: 0 })).toThrow('Invariant');
  });

  it('refuses bytes that are cut short, and bytes of another format', () => {
    const bytes = encoded(sampleGroups);
    expect(() => decodeGroups(bytes.subarray(0, bytes.length - 1))).toThrow('Invariant');
    expect(() => decodeGroups(Uint8Array.of(99, 0))).toThrow('Invariant');
  });
});
