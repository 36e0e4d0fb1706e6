// The audit of offers: what is wrong must be named.

import { describe, expect, test } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import type { State } from '../../src/engine/state.ts';
import { play } from '../support/scenario.ts';

describe('what is wrong with an offer', () => {
  test.each([
    [
      'a lost expiry',
      (state: State) => state.offers.expiries.remove([...state.offers.values()][0] as never),
      'the expiry queue has lost an offer',
    ],
    [
      'an offer that is over, and what it holds',
      (state: State) => state.offers.remove([...state.offers.values()][0] as never),
      'its orders, windows and offers 0',
    ],
    [
      'an offer that would never end',
      (state: State) => {
        const [offer] = state.offers.values();
        Object.assign(offer as object, { expiryIndex: -1 });
      },
      'offer 1 is not where it expires',
    ],
    [
      'a number that was never given out',
      (state: State) => {
        state.lastOffer = 0;
      },
      'offer 1 was never given out',
    ],
  ])('is named by the audit: %s', (_named, corrupt, says) => {
    const { state } = play(`
      grant ann coins 5
      grant bob coins 5
      offer ann bob 5 coins for nothing until 50
    `).engine;
    expect(auditState(state)).toEqual([]);
    corrupt(state);
    expect(auditState(state).join('\n')).toContain(says);
  });
});
