// The open table: what may be put, and when accepting is armed.

import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';
import { TABLE } from '../support/scenario-goods.ts';

describe('putting on the table', () => {
  test('sets the whole side, and holds exactly what is on it', () => {
    play(`${TABLE}
      put ann #1 100 coins + 5 gem  -> #1 open rev 1 armed 1_000
      window #1 open rev 1: ann 100 coins + 5 gem | bob nothing
      balance ann coins 900 held 100
      balance ann gem 45 held 5
      put ann #1 1 sword#2 + 300 coins   -> #1 open rev 2 armed 4_000
      window #1 open rev 2: ann 300 coins + 1 sword#2 | bob nothing
      balance ann coins 700 held 300
      balance ann gem 50 held 0
      balance ann sword#2 0 held 1
      put ann #1 nothing            -> #1 open rev 3 armed 4_000
      balance ann coins 1_000 held 0
      balance ann sword#2 1 held 0
    `);
  });

  test('what is there already changes nothing, in whatever order it is named', () => {
    play(`${TABLE}
      put ann #1 100 coins + 5 gem  -> #1 open rev 1 armed 1_000
      time 1_000
      accept ann #1
      put ann #1 5 gem + 100 coins  -> #1 open rev 1 armed 1_000
      put bob #1 nothing            -> #1 open rev 1 armed 1_000
      window #1 open rev 1: ann 100 coins + 5 gem accepted | bob nothing
      log #1 invited ann, joined bob, put ann, accepted ann
    `);
  });

  test('counts what is held for the side already as available to it', () => {
    play(`${TABLE}
      put ann #1 1_000 coins        -> #1 open rev 1 armed 1_000
      put ann #1 999 coins          -> #1 open rev 2 armed 4_000
      put ann #1 1_000 coins        -> #1 open rev 3 armed 4_000
      put ann #1 1_001 coins        -> INSUFFICIENT_FUNDS required 1001 available 1000
    `);
  });

  test('renews the time of the table', () => {
    play(`${TABLE}
      times #1 armed 0 ends 300_000
      time 200_000
      put ann #1 1 coins
      times #1 armed 201_000 ends 500_000
      time 201_000
      accept ann #1
      times #1 armed 201_000 ends 500_000
      time 499_999                  -> nothing
      time 500_000                  -> window #1 cancelled timeout
    `);
  });

  test('is refused for what cannot lie there, in the order of the lines by name', () => {
    play(`${TABLE}
      define shut commodity halted
      put ann #1 5 nothing-such     -> ITEM_NOT_FOUND item nothing-such
      put ann #1 1 sword            -> NOT_FUNGIBLE
      put ann #1 1 gem#1            -> NOT_FUNGIBLE
      put ann #1 1 sword#9          -> ITEM_NOT_FOUND item sword#9
      put ann #1 1 shut             -> MARKET_HALTED
      put ann #1 2 sword#1          -> BAD_LOT lotSize 1
      put ann #1 5 coins at mine    -> INSUFFICIENT_FUNDS required 5 available 0
      put ann #1 5 gem at nowhere   -> PLACE_NOT_FOUND place nowhere
      put ann #1 1_001 coins + 5 zzz   -> ITEM_NOT_FOUND item zzz
      put ann #1 51 gem + 1_001 coins  -> INSUFFICIENT_FUNDS required 1001 available 1000
      put ann #1 51 gem             -> INSUFFICIENT_INVENTORY required 51 available 50
      put bob #1 1 sword#1          -> INSUFFICIENT_INVENTORY required 1 available 0
      put bob #1 5 gem              -> INSUFFICIENT_INVENTORY required 5 available 0
      put bob #1 5 gem at mine      -> #1 open rev 1 armed 1_000
      put bob #1 3 ore              -> #1 open rev 2 armed 4_000   -- lots bind orders only
    `);
  });

  test('names the revision it changes: an older or later one shows the table as it is', () => {
    play(`${TABLE}
      put ann #1 100 coins
      put bob #1 10 ore rev 0       -> STALE_REVISION open rev 1: ann 100 coins | bob nothing
      put bob #1 10 ore rev 2       -> STALE_REVISION open rev 1: ann 100 coins | bob nothing
      put bob #1 999 zzz rev 0      -> STALE_REVISION open rev 1: ann 100 coins | bob nothing
      put ann #1 100 coins rev 0    -> STALE_REVISION open rev 1: ann 100 coins | bob nothing
      balance bob ore 20 held 0
    `);
  });
});

