// What an acceptance is worth, and what becomes of it when something changes at the same time.

import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';
import { TABLE } from '../support/scenario-goods.ts';

describe('an acceptance', () => {
  const LAID = `
    rules armAddedMs 0 armTakenMs 0 armAcceptedMs 0 reviewMs 0
    ${TABLE}
    put ann #1 100 coins
    put bob #1 10 ore               -> #1 open rev 2 armed 0
  `;

  test('names a revision and the hash of what was on the table then', () => {
    play(`${LAID}
      accept ann #1 rev 1           -> STALE_REVISION open rev 2: ann 100 coins | bob 10 ore
      accept ann #1 rev 3           -> STALE_REVISION open rev 2: ann 100 coins | bob 10 ore
      accept ann #1 blind           -> HASH_MISMATCH open rev 2: ann 100 coins | bob 10 ore
      accept ann #1 rev 1 blind     -> STALE_REVISION open rev 2: ann 100 coins | bob 10 ore
      accept ann #1                 -> #1 open rev 2 armed 0
      window #1 open rev 2: ann 100 coins accepted | bob 10 ore
    `);
  });

  test('is checked by revision, then hash, then time, then what there is', () => {
    play(`${TABLE}
      accept ann #1                 -> NOTHING_ON_TABLE
      accept ann #1 blind           -> HASH_MISMATCH open rev 0: ann nothing | bob nothing
      put ann #1 5 coins
      put ann #1 nothing
      accept ann #1 rev 1           -> STALE_REVISION open rev 2: ann nothing | bob nothing
      accept ann #1 blind           -> HASH_MISMATCH open rev 2: ann nothing | bob nothing
      accept ann #1                 -> NOT_ARMED armedAtMs 4_000
      time 4_000
      accept ann #1                 -> NOTHING_ON_TABLE
    `);
  });

  test('twice by the same player is one, and no review', () => {
    play(`${LAID}
      accept ann #1                 -> #1 open rev 2 armed 0
      accept ann #1                 -> #1 open rev 2 armed 0
      accept ann #1 rev 1           -> STALE_REVISION open rev 2: ann 100 coins | bob 10 ore
      log #1 invited ann, joined bob, put ann, put bob, accepted ann
    `);
  });

  test('is taken back', () => {
    play(`${LAID}
      accept ann #1
      unaccept bob #1               -> #1 open rev 2 armed 0
      unaccept ann #1               -> #1 open rev 2 armed 0
      unaccept ann #1               -> #1 open rev 2 armed 0
      accept bob #1                 -> #1 open rev 2 armed 0
      window #1 open rev 2: ann 100 coins | bob 10 ore accepted
      log #1 invited ann, joined bob, put ann, put bob, accepted ann, unaccepted ann, accepted bob
    `);
  });

  test.each(['ann', 'bob'])('of either is withdrawn by any change: %s changes', player => {
    play(`${LAID}
      accept ann #1
      put ${player} #1 1 ${player === 'ann' ? 'coins' : 'ore'}
      window #1 open rev 3: ann ${
        player === 'ann'
          ? '1 coins | bob 10 ore'
          : '100 coins \
        | bob 1 ore'
      }
    `);
  });

  test('of both opens the review, which is armed later', () => {
    play(`
      rules reviewMs 2_000
      ${TABLE}
      put ann #1 100 coins
      time 1_000
      accept bob #1                 -> #1 open rev 1 armed 1_000
      accept ann #1                 -> #1 review rev 1 armed 3_000
      times #1 armed 3_000 ends 61_000
      log #1 invited ann, joined bob, put ann, accepted bob, reviewed ann
    `);
  });

  test('of the second one waits while something on the table is halted', () => {
    play(`${LAID}
      accept ann #1
      define ore commodity lot 10 halted
      accept bob #1                 -> MARKET_HALTED
      window #1 open rev 2: ann 100 coins accepted | bob 10 ore
      define ore commodity lot 10
      accept bob #1                 -> #1 review rev 2 armed 0
    `);
  });

  test('of the first one does not', () => {
    play(`${LAID}
      define ore commodity lot 10 halted
      accept bob #1                 -> #1 open rev 2 armed 0
    `);
  });
});

describe('a change and an acceptance at the same time', () => {
  const ACCEPTED = `
    rules armAddedMs 0 armTakenMs 0 armAcceptedMs 0 reviewMs 0
    ${TABLE}
    put ann #1 1_000 coins
    put bob #1 10 ore
    accept ann #1
  `;

  test('the change first: the acceptance is of a table that is gone', () => {
    play(`${ACCEPTED}
      put ann #1 1 coins
      accept bob #1 rev 2           -> STALE_REVISION open rev 3: ann 1 coins | bob 10 ore
      confirm bob #1                -> WINDOW_STATUS status open
      window #1 open rev 3: ann 1 coins | bob 10 ore
      balance bob ore 10 held 10
    `);
  });

  test('the acceptance first: the table is frozen, and the change is refused', () => {
    play(`${ACCEPTED}
      accept bob #1 rev 2           -> #1 review rev 2 armed 0
      put ann #1 1 coins rev 2      -> WINDOW_STATUS status review
      window #1 review rev 2: ann 1_000 coins accepted | bob 10 ore accepted
      balance ann coins 0 held 1_000
    `);
  });

  test('a first acceptance and a change after it: nobody has accepted', () => {
    play(`${ACCEPTED}
      unaccept ann #1
      accept bob #1 rev 2           -> #1 open rev 2 armed 0
      put ann #1 1 coins rev 2      -> #1 open rev 3 armed 0
      accept ann #1                 -> #1 open rev 3 armed 0
      window #1 open rev 3: ann 1 coins accepted | bob 10 ore
    `);
  });

  test('back and forth to the same table is another revision: an old acceptance is stale', () => {
    play(`${ACCEPTED}
      put ann #1 1 coins
      put ann #1 1_000 coins
      accept bob #1 rev 2           -> STALE_REVISION open rev 4: ann 1000 coins | bob 10 ore
      accept bob #1                 -> #1 open rev 4 armed 0
      window #1 open rev 4: ann 1_000 coins | bob 10 ore accepted
    `);
  });
});
