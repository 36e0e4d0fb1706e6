import { describe, expect, test } from 'vitest';
import { play } from '../support/scenario.ts';

const ARMOURY = `
  define sword unique
  grant bob sword#1 1
  grant bob sword#2 1
  grant ann coins 1_000
`;

describe('an instance of a unique item', () => {
  test('exists once: granting it again is refused', () => {
    play(`${ARMOURY}
      grant ann sword#1 1           -> DEFINITION_CONFLICT
      grant bob sword#1 1           -> DEFINITION_CONFLICT
      grant ann sword#3 1           -> ok
      balance $issuer sword#1 -1 held 0
    `);
  });

  test('can be granted again after it was burnt', () => {
    play(`${ARMOURY}
      burn bob sword#1 1            -> ok
      burn bob sword#1 1            -> INSUFFICIENT_INVENTORY required 1 available 0
      grant ann sword#1 1           -> ok
      balance ann sword#1 1 held 0
      grant bob sword#1 1           -> DEFINITION_CONFLICT
    `);
  });

  test('is listed and bought one by one, and never in the book', () => {
    play(`${ARMOURY}
      list bob sword#1 1 @ 500      -> #1 rests 1
      list bob sword#2 1 @ 400      -> #2 rests 1
      book sword - | -
      balance bob sword#1 0 held 1
      buy ann 1 of #1               -> fills 1 @ 500 of #1 for 500
      balance ann sword#1 1 held 0
      balance bob sword#1 0 held 0
      order #1 filled 0 of 1 @ 500 gtc
      trade 1 ann buys 1 sword#1 @ 500 of bob, maker #1, taker #0 buys, fees 0 and 0
    `);
  });

  test('can be listed again by its new owner, and by nobody else', () => {
    play(`${ARMOURY}
      list bob sword#1 1 @ 500      -> #1 rests 1
      list bob sword#1 1 @ 500      -> INSUFFICIENT_INVENTORY required 1 available 0
      buy ann 1 of #1               -> fills 1 @ 500 of #1 for 500
      list bob sword#1 1 @ 500      -> INSUFFICIENT_INVENTORY required 1 available 0
      list ann sword#1 1 @ 700      -> #2 rests 1
    `);
  });

  test('comes one at a time', () => {
    play(`${ARMOURY}
      grant ann sword#4 2           -> BAD_LOT lotSize 1
      list bob sword#1 2 @ 500      -> BAD_LOT lotSize 1
      list bob sword#1 1 @ 500      -> #1 rests 1
      buy ann 2 of #1               -> BAD_LOT lotSize 1
      buy ann 2 of #1 partial       -> BAD_LOT lotSize 1
      relist bob #1 quantity 2      -> BAD_LOT lotSize 1
      move bob ann sword#2 2        -> BAD_LOT lotSize 1
      burn bob sword#2 2            -> BAD_LOT lotSize 1
    `);
  });

  test('may be repriced, and cancelled', () => {
    play(`${ARMOURY}
      list bob sword#1 1 @ 500      -> #1 rests 1
      relist bob #1 @ 450           -> #1 rests 1
      order #1 open 1 of 1 @ 450 gtc
      relist bob #1 @ 440 quantity 1 until 90 -> #1 rests 1
      unlist bob #1                 -> releases 1
      balance bob sword#1 1 held 0
    `);
  });

  test('cannot be bid for, nor bought or sold by the name of its item', () => {
    play(`${ARMOURY}
      bid ann sword 1 @ 10          -> NOT_FUNGIBLE
      list bob sword 1 @ 10         -> NOT_FUNGIBLE
      buy ann 1 sword max 10        -> NOT_FUNGIBLE
      sell bob 1 sword min 10       -> NOT_FUNGIBLE
      grant ann sword 1             -> NOT_FUNGIBLE
      burn bob sword 1              -> NOT_FUNGIBLE
      move bob ann sword 1          -> NOT_FUNGIBLE
    `);
  });

  test('must have been granted before it can be moved, burnt or listed', () => {
    play(`${ARMOURY}
      list bob sword#9 1 @ 10       -> ITEM_NOT_FOUND item sword#9
      burn bob sword#9 1            -> ITEM_NOT_FOUND item sword#9
      move bob ann sword#9 1        -> ITEM_NOT_FOUND item sword#9
      list bob axe#1 1 @ 10         -> ITEM_NOT_FOUND item axe#1
      grant bob axe#1 1             -> ITEM_NOT_FOUND item axe#1
    `);
  });

  test('meets no book: immediate orders find nothing', () => {
    play(`${ARMOURY}
      list bob sword#1 1 @ 10 ioc   -> #1 cancels 1
      list bob sword#1 1 @ 10 fok   -> NOTHING_TO_FILL fillable 0
      list bob sword#1 1 @ 10 post-only -> #2 rests 1
    `);
  });

  test('a serial makes no instance of an item that is not unique', () => {
    play(`${ARMOURY}
      define ore commodity
      grant bob ore#1 1             -> NOT_FUNGIBLE
      list bob ore#1 1 @ 10         -> NOT_FUNGIBLE
      grant bob coins#1 1           -> NOT_FUNGIBLE
    `);
  });

  test('carries the attributes of its latest grant', () => {
    const bench = play(ARMOURY);
    const grant = (edge: number, atMs: number) =>
      bench.apply({
        command: 'wallet.grant',
        payload: { player: 'cid', asset: 'sword#7', quantity: 1, attributes: { edge } },
        player: 'game-server',
        key: null,
        digest: 0,
        atMs,
      }).outcome;
    const burn = { player: 'cid', asset: 'sword#7', quantity: 1 };
    expect(grant(1, 2_000_000)).toBe('ok');
    expect(grant(2, 2_000_001)).toBe('rejected');
    bench.apply({
      command: 'wallet.burn',
      payload: burn,
      player: 'game-server',
      key: null,
      digest: 0,
      atMs: 2_000_002,
    });
    expect(grant(3, 2_000_003)).toBe('ok');
    bench.check();
    const known = [...bench.auditor.tables.instances.values()];
    expect(known.find(({ name }) => name === 'sword#7')?.attributes).toEqual({ edge: 3 });
  });
});
