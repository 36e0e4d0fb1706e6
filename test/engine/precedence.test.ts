import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';

// Each line has all the faults of the lines below it and one more, which is the one reported.

describe('of several reasons, the first one in the order of the rules is reported', () => {
  const STRICT = `rules fillsPerCommandMax 1 openOrdersMax 2 listingFeeBps 100
    define gems currency
    define sword unique
    define ore commodity tick 5 lot 2 min 50 max 8_000_000_000_000_000
    grant bob ore 100
    grant bob coins 10_000
    grant ann coins 10_000
    grant cid ore 100
    grant cid coins 1_000
  `;

  test('creating a listing', () => {
    play(`${STRICT}
      bid bob ore 2 @ 50            -> #1 rests 2
      bid bob ore 2 @ 50            -> #2 rests 2
      bid ann ore 2 @ 60            -> #3 rests 2
      bid ann ore 2 @ 55            -> #4 rests 2
      time 10
      define ore commodity tick 5 lot 2 min 50 max 8_000_000_000_000_000 halted
      list bob iron 3 @ 41 until 10 -> ITEM_NOT_FOUND item iron
      list bob coins 3 @ 41 until 10 -> NOT_TRADABLE
      list bob sword 3 @ 41 until 10 -> NOT_FUNGIBLE
      list bob ore#1 3 @ 41 until 10 -> NOT_FUNGIBLE
      list bob sword#1 3 @ 41 until 10 -> ITEM_NOT_FOUND item sword#1
      list bob ore 3 @ 41 until 10  -> MARKET_HALTED
      define ore commodity tick 5 lot 2 min 50 max 8_000_000_000_000_000
      list bob ore 3 @ 41 until 10  -> EXPIRY_IN_PAST nowMs 1000010
      list bob ore 3 @ 41 until 11  -> BAD_TICK tickSize 5
      list bob ore 3 @ 40 until 11  -> BAD_LOT lotSize 2
      list bob ore 2 @ 40 until 11  -> PRICE_OUT_OF_RANGE minPrice 50 maxPrice 8000000000000000
      list bob ore MAX-1 @ 50       -> AMOUNT_OVERFLOW
      list bob ore 200 @ 50         -> LIMIT_REACHED limit openOrders max 2
      unbid bob #2                  -> releases 100
      list bob ore 200 @ 50 post-only -> LIMIT_REACHED limit fills max 1
      unbid ann #4                  -> releases 110
      list bob ore 200 @ 50 post-only -> SELF_TRADE
      unbid bob #1                  -> releases 100
      list bob ore 200 @ 50 post-only -> WOULD_CROSS price 60
      list bob ore 200 @ 50 fok     -> NOTHING_TO_FILL fillable 2
      move bob dee coins 10_000
      list bob ore 200 @ 50         -> INSUFFICIENT_INVENTORY required 200 available 100
      list bob ore 100 @ 50         -> INSUFFICIENT_FUNDS required 50 available 0
      grant bob coins 50
      list bob ore 100 @ 50         -> #5 fills 2 @ 60 of #3 for 120, rests 98, listing fee 50
    `);
  });

  test('creating a bid', () => {
    play(`${STRICT}
      list ann ore 2 @ 60           -> INSUFFICIENT_INVENTORY required 2 available 0
      grant ann ore 10
      list ann ore 2 @ 70           -> #1 rests 2, listing fee 1
      list ann ore 2 @ 70           -> #2 rests 2, listing fee 1
      list bob ore 2 @ 60           -> #3 rests 2, listing fee 1
      list bob ore 2 @ 65           -> #4 rests 2, listing fee 1
      time 10
      define ore commodity tick 5 lot 2 min 50 max 8_000_000_000_000_000 halted
      bid ann iron 3 @ 41 until 10  -> ITEM_NOT_FOUND item iron
      bid ann coins 3 @ 41 until 10 -> NOT_TRADABLE
      bid ann sword 3 @ 41 until 10 -> NOT_FUNGIBLE
      bid ann ore 3 @ 41 until 10   -> MARKET_HALTED
      define ore commodity tick 5 lot 2 min 50 max 8_000_000_000_000_000
      bid ann ore 3 @ 41 until 10   -> EXPIRY_IN_PAST nowMs 1000010
      bid ann ore 3 @ 41 until 11   -> BAD_TICK tickSize 5
      bid ann ore 3 @ 40 until 11   -> BAD_LOT lotSize 2
      bid ann ore 2 @ 40 until 11   -> PRICE_OUT_OF_RANGE minPrice 50 maxPrice 8000000000000000
      bid ann ore MAX-1 @ 70        -> AMOUNT_OVERFLOW
      bid ann ore 200 @ 70          -> LIMIT_REACHED limit openOrders max 2
      unlist ann #2                 -> releases 2
      bid ann ore 200 @ 70 post-only -> LIMIT_REACHED limit fills max 1
      unlist bob #4                 -> releases 2
      bid ann ore 200 @ 70 post-only -> SELF_TRADE
      unlist ann #1                 -> releases 2
      bid ann ore 200 @ 70 post-only -> WOULD_CROSS price 60
      bid ann ore 200 @ 70 fok      -> NOTHING_TO_FILL fillable 2
      bid ann ore 200 @ 70          -> INSUFFICIENT_FUNDS required 14000 available 9998
    `);
  });

  test('updating a listing', () => {
    play(`${STRICT}
      list bob ore 10 @ 100         -> #1 rests 10, listing fee 10
      buy ann 4 of #1               -> fills 4 @ 100 of #1 for 400
      bid ann ore 2 @ 70            -> #2 rests 2
      bid ann ore 2 @ 65            -> #3 rests 2
      bid bob ore 2 @ 60            -> #4 rests 2
      time 10
      define ore commodity tick 5 lot 2 min 50 max 8_000_000_000_000_000 halted
      relist cid #1 @ 41 quantity 3 until 10 -> LISTING_NOT_FOUND
      relist bob #1 @ 41 quantity 3 until 10 -> MARKET_HALTED
      define ore commodity tick 5 lot 2 min 50 max 8_000_000_000_000_000
      relist bob #1 @ 41 quantity 3 until 10 -> EXPIRY_IN_PAST nowMs 1000010
      relist bob #1 @ 41 quantity 3 -> BAD_TICK tickSize 5
      relist bob #1 @ 40 quantity 3 -> BAD_LOT lotSize 2
      relist bob #1 @ 40 quantity 2 -> PRICE_OUT_OF_RANGE minPrice 50 maxPrice 8000000000000000
      relist bob #1 @ 50 quantity MAX-1 -> AMOUNT_OVERFLOW
      relist bob #1 @ 50 quantity 4 -> BELOW_FILLED filled 4
      relist bob #1 @ 50 quantity 200 -> LIMIT_REACHED limit fills max 1
      unbid ann #3                  -> releases 130
      relist bob #1 @ 50 quantity 200 -> SELF_TRADE
      unbid bob #4                  -> releases 120
      relist bob #1 @ 50 quantity 200 -> INSUFFICIENT_INVENTORY required 190 available 90
      relist bob #1 @ 50 quantity 100 -> #1 fills 2 @ 70 of #2 for 140, rests 94
    `);
  });

  test('updating a bid', () => {
    play(`${STRICT}
      bid ann ore 10 @ 60           -> #1 rests 10
      sell bob 4 into #1            -> fills 4 @ 60 of #1 for 240
      list bob ore 2 @ 70           -> #2 rests 2, listing fee 1
      define ore commodity tick 5 lot 2 min 50 max 8_000_000_000_000_000 halted
      rebid bob #1 @ 41 quantity 3 until 0 -> BID_NOT_FOUND
      rebid ann #1 @ 41 quantity 3 until 0 -> MARKET_HALTED
      define ore commodity tick 5 lot 2 min 50 max 8_000_000_000_000_000
      rebid ann #1 @ 41 quantity 3 until 0 -> EXPIRY_IN_PAST nowMs 1000000
      rebid ann #1 @ 41 quantity 3  -> BAD_TICK tickSize 5
      rebid ann #1 @ 40 quantity 3  -> BAD_LOT lotSize 2
      rebid ann #1 @ 40 quantity 2  -> PRICE_OUT_OF_RANGE minPrice 50 maxPrice 8000000000000000
      rebid ann #1 quantity MAX-1   -> AMOUNT_OVERFLOW
      rebid ann #1 @ 80 quantity 4  -> BELOW_FILLED filled 4
      rebid ann #1 @ 80 quantity 1_000 -> INSUFFICIENT_FUNDS required 79320 available 9400
    `);
  });

  test('buying from one listing', () => {
    play(`${STRICT}
      list cid ore 10 @ 100         -> #1 rests 10, listing fee 10
      list bob ore 2 @ 100          -> #2 rests 2, listing fee 2
      unlist bob #2                 -> releases 2
      define ore commodity lot 2 halted
      buy cid 13 of #9 max 90       -> LISTING_NOT_FOUND
      buy cid 13 of #2 max 90       -> LISTING_UNAVAILABLE remaining 0
      buy cid 13 of #1 max 90       -> MARKET_HALTED
      define ore commodity lot 2
      buy cid 13 of #1 max 90       -> BAD_LOT lotSize 2
      buy cid 12 of #1 max 90       -> SELF_TRADE
      buy eve 12 of #1 max 90       -> PRICE_OUT_OF_RANGE minPrice 1 maxPrice 90
      buy eve 12 of #1              -> LISTING_UNAVAILABLE remaining 10
      buy eve 10 of #1              -> INSUFFICIENT_FUNDS required 1000 available 0
    `);
  });

  test('buying from the book', () => {
    play(`${STRICT}
      list cid ore 2 @ 60           -> #1 rests 2, listing fee 1
      list bob ore 2 @ 65           -> #2 rests 2, listing fee 1
      define ore commodity tick 5 lot 2 halted
      buy bob 201 iron max 65       -> ITEM_NOT_FOUND item iron
      buy bob 201 coins max 65      -> NOT_TRADABLE
      buy bob 201 sword max 65      -> NOT_FUNGIBLE
      buy bob 201 ore max 65        -> MARKET_HALTED
      define ore commodity tick 5 lot 2
      buy bob 201 ore max 65        -> BAD_LOT lotSize 2
      buy bob 200 ore max 65        -> SELF_TRADE
      buy eve 200 ore max 65        -> LIMIT_REACHED limit fills max 1
      buy eve 200 ore max 60        -> NOTHING_TO_FILL fillable 2
      buy eve 2 ore max 60          -> INSUFFICIENT_FUNDS required 120 available 0
    `);
  });

  test('selling into one bid', () => {
    play(`${STRICT}
      bid ann ore 10 @ 60           -> #1 rests 10
      bid ann ore 2 @ 50            -> #2 rests 2
      unbid ann #2                  -> releases 100
      define ore commodity lot 2 halted
      sell ann 13 into #9 min 70    -> BID_NOT_FOUND
      sell ann 13 into #2 min 70    -> BID_UNAVAILABLE remaining 0
      sell ann 13 into #1 min 70    -> MARKET_HALTED
      define ore commodity lot 2
      sell ann 13 into #1 min 70    -> BAD_LOT lotSize 2
      sell ann 12 into #1 min 70    -> SELF_TRADE
      sell eve 12 into #1 min 70    -> PRICE_OUT_OF_RANGE minPrice 70 maxPrice 9007199254740991
      sell eve 12 into #1           -> BID_UNAVAILABLE remaining 10
      sell eve 10 into #1           -> INSUFFICIENT_INVENTORY required 10 available 0
    `);
  });

  test('selling into the book', () => {
    play(`${STRICT}
      bid ann ore 2 @ 60            -> #1 rests 2
      bid bob ore 2 @ 55            -> #2 rests 2
      define ore commodity tick 5 lot 2 halted
      sell bob 201 iron min 1       -> ITEM_NOT_FOUND item iron
      sell bob 201 coins min 1      -> NOT_TRADABLE
      sell bob 201 sword min 1      -> NOT_FUNGIBLE
      sell bob 201 ore min 1        -> MARKET_HALTED
      define ore commodity tick 5 lot 2
      sell bob 201 ore min 1        -> BAD_LOT lotSize 2
      sell bob 200 ore min 1        -> SELF_TRADE
      sell eve 200 ore min 1        -> LIMIT_REACHED limit fills max 1
      sell eve 200 ore min 60       -> NOTHING_TO_FILL fillable 2
      sell eve 2 ore min 60 total 121 -> NOTHING_TO_FILL fillable 2
      sell eve 2 ore min 60         -> INSUFFICIENT_INVENTORY required 2 available 0
    `);
  });

  test('moving what is owned', () => {
    play(`${STRICT}
      move ann ann iron#1 5 to main -> ITEM_NOT_FOUND item iron#1
      move ann ann ore#1 5 to main  -> NOT_FUNGIBLE
      move ann ann sword#1 5 to main -> BAD_LOT lotSize 1
      move ann ann sword#1 1 to main -> ITEM_NOT_FOUND item sword#1
      grant bob sword#1 1
      move ann ann sword#1 1 to main -> SELF_TRADE
      move ann cid sword#1 1        -> INSUFFICIENT_INVENTORY required 1 available 0
      grant ann sword#1 2           -> BAD_LOT lotSize 1
      grant ann sword#1 1           -> DEFINITION_CONFLICT
    `);
  });

  test('a remembered key comes before everything', () => {
    play(`${STRICT}
      buy ann 3 iron max 1 key a    -> ITEM_NOT_FOUND item iron
      bid ann iron 3 @ 41 key a     -> KEY_REUSED
      define iron commodity
      buy ann 3 iron max 1 key a    -> ITEM_NOT_FOUND item iron
    `);
  });
});
