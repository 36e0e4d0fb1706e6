import { describe, expect, test } from 'vitest';
import { play } from '../support/scenario.ts';

const MARKET = `
  define ore commodity
  define sword unique
  grant ann coins 1_000
  grant ann ore 10
  grant bob coins 500
  grant bob sword#1 1
  grant bob sword#2 1
  grant cid coins 100
`;

describe('an offer', () => {
  test('holds what it gives, and swaps it for what it wants when it is accepted', () => {
    play(`${MARKET}
      offer ann bob 300 coins + 4 ore for 1 sword#1 -> offer 1
      offer? #1 open: ann 300 coins + 4 ore for 1 sword#1 of bob, until 604800000
      balance ann coins 700 held 300
      balance ann ore 6 held 4
      balance bob sword#1 1 held 0
      take bob #1                   -> offer 1 accepted
      offer? #1 accepted: ann 300 coins + 4 ore for 1 sword#1 of bob, until 604800000
      balance ann coins 700 held 0
      balance ann ore 6 held 0
      balance ann sword#1 1 held 0
      balance bob coins 800 held 0
      balance bob ore 4 held 0
      balance bob sword#1 0 held 0
    `);
  });

  test('may be a present', () => {
    play(`${MARKET}
      offer ann cid 50 coins for nothing saying welcome -> offer 1
      offer? #1 open: ann 50 coins for nothing of cid, until 604800000, says welcome
      take cid #1                   -> offer 1 accepted
      balance cid coins 150 held 0
    `);
  });

  test('carries a message, or none', () => {
    const { offers } = play(`${MARKET}
      offer ann cid 50 coins for nothing saying welcome -> offer 1
      offer ann cid 50 coins for nothing -> offer 2
      counter cid #1 nothing for 60 coins saying more -> offer 3 for 1
      restart
    `).auditor.tables;
    expect([1, 2, 3].map(id => offers.get(id)?.message)).toEqual(['welcome', '', 'more']);
  });

  test('may be a request, and hold nothing', () => {
    play(`${MARKET}
      offer ann bob nothing for 20 coins + 1 sword#2 -> offer 1
      balance ann coins 1_000 held 0
      take bob #1                   -> offer 1 accepted
      balance ann coins 1_020 held 0
      balance ann sword#2 1 held 0
    `);
  });

  test('may be made by somebody who owns nothing', () => {
    play(`${MARKET}
      offer new ann nothing for 1 coins    -> offer 1
      take ann #1                   -> offer 1 accepted
      balance new coins 1 held 0
    `);
  });

  test('swaps instances for instances', () => {
    play(`${MARKET}
      define shield unique
      grant ann shield#7 1
      offer ann bob 1 shield#7 for 1 sword#1 + 1 sword#2 -> offer 1
      balance ann shield#7 0 held 1
      take bob #1                   -> offer 1 accepted
      balance bob shield#7 1 held 0
      balance ann sword#1 1 held 0
      balance ann sword#2 1 held 0
    `);
  });

  test('moves goods to where they lay', () => {
    play(`${MARKET}
      place mine
      grant bob ore 5 at mine
      offer ann bob 2 ore + 10 coins at main for 3 ring -> ITEM_NOT_FOUND item ring
      define ring commodity
      grant bob ring 3 at mine
      offer ann bob 2 ore for 3 ring at mine -> offer 1
      take bob #1                   -> offer 1 accepted
      balance ann ring at mine 3 held 0
      balance ann ring 0 held 0
      balance bob ore 2 held 0
      balance bob ore at mine 5 held 0
    `);
  });

  test('stands beside others of the same maker until his means are held', () => {
    play(`${MARKET}
      offer ann bob 600 coins for 1 sword#1 -> offer 1
      offer ann bob 600 coins for 1 sword#2 -> INSUFFICIENT_FUNDS required 600 available 400
      offer ann bob 400 coins for 1 sword#2 -> offer 2
      take bob #2                   -> offer 2 accepted
      take bob #1                   -> offer 1 accepted
      balance ann coins 0 held 0
    `);
  });

  test('may want what another offer wants: the first that is accepted gets it', () => {
    play(`${MARKET}
      offer ann bob 100 coins for 1 sword#1 -> offer 1
      offer cid bob 90 coins for 1 sword#1  -> offer 2
      take bob #1                   -> offer 1 accepted
      take bob #2                   -> INSUFFICIENT_INVENTORY required 1 available 0
      offer? #2 open: cid 90 coins for 1 sword#1 of bob, until 604800000
      withdraw cid #2               -> offer 2 cancelled
    `);
  });
});

