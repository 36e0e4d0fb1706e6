// How two players come to a window, and which invitations come to nothing.

import { describe, expect, test } from 'vitest';
import type { ReplyBody } from '../../src/engine/entry.ts';
import type { Bench } from '../sim/simulation.ts';
import { play } from '../support/scenario.ts';

const PLAYERS = `
  grant ann coins 100
  grant bob coins 100
  grant cid coins 100
  grant dee coins 100
`;

describe('an invitation', () => {
  test('waits for its answer, and ends by itself', () => {
    play(`${PLAYERS}
      invite ann bob                -> #1 invited rev 0 armed 0
      window #1 invited rev 0: ann nothing | bob nothing
      times #1 armed 0 ends 30_000
      time 29_999                   -> nothing
      time 30_000                   -> window #1 cancelled expired
      join bob #1                   -> WINDOW_NOT_FOUND
      log #1 invited ann, cancelled nobody
      invite ann bob                -> #2 invited rev 0 armed 30_000
    `);
  });

  test('opens the table when the other one comes', () => {
    play(`${PLAYERS}
      invite ann bob                -> #1 invited rev 0 armed 0
      time 1_000
      join bob #1                   -> #1 open rev 0 armed 1_000
      times #1 armed 1_000 ends 301_000
    `);
  });

  test('is declined, or taken back', () => {
    play(`${PLAYERS}
      invite ann bob
      decline bob #1                -> #1 cancelled
      window #1 cancelled declined rev 0: ann nothing | bob nothing
      log #1 invited ann, cancelled bob
      invite ann bob
      cancel bob #2                 -> #2 cancelled
      window #2 cancelled declined rev 0: ann nothing | bob nothing
      invite ann bob
      cancel ann #3                 -> #3 cancelled
      window #3 cancelled cancelled rev 0: ann nothing | bob nothing
    `);
  });

  test('may come from a player who was never heard of', () => {
    play(`
      grant bob coins 1
      invite new bob                -> #1 invited rev 0 armed 0
      join bob #1                   -> #1 open rev 0 armed 0
    `);
  });

  test('uses up no number when it is refused', () => {
    play(`${PLAYERS}
      invite ann eve                -> PLAYER_UNAVAILABLE
      invite ann ann                -> SELF_TRADE
      invite ann bob                -> #1 invited rev 0 armed 0
    `);
  });
});

describe('one window for each player', () => {
  test('who has invited can neither invite again nor be invited', () => {
    play(`${PLAYERS}
      invite ann bob                -> #1 invited rev 0 armed 0
      invite ann cid                -> ALREADY_TRADING window 1
      invite ann bob                -> ALREADY_TRADING window 1
      invite bob ann                -> PLAYER_UNAVAILABLE
      invite cid ann                -> PLAYER_UNAVAILABLE
    `);
  });

  test('who was invited and has not answered is free', () => {
    play(`${PLAYERS}
      invite ann bob                -> #1 invited rev 0 armed 0
      invite cid bob                -> #2 invited rev 0 armed 0
      invite bob dee                -> #3 invited rev 0 armed 0
    `);
  });

  test('who comes to a table leaves his own invitation', () => {
    play(`${PLAYERS}
      invite ann bob                -> #1 invited rev 0 armed 0
      invite bob dee                -> #2 invited rev 0 armed 0
      join bob #1                   -> #1 open rev 0 armed 0
      window #2 cancelled cancelled rev 0: bob nothing | dee nothing
      log #2 invited bob, cancelled bob
      join dee #2                   -> WINDOW_NOT_FOUND
      invite cid bob                -> PLAYER_UNAVAILABLE
      invite bob cid                -> ALREADY_TRADING window 1
    `);
  });

  test('who sits at a table can go to no other one before he leaves it', () => {
    play(`${PLAYERS}
      invite ann bob                -> #1 invited rev 0 armed 0
      invite cid bob                -> #2 invited rev 0 armed 0
      join bob #1                   -> #1 open rev 0 armed 0
      join bob #2                   -> ALREADY_TRADING window 1
      cancel bob #1                 -> #1 cancelled
      join bob #2                   -> #2 open rev 0 armed 0
      invite ann dee                -> #3 invited rev 0 armed 0
    `);
  });

  test('a thousand invitations by one player open one window', () => {
    const again = Array.from({ length: 50 }, () => 'invite ann bob -> ALREADY_TRADING window 1');
    play(`${PLAYERS}
      invite ann bob
      ${again.join('\n')}
    `);
  });
});

describe('too many invitations', () => {
  test('of the same player come to nothing for a minute', () => {
    play(`
      rules invitesPerPlayerMax 2
      ${PLAYERS}
      invite ann bob
      decline bob #1
      time 10_000
      invite ann bob
      decline bob #2
      invite ann bob                -> PLAYER_UNAVAILABLE
      invite ann cid                -> #3 invited rev 0 armed 10_000
      cancel ann #3
      time 59_999
      invite ann bob                -> PLAYER_UNAVAILABLE
      restart
      invite ann bob                -> PLAYER_UNAVAILABLE
      time 60_000
      invite ann bob                -> #4 invited rev 0 armed 60_000
      cancel ann #4
      invite ann bob                -> PLAYER_UNAVAILABLE
      time 70_000
      invite ann bob                -> #5 invited rev 0 armed 70_000
    `);
  });

  test('in all come to nothing for a minute', () => {
    play(`
      rules invitesPerMinuteMax 3
      ${PLAYERS}
      invite ann bob
      cancel ann #1
      invite ann cid
      decline cid #2
      invite ann dee
      cancel ann #3
      invite ann bob                -> PLAYER_UNAVAILABLE
      restart
      invite ann cid                -> PLAYER_UNAVAILABLE
      invite bob ann                -> #4 invited rev 0 armed 0
      time 60_000                   -> window #4 cancelled expired
      invite ann dee                -> #5 invited rev 0 armed 60_000
    `);
  });
});

describe('an invitation that comes to nothing', () => {
  const REASONS: Readonly<Record<string, string>> = {
    'to a player who was never heard of': '',
    'to a player who trades': 'grant eve coins 1 \n invite eve bob \n join bob #1',
    'to a player who invites': 'grant eve coins 1 \n invite eve bob',
    'to a player who is closed': 'grant eve coins 1 \n privacy eve none',
    'to a player who has blocked the inviter': 'grant eve coins 1 \n block eve ann',
    'to a player whom the inviter has blocked': 'grant eve coins 1 \n block ann eve',
    'to a player who was invited too often': `
      grant eve coins 1
      ${[1, 2, 3].map(id => `invite ann eve \n cancel ann #${id}`).join('\n')}
    `,
  };

  test.each(Object.entries(REASONS))('%s has the one and only answer', (_reason, before) => {
    const bench = play(PLAYERS + before);
    expect(answerTo(bench)).toEqual({
      code: 'PLAYER_UNAVAILABLE',
      message: 'The player cannot be traded with now.',
    });
  });

  function answerTo(bench: Bench): unknown {
    const entry = { command: 'windows.invite', payload: { player: 'eve' }, player: 'ann' } as const;
    const { body } = bench.apply({ ...entry, key: null, digest: 0, atMs: 1_000_000 });
    return JSON.parse(JSON.stringify(body as ReplyBody));
  }
});
