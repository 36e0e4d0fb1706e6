import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';

const MARKET = `
  define ore commodity
  grant bob ore 10
  grant ann coins 1_000
  grant dee coins 1_000
`;

describe('a bid', () => {
  test('holds price times quantity in money', () => {
    play(`${MARKET}
      bid  ann ore 3 @ 100          -> #1 rests 3
      balance ann coins 700 held 300
      book ore 3 @ 100 (1) | -
    `);
  });

  test('needs money that is available', () => {
    play(`${MARKET}
      bid  ann ore 9 @ 100          -> #1 rests 9
      bid  ann ore 2 @ 100          -> INSUFFICIENT_FUNDS required 200 available 100
      bid  ann ore 1 @ 100          -> #2 rests 1
      bid  eve ore 1 @ 1            -> INSUFFICIENT_FUNDS required 1 available 0
      balance ann coins 0 held 1_000
    `);
  });

  test('fills the oldest ask at the best price first', () => {
    play(`${MARKET}
      grant cid ore 10
      list bob ore 1 @ 101          -> #1 rests 1
      list cid ore 1 @ 100          -> #2 rests 1
      list bob ore 1 @ 100          -> #3 rests 1
      bid  ann ore 3 @ 101 -> #4 fills 1 @ 100 of #2 + 1 @ 100 of #3 + 1 @ 101 of #1 for 301
    `);
  });

  test('gets the price improvement back at once', () => {
    play(`${MARKET}
      list bob ore 3 @ 100          -> #1 rests 3
      bid  ann ore 5 @ 110          -> #2 fills 3 @ 100 of #1 for 300, rests 2
      balance ann coins 480 held 220
      balance ann ore 3 held 0
      balance bob coins 300 held 0
    `);
  });

  test('must hold what it could cost, even when it will fill for less', () => {
    play(`${MARKET}
      list bob ore 5 @ 100          -> #1 rests 5
      bid  ann ore 5 @ 201          -> INSUFFICIENT_FUNDS required 1005 available 1000
      bid  ann ore 5 @ 200          -> #2 fills 5 @ 100 of #1 for 500
    `);
  });

  test('pays each fill out of its hold while it rests', () => {
    play(`${MARKET}
      bid  ann ore 5 @ 100          -> #1 rests 5
      list bob ore 2 @ 90           -> #2 fills 2 @ 100 of #1 for 200
      balance ann coins 500 held 300
      balance ann ore 2 held 0
      order #1 open 3 of 5 @ 100 gtc
      list bob ore 3 @ 90           -> #3 fills 3 @ 100 of #1 for 300
      balance ann coins 500 held 0
      order #1 filled 0 of 5 @ 100 gtc
    `);
  });

  test('gives its money back when it is cancelled, to its owner alone', () => {
    play(`${MARKET}
      bid  ann ore 3 @ 100          -> #1 rests 3
      unbid dee #1                  -> BID_NOT_FOUND
      unbid ann #2                  -> BID_NOT_FOUND
      list bob ore 1 @ 100          -> #2 fills 1 @ 100 of #1 for 100
      unbid bob #2                  -> BID_NOT_FOUND
      unbid ann #1                  -> releases 200
      unbid ann #1                  -> BID_NOT_FOUND
      balance ann coins 900 held 0
      order #1 cancelled 2 of 3 @ 100 gtc
    `);
  });

  test('in another currency holds that currency', () => {
    play(`
      define gems currency
      define silk commodity currency gems
      grant ann gems 50
      grant ann coins 50
      grant bob silk 5
      bid  ann silk 2 @ 20          -> #1 rests 2
      balance ann gems 10 held 40
      balance ann coins 50 held 0
      list bob silk 1 @ 20          -> #2 fills 1 @ 20 of #1 for 20
      balance bob gems 20 held 0
      balance bob coins 0 held 0
    `);
  });
});

describe('an order never trades with its own player', () => {
  test('the incoming one is rejected whole, before anything moves', () => {
    play(`${MARKET}
      grant ann ore 5
      list bob ore 1 @ 99           -> #1 rests 1
      list ann ore 1 @ 100          -> #2 rests 1
      bid  ann ore 2 @ 100          -> SELF_TRADE
      balance ann coins 1000 held 0
      order #1 open 1 of 1 @ 99 gtc
      bid  ann ore 1 @ 100          -> #3 fills 1 @ 99 of #1 for 99
    `);
  });

  test('nor a listing with its own bid, nor one that is post-only or fill-or-kill', () => {
    play(`${MARKET}
      grant ann ore 5
      bid  ann ore 1 @ 100          -> #1 rests 1
      list ann ore 1 @ 100          -> SELF_TRADE
      list ann ore 1 @ 100 fok      -> SELF_TRADE
      list ann ore 1 @ 100 post-only -> SELF_TRADE
      list ann ore 1 @ 101          -> #2 rests 1
    `);
  });

  test('an own order behind the last fill is not in the way', () => {
    play(`${MARKET}
      grant ann ore 5
      list bob ore 2 @ 100          -> #1 rests 2
      list ann ore 1 @ 100          -> #2 rests 1
      bid  ann ore 2 @ 100          -> #3 fills 2 @ 100 of #1 for 200
    `);
  });
});