describe('accepting is all or nothing', () => {
  const NOTHING_MOVED = `
    offer? #1 open: ann 100 coins for 1 sword#1 + 1 sword#2 of bob, until 604800000
    balance ann coins 900 held 100
    balance ann sword#1 0 held 0
    balance bob coins 500 held 0
  `;

  test('when one of several wanted things is gone, nothing moves', () => {
    play(`${MARKET}
      offer ann bob 100 coins for 1 sword#1 + 1 sword#2 -> offer 1
      move bob cid sword#2 1
      take bob #1                   -> INSUFFICIENT_INVENTORY required 1 available 0
      ${NOTHING_MOVED}
      balance bob sword#1 1 held 0
      move cid bob sword#2 1
      take bob #1                   -> offer 1 accepted
    `);
  });

  test('what is listed, bid or offered elsewhere is not available', () => {
    play(`${MARKET}
      offer ann bob 100 coins for 1 sword#1 + 1 sword#2 -> offer 1
      list bob sword#1 1 @ 70       -> #1 rests 1
      take bob #1                   -> INSUFFICIENT_INVENTORY required 1 available 0
      ${NOTHING_MOVED}
      balance bob sword#1 0 held 1
      unlist bob #1                 -> releases 1
      offer bob cid 1 sword#2 for nothing  -> offer 2
      take bob #1                   -> INSUFFICIENT_INVENTORY required 1 available 0
      withdraw bob #2               -> offer 2 cancelled
      take bob #1                   -> offer 1 accepted
      offer ann bob nothing for 600 coins  -> offer 3
      bid bob ore 1 @ 1             -> #2 rests 1
      take bob #3                   -> INSUFFICIENT_FUNDS required 600 available 599
      unbid bob #2                  -> releases 1
      take bob #3                   -> offer 3 accepted
    `);
  });

  test('the money that is given does not pay for the money that is wanted', () => {
    play(`${MARKET}
      define gems currency
      offer ann cid 500 coins for 1 gems -> offer 1
      take cid #1                   -> INSUFFICIENT_FUNDS required 1 available 0
      balance cid coins 100 held 0
      balance ann coins 500 held 500
    `);
  });

  test("what is given is nobody else's meanwhile", () => {
    play(`${MARKET}
      offer bob ann 1 sword#1 for 10 coins -> offer 1
      list bob sword#1 1 @ 5        -> INSUFFICIENT_INVENTORY required 1 available 0
      move bob cid sword#1 1        -> INSUFFICIENT_INVENTORY required 1 available 0
      burn bob sword#1 1            -> INSUFFICIENT_INVENTORY required 1 available 0
      offer bob cid 1 sword#1 for nothing  -> INSUFFICIENT_INVENTORY required 1 available 0
      take ann #1                   -> offer 1 accepted
      balance ann sword#1 1 held 0
    `);
  });
});

describe('fees of an offer', () => {
  test('are kept back from money on both sides, rounded down per line', () => {
    play(`rules feeBps 250
      ${MARKET}
      define gems currency
      grant ann gems 79
      offer ann bob 300 coins + 79 gems for 1 sword#1 -> offer 1
      balance ann coins 700 held 300
      take bob #1                   -> offer 1 accepted
      balance bob coins 793 held 0  -- 7.5 is kept back as 7
      balance bob gems 78 held 0    -- 1.975 as 1
      balance $house coins 7 held 0
      balance $house gems 1 held 0
      offer ann bob 1 sword#1 for 39 coins -> offer 2
      take bob #2                   -> offer 2 accepted
      balance bob coins 754 held 0
      balance ann coins 739 held 0  -- too little for a fee
    `);
  });

  test('are none on goods, and may be everything', () => {
    play(`rules feeBps 10_000
      ${MARKET}
      offer ann bob 10 ore for 20 coins -> offer 1
      take bob #1                   -> offer 1 accepted
      balance bob ore 10 held 0
      balance ann coins 1_000 held 0
      balance $house coins 20 held 0
    `);
  });

  test('are those of the time of acceptance', () => {
    play(`${MARKET}
      offer ann bob 100 coins for 1 sword#1 -> offer 1
      restart feeBps 1_000
      take bob #1                   -> offer 1 accepted
      balance bob coins 590 held 0
    `);
  });
});

describe('a counter offer', () => {
  test('declines the offer and makes the opposite one in one step', () => {
    play(`${MARKET}
      offer ann bob 100 coins for 1 sword#1 -> offer 1
      counter bob #1 1 sword#1 for 150 coins until 50 saying more -> offer 2 for 1
      offer? #1 countered: ann 100 coins for 1 sword#1 of bob, until 604800000
      offer? #2 open: bob 1 sword#1 for 150 coins of ann, until 50, answers #1, says more
      balance ann coins 1_000 held 0
      balance bob sword#1 0 held 1
      take ann #2                   -> offer 2 accepted
      balance ann sword#1 1 held 0
      balance bob coins 650 held 0
    `);
  });

  test('may be countered in its turn', () => {
    play(`${MARKET}
      offer ann bob 100 coins for 1 sword#1 -> offer 1
      counter bob #1 1 sword#1 for 150 coins -> offer 2 for 1
      counter ann #2 120 coins for 1 sword#1 + 1 sword#2 -> offer 3 for 2
      balance bob sword#1 1 held 0
      balance ann coins 880 held 120
      take bob #3                   -> offer 3 accepted
      take bob #1                   -> OFFER_NOT_FOUND
      take ann #2                   -> OFFER_NOT_FOUND
    `);
  });

  test('that is refused leaves the offer as it was', () => {
    play(`${MARKET}
      offer ann bob 100 coins for 1 sword#1 -> offer 1
      counter bob #1 501 coins for 1 ore -> INSUFFICIENT_FUNDS required 501 available 500
      counter bob #1 1 sword#9 for 1 ore -> ITEM_NOT_FOUND item sword#9
      counter bob #1 1 sword#1 for 1 ore until 0 -> EXPIRY_IN_PAST nowMs 1000000
      offer? #1 open: ann 100 coins for 1 sword#1 of bob, until 604800000
      balance ann coins 900 held 100
      take bob #1                   -> offer 1 accepted
    `);
  });

  test('may want what the offer gave, which is available again', () => {
    play(`${MARKET}
      offer ann bob 1_000 coins for 1 sword#1 -> offer 1
      counter bob #1 1 sword#1 + 1 sword#2 for 1_000 coins -> offer 2 for 1
      take ann #2                   -> offer 2 accepted
      balance bob coins 1_500 held 0
    `);
  });
});
