// Whom the manifest warns of what, and what must be acknowledged.

import { describe, expect, test } from 'vitest';
import type { Payload } from '../../protocol/commands/registry.ts';
import { play } from '../support/scenario.ts';
import { AGREED, FIFTEEN, FIVE, GOODS, MET, QUICK, trades } from '../support/scenario-goods.ts';

describe('a warning', () => {
  const MARKET = `${GOODS} ${trades('ore', FIVE)}\n ${trades('gem', FIFTEEN)}`;
  /** An ore is worth 11, with medium confidence; a gem 11, with high. */
  const WARNINGS: readonly (readonly [name: string, ann: string, bob: string, says: string])[] = [
    ['no warning', '110 coins', '10 ore', 'none'],
    ['a present', '100 coins', 'nothing', 'danger ann ONE_SIDE_EMPTY'],
    ['a present of the other one', 'nothing', '1 gem', 'danger bob ONE_SIDE_EMPTY'],
    ['just under three times the value', '329 coins', '10 ore', 'none'],
    [
      'three times the value',
      '330 coins',
      '10 ore',
      'danger ann VALUE_RATIO gives 330 gets 110 ratioBps 30000',
    ],
    [
      'a tenth of the value, by the other one',
      '1 coins',
      '1 gem',
      'danger bob VALUE_RATIO gives 11 gets 1 ratioBps 110000',
    ],
    [
      'an unknown value: no ratio, but a thin price to the receiver',
      '1 sword#1',
      '1 gem',
      'caution bob THIN_PRICE asset sword#1',
    ],
    [
      'one thin price for each line',
      '5 gold + 1 sword#1',
      '2 dust + 11 coins',
      'caution bob THIN_PRICE asset gold, caution bob THIN_PRICE asset sword#1, \
        caution ann THIN_PRICE asset dust',
    ],
    [
      'all at once, by code and side',
      '5_000 coins + 1 sword#1',
      '1 dust + 1 gem',
      'danger ann VALUE_RATIO gives 5000 gets 11 ratioBps 4545454, \
        caution bob THIN_PRICE asset sword#1, caution ann THIN_PRICE asset dust',
    ],
  ];

  test.each(WARNINGS)('about %s', (_name, ann, bob, says) => {
    play(`${QUICK} reviewMs 0 ${MARKET} ${MET}
      put ann #1 ${ann}
      put bob #1 ${bob}
      ${AGREED}
      warnings #1 ${says}
    `);
  });

  test('of what changed goes to the partner of the side that did', () => {
    play(`${QUICK} reviewMs 0 ${MARKET} ${MET}
      put ann #1 110 coins
      put bob #1 10 ore
      accept ann #1
      put ann #1 109 coins
      put bob #1 9 ore + 1 gem
      ${AGREED}
      warnings #1 caution bob CHANGED_AFTER_ACCEPT changes 1, \
        caution ann CHANGED_AFTER_ACCEPT changes 2
    `);
  });

  test('cannot be evaded by accepting little first, then showing more for a while', () => {
    play(`${QUICK} reviewMs 0 ${MARKET} ${MET}
      put ann #1 1_000 coins
      put bob #1 100 ore
      accept ann #1                                 -- alone
      put ann #1 10_000 coins
      accept bob #1                                 -- what bob wants
      put ann #1 1_000 coins
      ${AGREED}
      changes #1 ann decreased 10000 coins to 1000
      warnings #1 caution bob CHANGED_AFTER_ACCEPT changes 1
    `);
  });

  const EVASIONS: readonly (readonly [name: string, lines: string, says: string])[] = [
    [
      'nor by accepting what is left of it in between',
      'put ann #1 900 coins + 1 sword#1 \n accept bob #1 \n put ann #1 110 coins \n accept bob #1 \
        \n put ann #1 120 coins',
      'ann decreased 900 coins to 120, ann removed 1 sword#1',
    ],
    [
      'nor by a review that is left again',
      `put ann #1 900 coins \n ${AGREED} \n reopen ann #1 \n put ann #1 110 coins`,
      'ann decreased 900 coins to 110',
    ],
    [
      'nor by going away',
      `put ann #1 900 coins \n accept bob #1 \n leaves ann -> window #1 left
        put ann #1 110 coins`,
      'ann decreased 900 coins to 110',
    ],
    [
      'nor by taking it in small steps',
      'put ann #1 900 coins \n accept bob #1 \n put ann #1 500 coins \n put ann #1 110 coins',
      'ann decreased 900 coins to 110',
    ],
    [
      'and what is whole again is no change',
      'put ann #1 900 coins \n put ann #1 110 coins \n put ann #1 900 coins \n put bob #1 10 ore',
      'none',
    ],
  ];
  test.each(EVASIONS)('%s', (_name, lines, says) => {
    play(`${QUICK} reviewMs 0 ${MARKET} ${MET}
      put ann #1 110 coins
      put bob #1 10 ore
      accept ann #1
      ${lines}
      ${AGREED}
      changes #1 ${says}
    `);
  });

  const PRESENT = `${MARKET} ${MET}
    put ann #1 100 coins
    ${AGREED}
  `;

  test('must be acknowledged by the one it is addressed to, by its token', () => {
    play(`${QUICK} reviewMs 0 ${PRESENT}
      confirm ann #1                  -> NOT_ACKNOWLEDGED code ONE_SIDE_EMPTY
      window #1 review rev 1: ann 100 coins accepted | bob nothing accepted
      confirm bob #1                  -> #1 review rev 1 armed 0
      confirm ann #1                  -> NOT_ACKNOWLEDGED code ONE_SIDE_EMPTY
      confirm ann #1 acknowledge      -> #1 done
    `);
  });

  test('that was acknowledged in an earlier review must be again', () => {
    const bench = play(`${QUICK} reviewMs 0 ${PRESENT}\n reopen bob #1 ${AGREED}`);
    const manifests = bench.groups.flatMap(({ facts }) =>
      facts.flatMap(fact => (fact.kind === 'manifest' ? [fact.body] : [])),
    );
    const [before, now] = manifests.map(({ warnings }) => warnings[0]?.token ?? '');
    expect(before).toMatch(/^[0-9a-f]{16}$/);
    const payload = { window: 1, manifest: manifests[1]?.manifest ?? '', acknowledge: [before] };
    const { body } = bench.apply({
      ...{ command: 'windows.confirm', payload: payload as Payload<'windows.confirm'> },
      ...{ player: 'ann', key: null, digest: 0, atMs: 1_000_000 },
    });
    expect(body).toMatchObject({
      code: 'NOT_ACKNOWLEDGED',
      details: { code: 'ONE_SIDE_EMPTY', token: now },
    });
    expect(now).not.toBe(before);
  });

  test('below the level of the realm need not be acknowledged, and has no token', () => {
    play(`${QUICK} reviewMs 0 acknowledgeFrom danger ${MARKET} ${MET}
      put ann #1 1 sword#1
      put bob #1 1 gem
      ${AGREED}
      warnings #1 caution bob THIN_PRICE asset sword#1 unmarked
      confirm ann #1
      confirm bob #1                  -> #1 done
    `);
  });

  test('of several, the first that is not acknowledged is named', () => {
    play(`${QUICK} reviewMs 0 ${MARKET} ${MET}
      put ann #1 5_000 coins + 1 sword#1
      put bob #1 1 dust + 1 gem
      ${AGREED}
      confirm ann #1                  -> NOT_ACKNOWLEDGED code VALUE_RATIO
      confirm bob #1                  -> NOT_ACKNOWLEDGED code THIN_PRICE
      confirm ann #1 acknowledge
      confirm bob #1 acknowledge      -> #1 done
    `);
  });

  test('comes after the time in the order of checks, and before a halt', () => {
    play(`${QUICK} reviewMs 500 ${PRESENT}
      define coins currency halted
      confirm ann #1                  -> NOT_ARMED armedAtMs 500
      time 500
      confirm ann #1                  -> NOT_ACKNOWLEDGED code ONE_SIDE_EMPTY
      confirm ann #1 acknowledge      -> MARKET_HALTED
    `);
  });
});
