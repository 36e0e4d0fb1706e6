// What a cheat or a confused client may try with windows and offers: rows 36 to 43 of the list of
// abuses that the design answers, and the scams that every game with trades has seen.

import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../protocol/commands/registry.ts';
import { play } from '../support/scenario.ts';

const MET = `
  rules armAddedMs 0 armTakenMs 0 armAcceptedMs 0 reviewMs 0 awayAfterMs 0
  define ore commodity
  define sword unique
  grant ann coins 50_000
  grant ann sword#1 1
  grant bob ore 20
  grant bob sword#real 1
  grant bob sword#fake 1
  grant cid coins 1_000
  invite ann bob
  join bob #1
`;

describe('cancelling what is not there to be cancelled', () => {
  test("somebody else's, an unknown one, an ended one: all alike", () => {
    play(`${MET}
      cancel cid #1                   -> WINDOW_NOT_FOUND
      cancel ann #2                   -> WINDOW_NOT_FOUND
      cancel ann #1                   -> #1 cancelled
      cancel ann #1                   -> WINDOW_NOT_FOUND
      offer ann bob 5 coins for 1 ore
      withdraw bob #1                 -> OFFER_NOT_FOUND
      withdraw cid #1                 -> OFFER_NOT_FOUND
      withdraw ann #2                 -> OFFER_NOT_FOUND
      take bob #1
      withdraw ann #1                 -> OFFER_NOT_FOUND
    `);
  });
});

describe('trading with oneself, or the same thing twice', () => {
  test('is refused', () => {
    play(`${MET}
      invite cid cid                  -> SELF_TRADE
      offer ann ann 5 coins for 1 ore -> SELF_TRADE
      block ann ann                   -> SELF_TRADE
    `);
  });

  test.each([
    ['windows.put', { window: 1, revision: 0 }, 'assets'],
    ['offers.create', { to: 'bob', want: [] }, 'give'],
  ] as const)('an asset stands once on a side: %s', (command, payload, field) => {
    const { payload: schema } = COMMANDS[command];
    const lines = (...places: (string | undefined)[]) => ({
      ...payload,
      [field]: places.map(location => ({
        asset: 'ore',
        quantity: 1,
        ...(location === undefined ? {} : { location }),
      })),
    });
    expect(schema.safeParse(lines('mine', 'main')).success).toBe(true);
    expect(schema.safeParse(lines('main', 'main')).success).toBe(false);
    expect(schema.safeParse(lines(undefined, 'main')).success).toBe(false);
  });

  test('an instance that one owns cannot be put by the other', () => {
    play(`${MET}
      put ann #1 1 sword#1
      put bob #1 1 sword#1            -> INSUFFICIENT_INVENTORY required 1 available 0
    `);
  });
});

describe('confirming', () => {
  test('what is old, wrong, not accepted by both, or over', () => {
    play(`${MET}
      put ann #1 100 coins
      confirm bob #1                  -> WINDOW_STATUS status open
      accept ann #1
      confirm bob #1                  -> WINDOW_STATUS status open
      accept bob #1
      reopen ann #1
      accept ann #1
      accept bob #1
      confirm bob #1 rev 1            -> STALE_MANIFEST
      confirm bob #1 rev 99           -> STALE_MANIFEST
      time 60_000
      confirm bob #1                  -> WINDOW_NOT_FOUND
      window #1 cancelled timeout rev 2: ann 100 coins | bob nothing
    `);
  });
});

describe('what lies on a table, in an offer or on the market', () => {
  const REFUSED = 'INSUFFICIENT_INVENTORY required 1 available 0';
  const USES = {
    list: 'list bob sword#real 1 @ 900',
    put: 'put bob #1 1 sword#real',
    offer: 'offer bob cid 1 sword#real for 5 coins',
  };

  const pairs = Object.keys(USES).flatMap(first =>
    Object.keys(USES).map(second => [first, second] as [keyof typeof USES, keyof typeof USES]),
  );
  test.each(pairs.filter(([one, other]) => one !== other || one !== 'put'))(
    'is in no second place: %s, then %s',
    (first, second) => {
      const done = first === 'list' ? '-> #1 rests 1' : '';
      play(`${MET}
        ${USES[first]} ${done}
        ${USES[second]}                 -> ${REFUSED}
      `);
    },
  );

  test('is in one window at a time, since a player is', () => {
    play(`${MET}
      put bob #1 1 sword#real
      invite cid bob                  -> PLAYER_UNAVAILABLE
      invite bob cid                  -> ALREADY_TRADING window 1
    `);
  });
});

