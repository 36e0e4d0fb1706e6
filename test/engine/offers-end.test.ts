import { describe, expect, test } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import { load, replay } from '../sim/restore.ts';
import { play } from '../support/scenario.ts';

const MARKET = `
  define ore commodity
  define sword unique
  grant ann coins 1_000
  grant bob coins 500
  grant bob sword#1 1
  grant bob sword#2 1
  grant cid sword#3 1
`;

/** One offer, and what it holds. */
const OFFERED = `${MARKET}
  offer ann bob 100 coins for 1 sword#1 until 50 -> offer 1
  balance ann coins 900 held 100
`;

/** Over is over, whatever it was. */
const OVER = `
  balance ann coins held 0
  take bob #1                       -> OFFER_NOT_FOUND
  refuse bob #1                     -> OFFER_NOT_FOUND
  counter bob #1 1 coins for nothing       -> OFFER_NOT_FOUND
  withdraw ann #1                   -> OFFER_NOT_FOUND
  time 50                           -> nothing
`;

describe("an offer ends once, and what it holds is available again or the taker's", () => {
  test.each([
    ['accepted', 'take bob #1 -> offer 1 accepted', 900],
    ['declined', 'refuse bob #1 -> offer 1 declined', 1_000],
    ['countered', 'counter bob #1 1 sword#2 for 2 coins until 40 -> offer 2 for 1', 1_000],
    ['cancelled', 'withdraw ann #1 -> offer 1 cancelled', 1_000],
    ['expired', 'time 50 -> expires offer 1', 1_000],
    ['invalid', 'block bob ann', 1_000],
    ['invalid', 'block ann bob', 1_000],
    ['invalid', 'burn bob sword#1 1', 1_000],
  ])('%s: %s', (status, end, coins) => {
    const over = OVER.replace('coins held', `coins ${coins} held`);
    const last = end.startsWith('counter')
      ? over.replace('-> nothing', '-> expires offer 2')
      : over;
    play(`${OFFERED}
      ${end}
      offer? #1 ${status}: ann 100 coins for 1 sword#1 of bob, until 50
      ${last}
      restart
    `);
  });
});

describe('only', () => {
  test('the taker accepts, declines or counters', () => {
    for (const other of ['ann', 'cid', 'nobody']) {
      play(`${OFFERED}
        take ${other} #1                  -> OFFER_NOT_FOUND
        refuse ${other} #1                -> OFFER_NOT_FOUND
        counter ${other} #1 nothing for 1 coins  -> OFFER_NOT_FOUND
        offer? #1 open: ann 100 coins for 1 sword#1 of bob, until 50
      `);
    }
  });

  test('the maker cancels', () => {
    for (const other of ['bob', 'cid', 'nobody']) {
      play(`${OFFERED}
        withdraw ${other} #1              -> OFFER_NOT_FOUND
        offer? #1 open: ann 100 coins for 1 sword#1 of bob, until 50
      `);
    }
  });

  test('offers that were made can be answered', () => {
    play(`${OFFERED}
      take bob #2                   -> OFFER_NOT_FOUND
      refuse bob #2                 -> OFFER_NOT_FOUND
      counter bob #2 nothing for 1 coins   -> OFFER_NOT_FOUND
      withdraw ann #2               -> OFFER_NOT_FOUND
    `);
  });
});

