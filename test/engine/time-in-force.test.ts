import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';

const BOOK = `
  define ore commodity
  grant bob ore 20
  grant ann coins 1_000
  grant dee coins 1_000
  list bob ore 3 @ 100              -> #1 rests 3
  list bob ore 3 @ 102              -> #2 rests 3
  bid  dee ore 3 @ 90               -> #3 rests 3
`;

describe('immediate or cancel', () => {
  test('fills what it can and gives the rest back', () => {
    play(`${BOOK}
      bid ann ore 5 @ 101 ioc       -> #4 fills 3 @ 100 of #1 for 300, cancels 2
      balance ann coins 700 held 0
      order #4 cancelled 2 of 5 @ 101 ioc
      list bob ore 4 @ 85 ioc       -> #5 fills 3 @ 90 of #3 for 270, cancels 1
      balance bob ore 11 held 3
    `);
  });

  test('is filled when nothing was left, cancelled when nothing was there', () => {
    play(`${BOOK}
      bid ann ore 3 @ 101 ioc       -> #4 fills 3 @ 100 of #1 for 300
      order #4 filled 0 of 3 @ 101 ioc
      bid ann ore 3 @ 101 ioc       -> #5 cancels 3
      balance ann coins 700 held 0
    `);
  });

  test('never rests, so it needs no place among the open orders', () => {
    play(`
      rules openOrdersMax 1
      define ore commodity
      grant ann coins 100
      bid ann ore 1 @ 10            -> #1 rests 1
      bid ann ore 1 @ 9 ioc         -> #2 cancels 1
      bid ann ore 1 @ 9             -> LIMIT_REACHED limit openOrders max 1
    `);
  });
});

describe('fill or kill', () => {
  test('is filled whole or rejected', () => {
    play(`${BOOK}
      bid ann ore 4 @ 101 fok       -> NOTHING_TO_FILL fillable 3
      bid ann ore 4 @ 102 fok       -> #4 fills 3 @ 100 of #1 + 1 @ 102 of #2 for 402
      list bob ore 4 @ 80 fok       -> NOTHING_TO_FILL fillable 3
      list bob ore 3 @ 80 fok       -> #5 fills 3 @ 90 of #3 for 270
    `);
  });
});

describe('post-only', () => {
  test('rests, or is rejected when it would trade', () => {
    play(`${BOOK}
      bid ann ore 1 @ 100 post-only -> WOULD_CROSS price 100
      bid ann ore 1 @ 105 post-only -> WOULD_CROSS price 100
      bid ann ore 1 @ 99 post-only  -> #4 rests 1
      list bob ore 1 @ 99 post-only -> WOULD_CROSS price 99
      list bob ore 1 @ 100 post-only -> #5 rests 1
    `);
  });

  test('may be filled by others once it rests', () => {
    play(`${BOOK}
      bid ann ore 2 @ 99 post-only  -> #4 rests 2
      list bob ore 1 @ 95           -> #5 fills 1 @ 99 of #4 for 99
    `);
  });
});

describe('good till date', () => {
  test('expires when its time comes, not before, and gives back what it holds', () => {
    play(`${BOOK}
      bid  ann ore 2 @ 95 until 50  -> #4 rests 2
      list bob ore 2 @ 99 until 51  -> #5 rests 2
      time 49                       -> nothing
      time 50                       -> expires #4
      balance ann coins 1000 held 0
      order #4 expired 2 of 2 @ 95 gtd until 50
      time 1_000                    -> expires #5
      balance bob ore 14 held 6
      book ore 3 @ 90 (1) | 3 @ 100 (1), 3 @ 102 (1)
    `);
  });

  test('expires before the command of the same time is decided', () => {
    play(`${BOOK}
      list bob ore 1 @ 95 until 50  -> #4 rests 1
      time 50
      buy  ann 1 of #4              -> LISTING_UNAVAILABLE remaining 0
      unlist bob #4                 -> LISTING_NOT_FOUND
      order #4 expired 1 of 1 @ 95 gtd until 50
    `);
  });

  test('can be bought until the last millisecond', () => {
    play(`${BOOK}
      list bob ore 1 @ 95 until 50  -> #4 rests 1
      time 49
      buy  ann 1 of #4              -> fills 1 @ 95 of #4 for 95
      time 50                       -> nothing
    `);
  });

  test('expires earliest first, and by number at the same time', () => {
    play(`${BOOK}
      bid ann ore 1 @ 80 until 60   -> #4 rests 1
      bid ann ore 1 @ 81 until 50   -> #5 rests 1
      bid ann ore 1 @ 82 until 60   -> #6 rests 1
      bid ann ore 1 @ 83 until 55   -> #7 rests 1
      time 70                       -> expires #5, #7, #4, #6
    `);
  });

  test('must expire after now', () => {
    play(`${BOOK}
      time 40
      bid  ann ore 1 @ 80 until 40  -> EXPIRY_IN_PAST nowMs 1000040
      list bob ore 1 @ 99 until 39  -> EXPIRY_IN_PAST nowMs 1000040
      bid  ann ore 1 @ 80 until 41  -> #4 rests 1
      rebid ann #4 until 40         -> EXPIRY_IN_PAST nowMs 1000040
      rebid ann #4 until 45         -> #4 rests 1
      time 41                       -> nothing
      time 45                       -> expires #4
    `);
  });

  test('fills at once what crosses, and expires with what is left', () => {
    play(`${BOOK}
      bid ann ore 5 @ 100 until 50  -> #4 fills 3 @ 100 of #1 for 300, rests 2
      time 50                       -> expires #4
      balance ann coins 700 held 0
      order #4 expired 2 of 5 @ 100 gtd until 50
    `);
  });

  test('is forgotten by the expiry once it is filled or cancelled', () => {
    play(`${BOOK}
      bid ann ore 1 @ 95 until 50   -> #4 rests 1
      bid ann ore 1 @ 94 until 50   -> #5 rests 1
      sell bob 1 into #4            -> fills 1 @ 95 of #4 for 95
      unbid ann #5                  -> releases 94
      time 60                       -> nothing
    `);
  });

  test('expires while its market is halted, too', () => {
    play(`${BOOK}
      bid ann ore 1 @ 95 until 50   -> #4 rests 1
      define ore commodity halted
      time 50                       -> expires #4
    `);
  });
});
