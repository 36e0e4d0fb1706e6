// The state machine of a window: what each command comes to in each status, and who gets what back
// however it ends.

import { describe, expect, test } from 'vitest';
import type { Bench } from '../sim/simulation.ts';
import { play } from '../support/scenario.ts';
import { scenarioKey } from '../support/scenario-words.ts';

/** No waiting, and nothing to acknowledge: what is tested is the states. */
const QUICK = `
  rules armAddedMs 0 armTakenMs 0 armAcceptedMs 0 reviewMs 0 acknowledgeFrom danger awayAfterMs 0
  define ore commodity
  define sword unique
  grant ann coins 1_000
  grant ann sword#1 1
  grant bob ore 20
  grant bob coins 500
  grant cid coins 100
`;

const INVITED = `${QUICK}
  invite ann bob                    -> #1 invited rev 0 armed 0
`;

const STATUSES = {
  invited: INVITED,
  open: `${INVITED}
    join bob #1                     -> #1 open rev 0 armed 0
    put ann #1 100 coins + 1 sword#1   -> #1 open rev 1 armed 0
    put bob #1 5 ore                -> #1 open rev 2 armed 0
  `,
  review: `${INVITED}
    join bob #1                     -> #1 open rev 0 armed 0
    put ann #1 100 coins + 1 sword#1   -> #1 open rev 1 armed 0
    put bob #1 5 ore                -> #1 open rev 2 armed 0
    accept ann #1                   -> #1 open rev 2 armed 0
    accept bob #1                   -> #1 review rev 2 armed 0
  `,
  done: `${INVITED}
    join bob #1                     -> #1 open rev 0 armed 0
    put ann #1 100 coins + 1 sword#1   -> #1 open rev 1 armed 0
    put bob #1 5 ore                -> #1 open rev 2 armed 0
    accept ann #1                   -> #1 open rev 2 armed 0
    accept bob #1                   -> #1 review rev 2 armed 0
    confirm ann #1                  -> #1 review rev 2 armed 0
    confirm bob #1                  -> #1 done
  `,
  cancelled: `${INVITED}
    join bob #1                     -> #1 open rev 0 armed 0
    put ann #1 100 coins + 1 sword#1   -> #1 open rev 1 armed 0
    cancel bob #1                   -> #1 cancelled
  `,
} as const;
type Status = keyof typeof STATUSES;

const GONE = 'WINDOW_NOT_FOUND';
const NOT_INVITED = 'WINDOW_STATUS status invited';
const NOT_OPEN = 'WINDOW_STATUS status open';
const NOT_REVIEW = 'WINDOW_STATUS status review';
const OVER = { done: GONE, cancelled: GONE };