describe('an offer expires by the time of the engine', () => {
  test('in the millisecond that it names, not before', () => {
    play(`${OFFERED}
      time 49                       -> nothing
      time 50                       -> expires offer 1
      balance ann coins 1_000 held 0
    `);
  });

  test('before the command that comes at that time', () => {
    play(`${OFFERED}
      time 50
      take bob #1                   -> OFFER_NOT_FOUND
      offer? #1 expired: ann 100 coins for 1 sword#1 of bob, until 50
    `);
    play(`${OFFERED}
      time 49
      take bob #1                   -> offer 1 accepted
    `);
  });

  test('among all that is due, the earliest first; then orders, then offers, by id', () => {
    play(`${MARKET}
      offer ann bob 1 coins for nothing until 30 -> offer 1
      offer ann bob 1 coins for nothing until 20 -> offer 2
      offer bob ann 1 coins for nothing until 20 -> offer 3
      bid ann ore 1 @ 1 until 30    -> #1 rests 1
      time 30                       -> expires offer 2, offer 3, #1, offer 1
    `);
  });

  test('and after a week when it does not say when', () => {
    play(`rules offerDefaultMs 1_000
      ${MARKET}
      offer ann bob 1 coins for nothing    -> offer 1
      time 1_000                    -> expires offer 1
    `);
    play(`${MARKET}
      offer ann bob 1 coins for nothing    -> offer 1
      time 604_799_999              -> nothing
      time 604_800_000              -> expires offer 1
    `);
  });
});

describe('a block ends the offers between two players', () => {
  test('in both directions, and no others', () => {
    play(`${MARKET}
      offer ann bob 10 coins for nothing   -> offer 1
      offer bob ann 1 sword#1 for nothing  -> offer 2
      offer ann cid 10 coins for nothing   -> offer 3
      offer cid bob 1 sword#3 for nothing  -> offer 4
      offer bob ann nothing for 5 coins    -> offer 5
      block bob ann
      offer? #1 invalid: ann 10 coins for nothing of bob, until 604800000
      offer? #2 invalid: bob 1 sword#1 for nothing of ann, until 604800000
      offer? #3 open: ann 10 coins for nothing of cid, until 604800000
      offer? #4 open: cid 1 sword#3 for nothing of bob, until 604800000
      offer? #5 invalid: bob nothing for 5 coins of ann, until 604800000
      balance ann coins 990 held 10
      balance bob sword#1 1 held 0
      restart
      take cid #3                   -> offer 3 accepted
      take bob #4                   -> offer 4 accepted
    `);
  });

  test('and lets no new ones be made until it is lifted', () => {
    play(`${MARKET}
      block bob ann
      offer ann bob 10 coins for nothing   -> PLAYER_UNAVAILABLE
      offer bob ann 10 coins for nothing   -> PLAYER_UNAVAILABLE
      restart
      offer ann bob 10 coins for nothing   -> PLAYER_UNAVAILABLE
      unblock bob ann
      offer ann bob 10 coins for nothing   -> offer 1
    `);
  });
});

describe('an instance that is burnt', () => {
  test('ends every offer that wants it, and no others', () => {
    play(`${MARKET}
      offer ann bob 10 coins for 1 sword#1 + 1 sword#2 -> offer 1
      offer ann bob 20 coins for 1 sword#2 -> offer 2
      offer cid bob 1 sword#3 for 1 sword#1 -> offer 3
      offer ann cid 30 coins for 1 sword#1 -> offer 4
      burn bob sword#1 1
      offer? #1 invalid: ann 10 coins for 1 sword#1 + 1 sword#2 of bob, until 604800000
      offer? #2 open: ann 20 coins for 1 sword#2 of bob, until 604800000
      offer? #3 invalid: cid 1 sword#3 for 1 sword#1 of bob, until 604800000
      offer? #4 invalid: ann 30 coins for 1 sword#1 of cid, until 604800000
      balance ann coins 980 held 20
      balance cid sword#3 1 held 0
      grant bob sword#1 1
      take bob #1                   -> OFFER_NOT_FOUND
      take bob #2                   -> offer 2 accepted
    `);
  });

  test('cannot be wanted until it is granted again', () => {
    play(`${MARKET}
      burn bob sword#1 1
      offer ann bob 1 coins for 1 sword#1 -> ITEM_NOT_FOUND item sword#1
      grant cid sword#1 1
      offer ann bob 1 coins for 1 sword#1 -> offer 1
      burn cid sword#1 1
      offer? #1 invalid: ann 1 coins for 1 sword#1 of bob, until 604800000
    `);
  });

  test('is still known to be wanted after a recovery', () => {
    play(`${MARKET}
      offer ann bob 10 coins for 1 sword#1 + 5 ore -> offer 1
      restart
      burn bob sword#1 1
      offer? #1 invalid: ann 10 coins for 5 ore + 1 sword#1 of bob, until 604800000
      balance ann coins 1_000 held 0
    `);
  });

  test('is nothing to an offer that has ended', () => {
    play(`${OFFERED}
      offer ann bob 200 coins for 1 sword#1 -> offer 2
      withdraw ann #1               -> offer 1 cancelled
      take bob #2                   -> offer 2 accepted
      burn ann sword#1 1
      offer? #1 cancelled: ann 100 coins for 1 sword#1 of bob, until 50
      offer? #2 accepted: ann 200 coins for 1 sword#1 of bob, until 604800000
    `);
  });

  test('that is moved away ends nothing: it may come back', () => {
    play(`${OFFERED}
      move bob cid sword#1 1
      take bob #1                   -> INSUFFICIENT_INVENTORY required 1 available 0
      move cid bob sword#1 1
      take bob #1                   -> offer 1 accepted
    `);
  });

  test('ends no offer when what is burnt is no instance', () => {
    play(`${MARKET}
      offer ann bob 1 sword#9 for 1 ore -> ITEM_NOT_FOUND item sword#9
      grant bob ore 5
      offer ann bob 10 coins for 5 ore -> offer 1
      burn bob ore 5
      offer? #1 open: ann 10 coins for 5 ore of bob, until 604800000
    `);
  });
});

