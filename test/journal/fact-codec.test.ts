import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../protocol/codec.ts';
import type { FactGroup } from '../../src/engine/fact.ts';
import { FactWriter } from '../../src/journal/fact-codec.ts';
import { decodeGroups, decodeStored } from '../../src/journal/fact-reader.ts';
import { arbitraryGroups } from '../support/arbitrary-facts.ts';
import { directGroups, MANIFEST_1, MANIFEST_3 } from '../support/direct-facts.ts';
import { sampleGroups } from '../support/facts.ts';
import { testKey } from '../support/test-key.ts';

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
    const isSame = fc.property(arbitraryGroups, list => {
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
    const decided = {
      kind: 'decided',
      player: 7,
      key: testKey('k'),
      digest: 5,
      ok: true,
      service: true,
    } as const;
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

  it('keeps the stored format of windows and offers', () => {
    expect(decodeGroups(encoded(directGroups))).toEqual(directGroups);
    expect(Buffer.from(encoded(directGroups)).toString('hex')).toMatchSnapshot();
  });

  it('keeps the stored format of accounts that are opened and closed', () => {
    const account = { account: 300, owner: 2, asset: 1, location: 0, held: 0 } as const;
    const group: FactGroup = {
      sequence: 9,
      atMs: 1_000,
      facts: [
        { kind: 'balance', ...account, available: 5, opened: true },
        { kind: 'balance', ...account, owner: 0, available: -5, opened: true },
        { kind: 'closed', account: 300 },
      ],
    };
    expect(decodeGroups(encoded([group]))).toEqual([group]);
    expect(Buffer.from(encoded([group])).toString('hex')).toMatchSnapshot();
  });

  it('shows the name and the revision of a manifest without its body', () => {
    const stored = decodeStored(encoded(directGroups)).flatMap(({ facts }) =>
      facts.filter(each => each.kind === 'manifest'),
    );
    expect(stored).toMatchObject(
      [MANIFEST_1, MANIFEST_3].map(({ window, body: { manifest: hash, revision } }) => ({
        window,
        manifest: hash,
        revision,
      })),
    );
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
