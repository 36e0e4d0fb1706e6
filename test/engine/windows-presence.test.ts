// Who goes, who comes back, and what time does: nothing ever waits for a client for longer than it
// says, and whoever is away has agreed to nothing.

import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/engine/fact.ts';
import { play } from '../support/scenario.ts';

const MET = `
  rules armTakenMs 0 armAcceptedMs 0 reviewMs 0 acknowledgeFrom danger awayAfterMs 0
  define ore commodity
  grant ann coins 100
  grant bob ore 10
  grant cid coins 1
  invite ann bob
  join bob #1
  put ann #1 100 coins
  put bob #1 10 ore                 -> #1 open rev 2 armed 1_000
  time 1_000
`;

const REVIEW = `${MET}
  accept ann #1
  accept bob #1                     -> #1 review rev 2 armed 1_000
`;

const isPresence = (fact: Fact) =>
  fact.kind === 'window' && (fact.event === 'left' || fact.event === 'returned');

describe('a player whose last socket is gone', () => {
  test('has not accepted any more, and is waited for', () => {
    play(`${MET}
      accept ann #1
      leaves ann                    -> window #1 left
      window #1 open rev 2: ann 100 coins away | bob 10 ore
      times #1 armed 1_000 ends 300_000 back 16_000
      balance ann coins 0 held 100
      time 15_999                   -> nothing
      time 16_000                   -> window #1 cancelled disconnected
      balance ann coins 100 held 0
      balance bob ore 10 held 0
      log #1 invited ann, joined bob, put ann, put bob, accepted ann, left ann, cancelled nobody
    `);
  });

  test('takes away his own acceptance, not that of his partner', () => {
    play(`${MET}
      accept ann #1
      leaves bob                    -> window #1 left
      window #1 open rev 2: ann 100 coins accepted | bob 10 ore away
    `);
  });

  test('sends a review back to the table, as a change does', () => {
    play(`${REVIEW}
      confirm bob #1
      time 2_000
      leaves ann                    -> window #1 left
      window #1 open rev 3: ann 100 coins away | bob 10 ore
      times #1 armed 3_000 ends 302_000 back 17_000
      confirm bob #1                -> WINDOW_STATUS status open
      returns ann                   -> window #1 returned
      confirm ann #1                -> WINDOW_STATUS status open
      time 3_000
      accept ann #1 rev 2           -> STALE_REVISION open rev 3: ann 100 coins | bob 10 ore
      accept ann #1                 -> #1 open rev 3 armed 3_000
    `);
  });

  test('at the moment of the second confirmation: before it there is no swap, \
    after it a whole one', () => {
    play(`${REVIEW}
      confirm ann #1
      leaves ann                    -> window #1 left
      confirm bob #1                -> WINDOW_STATUS status open
      balance bob ore 0 held 10
    `);
    play(`${REVIEW}
      confirm ann #1
      confirm bob #1                -> #1 done
      leaves ann
      balance bob coins 100 held 0
      balance ann ore 10 held 0
    `);
  });

  test('comes back, and finds everything as he left it', () => {
    play(`${MET}
      leaves ann                    -> window #1 left
      time 10_000
      returns ann                   -> window #1 returned
      returns ann
      window #1 open rev 2: ann 100 coins | bob 10 ore
      times #1 armed 1_000 ends 300_000
      time 299_999                  -> nothing
      time 300_000                  -> window #1 cancelled timeout
    `);
  });

  test('is waited for anew each time', () => {
    play(`${MET}
      leaves ann                    -> window #1 left
      time 10_000
      returns ann                   -> window #1 returned
      time 20_000
      leaves ann                    -> window #1 left
      times #1 armed 1_000 ends 300_000 back 35_000
    `);
  });

  test('is waited for no longer than the window lasts', () => {
    play(`${MET}
      time 299_000
      leaves ann                    -> window #1 left
      time 300_000                  -> window #1 cancelled timeout
    `);
  });

  test.each([
    ['put', 'put ann #1 50 coins', 'open rev 3: ann 50 coins', ', put ann'],
    ['put of the same', 'put ann #1 100 coins', 'open rev 2: ann 100 coins', ''],
    ['acceptance', 'accept ann #1', 'open rev 2: ann 100 coins accepted', ', accepted ann'],
    ['withdrawal', 'unaccept ann #1', 'open rev 2: ann 100 coins', ''],
  ])('is there again with a command: %s', (_what, command, shows, logged) => {
    play(`${MET}
      leaves ann                    -> window #1 left
      ${command}
      window #1 ${shows} | bob 10 ore
      log #1 invited ann, joined bob, put ann, put bob${logged}
    `);
  });

  test('is not there by a command that was refused, or by one about something else', () => {
    play(`${MET}
      grant ann ore 1
      leaves ann                    -> window #1 left
      accept ann #1 blind           -> HASH_MISMATCH open rev 2: ann 100 coins | bob 10 ore
      confirm ann #1                -> WINDOW_STATUS status open
      list ann ore 1 @ 5            -> #1 rests 1
      window #1 open rev 2: ann 100 coins away | bob 10 ore
    `);
  });

  test('cannot keep his partner from accepting, or from leaving', () => {
    play(`${MET}
      leaves ann                    -> window #1 left
      accept bob #1                 -> #1 open rev 2 armed 1_000
      accept ann #1                 -> #1 review rev 2 armed 1_000
      leaves bob                    -> window #1 left
      leaves ann                    -> window #1 left
      window #1 open rev 3: ann 100 coins away | bob 10 ore away
      cancel bob #1                 -> #1 cancelled
      balance ann coins 100 held 0
    `);
  });

  test('who has no window, or whom nobody knows, leaves none', () => {
    play(`${MET}
      leaves cid
      returns cid
      leaves eve
      returns ann
      window #1 open rev 2: ann 100 coins | bob 10 ore
    `);
  });
});

