// The tables that grow in steps, against slow, obvious ones.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HashIndex, NONE, SLOTS_MOVED_MAX } from '../../src/engine/hash-index.ts';
import { Names } from '../../src/engine/names.ts';
import { NumberSet, TakenNumbers } from '../../src/engine/number-sets.ts';
import { Numbered } from '../../src/engine/numbered.ts';
import { Paged } from '../../src/engine/paged.ts';
import { NUMBERS_MAX, Records } from '../../src/engine/records.ts';

/** Everything that the index has under a hash. */
function found(index: HashIndex, hash: number): number[] {
  const things: number[] = [];
  for (let thing = index.first(hash); thing !== NONE; thing = index.next(hash)) things.push(thing);
  return things.sort((a, b) => a - b);
}

describe('the hash index', () => {
  test('is a Map from hashes to things, whatever comes and goes while it grows', () => {
    const step = fc.record({ add: fc.integer({ min: 0, max: 9 }), hash: fc.nat(30) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 400 }),
        fc.constantFrom(1, 64, 1_000_003),
        (steps, spread) => {
          const index = new HashIndex();
          const known = new Map<number, number>();
          steps.forEach(({ add, hash }, thing) => {
            const [oldest] = known;
            if (add > 2 || oldest === undefined) {
              index.add(thing, hash * spread);
              known.set(thing, hash * spread);
            } else {
              index.remove(...oldest);
              known.delete(oldest[0]);
            }
            expect(index.size).toBe(known.size);
            const same = [...known].filter(([, other]) => other === hash * spread);
            expect(found(index, hash * spread)).toEqual(same.map(([one]) => one));
          });
          for (const [thing, hash] of known) expect(found(index, hash)).toContain(thing);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('moves no more than a few slots with each thing, and finds all of them meanwhile', () => {
    const index = new HashIndex();
    const hashOf = (thing: number) => (Math.imul(thing + 1, 0x9e3779b1) >>> 1) & 0x7fffffff;
    for (let thing = 0; thing < 100_000; thing += 1) {
      index.add(thing, hashOf(thing));
      const other = (thing * 7_919) % (thing + 1);
      expect(index.first(hashOf(other))).toBe(other);
    }
    for (let thing = 0; thing < 100_000; thing += 3) index.remove(thing, hashOf(thing));
    for (let thing = 0; thing < 100_000; thing += 1) {
      expect(index.first(hashOf(thing))).toBe(thing % 3 === 0 ? NONE : thing);
    }
    // Twice as much would do: what is full is left before its successor is.
    expect(SLOTS_MOVED_MAX).toBe(8);
  });
});

describe('numbers', () => {
  const numbers = fc.array(fc.oneof(fc.nat(200), fc.nat(NUMBERS_MAX - 1)), { maxLength: 120 });

  test('that are free are given out from the lowest', () => {
    fc.assert(
      fc.property(numbers, picks => {
        const taken = new TakenNumbers();
        const known = new Set<number>();
        for (const pick of picks) {
          if (known.delete(pick)) taken.free(pick);
          else {
            taken.take(pick);
            known.add(pick);
          }
          let lowest = 0;
          while (known.has(lowest)) lowest += 1;
          expect(taken.lowestFree()).toBe(lowest);
        }
      }),
    );
    const full = new TakenNumbers();
    for (let number = 0; number < 40_000; number += 1) {
      expect(full.lowestFree()).toBe(number);
      full.take(number);
    }
    full.free(12_345);
    expect(full.lowestFree()).toBe(12_345);
  });

  test('in a set are known, the highest of them first', () => {
    fc.assert(
      fc.property(numbers, picks => {
        const set = new NumberSet();
        const known = new Set<number>();
        for (const pick of picks) {
          if (known.delete(pick)) set.delete(pick);
          else {
            set.add(pick);
            known.add(pick);
          }
          expect(set.size).toBe(known.size);
          if (known.size > 0) expect(set.highest()).toBe(Math.max(...known));
        }
      }),
    );
  });
});

describe('things by number', () => {
  test('are a sorted Map, for numbers of any size', () => {
    const number = fc.oneof(
      fc.nat(300),
      fc.nat(2 ** 30),
      fc.nat(2 ** 20).map(n => 2 ** 34 + n),
    );
    const step = fc.record({ number, removes: fc.boolean(), from: number });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), steps => {
        const table = new Numbered<{ readonly of: number }>();
        const known = new Map<number, { readonly of: number }>();
        for (const { number: of, removes, from } of steps) {
          if (removes) expect(table.delete(of)).toBe(known.delete(of));
          else {
            table.set(of, { of });
            known.set(of, { of });
          }
          expect(table.size).toBe(known.size);
          expect(table.get(of)?.of).toBe(known.get(of)?.of);
          const sorted = [...known.keys()].filter(one => one >= from).sort((a, b) => a - b);
          expect([...table.values(from)].map(one => one.of)).toEqual(sorted);
        }
      }),
    );
  });

  test('that nobody ever had are not there', () => {
    const table = new Numbered<object>();
    table.set(5, {});
    for (const number of [-1, 4, 6, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      expect(table.get(number)).toBeUndefined();
    }
  });

  test('in a list grow and shrink at its end', () => {
    const list = new Paged<number>();
    for (let index = 0; index < 10_000; index += 1) list.set(index, index);
    expect([...list.values()].length).toBe(10_000);
    for (let index = 9_999; index >= 0; index -= 1) {
      expect(list.get(index)).toBe(index);
      expect(list.pop()).toBe(index);
    }
    expect([list.length, list.get(0)]).toEqual([0, undefined]);
  });

  test('as records of numbers are 0 until they are written', () => {
    const records = new Records(4);
    expect([records.integer(NUMBERS_MAX - 1, 3), records.double(7, 1)]).toEqual([0, 0]);
    records.setInteger(40_000, 1, -5);
    records.setDouble(40_000, 1, 2 ** 53 - 1);
    expect(records.integer(40_000, 1)).toBe(-5);
    expect(records.double(40_000, 1)).toBe(2 ** 53 - 1);
    expect(records.integer(39_999, 1)).toBe(0);
  });
});

describe('names', () => {
  test('have the numbers 0, 1, 2 and on, and are found by both', () => {
    const names = new Names();
    const nameOf = (number: number) => `${'x'.repeat(number % 60)}:${number}`;
    for (let number = 0; number < 30_000; number += 1) {
      expect(names.find(nameOf(number))).toBe(-1);
      expect(names.add(nameOf(number))).toBe(number);
    }
    for (let number = 29_999; number >= 0; number -= 1) {
      expect(names.find(nameOf(number))).toBe(number);
      expect(names.name(number)).toBe(nameOf(number));
    }
    expect(names.find('nobody')).toBe(-1);
  });

  test('are ASCII, come once, and end where no number is left', () => {
    const names = new Names(2);
    names.add('ann');
    expect(() => names.add('ann')).toThrow('a name has one number');
    expect(() => names.add('änn')).toThrow('a name is ASCII');
    expect(names.room).toBe(1);
    names.add('bob');
    expect(() => names.add('cid')).toThrow('there is a number left for a new name');
    expect(() => names.name(2)).toThrow('a number was given out for a name');
  });
});
