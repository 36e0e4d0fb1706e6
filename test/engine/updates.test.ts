import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';

const QUEUE = `
  define ore commodity
  grant bob ore 20
  grant cid ore 20
  grant ann coins 1_000
  list bob ore 5 @ 100              -> #1 rests 5
  list cid ore 5 @ 100              -> #2 rests 5
`;

describe('an update of a listing', () => {
  test('that reduces the quantity keeps its place, and releases the rest', () => {
    play(`${QUEUE}
      relist bob #1 quantity 3      -> #1 rests 3
      balance bob ore 17 held 3
      book ore - | 8 @ 100 (2)
      bid ann ore 1 @ 100           -> #3 fills 1 @ 100 of #1 for 100
    `);
  });

  test('that raises the quantity loses its place', () => {
    play(`${QUEUE}
      relist bob #1 quantity 6      -> #1 rests 6
      balance bob ore 14 held 6
      bid ann ore 1 @ 100           -> #3 fills 1 @ 100 of #2 for 100
    `);
  });

  test('that changes the price loses its place, there and back', () => {
    play(`${QUEUE}
      relist bob #1 @ 101           -> #1 rests 5
      relist bob #1 @ 100           -> #1 rests 5
      bid ann ore 1 @ 100           -> #3 fills 1 @ 100 of #2 for 100
    `);
  });

  test('to the same price and quantity changes nothing, not even its place', () => {
    play(`${QUEUE}
      relist bob #1 @ 100 quantity 5 -> #1 rests 5
      bid ann ore 1 @ 100           -> #3 fills 1 @ 100 of #1 for 100
    `);
  });

  test('that changes only the expiry keeps its place and makes it expire', () => {
    play(`${QUEUE}
      relist bob #1 until 50        -> #1 rests 5
      order #1 open 5 of 5 @ 100 gtd until 50
      bid ann ore 1 @ 100           -> #3 fills 1 @ 100 of #1 for 100
      relist bob #1 until 80        -> #1 rests 4
      time 50                       -> nothing
      time 80                       -> expires #1
    `);
  });

  test('counts what was filled in the quantity', () => {
    play(`${QUEUE}
      bid ann ore 2 @ 100           -> #3 fills 2 @ 100 of #1 for 200
      relist bob #1 quantity 2      -> BELOW_FILLED filled 2
      relist bob #1 quantity 1      -> BELOW_FILLED filled 2
      relist bob #1 quantity 3      -> #1 rests 1
      order #1 open 1 of 3 @ 100 gtc
      relist bob #1 quantity 22     -> INSUFFICIENT_INVENTORY required 19 available 17
      relist bob #1 quantity 20     -> #1 rests 18
    `);
  });

  test('to a price that crosses fills at once', () => {
    play(`${QUEUE}
      bid ann ore 3 @ 90            -> #3 rests 3
      relist cid #2 @ 90            -> #2 fills 3 @ 90 of #3 for 270, rests 2
      book ore - | 2 @ 90 (1), 5 @ 100 (1)
      order #2 open 2 of 5 @ 90 gtc
      bid ann ore 1 @ 80            -> #4 rests 1
      relist cid #2 @ 80 quantity 4 -> #2 fills 1 @ 80 of #4 for 80
      order #2 filled 0 of 4 @ 80 gtc
      balance cid ore 16 held 0
    `);
  });

  test('is the owner’s alone, and only while it is open', () => {
    play(`${QUEUE}
      relist cid #1 @ 90            -> LISTING_NOT_FOUND
      rebid  bob #1 @ 90            -> BID_NOT_FOUND
      relist bob #7 @ 90            -> LISTING_NOT_FOUND
      unlist bob #1                 -> releases 5
      relist bob #1 @ 90            -> LISTING_NOT_FOUND
    `);
  });

  test('meets its own bid as a new order would', () => {
    play(`${QUEUE}
      grant bob coins 100
      bid bob ore 1 @ 90            -> #3 rests 1
      relist bob #1 @ 90            -> SELF_TRADE
      relist bob #1 @ 91            -> #1 rests 5
    `);
  });

  test('keeps a post-only order from crossing', () => {
    play(`${QUEUE}
      list bob ore 1 @ 100 post-only -> #3 rests 1
      bid ann ore 1 @ 90            -> #4 rests 1
      relist bob #3 @ 90            -> WOULD_CROSS price 90
      relist bob #3 @ 91            -> #3 rests 1
    `);
  });

  test('pays no listing fee again', () => {
    play(`
      rules listingFeeBps 100
      define ore commodity
      grant bob ore 20
      grant bob coins 10
      list bob ore 5 @ 100          -> #1 rests 5, listing fee 5
      relist bob #1 quantity 10     -> #1 rests 10
      balance bob coins 5 held 0
    `);
  });
});

describe('an update of a bid', () => {
  const BIDS = `
    define ore commodity
    grant ann coins 1_000
    grant dee coins 1_000
    grant bob ore 20
    bid ann ore 5 @ 100             -> #1 rests 5
    bid dee ore 5 @ 100             -> #2 rests 5
  `;

  test('holds or releases the difference', () => {
    play(`${BIDS}
      rebid ann #1 quantity 2       -> #1 rests 2
      balance ann coins 800 held 200
      rebid ann #1 @ 150            -> #1 rests 2
      balance ann coins 700 held 300
      rebid ann #1 @ 50 quantity 4  -> #1 rests 4
      balance ann coins 800 held 200
    `);
  });

  test('needs money for what must be held in addition only', () => {
    play(`${BIDS}
      rebid ann #1 quantity 11      -> INSUFFICIENT_FUNDS required 600 available 500
      rebid ann #1 quantity 10      -> #1 rests 10
      balance ann coins 0 held 1000
      rebid ann #1 @ 101            -> INSUFFICIENT_FUNDS required 10 available 0
    `);
  });

  test('keeps or loses its place as a listing does', () => {
    play(`${BIDS}
      rebid ann #1 quantity 4       -> #1 rests 4
      list bob ore 1 @ 100          -> #3 fills 1 @ 100 of #1 for 100
      rebid ann #1 quantity 6       -> #1 rests 5
      list bob ore 1 @ 100          -> #4 fills 1 @ 100 of #2 for 100
    `);
  });

  test('that crosses fills for less than it held, and gets the difference back', () => {
    play(`${BIDS}
      list bob ore 3 @ 110          -> #3 rests 3
      rebid ann #1 @ 120            -> #1 fills 3 @ 110 of #3 for 330, rests 2
      balance ann coins 430 held 240
      order #1 open 2 of 5 @ 120 gtc
      unbid ann #1                  -> releases 240
    `);
  });

  test('counts what was filled, is its owner’s, and cannot go below', () => {
    play(`${BIDS}
      sell bob 2 into #1            -> fills 2 @ 100 of #1 for 200
      rebid ann #1 quantity 2       -> BELOW_FILLED filled 2
      rebid dee #1 quantity 3       -> BID_NOT_FOUND
      rebid ann #1 quantity 3       -> #1 rests 1
      balance ann coins 700 held 100
    `);
  });
});