describe('too much of it', () => {
  test('a thousand windows of one player are one', () => {
    const more = Array.from({ length: 100 }, () => 'invite ann cid -> ALREADY_TRADING window 1');
    play(MET + more.join('\n'));
  });

  test('invitations are counted, and the answer does not say that they are', () => {
    const spam = [1, 2, 3].map(id => `invite cid dee \n cancel cid #${id + 1}`);
    play(`${MET}
      grant dee coins 1
      ${spam.join('\n')}
      invite cid dee                  -> PLAYER_UNAVAILABLE
      invite cid nobody               -> PLAYER_UNAVAILABLE
      invite cid ann                  -> PLAYER_UNAVAILABLE
    `);
  });

  test('of the most lines that a side may have, all are held, and back', () => {
    const items = Array.from({ length: 16 }, (_, index) => `gem-${index}`);
    play(`${MET}
      ${items.map(item => `define ${item} commodity \n grant bob ${item} 2`).join('\n')}
      put bob #1 ${items.map(item => `1 ${item}`).join(' + ')}
      ${items.map(item => `balance bob ${item} 1 held 1`).join('\n')}
      cancel ann #1
      ${items.map(item => `balance bob ${item} 2 held 0`).join('\n')}
    `);
  });
});

describe('a scam', () => {
  test('taking away a zero at the last second: nobody has accepted any more', () => {
    play(`${MET}
      put bob #1 1 sword#real
      put ann #1 50_000 coins
      accept bob #1
      put ann #1 5_000 coins
      accept ann #1
      accept bob #1 rev 2             -> STALE_REVISION open rev 3: ann 5000 coins \
        | bob 1 sword#real
      window #1 open rev 3: ann 5000 coins accepted | bob 1 sword#real
    `);
  });

  test('a look-alike: the partner is warned, and must say that he knows', () => {
    play(`${MET}
      put bob #1 1 sword#real
      put ann #1 50_000 coins
      accept ann #1
      put bob #1 1 sword#fake
      accept bob #1
      accept ann #1
      changes #1 bob swapped 1 sword#real for 1 sword#fake
      confirm bob #1
      confirm ann #1                  -> NOT_ACKNOWLEDGED code THIN_PRICE
      window #1 review rev 3: ann 50_000 coins accepted | bob 1 sword#fake accepted confirmed
    `);
  });

  test('a double click through both screens: the review must be looked at', () => {
    play(`
      ${MET.replace('reviewMs 0', 'reviewMs 2_000')}
      put ann #1 50_000 coins
      accept bob #1
      accept ann #1                   -> #1 review rev 1 armed 2_000
      accept ann #1                   -> WINDOW_STATUS status review
      confirm ann #1                  -> NOT_ARMED armedAtMs 2_000
    `);
  });

  test('unplugging at the confirmation: everything is back', () => {
    play(`${MET}
      put ann #1 50_000 coins
      put bob #1 1 sword#real
      accept ann #1
      accept bob #1
      confirm bob #1
      leaves bob                      -> window #1 left
      confirm ann #1 acknowledge      -> WINDOW_STATUS status open
      time 15_000                     -> window #1 cancelled disconnected
      balance ann coins 50_000 held 0
      balance bob sword#real 1 held 0
    `);
  });

  test('blocking at the confirmation: everything is back', () => {
    play(`${MET}
      put ann #1 50_000 coins
      put bob #1 1 sword#real
      accept ann #1
      accept bob #1
      confirm ann #1 acknowledge
      block bob ann
      balance ann coins 50_000 held 0
      balance bob sword#real 1 held 0
    `);
  });
});