describe('what is in use elsewhere', () => {
  test('cannot be put: what is listed, bid or given in an offer', () => {
    play(`${TABLE}
      list ann sword#1 1 @ 50       -> #1 rests 1
      bid ann gem 10 @ 90           -> #2 rests 10
      offer ann bob 40 gem for nothing
      put ann #1 1 sword#1          -> INSUFFICIENT_INVENTORY required 1 available 0
      put ann #1 101 coins          -> INSUFFICIENT_FUNDS required 101 available 100
      put ann #1 11 gem             -> INSUFFICIENT_INVENTORY required 11 available 10
      put ann #1 10 gem + 100 coins + 1 sword#2
    `);
  });

  test('and what is on a table can be listed, bid, given, spent and burnt by nobody', () => {
    play(`${TABLE}
      put ann #1 950 coins + 50 gem + 1 sword#1
      list ann sword#1 1 @ 50       -> INSUFFICIENT_INVENTORY required 1 available 0
      list ann gem 1 @ 50           -> INSUFFICIENT_INVENTORY required 1 available 0
      bid ann gem 1 @ 51            -> INSUFFICIENT_FUNDS required 51 available 50
      offer ann bob 1 sword#1 for 5 coins   -> INSUFFICIENT_INVENTORY required 1 available 0
      burn ann sword#1 1            -> INSUFFICIENT_INVENTORY required 1 available 0
      move ann bob coins 51         -> INSUFFICIENT_FUNDS required 51 available 50
      cancel bob #1
      list ann sword#1 1 @ 50       -> #1 rests 1
    `);
  });
});

describe('accepting is armed', () => {
  /** From 100 coins and 5 gems on the side of ann, put at 0: armed at 1_000 anyway. */
  const CHANGES: readonly (readonly [what: string, put: string, plain: number, more: number])[] = [
    ['1 s after an addition', '100 coins + 5 gem + 1 sword#1', 3_000, 6_000],
    ['1 s after an increase', '101 coins + 5 gem', 3_000, 6_000],
    ['4 s after a removal', '100 coins', 6_000, 9_000],
    ['4 s after a decrease', '10 coins + 5 gem', 6_000, 9_000],
    ['4 s after a swap', '100 coins + 1 sword#1', 6_000, 9_000],
    ['4 s after a swap for more', '100 coins + 50 gem at mine', 6_000, 9_000],
    ['4 s after an addition with a decrease', '99 coins + 6 gem', 6_000, 9_000],
    ['4 s after everything is gone', 'nothing', 6_000, 9_000],
  ];
  const BEFORE = `${TABLE}
    grant ann gem 50 at mine
    put ann #1 100 coins + 5 gem    -> #1 open rev 1 armed 1_000
    time 2_000
  `;

  test.each(CHANGES)('%s', (_what, put, plainMs) => {
    const then = put === 'nothing' ? 'NOTHING_ON_TABLE' : `#1 open rev 2 armed ${plainMs}`;
    play(`${BEFORE}
      put ann #1 ${put}             -> #1 open rev 2 armed ${plainMs}
      time ${plainMs - 1}
      accept bob #1                 -> NOT_ARMED armedAtMs ${plainMs}
      time ${plainMs}
      accept bob #1                 -> ${then}
    `);
  });

  test.each(CHANGES)(
    '%s, and 3 s more when somebody had accepted',
    (_what, put, _plain, moreMs) => {
      for (const who of ['ann', 'bob']) {
        play(`${BEFORE}
        accept ${who} #1              -> #1 open rev 1 armed 1_000
        put ann #1 ${put}             -> #1 open rev 2 armed ${moreMs}
        time ${moreMs - 1}
        accept ann #1                 -> NOT_ARMED armedAtMs ${moreMs}
      `);
      }
    },
  );

  test('never earlier than it was', () => {
    play(`${TABLE}
      put ann #1 100 coins
      put ann #1 50 coins           -> #1 open rev 2 armed 4_000
      time 500
      put ann #1 60 coins           -> #1 open rev 3 armed 4_000
      time 3_500
      put bob #1 10 ore             -> #1 open rev 4 armed 4_500
    `);
  });

  test('by the changes of either side', () => {
    play(`${TABLE}
      put bob #1 10 ore
      time 1_000
      accept ann #1
      put bob #1 9 ore              -> #1 open rev 2 armed 8_000
      accept bob #1                 -> NOT_ARMED armedAtMs 8_000
    `);
  });
});
