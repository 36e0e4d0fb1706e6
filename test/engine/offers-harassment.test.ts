// What a stranger can do with offers to a player who wants nothing from them, and what keeps those
// with whom the player trades from being shut out.

import { describe, expect, test } from 'vitest';
import { FRIENDS_MAX } from '../../protocol/limits.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Bench } from '../sim/simulation.ts';
import type { Ask } from '../sim/surroundings.ts';
import { play } from '../support/scenario.ts';

const CROWD = `rules receivedOffersMax 3 offersPerPlayerMax 2
  define ore commodity
  grant ann coins 100
  grant bob coins 100
  grant cid coins 100
  grant eve coins 100
  grant eva coins 100
`;
/** Ann has taken an offer of bob's. */
const FRIENDS = `${CROWD}
  offer bob ann 1 coins for nothing
  take ann #1
`;
/** Everything that waits for ann is from strangers. */
const FULL = `${FRIENDS}
  offer eve ann 1 coins for nothing                 -> offer 2
  offer eva ann 1 coins for nothing                 -> offer 3
  offer eve ann 1 coins for nothing                 -> offer 4
`;

describe('two empty accounts', () => {
  test('cannot fill the list of a player: each has a few offers to the same one', () => {
    const bench = new Bench(DEFAULT_RULES);
    const ask = (one: Ask) => bench.apply({ ...one, key: null, digest: 0, atMs: 1_000 });
    const grant = (player: string): Ask => {
      const payload = { player, asset: 'coins', quantity: 1 };
      return { command: 'wallet.grant', payload, player: 'game' };
    };
    for (const player of ['ann', 'bob', 'eve', 'eva']) ask(grant(player));
    const request = (player: string): Ask => {
      const want = [{ asset: 'coins', quantity: 1 }];
      return { command: 'offers.create', payload: { to: 'ann', give: [], want }, player };
    };
    const taken = (player: string) => {
      const answers = Array.from({ length: 60 }, () => ask(request(player)).outcome);
      return answers.filter(outcome => outcome === 'ok').length;
    };
    expect([taken('eve'), taken('eva')]).toEqual([5, 5]);
    expect(ask(request('bob')).outcome).toBe('ok');
    bench.check();
  });

  test('are told which bound it is', () => {
    play(`${CROWD}
      offer eve ann 1 coins for nothing                 -> offer 1
      offer eve ann 1 coins for nothing                 -> offer 2
      offer eve ann 101 coins for nothing -> LIMIT_REACHED limit offersPerPlayer max 2
      offer eve bob 1 coins for nothing                 -> offer 3
      refuse ann #1
      offer eve ann 1 coins for nothing                 -> offer 4
      offer ann eve 1 coins for nothing                 -> offer 5
      counter eve #5 1 coins for nothing -> LIMIT_REACHED limit offersPerPlayer max 2
    `);
  });
});

describe('a full list', () => {
  test('has room for a friend: the oldest offer of a stranger gives way', () => {
    play(`${FULL}
      offer cid ann 1 coins for nothing -> LIMIT_REACHED limit receivedOffers max 3
      offer bob ann 101 coins for nothing -> INSUFFICIENT_FUNDS required 101 available 99
      offer? #2 open: eve 1 coins for nothing of ann, until 604800000
      offer bob ann 1 coins for nothing                 -> offer 5
      offer? #2 invalid: eve 1 coins for nothing of ann, until 604800000
      balance eve coins 99 held 1
      offer bob ann 1 coins for nothing                 -> offer 6
      offer? #3 invalid: eva 1 coins for nothing of ann, until 604800000
      balance eva coins 100 held 0
    `);
  });

  test('is full when all of it is from friends', () => {
    play(`${FRIENDS}
      offer cid ann 1 coins for nothing
      take ann #2
      offer bob ann 1 coins for nothing                 -> offer 3
      offer bob ann 1 coins for nothing                 -> offer 4
      offer cid ann 1 coins for nothing                 -> offer 5
      offer cid ann 1 coins for nothing -> LIMIT_REACHED limit receivedOffers max 3
    `);
  });

  test('has room for an answer that its owner asked for, whoever gives it', () => {
    play(`${FULL}
      offer ann cid 1 coins for nothing                 -> offer 5
      counter cid #5 2 coins for nothing                -> offer 6 for 5
      offer? #2 invalid: eve 1 coins for nothing of ann, until 604800000
    `);
  });

  test('of another player is of no use to a stranger: friendship is of two', () => {
    play(`${FRIENDS}
      offer ann cid 1 coins for nothing
      offer ann cid 1 coins for nothing
      offer eve cid 1 coins for nothing
      offer bob cid 1 coins for nothing -> LIMIT_REACHED limit receivedOffers max 3
    `);
  });
});

