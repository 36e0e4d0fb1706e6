import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';

const SHOP = `
  define ore commodity
  grant bob ore 10
  grant cid ore 10
  grant ann coins 1_000
  grant dee coins 1_000
`;

describe('a purchase from one listing', () => {
  test('pays its price and takes the goods', () => {
    play(`${SHOP}
      list bob ore 5 @ 100          -> #1 rests 5
      buy  ann 2 of #1              -> fills 2 @ 100 of #1 for 200
      balance ann ore 2 held 0
      balance ann coins 800 held 0
      balance bob coins 200 held 0
      balance bob ore 5 held 3
      trade 1 ann buys 2 ore @ 100 of bob, maker #1, taker #0 buys, fees 0 and 0
    `);
  });

  test('of the last one: the first comer wins, and nothing of the second’s moves', () => {
    play(`${SHOP}
      list bob ore 1 @ 100          -> #1 rests 1
      buy  ann 1 of #1              -> fills 1 @ 100 of #1 for 100
      buy  dee 1 of #1              -> LISTING_UNAVAILABLE remaining 0
      balance dee coins 1000 held 0
    `);
  });

  test('is all or nothing, unless a part is welcome', () => {
    play(`${SHOP}
      list bob ore 3 @ 100          -> #1 rests 3
      buy  ann 5 of #1              -> LISTING_UNAVAILABLE remaining 3
      buy  ann 5 of #1 partial      -> fills 3 @ 100 of #1 for 300
      order #1 filled 0 of 3 @ 100 gtc
    `);
  });

  test('may take a listing that is not the cheapest', () => {
    play(`${SHOP}
      list bob ore 1 @ 100          -> #1 rests 1
      list cid ore 1 @ 120          -> #2 rests 1
      buy  ann 1 of #2              -> fills 1 @ 120 of #2 for 120
      order #1 open 1 of 1 @ 100 gtc
    `);
  });

  test('refuses a listing that has become dearer', () => {
    play(`${SHOP}
      list bob ore 5 @ 100          -> #1 rests 5
      buy  ann 1 of #1 max 99       -> PRICE_OUT_OF_RANGE minPrice 1 maxPrice 99
      buy  ann 1 of #1 max 100      -> fills 1 @ 100 of #1 for 100
    `);
  });

  test('needs a listing that was ever there, and is not the buyer’s own', () => {
    play(`${SHOP}
      list bob ore 5 @ 100          -> #1 rests 5
      bid  dee ore 1 @ 90           -> #2 rests 1
      buy  ann 1 of #3              -> LISTING_NOT_FOUND
      buy  ann 1 of #2              -> LISTING_NOT_FOUND
      buy  bob 1 of #1              -> SELF_TRADE
      unlist bob #1                 -> releases 5
      buy  ann 1 of #1              -> LISTING_UNAVAILABLE remaining 0
    `);
  });

  test('needs the money', () => {
    play(`${SHOP}
      list bob ore 10 @ 150         -> #1 rests 10
      buy  ann 7 of #1              -> INSUFFICIENT_FUNDS required 1050 available 1000
      buy  eve 1 of #1              -> INSUFFICIENT_FUNDS required 150 available 0
      buy  ann 6 of #1              -> fills 6 @ 150 of #1 for 900
    `);
  });
});

describe('a purchase from the book', () => {
  const ASKS = `${SHOP}
    list bob ore 2 @ 100            -> #1 rests 2
    list cid ore 2 @ 100            -> #2 rests 2
    list bob ore 4 @ 110            -> #3 rests 4
  `;

  test('takes the best asks first, the oldest first', () => {
    play(`${ASKS}
      buy ann 5 ore max 110 -> fills 2 @ 100 of #1 + 2 @ 100 of #2 + 1 @ 110 of #3 for 510
      balance ann coins 490 held 0
      book ore - | 3 @ 110 (1)
    `);
  });

  test('goes no higher than its unit price', () => {
    play(`${ASKS}
      buy ann 5 ore max 109         -> NOTHING_TO_FILL fillable 4
      buy ann 5 ore max 109 partial -> fills 2 @ 100 of #1 + 2 @ 100 of #2 for 400
      buy ann 1 ore max 109 partial -> NOTHING_TO_FILL fillable 0
    `);
  });

  test('spends no more than its total', () => {
    play(`${ASKS}
      buy ann 3 ore total 299         -> NOTHING_TO_FILL fillable 2
      buy ann 8 ore total 515 partial -> fills 2 @ 100 of #1 + 2 @ 100 of #2 + 1 @ 110 of #3 for 510
      buy ann 1 ore total 109 partial -> NOTHING_TO_FILL fillable 0
      buy ann 1 ore total 110         -> fills 1 @ 110 of #3 for 110
    `);
  });

  test('cuts the last fill to whole lots, fee included', () => {
    play(`
      rules tradeFeeBps 1000 tradeFeePayer buyer
      define ore commodity lot 5
      grant bob ore 20
      grant ann coins 1_000
      list bob ore 20 @ 10            -> #1 rests 20
      buy ann 20 ore total 164 partial -> fills 10 @ 10 of #1 for 110 fee 10
      buy ann 20 ore total 54 partial  -> NOTHING_TO_FILL fillable 0
      buy ann 5 ore total 55           -> fills 5 @ 10 of #1 for 55 fee 5
    `);
  });

  test('does not jump over the buyer’s own listing', () => {
    play(`${ASKS}
      grant ann ore 1
      list ann ore 1 @ 105          -> #4 rests 1
      buy ann 4 ore max 110         -> fills 2 @ 100 of #1 + 2 @ 100 of #2 for 400
      buy ann 1 ore max 110         -> SELF_TRADE
      buy ann 1 ore max 104         -> NOTHING_TO_FILL fillable 0
    `);
  });

  test('looks at its own location', () => {
    play(`${ASKS}
      place north
      buy ann 1 ore at north max 110 -> NOTHING_TO_FILL fillable 0
      buy ann 1 ore at north max 110 partial -> NOTHING_TO_FILL fillable 0
    `);
  });

  test('needs the money, after everything else', () => {
    play(`${ASKS}
      buy eve 9 ore max 110         -> NOTHING_TO_FILL fillable 8
      buy eve 8 ore max 110         -> INSUFFICIENT_FUNDS required 840 available 0
      buy ann 8 ore max 110         -> fills 2 @ 100 of #1 + 2 @ 100 of #2 + 4 @ 110 of #3 for 840
    `);
  });
});

