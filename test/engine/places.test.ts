// Places: the game defines them, and nothing ever lies, or is looked for, anywhere else.

import { describe, expect, test } from 'vitest';
import { PLACES_MAX } from '../../protocol/limits.ts';
import { Engine } from '../../src/engine/engine.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { play } from '../support/scenario.ts';

const MARKET = `
  define ore commodity
  define sword unique
  define salt commodity halted
  grant ann coins 1_000
  grant bob ore 10
  grant bob sword#1 1
`;

describe('a place', () => {
  test('is where goods may lie from then on, and defining it again changes nothing', () => {
    const { groups } = play(`${MARKET}
      grant bob ore 5 at north       -> PLACE_NOT_FOUND place north
      place north                    -> ok
      place north                    -> ok
      place main                     -> ok
      grant bob ore 5 at north       -> ok
      list bob ore 5 @ 10 at north   -> #1 rests 5
      restart
      buy ann 5 ore at north max 10  -> fills 5 @ 10 of #1 for 50
      balance ann ore at north 5 held 0
    `);
    const facts = groups.flatMap(group => group.facts);
    expect(facts.filter(fact => fact.kind === 'location')).toMatchObject([
      { name: 'main' },
      { name: 'north' },
    ]);
  });

  test('keeps what its name was first asked for under a key', () => {
    play(`
      grant ann coins 1 at north key k -> PLACE_NOT_FOUND place north
      place north
      grant ann coins 1 at north key k -> PLACE_NOT_FOUND place north
      grant ann coins 1 at north       -> ok
    `);
  });

  test('is one of so many at most', () => {
    const engine = new Engine(DEFAULT_RULES);
    const define = (place: string) =>
      engine.apply({
        ...{ command: 'places.define', payload: { place }, player: 'game' },
        ...{ key: null, digest: 0, atMs: 1 },
      });
    for (let number = 1; number < PLACES_MAX; number += 1) define(`p${number}`);
    const details = { limit: 'places', max: PLACES_MAX };
    expect(define('one-more')).toMatchObject({
      outcome: 'rejected',
      body: { code: 'LIMIT_REACHED', details },
      output: [],
    });
    expect(define('p1')).toMatchObject({ outcome: 'ok', body: { place: 'p1' }, output: [] });
  });
});

/** The lines are refused for the place just after what comes before it, and before what follows. */
describe('a place that nobody defined is refused', () => {
  test.each([
    ['grant', 'by the game itself', 'grant ann ore 1 at far', 'grant ann silk 1 at far', 'silk'],
    ['grant of money', 'though money lies at main', 'grant ann coins 1 at far', '', ''],
    ['grant of an instance', 'before its lot', 'grant ann sword#2 2 at far', '', ''],
    ['burn', 'before what is there', 'burn bob ore 99 at far', 'burn bob silk 1 at far', 'silk'],
    ['transfer', 'where it comes from', 'move bob ann ore 1 at far to main', '', ''],
    ['transfer', 'where it goes', 'move bob ann ore 1 to far', '', ''],
    ['transfer', 'before its accounts are the same', 'move bob bob coins 1 to far', '', ''],
    ['listing', 'before the expiry', 'list bob ore 1 @ 1 at far until 0', '', ''],
    [
      'listing',
      'before a halt',
      'list bob salt 1 @ 1 at far',
      'list bob silk 1 @ 1 at far',
      'silk',
    ],
    ['listing of an instance', '', 'list bob sword#1 1 @ 1 at far', '', ''],
    ['bid', 'before its money', 'bid bob ore 1 @ 1 at far', 'bid ann silk 1 @ 1 at far', 'silk'],
    ['purchase', 'before its lot', 'buy ann 1 ore max 1 at far', '', ''],
    [
      'purchase',
      'before a halt',
      'buy ann 1 salt max 1 at far',
      'buy ann 1 silk max 1 at far',
      'silk',
    ],
    [
      'sale',
      'before a halt',
      'sell bob 1 salt min 1 at far',
      'sell bob 1 silk min 1 at far',
      'silk',
    ],
    ['offer', 'of what is given', 'offer bob ann 1 ore at far for nothing', '', ''],
    ['offer', 'of what is wanted', 'offer bob ann nothing for 1 ore at far', '', ''],
    ['offer', 'of money', 'offer ann bob 1 coins at far for nothing', '', ''],
    ['offer', 'before a halt', 'offer bob ann 1 salt at far for nothing', '', ''],
  ])('by a %s, %s', (_, __, line, before, item) => {
    const { groups } = play(`${MARKET}
      ${line} -> PLACE_NOT_FOUND place far
      ${before === '' ? '' : `${before} -> ITEM_NOT_FOUND item ${item}`}
    `);
    const known = groups.flatMap(group => group.facts).filter(fact => fact.kind === 'location');
    expect(known).toHaveLength(1);
  });

  test('on the table of a window', () => {
    play(`${MARKET}
      invite ann bob
      join bob #1
      put bob #1 1 ore at far        -> PLACE_NOT_FOUND place far
      put bob #1 1 silk at far       -> ITEM_NOT_FOUND item silk
      put bob #1 1 salt at far       -> PLACE_NOT_FOUND place far
      put ann #1 1 coins at far      -> PLACE_NOT_FOUND place far
    `);
  });
});
