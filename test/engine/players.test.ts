// Who is known to the realm: naming somebody makes nobody known, and a refusal leaves nothing.

import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/engine/fact.ts';
import { play } from '../support/scenario.ts';

const MARKET = `
  define ore commodity
  define sword unique
  place north
  grant ann coins 1_000
`;

/** The players whom the facts speak of, but for the two that are none. */
function known(text: string): string[] {
  const facts = play(`${MARKET}${text}`).groups.flatMap(group => group.facts as Fact[]);
  return facts.flatMap(fact => (fact.kind === 'player' ? [fact.name] : [])).slice(2);
}

describe('a player is known', () => {
  test.each([
    ['by a grant', 'grant eve coins 1'],
    ['by a transfer to them', 'move ann eve coins 1'],
    ['by being there', 'returns eve -> knows eve'],
    ['by being there twice, once', 'returns eve -> knows eve \n leaves eve \n returns eve'],
    ['by an accepted command that needs them', 'privacy eve none'],
    ['by a request', 'offer eve ann nothing for 1 coins'],
    ['by an invitation of their own', 'invite eve ann'],
    ['by a block of their own', 'block eve ann'],
    [
      'by a key of their own, though the command is refused',
      'unlist eve #9 key k -> LISTING_NOT_FOUND',
    ],
    ['by a key of their own', 'privacy eve all key k'],
  ])('%s', (_, line) => {
    expect(known(line)).toEqual(['ann', 'eve']);
  });

  test('and can be invited once they are there, though they never traded', () => {
    play(`${MARKET}
      invite ann eve                 -> PLAYER_UNAVAILABLE
      offer ann eve 1 coins for nothing -> PLAYER_UNAVAILABLE
      returns eve                    -> knows eve
      invite ann eve                 -> #1 invited rev 0 armed 0
      offer ann eve 1 coins for nothing -> offer 1
      restart
      join eve #1                    -> #1 open rev 0 armed 0
    `);
  });
});

describe('nobody is known', () => {
  test.each([
    ['by a block', 'block ann eve -> PLAYER_NOT_FOUND player eve'],
    ['by the end of a block', 'unblock ann eve -> PLAYER_NOT_FOUND player eve'],
    ['by an invitation', 'invite ann eve -> PLAYER_UNAVAILABLE'],
    ['by an offer', 'offer ann eve 1 coins for nothing -> PLAYER_UNAVAILABLE'],
    ['by a burn', 'burn eve coins 1 -> PLAYER_NOT_FOUND player eve'],
    ['by a burn, before what is burnt', 'burn eve silk 1 at far -> PLAYER_NOT_FOUND player eve'],
    ['by a transfer from them', 'move eve ann coins 1 -> PLAYER_NOT_FOUND player eve'],
    [
      'by a transfer to them that is refused',
      'move ann eve coins 9_999 -> INSUFFICIENT_FUNDS required 9999 available 1000',
    ],
    ['by a grant that is refused', 'grant eve silk 1 -> ITEM_NOT_FOUND item silk'],
    ['by being gone', 'leaves eve'],
    ['by looking at a key', 'ask eve k -> free'],
    ['by opening what is open', 'privacy eve all'],
    [
      'by a listing that is refused',
      'list eve ore 1 @ 1 -> INSUFFICIENT_INVENTORY required 1 available 0',
    ],
    ['by a bid that is refused', 'bid eve ore 1 @ 1 -> INSUFFICIENT_FUNDS required 1 available 0'],
    ['by a purchase that is refused', 'buy eve 1 ore max 1 -> NOTHING_TO_FILL fillable 0'],
    [
      'by an offer that is refused',
      'offer eve ann 1 coins for nothing -> INSUFFICIENT_FUNDS required 1 available 0',
    ],
    ['by an invitation that is refused', 'invite eve zoe -> PLAYER_UNAVAILABLE'],
    ['by a block that is refused', 'block eve zoe -> PLAYER_NOT_FOUND player zoe'],
  ])('%s', (_, line) => {
    expect(known(line)).toEqual(['ann']);
  });
});
