// How a player is left in peace: whom he blocks, and whether he takes invitations at all.

import { describe, expect, test } from 'vitest';
import { BLOCKED_PLAYERS_MAX } from '../../protocol/limits.ts';
import { play } from '../support/scenario.ts';

const PLAYERS = `
  grant ann coins 100
  grant bob coins 100
  grant cid coins 100
  grant dee coins 100
`;

describe('a player who blocks another', () => {
  test('is not invited by him, nor invites him', () => {
    play(`${PLAYERS}
      block bob ann
      invite ann bob                -> PLAYER_UNAVAILABLE
      invite bob ann                -> PLAYER_UNAVAILABLE
      invite cid bob                -> #1 invited rev 0 armed 0
      restart
      invite ann bob                -> PLAYER_UNAVAILABLE
      unblock ann bob
      invite ann bob                -> PLAYER_UNAVAILABLE
      unblock bob ann
      invite ann bob                -> #2 invited rev 0 armed 0
    `);
  });

  test.each(['ann', 'bob'])('ends the window between them at once: %s blocks', player => {
    play(`${PLAYERS}
      invite ann bob
      join bob #1
      put ann #1 10 coins
      block ${player} ${player === 'ann' ? 'bob' : 'ann'}
      window #1 cancelled blocked rev 1: ann 10 coins | bob nothing
      log #1 invited ann, joined bob, put ann, cancelled ${player}
      balance ann coins 100 held 0
    `);
  });

  test.each(['ann', 'bob'])('ends an unanswered invitation between them: %s blocks', player => {
    play(`${PLAYERS}
      invite ann bob
      invite bob cid
      block ${player} ${player === 'ann' ? 'bob' : 'ann'}
      window #1 cancelled blocked rev 0: ann nothing | bob nothing
      window #2 invited rev 0: bob nothing | cid nothing
    `);
  });

  test('touches no window with others', () => {
    play(`${PLAYERS}
      invite ann bob
      join bob #1
      block ann cid
      block cid bob
      window #1 open rev 0: ann nothing | bob nothing
    `);
  });

  test('blocks neither himself nor whom the realm does not know, and twice is once', () => {
    const { groups } = play(`${PLAYERS}
      block ann ann                 -> SELF_TRADE
      block ann eve                 -> PLAYER_NOT_FOUND player eve
      unblock ann eve               -> PLAYER_NOT_FOUND player eve
      returns eve                   -> knows eve
      block ann eve
      block ann eve
      unblock ann bob
      invite eve ann                -> PLAYER_UNAVAILABLE
    `);
    const facts = groups.flatMap(group => group.facts);
    expect(facts.filter(fact => fact.kind === 'block')).toHaveLength(1);
  });

  test('blocks no more than the bound', () => {
    const trolls = Array.from({ length: BLOCKED_PLAYERS_MAX + 1 }, (_, n) => `returns troll-${n}`);
    const bench = play(`${PLAYERS}
      ${trolls.map((line, n) => `${line} -> knows troll-${n}`).join('\n')}
    `);
    const lastTroll = `troll-${BLOCKED_PLAYERS_MAX}`;
    const act = (name: 'block' | 'unblock', player: string) => {
      const { outcome, body } = bench.engine.apply({
        ...{ command: `windows.${name}`, payload: { player }, player: 'ann' },
        ...{ key: null, digest: 0, atMs: 1_000_000 },
      });
      return [outcome, body] as const;
    };
    for (let number = 0; number < BLOCKED_PLAYERS_MAX; number += 1) {
      expect(act('block', `troll-${number}`)[0]).toBe('ok');
    }
    const [outcome, body] = act('block', lastTroll);
    expect([outcome, body]).toMatchObject([
      'rejected',
      { code: 'LIMIT_REACHED', details: { limit: 'blockedPlayers', max: BLOCKED_PLAYERS_MAX } },
    ]);
    expect(act('block', 'troll-7')[0]).toBe('ok');
    act('unblock', 'troll-7');
    expect(act('block', lastTroll)[0]).toBe('ok');
  });
});

describe('a player who is closed to invitations', () => {
  test('gets none, keeps what there is, and may invite', () => {
    const { groups } = play(`${PLAYERS}
      invite ann bob
      privacy bob none
      privacy bob none
      join bob #1                   -> #1 open rev 0 armed 0
      cancel bob #1
      invite ann bob                -> PLAYER_UNAVAILABLE
      restart
      invite ann bob                -> PLAYER_UNAVAILABLE
      invite bob ann                -> #2 invited rev 0 armed 0
      cancel bob #2
      privacy bob all
      invite ann bob                -> #3 invited rev 0 armed 0
      privacy new all
    `);
    const facts = groups.flatMap(group => group.facts);
    expect(facts.filter(fact => fact.kind === 'privacy')).toHaveLength(2);
    expect(facts.some(fact => fact.kind === 'player' && fact.name === 'new')).toBe(false);
  });
});