describe('a friend', () => {
  test('is who completed a window', () => {
    play(`${CROWD}
      invite bob ann
      join ann #1
      put bob #1 1 coins
      time 1_000
      accept bob #1
      accept ann #1
      time 3_000
      confirm ann #1
      confirm bob #1 acknowledge                        -> #1 done
      offer eve ann 1 coins for nothing                 -> offer 1
      offer eva ann 1 coins for nothing                 -> offer 2
      offer eve ann 1 coins for nothing                 -> offer 3
      restart receivedOffersMax 3 offersPerPlayerMax 2
      offer bob ann 1 coins for nothing                 -> offer 4
      offer? #1 invalid: eve 1 coins for nothing of ann, until 604803000
    `);
  });

  test.each([
    ['an offer that was declined', 'offer bob ann 1 coins for nothing \n refuse ann #1'],
    ['an offer that was withdrawn', 'offer bob ann 1 coins for nothing \n withdraw bob #1'],
    ['an invitation', 'invite bob ann \n join ann #1 \n cancel ann #1 \n invite bob eve'],
    ['the market', 'grant ann ore 1 \n list ann ore 1 @ 2 \n buy bob 1 of #1'],
    ['a present of the game', 'move ann bob coins 1'],
  ])('is not made by %s', (_what, lines) => {
    play(`${CROWD} ${lines}
      offer eve ann 1 coins for nothing
      offer eva ann 1 coins for nothing
      offer eve ann 1 coins for nothing
      offer bob ann 1 coins for nothing -> LIMIT_REACHED limit receivedOffers max 3
    `);
  });

  test('who is blocked is none any more, also when the block is taken back', () => {
    play(`${FULL}
      block ann bob
      offer bob ann 1 coins for nothing -> PLAYER_UNAVAILABLE
      unblock ann bob
      offer bob ann 1 coins for nothing -> LIMIT_REACHED limit receivedOffers max 3
    `);
  });

  test('who traded longest ago is forgotten when there are too many', () => {
    const others = Array.from({ length: FRIENDS_MAX }, (_, n) => `pal-${n}`);
    const met = others.map(
      (pal, n) => `grant ${pal} coins 1
        offer ${pal} ann 1 coins for nothing
        take ann #${n + 2}`,
    );
    const next = FRIENDS_MAX + 2;
    play(`${FRIENDS} ${met.join('\n')}
      offer eve ann 1 coins for nothing                 -> offer ${next}
      offer eva ann 1 coins for nothing
      offer eve ann 1 coins for nothing
      offer bob ann 1 coins for nothing -> LIMIT_REACHED limit receivedOffers max 3
      grant pal-0 coins 1
      offer pal-0 ann 1 coins for nothing               -> offer ${next + 3}
    `);
  });
});

describe('privacy and blocks', () => {
  test('who is closed gets no offers, but keeps what is there, and may make some', () => {
    play(`${CROWD}
      offer eve ann 1 coins for nothing                 -> offer 1
      privacy ann none
      offer eve ann 1 coins for nothing -> PLAYER_UNAVAILABLE
      offer? #1 open: eve 1 coins for nothing of ann, until 604800000
      offer ann bob 1 coins for nothing                 -> offer 2
      counter bob #2 2 coins for nothing                -> offer 3 for 2
      take ann #3                                       -> offer 3 accepted
      offer bob ann 1 coins for nothing -> PLAYER_UNAVAILABLE
      privacy ann all
      offer bob ann 1 coins for nothing                 -> offer 4
    `);
  });

  test('a block ends what both have open to each other', () => {
    play(`${CROWD}
      offer eve ann 1 coins for nothing                 -> offer 1
      offer ann eve 1 coins for nothing                 -> offer 2
      block ann eve
      offer? #1 invalid: eve 1 coins for nothing of ann, until 604800000
      offer? #2 invalid: ann 1 coins for nothing of eve, until 604800000
      offer eve ann 1 coins for nothing -> PLAYER_UNAVAILABLE
      offer ann eve 1 coins for nothing -> PLAYER_UNAVAILABLE
    `);
  });
});