describe('a player who has no socket for a moment only', () => {
  const RULES = 'rules armTakenMs 0 armAcceptedMs 0 reviewMs 0 acknowledgeFrom danger';
  const MOVES = MET.replace(/rules .*/, `${RULES} awayAfterMs 2_000`);

  test('is not away: nothing is told, written or taken back', () => {
    play(`${MOVES}
      accept ann #1
      leaves ann
      time 2_999                    -> nothing
      returns ann
      time 60_000                   -> nothing
      window #1 open rev 2: ann 100 coins accepted | bob 10 ore
      log #1 invited ann, joined bob, put ann, put bob, accepted ann
    `);
  });

  test('is away when the moment is over, and is waited for from then on', () => {
    play(`${MOVES}
      accept ann #1
      leaves ann
      times #1 armed 1_000 ends 300_000
      time 2_999                    -> nothing
      time 3_000                    -> window #1 left
      window #1 open rev 2: ann 100 coins away | bob 10 ore
      times #1 armed 1_000 ends 300_000 back 18_000
      time 18_000                   -> window #1 cancelled disconnected
      log #1 invited ann, joined bob, put ann, put bob, accepted ann, left ann, cancelled nobody
    `);
  });

  test('is told of at most once in that time, however often the connection is lost', () => {
    const { groups } = play(`${MOVES}
      ${'leaves ann \n returns ann \n'.repeat(100)}
      time 60_000                   -> nothing
    `);
    expect(groups.flatMap(({ facts }) => facts).filter(isPresence)).toEqual([]);
  });

  test('comes and goes without a step in the log, unless something was agreed to', () => {
    play(`${MOVES}
      leaves ann
      time 3_000                    -> window #1 left
      returns ann                   -> window #1 returned
      log #1 invited ann, joined bob, put ann, put bob
      accept ann #1
      leaves ann
      time 5_000                    -> window #1 left
      log #1 invited ann, joined bob, put ann, put bob, accepted ann, left ann
    `);
  });

  test('is there for all who act meanwhile, and with a command of their own too', () => {
    play(`${MOVES}
      leaves ann
      time 2_000
      accept bob #1                 -> #1 open rev 2 armed 1_000
      accept ann #1                 -> #1 review rev 2 armed 2_000
      time 10_000                   -> nothing
      leaves bob
      confirm ann #1
      time 12_000                   -> window #1 left
      window #1 open rev 3: ann 100 coins | bob 10 ore away
    `);
  });

  test('does not keep a window beyond its time, and is away before a later one', () => {
    play(`${MOVES}
      time 299_000
      leaves ann
      time 300_000                  -> window #1 cancelled timeout
    `);
    play(`${MOVES}
      accept ann #1
      accept bob #1                 -> #1 review rev 2 armed 1_000
      time 58_000
      leaves ann
      time 70_000                   -> window #1 left
      window #1 open rev 3: ann 100 coins away | bob 10 ore
    `);
  });

  test('is waited for no longer by going again', () => {
    play(`${MOVES}
      leaves ann
      time 2_000
      leaves ann
      time 3_000                    -> window #1 left
      leaves ann
      time 18_000                   -> window #1 cancelled disconnected
    `);
  });

  test('both are gone: each is away in their turn', () => {
    play(`${MOVES}
      leaves bob
      time 2_000
      leaves ann
      time 3_000                    -> window #1 left
      window #1 open rev 2: ann 100 coins | bob 10 ore away
      time 4_000                    -> window #1 left
      window #1 open rev 2: ann 100 coins away | bob 10 ore away
    `);
  });
});

