// The digest under an idempotency key: equal for what means the same, different for anything else.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRequest, encode } from '../../protocol/codec.ts';
import { requestDigest } from '../../protocol/digest.ts';

function digestOf(frame: readonly unknown[]): number {
  const request = decodeRequest(encode(frame));
  if (!request.ok) throw new Error(request.message);
  return requestDigest(request.command, request.payload);
}

const attributes = { damage: 3, maker: 'Wayland', cursed: true };
const define = { item: 'sword', kind: 'unique', attributes };

describe('the digest of a request', () => {
  it('does not depend on the order of fields, at any level', () => {
    const turned = {
      attributes: Object.fromEntries(Object.entries(attributes).reverse()),
      kind: 'unique',
      item: 'sword',
    };
    expect(digestOf([1, 'items.define', turned])).toBe(digestOf([2, 'items.define', define]));
  });

  it.each([
    ['another value', 'items.define', { ...define, kind: 'commodity' }],
    [
      'another attribute value',
      'items.define',
      { ...define, attributes: { ...attributes, damage: 4 } },
    ],
    [
      'a value of another type',
      'items.define',
      { ...define, attributes: { ...attributes, damage: '3' } },
    ],
    ['another attribute name', 'items.define', { ...define, attributes: { damages: 3 } }],
    ['one more field', 'items.define', { ...define, halted: false }],
  ])('differs for %s', (_, command, payload) => {
    expect(digestOf([1, command, payload])).not.toBe(digestOf([1, 'items.define', define]));
  });

  it('differs for another command with the same payload', () => {
    expect(digestOf([1, 'listings.cancel', { listing: 1 }])).not.toBe(
      digestOf([1, 'listings.get', { listing: 1 }]),
    );
  });

  it('stays as it is: digests are kept in the journal', () => {
    expect(digestOf([1, 'purchases.create', { listing: 7, quantity: 2 }])).toMatchInlineSnapshot(
      `4404578598388349`,
    );
    expect(digestOf([1, 'items.define', define])).toMatchInlineSnapshot(`4391699425109447`);
  });

  it('is a positive safe integer, and no two of many are the same', () => {
    const seen = new Set<number>();
    for (let listing = 1; listing <= 100_000; listing++) {
      const digest = requestDigest('purchases.create', { listing, quantity: 1 });
      if (!Number.isSafeInteger(digest) || digest <= 0) throw new Error(`digest ${digest}`);
      seen.add(digest);
    }
    expect(seen.size).toBe(100_000);
  });

  it('is equal only for equal payloads', () => {
    const field = fc.record({ a: fc.jsonValue(), b: fc.maxSafeInteger() });
    fc.assert(
      fc.property(field, field, (left, right) => {
        const same = requestDigest('x', left) === requestDigest('x', right);
        expect(same).toBe(JSON.stringify(left) === JSON.stringify(right));
      }),
      { numRuns: 500, seed: 44 },
    );
  });
});
