// The order of the ids of a stream.

import { describe, expect, it } from 'vitest';
import {
  compareIds,
  idAfter,
  isPossible,
  millisecondsOf,
  START,
} from '../../src/cluster/stream-id.ts';

describe('ids of a stream', () => {
  it.each([
    ['5-0', '5-0', 0],
    ['5-1', '5-0', 1],
    ['5-9', '6-0', -1],
    ['9-0', '10-0', -1],
    ['5-9', '5-10', -1],
    [START, '0-1', -1],
    ['1790000000000-18', '1790000000001-0', -1],
  ])('%s and %s compare as numbers, not as text: %d', (a, b, sign) => {
    expect(Math.sign(compareIds(a, b))).toBe(sign);
    expect(Math.sign(compareIds(b, a))).toBe(sign === 0 ? 0 : -sign);
  });

  it.each([
    ['1790000000123-4', true],
    [START, true],
    ['281474976710656-0', true],
    ['281474976710657-0', false],
    ['1790000000123-999999999999999', true],
    ['1790000000123-1000000000000000', false],
    ['18446744073709551615-18446744073709551615', false],
    ['1790000000123', false],
    ['-1-0', false],
    ['', false],
  ])('%s is one that a clock can give: %s', (id, isOne) => {
    expect(isPossible(id)).toBe(isOne);
  });

  it('tell the millisecond of Redis at which they were added', () => {
    expect(millisecondsOf('1790000000123-4')).toBe(1_790_000_000_123);
  });

  it('have one after them that no other millisecond shares', () => {
    expect(idAfter('1790000000123-4')).toBe('1790000000124-0');
    expect(compareIds(idAfter('7-99'), '7-99')).toBeGreaterThan(0);
  });
});
