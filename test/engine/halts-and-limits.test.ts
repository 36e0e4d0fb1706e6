import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';

describe('a halted item', () => {
  const HALTED = `
    define ore commodity
    grant bob ore 10
    grant ann coins 1_000
    list bob ore 2 @ 100            -> #1 rests 2
    bid  ann ore 2 @ 90             -> #2 rests 2
    define ore commodity halted
  `;

  test('can be cancelled, nothing else', () => {
    play(`${HALTED}
      list bob ore 1 @ 100          -> MARKET_HALTED
      bid  ann ore 1 @ 90           -> MARKET_HALTED
      relist bob #1 quantity 1      -> MARKET_HALTED
      rebid ann #2 @ 80             -> MARKET_HALTED
      buy ann 1 of #1               -> MARKET_HALTED
      buy ann 1 ore max 100         -> MARKET_HALTED
      sell bob 1 into #2            -> MARKET_HALTED
      sell bob 1 ore min 1          -> MARKET_HALTED
      unlist bob #1                 -> releases 2
      unbid ann #2                  -> releases 180
    `);
  });

  test('can still be granted, burnt and moved', () => {
    play(`${HALTED}
      grant cid ore 5
      burn cid ore 1
      move cid bob ore 1
    `);
  });

  test('goes on where it stopped', () => {
    play(`${HALTED}
      define ore commodity
      buy ann 1 of #1               -> fills 1 @ 100 of #1 for 100
    `);
  });

  test('halts its instances too', () => {
    play(`
      define sword unique
      grant bob sword#1 1
      list bob sword#1 1 @ 10       -> #1 rests 1
      define sword unique halted
      buy ann 1 of #1               -> MARKET_HALTED
      list bob sword#1 1 @ 10       -> MARKET_HALTED
      unlist bob #1                 -> releases 1
    `);
  });
});

describe('the rules of an item', () => {
  const STRICT = `
    define ore commodity tick 5 lot 10 min 50 max 200
    grant bob ore 100
    grant ann coins 10_000
  `;

  test('bind price and quantity of an order', () => {
    play(`${STRICT}
      list bob ore 10 @ 101         -> BAD_TICK tickSize 5
      list bob ore 11 @ 100         -> BAD_LOT lotSize 10
      list bob ore 10 @ 45          -> PRICE_OUT_OF_RANGE minPrice 50 maxPrice 200
      list bob ore 10 @ 205         -> PRICE_OUT_OF_RANGE minPrice 50 maxPrice 200
      list bob ore 10 @ 50          -> #1 rests 10
      bid  ann ore 5 @ 45           -> BAD_LOT lotSize 10
      list bob ore 10 @ 200         -> #2 rests 10
      relist bob #2 @ 199           -> BAD_TICK tickSize 5
      relist bob #2 quantity 25     -> BAD_LOT lotSize 10
      relist bob #2 @ 300           -> PRICE_OUT_OF_RANGE minPrice 50 maxPrice 200
    `);
  });

  test('bind the quantity of a purchase or sale', () => {
    play(`${STRICT}
      list bob ore 20 @ 100         -> #1 rests 20
      buy ann 5 of #1               -> BAD_LOT lotSize 10
      buy ann 5 ore max 200         -> BAD_LOT lotSize 10
      buy ann 10 of #1              -> fills 10 @ 100 of #1 for 1000
      bid ann ore 10 @ 50           -> #2 rests 10
      sell bob 5 into #2            -> BAD_LOT lotSize 10
      sell bob 5 ore min 1          -> BAD_LOT lotSize 10
    `);
  });

  test('may change under resting orders, which stay as they are', () => {
    play(`${STRICT}
      list bob ore 10 @ 55          -> #1 rests 10
      define ore commodity lot 3 tick 2 min 60
      order #1 open 10 of 10 @ 55 gtc
      relist bob #1 until 50        -> #1 rests 10
      relist bob #1 quantity 9      -> #1 rests 9
      relist bob #1 quantity 7      -> BAD_LOT lotSize 3
      buy ann 3 of #1               -> fills 3 @ 55 of #1 for 165
      buy ann 9 ore max 100 partial -> fills 6 @ 55 of #1 for 330
    `);
  });

  test('keep its kind and its currency', () => {
    play(`
      define gems currency
      define ore commodity currency gems
      define ore unique currency gems -> DEFINITION_CONFLICT
      define ore commodity            -> DEFINITION_CONFLICT
      define ore commodity currency gems lot 2 -> ok
      define gems currency currency coins -> DEFINITION_CONFLICT
      define gems currency currency gems -> ok
      define coins commodity          -> DEFINITION_CONFLICT
      define jade currency currency gems -> DEFINITION_CONFLICT
    `);
  });

  test('name a currency that exists and is one', () => {
    play(`
      define ore commodity currency gems -> ITEM_NOT_FOUND item gems
      define ore commodity
      define silk commodity currency ore -> ITEM_NOT_FOUND item ore
      define silk commodity currency silk -> ITEM_NOT_FOUND item silk
    `);
  });

  test('make no market of a currency', () => {
    play(`
      define gems currency
      grant ann gems 10
      grant ann coins 10
      list ann gems 1 @ 10          -> NOT_TRADABLE
      bid  ann gems 1 @ 10          -> NOT_TRADABLE
      buy  ann 1 coins max 1        -> NOT_TRADABLE
      sell ann 1 coins min 1        -> NOT_TRADABLE
      list ann coins 1 @ 10         -> NOT_TRADABLE
    `);
  });
});

