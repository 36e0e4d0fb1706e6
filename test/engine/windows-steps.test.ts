// How often a window can be changed: everything that happens to it is kept for ever.

import { describe, expect, test } from 'vitest';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { play } from '../support/scenario.ts';
import { TABLE } from '../support/scenario-goods.ts';

const TOO_MANY = 'LIMIT_REACHED limit windowSteps max 4';
const AT_THE_BOUND = `
  rules windowStepsMax 4 armAddedMs 0 armTakenMs 0 armAcceptedMs 0 reviewMs 0
  ${TABLE}
  put ann #1 100 coins              -- the second step: joining was the first
  put bob #1 10 ore
`;

describe('a window that was changed too often', () => {
  test('takes nothing more, whoever puts, and says what to do', () => {
    const bench = play(`${AT_THE_BOUND}
      put ann #1 200 coins          -> #1 open rev 3 armed 0
      put ann #1 300 coins          -> ${TOO_MANY}
      put bob #1 20 ore             -> ${TOO_MANY}
      put bob #1 20 ore rev 1       -> STALE_REVISION open rev 3: ann 200 coins | bob 10 ore
      restart
      put ann #1 300 coins          -> ${TOO_MANY}
      balance ann coins 800 held 200
      cancel ann #1
      balance ann coins 1_000 held 0
    `);
    expect(bench.engine.state.windows.size).toBe(0);
  });

  test('can be accepted and confirmed, but nobody takes their word back', () => {
    play(`${AT_THE_BOUND}
      accept ann #1
      unaccept ann #1               -> ${TOO_MANY}
      accept bob #1
      confirm ann #1 acknowledge
      unconfirm ann #1              -> ${TOO_MANY}
      reopen bob #1                 -> ${TOO_MANY}
      confirm bob #1 acknowledge
      balance bob coins 100 held 0
    `);
  });

  test('does not count what changed nothing, what was refused, and what nobody asked for', () => {
    play(`${AT_THE_BOUND}
      put bob #1 10 ore
      put bob #1 999 zzz            -> ITEM_NOT_FOUND item zzz
      unaccept ann #1
      leaves bob                    -> window #1 left
      returns bob                   -> window #1 returned
      put ann #1 200 coins          -> #1 open rev 3 armed 0
      put ann #1 300 coins          -> ${TOO_MANY}
    `);
  });

  test('needs more than any honest trade: both move every line in and out a dozen times', () => {
    expect(DEFAULT_RULES.direct.windowStepsMax).toBeGreaterThanOrEqual(2 * 16 * 2 * 12);
  });
});
