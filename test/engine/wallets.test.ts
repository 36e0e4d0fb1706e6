import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';

describe('a grant', () => {
  test('mints: what the player gains, the issuer owes', () => {
    play(`
      grant ann coins 500           -> ok
      grant bob coins 250           -> ok
      balance ann coins 500 held 0
      balance $issuer coins -750 held 0
    `);
  });

  test('puts goods at a location, and money always at main', () => {
    play(`
      define ore commodity
      place north
      grant ann ore 5 at north      -> ok
      grant ann coins 5 at north    -> ok
      balance ann ore at north 5 held 0
      balance ann coins 5 held 0
      balance ann coins at north 0 held 0
    `);
  });

  test('cannot make more than 2^53 - 1 of anything, wherever it lies', () => {
    play(`
      define ore commodity
      place north
      grant ann coins MAX           -> ok
      grant bob coins 1             -> AMOUNT_OVERFLOW
      grant ann ore MAX-1 at north  -> ok
      grant bob ore 2               -> AMOUNT_OVERFLOW
      grant bob ore 1               -> ok
      burn ann coins 1              -> ok
      grant bob coins 1             -> ok
    `);
  });

  test('is not bound to the lot size of orders', () => {
    play(`
      define ore commodity lot 10
      grant ann ore 7               -> ok
      move ann bob ore 3            -> ok
      burn ann ore 1                -> ok
      list ann ore 3 @ 5            -> BAD_LOT lotSize 10
    `);
  });

  test('needs an item that is defined', () => {
    play(`
      grant ann ore 1               -> ITEM_NOT_FOUND item ore
      grant ann coins 1
      burn ann ore 1                -> ITEM_NOT_FOUND item ore
      move ann bob ore 1            -> ITEM_NOT_FOUND item ore
    `);
  });
});

describe('a burn', () => {
  test('destroys what is available, and nothing that is held', () => {
    play(`
      define ore commodity
      grant bob ore 5
      list bob ore 3 @ 100          -> #1 rests 3
      burn bob ore 3                -> INSUFFICIENT_INVENTORY required 3 available 2
      burn bob ore 2                -> ok
      balance bob ore 0 held 3
      burn bob coins 1              -> INSUFFICIENT_FUNDS required 1 available 0
      place north
      burn bob ore 1 at north       -> INSUFFICIENT_INVENTORY required 1 available 0
    `);
  });
});

describe('a transfer', () => {
  test('moves between players, between locations, or both', () => {
    play(`
      define ore commodity
      grant ann ore 10
      place north
      place south
      move ann bob ore 4            -> ok
      move ann ann ore 3 to north   -> ok
      move ann cid ore 2 at north to south -> ok
      balance ann ore 3 held 0
      balance bob ore 4 held 0
      balance ann ore at north 1 held 0
      balance cid ore at south 2 held 0
    `);
  });

  test('needs two different accounts, after defaults', () => {
    play(`
      define ore commodity
      grant ann ore 10
      grant ann coins 10
      place north
      move ann ann ore 1 to main    -> SELF_TRADE
      move ann ann ore 1 at main    -> SELF_TRADE
      move ann ann coins 1 to north -> SELF_TRADE
      move ann ann ore 99 to main   -> SELF_TRADE
    `);
  });

  test('moves what is available only', () => {
    play(`
      define ore commodity
      grant ann coins 100
      bid ann ore 1 @ 60            -> #1 rests 1
      move ann bob coins 41         -> INSUFFICIENT_FUNDS required 41 available 40
      move ann bob coins 40         -> ok
      move bob ann ore 1            -> INSUFFICIENT_INVENTORY required 1 available 0
      move eve ann coins 1          -> PLAYER_NOT_FOUND player eve
    `);
  });

  test('makes money that a bid cannot spend twice', () => {
    play(`
      define ore commodity
      grant ann coins 100
      grant bob ore 1
      bid ann ore 1 @ 100           -> #1 rests 1
      move ann cid coins 1          -> INSUFFICIENT_FUNDS required 1 available 0
      list bob ore 1 @ 100          -> #2 fills 1 @ 100 of #1 for 100
    `);
  });
});