describe('a sale', () => {
  const BIDS = `${SHOP}
    bid ann ore 2 @ 100             -> #1 rests 2
    bid dee ore 2 @ 100             -> #2 rests 2
    bid ann ore 2 @ 90              -> #3 rests 2
  `;

  test('into one bid gets its price', () => {
    play(`${BIDS}
      sell bob 1 into #3            -> fills 1 @ 90 of #3 for 90
      balance bob coins 90 held 0
      balance bob ore 9 held 0
      order #3 open 1 of 2 @ 90 gtc
      trade 1 ann buys 1 ore @ 90 of bob, maker #3, taker #0 sells, fees 0 and 0
    `);
  });

  test('into one bid mirrors a purchase in what it refuses', () => {
    play(`${BIDS}
      list cid ore 1 @ 200          -> #4 rests 1
      sell bob 1 into #9            -> BID_NOT_FOUND
      sell bob 1 into #4            -> BID_NOT_FOUND
      sell ann 1 into #1            -> SELF_TRADE
      sell bob 1 into #3 min 91     -> PRICE_OUT_OF_RANGE minPrice 91 maxPrice 9007199254740991
      sell bob 3 into #3            -> BID_UNAVAILABLE remaining 2
      sell eve 1 into #3            -> INSUFFICIENT_INVENTORY required 1 available 0
      sell bob 3 into #3 partial    -> fills 2 @ 90 of #3 for 180
      sell bob 1 into #3            -> BID_UNAVAILABLE remaining 0
    `);
  });

  test('into the book takes the best bids first, the oldest first', () => {
    play(`${BIDS}
      sell bob 5 ore min 90 -> fills 2 @ 100 of #1 + 2 @ 100 of #2 + 1 @ 90 of #3 for 490
    `);
  });

  test('goes no lower than its unit price', () => {
    play(`${BIDS}
      sell bob 5 ore min 91         -> NOTHING_TO_FILL fillable 4
      sell bob 5 ore min 91 partial -> fills 2 @ 100 of #1 + 2 @ 100 of #2 for 400
      sell bob 5 ore min 91 partial -> NOTHING_TO_FILL fillable 0
    `);
  });

  test('must bring its total, in part too', () => {
    play(`${BIDS}
      sell bob 3 ore total 301         -> NOTHING_TO_FILL fillable 3
      sell bob 9 ore total 581 partial -> NOTHING_TO_FILL fillable 6
      sell bob 9 ore total 580 partial -> fills 2 @ 100 of #1 + 2 @ 100 of #2 + 2 @ 90 of #3 for 580
    `);
  });

  test('needs the goods where the bid is, after everything else', () => {
    play(`${BIDS}
      place north
      bid ann ore 1 @ 100 at north  -> #4 rests 1
      sell bob 1 ore at north min 1 -> INSUFFICIENT_INVENTORY required 1 available 0
      sell bob 1 into #4            -> INSUFFICIENT_INVENTORY required 1 available 0
      sell eve 1 ore min 101        -> NOTHING_TO_FILL fillable 0
      sell eve 1 ore min 1          -> INSUFFICIENT_INVENTORY required 1 available 0
      sell ann 1 ore min 1          -> SELF_TRADE
    `);
  });
});

describe('the walk asks of each order it meets', () => {
  test('whether it is the player’s own, before whether the money suffices', () => {
    play(`${SHOP}
      list bob ore 1 @ 100          -> #1 rests 1
      grant ann ore 1
      list ann ore 1 @ 101          -> #2 rests 1
      buy ann 2 ore total 100 partial -> SELF_TRADE
      buy ann 2 ore total 99 partial -> NOTHING_TO_FILL fillable 0
    `);
  });

  test('a closed bid is as gone as a closed listing', () => {
    play(`${SHOP}
      bid dee ore 1 @ 90            -> #1 rests 1
      buy ann 1 of #1               -> LISTING_NOT_FOUND
      unbid dee #1                  -> releases 90
      buy ann 1 of #1               -> LISTING_UNAVAILABLE remaining 0
      sell bob 1 into #1            -> BID_UNAVAILABLE remaining 0
    `);
  });
});
