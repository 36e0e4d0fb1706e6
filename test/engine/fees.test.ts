import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';

const GOODS = `
  define ore commodity
  grant bob ore 20
  grant bob coins 100
  grant ann coins 1_000
`;

describe('the listing fee', () => {
  test('is a share of price times quantity, rounded down, and goes to the house', () => {
    play(`rules listingFeeBps 250
      ${GOODS}
      list bob ore 3 @ 133          -> #1 rests 3, listing fee 9
      balance bob coins 91 held 0
      balance $house coins 9 held 0
      list bob ore 1 @ 39           -> #2 rests 1
      list bob ore 1 @ 40           -> #3 rests 1, listing fee 1
    `);
  });

  test('is not returned when the listing is cancelled, nor charged when it is rejected', () => {
    play(`rules listingFeeBps 1000
      ${GOODS}
      list bob ore 1 @ 100          -> #1 rests 1, listing fee 10
      unlist bob #1                 -> releases 1
      balance bob coins 90 held 0
      list bob ore 99 @ 1           -> INSUFFICIENT_INVENTORY required 99 available 20
      balance bob coins 90 held 0
    `);
  });

  test('is paid from available money, never from the proceeds', () => {
    play(`rules listingFeeBps 1000
      ${GOODS}
      bid ann ore 2 @ 505           -> INSUFFICIENT_FUNDS required 1010 available 1000
      bid ann ore 2 @ 500           -> #1 rests 2
      list bob ore 2 @ 500          -> #2 fills 2 @ 500 of #1 for 1000, listing fee 100
      grant cid ore 1
      list cid ore 1 @ 10           -> INSUFFICIENT_FUNDS required 1 available 0
      list cid ore 1 @ 9            -> #3 rests 1
    `);
  });

  test('is charged for an order that never rests', () => {
    play(`rules listingFeeBps 1000
      ${GOODS}
      list bob ore 1 @ 100 ioc      -> #1 cancels 1, listing fee 10
      balance $house coins 10 held 0
    `);
  });
});

describe('the trade fee of the seller', () => {
  const SELLER = `rules tradeFeeBps 250 tradeFeePayer seller
    ${GOODS}`;

  test('is kept back from the price of each fill, rounded down per fill', () => {
    play(`${SELLER}
      bid ann ore 1 @ 139           -> #1 rests 1
      bid ann ore 1 @ 119           -> #2 rests 1
      list bob ore 2 @ 100          -> #3 fills 1 @ 139 of #1 + 1 @ 119 of #2 for 253 fee 5
      balance bob coins 353 held 0
      balance $house coins 5 held 0
      balance ann coins 742 held 0
    `);
  });

  test('is taken from a resting listing when it is bought', () => {
    play(`${SELLER}
      list bob ore 2 @ 100          -> #1 rests 2
      buy ann 2 of #1               -> fills 2 @ 100 of #1 for 200
      balance bob coins 295 held 0
      balance $house coins 5 held 0
      trade 1 ann buys 2 ore @ 100 of bob, maker #1, taker #0 buys, fees 0 and 5
    `);
  });

  test('makes a sale bring less: its least total is net', () => {
    play(`${SELLER}
      bid ann ore 2 @ 100           -> #1 rests 2
      sell bob 2 ore total 196      -> NOTHING_TO_FILL fillable 2
      sell bob 2 ore total 195      -> fills 2 @ 100 of #1 for 195 fee 5
    `);
  });

  test('may take everything', () => {
    play(`rules tradeFeeBps 10000 tradeFeePayer seller
      ${GOODS}
      bid ann ore 2 @ 100           -> #1 rests 2
      sell bob 2 into #1            -> fills 2 @ 100 of #1 for 0 fee 200
      balance bob coins 100 held 0
    `);
  });
});

describe('the trade fee of the buyer', () => {
  const BUYER = `rules tradeFeeBps 250 tradeFeePayer buyer
    ${GOODS}`;

  test('is paid on top of the price', () => {
    play(`${BUYER}
      list bob ore 3 @ 100          -> #1 rests 3
      buy ann 2 of #1               -> fills 2 @ 100 of #1 for 205 fee 5
      balance ann coins 795 held 0
      balance bob coins 300 held 0
      balance $house coins 5 held 0
      trade 1 ann buys 2 ore @ 100 of bob, maker #1, taker #0 buys, fees 5 and 0
    `);
  });

  test('is held with a bid, and what rounding leaves over returns with each fill', () => {
    play(`${BUYER}
      bid ann ore 3 @ 139           -> #1 rests 3
      balance ann coins 573 held 427
      sell bob 1 into #1            -> fills 1 @ 139 of #1 for 139
      balance ann coins 574 held 284
      sell bob 2 into #1            -> fills 2 @ 139 of #1 for 278
      balance ann coins 574 held 0
      balance $house coins 9 held 0
    `);
  });

  test('must be affordable: it counts in what is required', () => {
    play(`${BUYER}
      list bob ore 10 @ 100         -> #1 rests 10
      bid ann ore 10 @ 100          -> INSUFFICIENT_FUNDS required 1025 available 1000
      buy ann 10 of #1              -> INSUFFICIENT_FUNDS required 1025 available 1000
      buy ann 10 ore max 100        -> INSUFFICIENT_FUNDS required 1025 available 1000
      buy ann 10 ore total 1000     -> NOTHING_TO_FILL fillable 9
      buy ann 10 ore total 1000 partial -> fills 9 @ 100 of #1 for 922 fee 22
    `);
  });

  test('is charged at the maker’s price when a bid crosses', () => {
    play(`${BUYER}
      list bob ore 2 @ 100          -> #1 rests 2
      bid ann ore 3 @ 120           -> #2 fills 2 @ 100 of #1 for 205 fee 5, rests 1
      balance ann coins 672 held 123
    `);
  });

  test('of a bid is the rate of the day it was made; its seller then pays none', () => {
    play(`${BUYER}
      bid ann ore 2 @ 100           -> #1 rests 2
      balance ann coins 795 held 205
      restart tradeFeeBps 1000 tradeFeePayer seller
      bid ann ore 1 @ 90            -> #2 rests 1
      sell bob 3 ore min 1          -> fills 2 @ 100 of #1 + 1 @ 90 of #2 for 281 fee 9
      trade 1 ann buys 2 ore @ 100 of bob, maker #1, taker #0 sells, fees 5 and 0
      trade 2 ann buys 1 ore @ 90 of bob, maker #2, taker #0 sells, fees 0 and 9
      balance $house coins 14 held 0
    `);
  });
});