describe('an invitation', () => {
  const INVITED = `
    rules awayAfterMs 0
    grant ann coins 1
    grant bob coins 1
    grant cid coins 1
    invite ann bob
  `;

  test('waits for the one who made it as long as a table does', () => {
    play(`${INVITED}
      leaves ann                    -> window #1 left
      times #1 armed 0 ends 30_000 back 15_000
      time 15_000                   -> window #1 cancelled expired
    `);
  });

  test('does not care whether the one who was invited is there', () => {
    play(`${INVITED}
      leaves bob
      returns bob
      window #1 invited rev 0: ann nothing | bob nothing
    `);
  });

  test('may be answered while the other one is away', () => {
    play(`${INVITED}
      leaves ann                    -> window #1 left
      join bob #1                   -> #1 open rev 0 armed 0
      window #1 open rev 0: ann nothing away | bob nothing
      time 15_000                   -> window #1 cancelled disconnected
    `);
  });

  test('of a player who sits at a table is not touched when he leaves', () => {
    play(`${INVITED}
      join bob #1
      invite cid bob                -> PLAYER_UNAVAILABLE
      leaves bob                    -> window #1 left
      window #1 open rev 0: ann nothing | bob nothing away
    `);
  });
});

describe('when the server begins', () => {
  test('all who take part in a window are away, and may come back', () => {
    play(`${REVIEW}
      grant dee coins 1
      invite cid dee
      confirm ann #1
      restart
      server begins                 -> window #1 left, window #2 left
      window #1 open rev 3: ann 100 coins away | bob 10 ore away
      window #2 invited rev 0: cid nothing away | dee nothing
      log #2 invited cid
      log #1 invited ann, joined bob, put ann, put bob, accepted ann, reviewed bob, \
        confirmed ann, left nobody
      returns ann                   -> window #1 returned
      time 16_000                   -> window #1 cancelled disconnected, window #2 cancelled expired
      balance ann coins 100 held 0
      balance bob ore 10 held 0
    `);
  });

  test('goes on where both are back', () => {
    play(`${REVIEW}
      restart
      server begins                 -> window #1 left
      returns ann                   -> window #1 returned
      returns bob                   -> window #1 returned
      time 2_000
      accept ann #1
      accept bob #1                 -> #1 review rev 3 armed 2_000
      confirm ann #1
      restart
      confirm bob #1                -> #1 done
      balance bob coins 100 held 0
    `);
  });

  test('what was due while it was down is over before', () => {
    play(`${REVIEW}
      restart
      time 61_000
      server begins                 -> window #1 cancelled timeout
    `);
  });

  test('waits anew for those who were away already', () => {
    play(`${MET}
      leaves ann                    -> window #1 left
      time 10_000
      server begins                 -> window #1 left
      times #1 armed 1_000 ends 300_000 back 25_000 back 25_000
    `);
  });
});

describe('time', () => {
  test('ends what is due in its order, orders first', () => {
    play(`
      define ore commodity
      grant ann coins 1
      grant bob ore 1
      grant cid coins 1
      grant dee coins 1
      invite ann bob
      time 10
      invite cid dee
      list bob ore 1 @ 5 until 30_000   -> #1 rests 1
      time 30_010                   -> expires #1, window #1 cancelled expired, \
        window #2 cancelled expired
    `);
  });

  test('has ended what is due before a command is heard', () => {
    play(`${REVIEW}
      time 60_999
      confirm ann #1                -> #1 review rev 2 armed 1_000
      time 61_000
      confirm bob #1                -> WINDOW_NOT_FOUND
      put bob #1 nothing            -> WINDOW_NOT_FOUND
      invite ann bob                -> #2 invited rev 0 armed 61_000
      balance bob ore 10 held 0
    `);
  });
});
