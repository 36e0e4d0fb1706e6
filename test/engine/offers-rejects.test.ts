// Every reason for which an offer is refused, in the order in which they are looked for: of two
// reasons the earlier one is given.

import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../protocol/commands/registry.ts';
import { play } from '../support/scenario.ts';

const MARKET = `rules openOffersMax 2 receivedOffersMax 2 offerLifeMaxMs 1_000 offerDefaultMs 500
  define ore commodity
  define salt commodity
  define sword unique
  grant ann coins 900
  grant ann ore 10
  grant bob sword#1 1
  grant bob coins 100
  grant cid coins 100
  define salt commodity halted
`;

describe('a new offer is refused', () => {
  test('to oneself first of all', () => {
    play(`${MARKET}
      offer ann ann 1 nothing for nothing  -> SELF_TRADE
      offer new new 1 coins for nothing    -> SELF_TRADE
    `);
  });

  test('to a player who is unknown or behind a block, in the same words', () => {
    const answers = ['zoe', 'cid', 'bob'].map(to => {
      const bench = play(`${MARKET}
        block cid ann
        block ann bob
        offer ann ${to} 1 nothing for nothing -> PLAYER_UNAVAILABLE
      `);
      const payload = { to, give: [], want: [{ asset: 'coins', quantity: 1 }] };
      const entry = { player: 'ann', key: null, digest: 0, atMs: 1_000_000 };
      return JSON.stringify(bench.apply({ command: 'offers.create', payload, ...entry }).body);
    });
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('PLAYER_UNAVAILABLE');
  });

  test('for what cannot stand on a side, given before wanted, by name', () => {
    play(`${MARKET}
      offer ann bob 1 zinc for 1 amber until 0  -> ITEM_NOT_FOUND item zinc
      offer ann bob 1 zinc + 1 amber for nothing until 0     -> ITEM_NOT_FOUND item amber
      offer ann bob 1 ore for 1 amber until 0   -> ITEM_NOT_FOUND item amber
      offer ann bob 1 sword for nothing until 0              -> NOT_FUNGIBLE
      offer ann bob 1 ore#1 for nothing until 0              -> NOT_FUNGIBLE
      offer ann bob nothing for 1 sword until 0              -> NOT_FUNGIBLE
      offer ann bob nothing for 1 coins#1 until 0            -> NOT_FUNGIBLE
      offer ann bob nothing for 1 sword#2 until 0            -> ITEM_NOT_FOUND item sword#2
      offer ann bob 1 salt for nothing until 0               -> MARKET_HALTED
      offer ann bob nothing for 1 salt until 0               -> MARKET_HALTED
      offer ann bob nothing for 2 sword#1 until 0            -> BAD_LOT lotSize 1
      place mine
      offer ann bob 1 coins at mine for nothing until 0 -> INSUFFICIENT_FUNDS required 1 available 0
      offer ann bob 1 coins at s1 for nothing until 0        -> PLACE_NOT_FOUND place s1
      offer ann bob 3 ore at s1 for nothing until 0          -> PLACE_NOT_FOUND place s1
      offer ann bob nothing for 3 ore at s1 until 0          -> PLACE_NOT_FOUND place s1
    `);
  });

  test('for an instance that is burnt', () => {
    play(`${MARKET}
      burn bob sword#1 1
      offer ann bob nothing for 1 sword#1 until 0            -> ITEM_NOT_FOUND item sword#1
    `);
  });

  test('that would expire at once, or too late', () => {
    play(`${MARKET}
      offer ann bob 9_999 ore for nothing until 0            -> EXPIRY_IN_PAST nowMs 1000000
      time 10
      offer ann bob 9_999 ore for nothing until 10           -> EXPIRY_IN_PAST nowMs 1000010
      offer ann bob 9_999 ore for nothing until 1_011 -> LIMIT_REACHED limit offerLife max 1000
      offer ann bob 1 ore for nothing until 1_010            -> offer 1
      offer ann bob 1 ore for nothing until 11               -> offer 2
      restart offerLifeMaxMs 100
      offer cid ann 1 coins for nothing -> LIMIT_REACHED limit offerLife max 100
    `);
  });

  test('beyond the open offers that one player may have made', () => {
    play(`${MARKET}
      offer ann bob 1 coins for nothing                      -> offer 1
      offer ann cid 1 coins for nothing                      -> offer 2
      offer ann bob 9_999 ore for nothing -> LIMIT_REACHED limit openOffers max 2
      offer bob ann 1 coins for nothing                      -> offer 3
      withdraw ann #2                                 -> offer 2 cancelled
      offer ann cid 1 coins for nothing                      -> offer 4
      offer ann cid 1 coins for nothing -> LIMIT_REACHED limit openOffers max 2
      time 500                                        -> expires offer 1, offer 3, offer 4
      offer ann cid 1 coins for nothing                      -> offer 5
    `);
  });

  test('beyond the open offers that may wait for one player', () => {
    play(`${MARKET}
      offer ann bob 1 coins for nothing                      -> offer 1
      offer cid bob 1 coins for nothing                      -> offer 2
      offer cid bob 9_999 ore for nothing -> LIMIT_REACHED limit receivedOffers max 2
      offer ann bob 1 coins for nothing -> LIMIT_REACHED limit receivedOffers max 2
      offer ann cid 1 coins for nothing                      -> offer 3
      refuse bob #1                                   -> offer 1 declined
      offer cid bob 1 coins for nothing                      -> offer 4
    `);
  });

  test('for what the maker lacks, last', () => {
    play(`${MARKET}
      offer ann bob 11 ore for nothing -> INSUFFICIENT_INVENTORY required 11 available 10
      offer ann bob 901 coins for nothing -> INSUFFICIENT_FUNDS required 901 available 900
      offer ann bob 901 coins + 11 ore for nothing -> INSUFFICIENT_FUNDS required 901 available 900
      offer ann bob 1 sword#1 for nothing -> INSUFFICIENT_INVENTORY required 1 available 0
      offer new bob 1 coins for nothing -> INSUFFICIENT_FUNDS required 1 available 0
      offer ann bob 10 ore + 900 coins for nothing         -> offer 1
    `);
  });

  test('and uses up no id', () => {
    play(`${MARKET}
      offer ann bob 901 coins for nothing -> INSUFFICIENT_FUNDS required 901 available 900
      offer ann bob 1 coins for nothing                      -> offer 1
    `);
  });
});

