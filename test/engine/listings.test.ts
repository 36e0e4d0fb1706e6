import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';

const MARKET = `
  define ore commodity
  grant bob ore 10
  grant cid ore 10
  grant ann coins 1_000
`;

describe('a listing', () => {
  test('takes its goods out of available and holds them', () => {
    play(`${MARKET}
      list bob ore 3 @ 100          -> #1 rests 3
      balance bob ore 7 held 3
      book ore - | 3 @ 100 (1)
      order #1 open 3 of 3 @ 100 gtc
    `);
  });

  test('needs goods that are available, where they lie', () => {
    play(`${MARKET}
      list bob ore 8 @ 100          -> #1 rests 8
      list bob ore 3 @ 100          -> INSUFFICIENT_INVENTORY required 3 available 2
      place north
      list bob ore 2 @ 100 at north -> INSUFFICIENT_INVENTORY required 2 available 0
      list eve ore 1 @ 100          -> INSUFFICIENT_INVENTORY required 1 available 0
      list bob ore 2 @ 100          -> #2 rests 2
      balance bob ore 0 held 10
    `);
  });

  test('that crosses fills first, at the prices of the bids, and rests the remainder', () => {
    play(`${MARKET}
      bid  ann ore 2 @ 105          -> #1 rests 2
      bid  ann ore 2 @ 101          -> #2 rests 2
      bid  ann ore 2 @ 99           -> #3 rests 2
      list bob ore 5 @ 100          -> #4 fills 2 @ 105 of #1 + 2 @ 101 of #2 for 412, rests 1
      balance bob coins 412 held 0
      balance bob ore 5 held 1
      balance ann ore 4 held 0
      balance ann coins 390 held 198
      book ore 2 @ 99 (1) | 1 @ 100 (1)
      trade 1 ann buys 2 ore @ 105 of bob, maker #1, taker #4 sells, fees 0 and 0
    `);
  });

  test('at the same price as an older one waits behind it', () => {
    play(`${MARKET}
      list bob ore 2 @ 100          -> #1 rests 2
      list cid ore 2 @ 100          -> #2 rests 2
      list bob ore 2 @ 99           -> #3 rests 2
      book ore - | 2 @ 99 (1), 4 @ 100 (2)
      bid  ann ore 5 @ 100          -> #4 fills 2 @ 99 of #3 + 2 @ 100 of #1 + 1 @ 100 of #2 for 498
      order #2 open 1 of 2 @ 100 gtc
    `);
  });

  test('gives its goods back when it is cancelled', () => {
    play(`${MARKET}
      list bob ore 3 @ 100          -> #1 rests 3
      bid  ann ore 1 @ 100          -> #2 fills 1 @ 100 of #1 for 100
      unlist bob #1                 -> releases 2
      balance bob ore 9 held 0
      order #1 cancelled 2 of 3 @ 100 gtc
      book ore - | -
    `);
  });

  test('is nobody else’s to cancel, and nobody’s twice', () => {
    play(`${MARKET}
      list bob ore 3 @ 100          -> #1 rests 3
      bid  ann ore 1 @ 90           -> #2 rests 1
      unlist cid #1                 -> LISTING_NOT_FOUND
      unlist eve #1                 -> LISTING_NOT_FOUND
      unlist ann #2                 -> LISTING_NOT_FOUND
      unlist bob #9                 -> LISTING_NOT_FOUND
      unlist bob #1                 -> releases 3
      unlist bob #1                 -> LISTING_NOT_FOUND
    `);
  });

  test('lies at its location, where only orders of the same place meet it', () => {
    play(`${MARKET}
      place north
      grant bob ore 5 at north
      list bob ore 5 @ 100 at north -> #1 rests 5
      bid  ann ore 1 @ 100          -> #2 rests 1
      book ore 1 @ 100 (1) | -
      book ore at north - | 5 @ 100 (1)
      bid  ann ore 2 @ 100 at north -> #3 fills 2 @ 100 of #1 for 200
      balance ann ore at north 2 held 0
      balance ann ore 0 held 0
    `);
  });

  test('uses up no number when it is rejected', () => {
    play(`${MARKET}
      list bob ore 99 @ 100         -> INSUFFICIENT_INVENTORY required 99 available 10
      list bob gold 1 @ 100         -> ITEM_NOT_FOUND item gold
      list bob ore 1 @ 100          -> #1 rests 1
    `);
  });
});