/** Each command, by the one who invited and by the one who was invited. */
const TABLE: Readonly<Record<string, Readonly<Record<Status, string>>>> = {
  'join ann': { invited: GONE, open: GONE, review: GONE, ...OVER },
  'join bob': {
    invited: '#1 open rev 0 armed 0',
    open: NOT_OPEN,
    review: NOT_REVIEW,
    ...OVER,
  },
  'decline ann': { invited: GONE, open: GONE, review: GONE, ...OVER },
  'decline bob': { invited: '#1 cancelled', open: NOT_OPEN, review: NOT_REVIEW, ...OVER },
  'put bob nothing': {
    invited: NOT_INVITED,
    open: '#1 open rev 3 armed 0',
    review: NOT_REVIEW,
    ...OVER,
  },
  'accept ann': {
    invited: NOT_INVITED,
    open: '#1 open rev 2 armed 0',
    review: NOT_REVIEW,
    ...OVER,
  },
  'accept bob': {
    invited: NOT_INVITED,
    open: '#1 open rev 2 armed 0',
    review: NOT_REVIEW,
    ...OVER,
  },
  'unaccept ann': {
    invited: NOT_INVITED,
    open: '#1 open rev 2 armed 0',
    review: NOT_REVIEW,
    ...OVER,
  },
  'confirm ann': {
    invited: NOT_INVITED,
    open: NOT_OPEN,
    review: '#1 review rev 2 armed 0',
    ...OVER,
  },
  'confirm bob': {
    invited: NOT_INVITED,
    open: NOT_OPEN,
    review: '#1 review rev 2 armed 0',
    ...OVER,
  },
  'unconfirm bob': {
    invited: NOT_INVITED,
    open: NOT_OPEN,
    review: '#1 review rev 2 armed 0',
    ...OVER,
  },
  'reopen ann': {
    invited: NOT_INVITED,
    open: NOT_OPEN,
    review: '#1 open rev 3 armed 0',
    ...OVER,
  },
  'reopen bob': {
    invited: NOT_INVITED,
    open: NOT_OPEN,
    review: '#1 open rev 3 armed 0',
    ...OVER,
  },
  'cancel ann': {
    invited: '#1 cancelled',
    open: '#1 cancelled',
    review: '#1 cancelled',
    ...OVER,
  },
  'cancel bob': {
    invited: '#1 cancelled',
    open: '#1 cancelled',
    review: '#1 cancelled',
    ...OVER,
  },
};

const STRANGERS = ['join', 'decline', 'unaccept', 'unconfirm', 'reopen', 'cancel'];

describe('a window that is', () => {
  const cells = Object.entries(TABLE).flatMap(([command, row]) => {
    return Object.entries(row).map(([status, outcome]) => [status as Status, command, outcome]);
  }) as [Status, string, string][];

  test.each(cells)('%s takes `%s` as %s', (status, command, outcome) => {
    const [verb, player, ...rest] = command.split(' ');
    play(`${STATUSES[status]}
      ${verb} ${player} #1 ${rest.join(' ')}   -> ${outcome}
    `);
  });

  test.each(Object.keys(STATUSES) as Status[])('%s is closed to everybody else', status => {
    const lines = STRANGERS.map(verb => `${verb} cid #1 -> WINDOW_NOT_FOUND`);
    play(`${STATUSES[status]}
      ${lines.join('\n')}
      put cid #1 5 coins            -> WINDOW_NOT_FOUND
      accept cid #1                 -> WINDOW_NOT_FOUND
      confirm cid #1                -> WINDOW_NOT_FOUND
      cancel cid #77                -> WINDOW_NOT_FOUND
    `);
  });
});