describe('what the taker lacks', () => {
  test('does not keep an offer from being made', () => {
    play(`${MARKET}
      offer ann bob nothing for 1_000 coins + 5 ore          -> offer 1
      take bob #1 -> INSUFFICIENT_FUNDS required 1000 available 100
    `);
  });
});

describe('a counter offer is refused', () => {
  test('like a new one, once the offer that it answers is found', () => {
    play(`${MARKET}
      offer ann bob 1 coins for 1 sword#1       -> offer 1
      counter cid #1 1 zinc for nothing                      -> OFFER_NOT_FOUND
      counter bob #1 1 zinc for nothing until 0              -> ITEM_NOT_FOUND item zinc
      counter bob #1 nothing for 1 salt until 0              -> MARKET_HALTED
      counter bob #1 9_999 ore for nothing until 0           -> EXPIRY_IN_PAST nowMs 1000000
      counter bob #1 9_999 ore for nothing until 1_001 -> LIMIT_REACHED limit offerLife max 1000
      counter bob #1 9_999 ore for nothing -> INSUFFICIENT_INVENTORY required 9999 available 0
      offer? #1 open: ann 1 coins for 1 sword#1 of bob, until 500
    `);
  });

  test('beyond the same bounds', () => {
    play(`${MARKET}
      offer ann bob 1 coins for nothing                      -> offer 1
      offer bob cid 1 coins for nothing                      -> offer 2
      offer bob cid 1 coins for nothing                      -> offer 3
      counter bob #1 9_999 ore for nothing -> LIMIT_REACHED limit openOffers max 2
      withdraw bob #3                                 -> offer 3 cancelled
      offer cid ann 1 coins for nothing                      -> offer 4
      offer cid ann 1 coins for nothing                      -> offer 5
      -- An answer that ann asked for takes the place of the oldest that she did not ask for.
      counter bob #1 9_999 ore for nothing -> INSUFFICIENT_INVENTORY required 9999 available 0
      counter bob #1 1 sword#1 for nothing                   -> offer 6 for 1
      offer? #4 invalid: cid 1 coins for nothing of ann, until 500
      offer? #5 open: cid 1 coins for nothing of ann, until 500
    `);
  });
});

describe('an acceptance is refused', () => {
  test('while anything of it is halted, before what is lacking is looked at', () => {
    play(`${MARKET}
      offer ann bob 1 ore for 1 sword#1 + 9_999 coins -> offer 1
      define ore commodity halted
      take bob #1                                     -> MARKET_HALTED
      define ore commodity
      define sword unique halted
      take bob #1                                     -> MARKET_HALTED
      define sword unique
      take bob #1 -> INSUFFICIENT_FUNDS required 9999 available 100
      grant bob coins 9_999
      take bob #1                                     -> offer 1 accepted
    `);
  });

  test('and only acceptance: what is halted can be declined, cancelled, and expires', () => {
    play(`${MARKET}
      offer ann bob 1 ore for nothing                        -> offer 1
      offer ann bob 1 ore for nothing until 9                -> offer 2
      offer bob ann nothing for 1 ore                        -> offer 3
      define ore commodity halted
      refuse bob #1                                   -> offer 1 declined
      withdraw bob #3                                 -> offer 3 cancelled
      counter bob #2 1 coins for 1 ore          -> MARKET_HALTED
      time 9                                          -> expires offer 2
      balance ann ore 10 held 0
    `);
  });
});

describe('no offer by the schema', () => {
  const coins = { asset: 'coins', quantity: 1 };
  const ore = { asset: 'ore', quantity: 1 };
  test.each([
    ['is empty on both sides', { give: [], want: [] }],
    ['has an asset on both sides', { give: [coins], want: [ore, coins] }],
    ['has one on both sides in two places', { give: [ore], want: [{ ...ore, location: 'mine' }] }],
    ['has an asset twice on a side', { give: [ore, ore], want: [] }],
    [
      'names the default location once more',
      { give: [ore, { ...ore, location: 'main' }], want: [] },
    ],
    ['gives none of something', { give: [{ ...ore, quantity: 0 }], want: [] }],
  ])('%s', (_, terms) => {
    for (const command of ['offers.create', 'offers.counter'] as const) {
      const of = command === 'offers.create' ? { to: 'bob' } : { offer: 1 };
      const { payload } = COMMANDS[command];
      expect(payload.safeParse({ ...of, ...terms }).success).toBe(false);
      expect(payload.safeParse({ ...of, give: [ore], want: [coins] }).success).toBe(true);
    }
  });
});