describe('amounts near 2^53', () => {
  test('a price times a quantity that passes 2^53 - 1 is refused', () => {
    play(`
      define ore commodity
      grant bob ore MAX
      list bob ore 2 @ MAX          -> AMOUNT_OVERFLOW
      list bob ore MAX @ 2          -> AMOUNT_OVERFLOW
      bid  ann ore 3_000_000_000 @ 3_100_000_000 -> AMOUNT_OVERFLOW
      list bob ore MAX @ 1          -> #1 rests 9007199254740991
      relist bob #1 @ 2             -> AMOUNT_OVERFLOW
    `);
  });

  test('so is a bid whose fee makes it pass', () => {
    play(`rules tradeFeeBps 1 tradeFeePayer buyer
      define ore commodity
      grant ann coins MAX
      bid ann ore 1 @ MAX           -> AMOUNT_OVERFLOW
      bid ann ore 1 @ 9_006_000_000_000_000 -> #1 rests 1
      rebid ann #1 @ MAX            -> AMOUNT_OVERFLOW
      balance ann coins 298654740991 held 9006900600000000
    `);
  });

  test('so is a purchase whose total passes', () => {
    play(`
      define ore commodity
      grant bob ore 2
      grant cid ore 2
      list bob ore 1 @ MAX          -> #1 rests 1
      list cid ore 1 @ MAX          -> #2 rests 1
      buy ann 2 ore max MAX         -> AMOUNT_OVERFLOW
      buy ann 1 ore max MAX         -> INSUFFICIENT_FUNDS required 9007199254740991 available 0
      grant ann coins MAX
      buy ann 2 ore total MAX-1 partial -> NOTHING_TO_FILL fillable 0
      buy ann 1 of #1               -> fills 1 @ 9007199254740991 of #1 for 9007199254740991
      balance bob coins 9007199254740991 held 0
    `);
  });

  test('so is a purchase whose fee makes it pass', () => {
    play(`rules tradeFeeBps 1 tradeFeePayer buyer
      define ore commodity
      grant bob ore 2
      list bob ore 1 @ MAX          -> #1 rests 1
      buy ann 1 of #1               -> AMOUNT_OVERFLOW
      buy ann 1 ore max MAX         -> AMOUNT_OVERFLOW
    `);
  });

  test('fees are exact where price times rate passes 2^53', () => {
    play(`rules tradeFeeBps 3333 tradeFeePayer seller
    define ore commodity
    grant ann coins MAX
    grant bob ore 1
    bid ann ore 1 @ MAX           -> #1 rests 1
    sell bob 1 into #1 -> fills 1 @ 9007199254740991 of #1 for 6005099743135819 fee 3002099511605172
    `);
  });
});

describe('bounds', () => {
  test('a player has so many open orders, listings and bids together', () => {
    play(`rules openOrdersMax 2
      define ore commodity
      grant ann ore 10
      grant ann coins 100
      grant bob ore 5
      list ann ore 1 @ 100          -> #1 rests 1
      bid  ann ore 1 @ 10           -> #2 rests 1
      list ann ore 1 @ 100          -> LIMIT_REACHED limit openOrders max 2
      bid  ann ore 1 @ 10 until 50  -> LIMIT_REACHED limit openOrders max 2
      bid  ann ore 1 @ 10 fok       -> NOTHING_TO_FILL fillable 0
      list bob ore 1 @ 100          -> #3 rests 1
      sell bob 1 into #2            -> fills 1 @ 10 of #2 for 10
      list ann ore 1 @ 100          -> #4 rests 1
      unlist ann #1                 -> releases 1
      list ann ore 1 @ 100 until 50 -> #5 rests 1
      time 50                       -> expires #5
      list ann ore 1 @ 100          -> #6 rests 1
    `);
  });

  test('a command makes so many fills, and what would need more is rejected whole', () => {
    play(`rules fillsPerCommandMax 2
      define ore commodity
      grant ann coins 1_000
      grant bob ore 10
      list bob ore 1 @ 10           -> #1 rests 1
      list bob ore 1 @ 11           -> #2 rests 1
      list bob ore 1 @ 12           -> #3 rests 1
      bid ann ore 3 @ 12            -> LIMIT_REACHED limit fills max 2
      buy ann 3 ore max 12 partial  -> LIMIT_REACHED limit fills max 2
      bid ann ore 4 @ 11            -> #4 fills 1 @ 10 of #1 + 1 @ 11 of #2 for 21, rests 2
      buy ann 1 ore max 12          -> fills 1 @ 12 of #3 for 12
    `);
  });
});