describe('the life of a window', () => {
  test('from the invitation to the swap', () => {
    play(`${STATUSES.done}
      window #1 done rev 2: ann 100 coins + 1 sword#1 accepted confirmed \
        | bob 5 ore accepted confirmed
      log #1 invited ann, joined bob, put ann, put bob, accepted ann, reviewed bob, \
        confirmed ann, done bob
      balance ann coins 900 held 0
      balance ann sword#1 0 held 0
      balance ann ore 5 held 0
      balance bob coins 600 held 0
      balance bob sword#1 1 held 0
      balance bob ore 15 held 0
    `);
  });

  test('gives one receipt to both, and the same answer again under the same key', () => {
    const bench = play(`${STATUSES.review}
      confirm ann #1 key a            -> #1 review rev 2 armed 0
      confirm bob #1 key b            -> #1 done
      confirm ann #1 key a            -> #1 review rev 2 armed 0
      confirm bob #1 key b            -> #1 done
      ask bob b                       -> decided ok
      balance bob coins 600 held 0
    `);
    const facts = bench.groups.flatMap(group => group.facts);
    const done = facts.find(fact => fact.kind === 'window' && fact.status === 'done');
    const answer = facts.find(fact => fact.kind === 'decided' && fact.key === scenarioKey('b'));
    expect(answer).toMatchObject({
      body: {
        status: 'done',
        receipt: { window: 1, manifest: done?.kind === 'window' && done.manifest, atMs: 1_000_000 },
      },
    });
  });

  test('replaying a confirmation of an old window confirms nothing of the next one', () => {
    play(`${STATUSES.done}
      invite ann bob                  -> #2 invited rev 0 armed 0
      join bob #2                     -> #2 open rev 0 armed 0
      put ann #2 500 coins            -> #2 open rev 1 armed 0
      confirm bob #1                  -> WINDOW_NOT_FOUND
      accept ann #2
      accept bob #2                   -> #2 review rev 1 armed 0
      confirm bob #1                  -> WINDOW_NOT_FOUND
      window #2 review rev 1: ann 500 coins accepted | bob nothing accepted
    `);
  });

  test('money and goods of both kinds may lie on both sides', () => {
    play(`${QUICK}
      place mine
      grant ann ore 3 at mine
      grant bob sword#2 1
      invite bob ann
      join ann #1
      put ann #1 3 ore at mine + 10 coins + 1 sword#1
      put bob #1 1 sword#2 + 5 ore + 7 coins
      accept bob #1
      accept ann #1
      confirm ann #1
      confirm bob #1                  -> #1 done
      window #1 done rev 2: bob 7 coins + 5 ore + 1 sword#2 accepted confirmed | ann 10 coins \
        + 3 ore at mine + 1 sword#1 accepted confirmed
      balance ann coins 997 held 0
      balance bob coins 503 held 0
      balance bob ore at mine 3 held 0
      balance ann ore 5 held 0
      balance bob sword#1 1 held 0
      balance ann sword#2 1 held 0
    `);
  });
});

const HELD = `
  balance ann coins 900 held 100
  balance ann sword#1 0 held 1
  balance bob ore 15 held 5
`;
const BACK = `
  balance ann coins 1_000 held 0
  balance ann sword#1 1 held 0
  balance bob ore 20 held 0
  balance bob coins 500 held 0
`;

/** From an open table or a review to an end that is no swap. */
const ENDS: readonly (readonly [reason: string, by: string, lines: string])[] = [
  ['cancelled', 'ann', 'cancel ann #1   -> #1 cancelled'],
  ['cancelled', 'bob', 'cancel bob #1   -> #1 cancelled'],
  ['blocked', 'ann', 'block ann bob'],
  ['blocked', 'bob', 'block bob ann'],
  ['timeout', 'nobody', 'time 300_000    -> window #1 cancelled timeout'],
  [
    'disconnected',
    'nobody',
    'leaves ann -> window #1 left \n time 15_000 -> window #1 cancelled disconnected',
  ],
  [
    'disconnected',
    'nobody',
    'leaves bob -> window #1 left \n time 15_000 -> window #1 cancelled disconnected',
  ],
  [
    'disconnected',
    'nobody',
    'server begins -> window #1 left \n time 15_000 -> window #1 cancelled disconnected',
  ],
];

describe('everything that was held is back', () => {
  test('while the table is open it is held', () => {
    play(STATUSES.open + HELD);
  });

  test.each(ENDS)('after an open table is %s by %s: %s', (reason, by, lines) => {
    expectEnd(play(STATUSES.open + lines + BACK), reason, by);
  });

  test.each(ENDS)('after a review is %s by %s: %s', (reason, by, lines) => {
    const end = reason === 'timeout' ? 'time 60_000 -> window #1 cancelled timeout' : lines;
    expectEnd(play(`${STATUSES.review}\n confirm ann #1 \n ${end} ${BACK}`), reason, by);
  });
});

function expectEnd({ groups, auditor }: Bench, reason: string, by: string): void {
  const last = groups.flatMap(({ facts }) => facts).findLast(fact => fact.kind === 'window');
  expect(last).toMatchObject({ status: 'cancelled', reason, manifest: '' });
  const who = last === undefined || last.by < 0 ? 'nobody' : auditor.tables.playerName(last.by);
  expect(who).toBe(by);
}