describe('offers brought back from their facts', () => {
  const DAY = `${MARKET}
    offer ann bob 100 coins for 1 sword#1 until 90 saying hello -> offer 1
    offer bob ann 1 sword#2 for 5 ore -> offer 2
    counter ann #2 7 coins for 1 sword#2 -> offer 3 for 2
    offer cid ann 1 sword#3 for 30 coins until 80 -> offer 4
    offer ann cid 1 coins for nothing      -> offer 5
    take cid #5                     -> offer 5 accepted
    offer ann cid 1 coins for nothing      -> offer 6
    refuse cid #6                   -> offer 6 declined
  `;

  test('are the same offers, replayed or loaded, and also when applied twice', () => {
    const { engine, groups, auditor, rules } = play(DAY);
    const { tables } = auditor;
    const replayed = replay(rules, groups, tables);
    expect(replayed.hash()).toBe(engine.hash());
    expect(load(rules, tables).hash()).toBe(engine.hash());
    for (const fact of [...tables.offers.values(), ...tables.accounts.values()]) {
      replayed.restore(fact, 1_000_000);
    }
    expect(replayed.hash()).toBe(engine.hash());
    expect(auditState(replayed.state)).toEqual([]);
  });

  test('end as they would have, and ids go on', () => {
    play(`${DAY}
      restart
      time 80                       -> expires offer 4
      balance cid sword#3 1 held 0
      restart
      offer ann cid 1 coins for nothing    -> offer 7
      take bob #3                   -> offer 3 accepted
      time 90                       -> expires offer 1
      balance ann coins 991 held 1
      balance ann sword#2 1 held 0
    `);
  });

  test('differ in their hash when anything about them does', () => {
    const hashes = [
      'offer ann bob 10 coins for 1 sword#1',
      'offer ann bob 10 coins for 1 sword#2',
      'offer ann bob 10 coins for 1 sword#1 until 90',
      'offer ann bob 10 coins for 1 sword#1 saying hello',
      'offer ann cid 10 coins for 1 sword#1',
    ].map(line => play(`${MARKET}\n${line}`).engine.hash());
    expect(new Set(hashes).size).toBe(5);
  });
});

test('a repeated key answers as before and moves nothing again', () => {
  play(`${OFFERED}
    take bob #1 key a               -> offer 1 accepted
    take bob #1 key a               -> offer 1 accepted
    balance bob coins 600 held 0
    offer ann bob 1 coins for nothing key b -> offer 2
    offer ann bob 1 coins for nothing key b -> offer 2
    balance ann coins 899 held 1
  `);
});
