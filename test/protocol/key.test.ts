// Keys as a client makes them: in the form that the server takes, and each after the one before.

import { describe, expect, it } from 'vitest';
import { idempotencyKey } from '../../protocol/fields.ts';
import { KEY_PATTERN, KeyMaker, keyTimeMs } from '../../protocol/key.ts';

const NOW = 1_800_000_000_000;

describe('the keys of a client', () => {
  it('are UUIDs of version 7 with the time of the server in them', () => {
    const key = new KeyMaker(() => NOW).next();
    expect(key).toMatch(KEY_PATTERN);
    expect(idempotencyKey.safeParse(key).success).toBe(true);
    expect(keyTimeMs(key)).toBe(NOW);
  });

  it('rise, thousands within a millisecond and when the clock is set back', () => {
    let nowMs = NOW;
    const maker = new KeyMaker(() => nowMs);
    let last = '';
    for (let n = 0; n < 20_000; n++) {
      if (n % 7_000 === 6_999) nowMs -= 1_000_000;
      const key = maker.next();
      expect(key).toMatch(KEY_PATTERN);
      expect(key > last).toBe(true);
      last = key;
    }
    expect(keyTimeMs(last) - NOW).toBeLessThan(10);
  });

  it('are never made twice, though the time is the same', () => {
    const keys = Array.from({ length: 1_000 }, () => new KeyMaker(() => NOW).next());
    expect(new Set(keys).size).toBe(1_000);
  });
});

describe('a key', () => {
  it.each([
    'quest-17',
    '01932C07-209C-7A3E-8F10-5B6C7D8E9F00',
    '01932c07-209c-4a3e-8f10-5b6c7d8e9f00',
    '01932c07-209c-7a3e-cf10-5b6c7d8e9f00',
    '01932c07209c7a3e8f105b6c7d8e9f00',
  ])('is not %s', text => {
    const parsed = idempotencyKey.safeParse(text);
    expect(parsed.error?.issues[0]?.message).toContain('expected a UUIDv7 in lower case');
  });
});
