// The audit and the hash of windows: what a state forgets or invents must be named by the one, and
// seen by the other.

import { describe, expect, test } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import type { State } from '../../src/engine/state.ts';
import type { Window } from '../../src/engine/window.ts';
import { play } from '../support/scenario.ts';
import { REVIEW } from '../support/scenario-goods.ts';

const OPEN = `${REVIEW}
  reopen bob #1
  grant dee coins 1
  invite cid dee
  block ann dee
  privacy dee none
`;

function window(state: State, id = 1): Window {
  const found = state.windows.get(id);
  if (found === undefined) throw new Error(`window ${id} is not live`);
  return found;
}

type Corruption = readonly [named: string, corrupt: (state: State) => void, says: string | null];

/** In the state of OPEN: window 1 on the table at revision 4, window 2 an invitation. */
const CORRUPTIONS: readonly Corruption[] = [
  [
    'a line that holds nothing',
    state => {
      window(state).sides[0].lines = [];
    },
    'its orders, windows and offers 0',
  ],
  [
    'more on the table than is held',
    state => {
      const [line] = window(state).sides[1].lines;
      if (line !== undefined) window(state).sides[1].lines = [{ ...line, quantity: 9 }];
    },
    'its orders, windows and offers 9',
  ],
  [
    'a line twice',
    state => {
      const { lines } = window(state).sides[1];
      window(state).sides[1].lines = [...lines, ...lines];
    },
    'window 1 has its lines out of order',
  ],
  [
    'a table that both have accepted',
    state => {
      for (const side of window(state).sides) side.accepted = true;
    },
    'window 1 is accepted, and not in review',
  ],
  [
    'an acceptance of one who is away',
    state => {
      window(state).sides[0].accepted = true;
      window(state).sides[0].awayUntilMs = window(state).deadlineMs;
    },
    'window 1 is accepted by one who is away',
  ],
  [
    'an acceptance without what it was of',
    state => {
      window(state).sides[0].accepted = true;
      window(state).baseline = null;
    },
    'window 1 forgot what was first accepted',
  ],
  [
    'a confirmation out of review',
    state => {
      window(state).sides[0].confirmed = true;
    },
    'window 1 is confirmed out of review',
  ],
  [
    'a review that nobody accepted',
    state => {
      window(state).status = 'review';
    },
    'window 1 is in review, and not accepted',
  ],
  [
    'an invitation with a past',
    state => {
      window(state, 2).revision = 1;
    },
    'window 2 goes on before its players have met',
  ],
  [
    'an absence of one who has not come',
    state => {
      window(state, 2).sides[1].awayUntilMs = window(state, 2).deadlineMs;
    },
    'window 2 waits for one who has not come',
  ],
  [
    'a window that is over',
    state => {
      window(state).status = 'cancelled';
    },
    'window 1 is over, and kept',
  ],
  [
    'a deadline that the queue does not know',
    state => {
      window(state).deadlineMs += 1;
    },
    'window 1 ends at a wrong time',
  ],
  [
    'a window that the queue has lost',
    state => state.windows.expiries.remove(window(state)),
    'window 1 is not where it expires',
  ],
  [
    'a player at two tables',
    state => {
      const other = window(state, 2);
      other.status = 'open';
      Object.assign(other.sides[1], { player: window(state).sides[0].player });
      state.windows.put(other);
    },
    'window 1 has lost its inviter',
  ],
  [
    'a number that was never given out',
    state => {
      state.lastWindow = 1;
    },
    'window 2 was never given out',
  ],
  [
    'time that is barred',
    state => {
      window(state).armedAtMs += 1;
    },
    null,
  ],
  [
    'a baseline',
    state => {
      window(state).baseline = [[], []];
    },
    null,
  ],
  [
    'a revision',
    state => {
      window(state).revision += 1;
    },
    null,
  ],
  [
    'a block that is forgotten',
    state => {
      const { players, blocks } = state;
      const [player, other] = [players.find('ann'), players.find('dee')];
      blocks.put({ kind: 'block', player, other, blocked: false });
    },
    null,
  ],
  [
    'a privacy that is forgotten',
    state => {
      const player = state.players.find('dee');
      state.blocks.setPrivacy({ kind: 'privacy', player, closed: false });
    },
    null,
  ],
  [
    'a price that was never paid',
    state => state.market(state.assetNames.find('ore')).traded(0, 3),
    null,
  ],
  [
    'an invitation that never was',
    state => {
      const [inviter, invited] = [state.players.find('dee'), state.players.find('ann')];
      state.windows.remember({ window: 3, inviter, invited, atMs: state.nowMs });
    },
    null,
  ],
  [
    'a count of windows',
    state => {
      state.lastWindow += 1;
    },
    null,
  ],
];

describe('what is wrong with a window', () => {
  test('is nothing in a sound state', () => {
    expect(auditState(play(OPEN).engine.state)).toEqual([]);
  });

  test.each(CORRUPTIONS.filter(([, , says]) => says !== null))(
    'is named by the audit: %s',
    (_named, corrupt, says) => {
      const { state } = play(OPEN).engine;
      corrupt(state);
      expect(auditState(state).join('\n')).toContain(says);
    },
  );

  // What the queue alone says follows from the rest.
  const derived = ['a window that the queue has lost'];
  test.each(CORRUPTIONS.filter(([named]) => !derived.includes(named)))(
    'changes the hash: %s',
    (_named, corrupt) => {
      const { engine } = play(OPEN);
      const before = engine.hash();
      corrupt(engine.state);
      expect(engine.hash()).not.toBe(before);
    },
  );
});

describe('what is wrong with a review', () => {
  const WRONG: readonly (readonly [named: string, corrupt: (of: Window) => void, says: string])[] =
    [
      [
        'no manifest',
        of => {
          of.manifest = null;
        },
        'window 1 is in review without a manifest',
      ],
      [
        'the manifest of another revision',
        of => {
          of.revision += 1;
        },
        'window 1 is in review with the manifest of another table',
      ],
      [
        'less on the table than in the manifest',
        of => {
          of.sides[1].lines = [];
        },
        'window 1 has something else on the table than in its manifest',
      ],
      [
        'two confirmations',
        of => {
          for (const side of of.sides) side.confirmed = true;
        },
        'window 1 is confirmed, and not done',
      ],
      [
        'one acceptance',
        of => {
          of.sides[0].accepted = false;
        },
        'window 1 is in review, and not accepted',
      ],
    ];

  test.each(WRONG)('is named by the audit and seen by the hash: %s', (_named, corrupt, says) => {
    const { engine } = play(REVIEW);
    const before = engine.hash();
    corrupt(window(engine.state));
    expect(auditState(engine.state).join('\n')).toContain(says);
    expect(engine.hash()).not.toBe(before);
  });
});
