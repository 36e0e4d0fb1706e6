// What the manifest says: values and their confidence, fees, and what changed.

import { describe, expect, test } from 'vitest';
import { manifestHash } from '../../protocol/window-hash.ts';
import { play } from '../support/scenario.ts';
import { AGREED, FIFTEEN, FIVE, GOODS, MET, QUICK, trades } from '../support/scenario-goods.ts';

describe('the manifest', () => {
  const UNMARKED = `${QUICK} acknowledgeFrom danger ${GOODS}`;

  test('values coins as they are, and an empty side as nothing', () => {
    play(`${UNMARKED} ${MET}
      put ann #1 100 coins
      ${AGREED}
      manifest #1 ann 100 coins = 100 high, worth 100 high | bob nothing, worth 0 high
    `);
  });

  test('values a commodity by the median of its last trades, unmoved by an odd one', () => {
    play(`${UNMARKED} ${trades('ore', FIVE)}\n ${trades('gem', FIFTEEN)} ${MET}
      put bob #1 10 ore + 2 gem
      ${AGREED}
      manifest #1 ann nothing, worth 0 high | bob 2 gem = 22 high + 10 ore = 110 medium, \
        worth 132 medium
    `);
  });

  test.each([
    [[], '? none, worth 0 none'],
    [[7], '70 low, worth 70 low'],
    [[7, 9], '70 low, worth 70 low'],
    [[7, 9, 8, 100], '80 low, worth 80 low'],
    [FIVE, '110 medium, worth 110 medium'],
    [FIFTEEN.slice(0, 14), '110 medium, worth 110 medium'],
    [FIFTEEN, '110 high, worth 110 high'],
    [[...Array<number>(15).fill(1_000), ...Array<number>(15).fill(3)], '30 high, worth 30 high'],
  ])('knows a price after the trades %j as %s', (prices, shown) => {
    play(`${UNMARKED} ${trades('ore', prices)} ${MET}
      put bob #1 10 ore
      ${AGREED}
      manifest #1 ann nothing, worth 0 high | bob 10 ore = ${shown}
      restart
    `);
  });

  test('knows nothing of another place, another currency, an instance', () => {
    play(`${UNMARKED} ${trades('ore', FIVE)}
      grant bob ore 5 at mine
      bid ann dust 1 @ 3
      sell bob 1 dust min 1
      list ann sword#1 1 @ 500
      buy cid 1 of #7
      move cid ann sword#1 1
      ${MET}
      put ann #1 1 sword#1 + 5 gold
      put bob #1 5 ore at mine + 2 dust
      ${AGREED}
      manifest #1 ann 5 gold = ? none + 1 sword#1 = ? none, worth 0 none | bob 2 dust = ? none \
        + 5 ore at mine = ? none, worth 0 none
    `);
  });

  test('counts what is unknown in a sum as nothing, and trusts it as little as its worst', () => {
    play(`${UNMARKED} ${trades('ore', FIVE)} ${MET}
      put bob #1 1 coins + 1 gem + 1 ore
      ${AGREED}
      manifest #1 ann nothing, worth 0 high | bob 1 coins = 1 high + 1 gem = ? none \
        + 1 ore = 11 medium, worth 12 none
    `);
  });

  test('stops at the largest amount there is', () => {
    play(`${QUICK}
      define ore commodity
      grant bob ore MAX-10
      grant cid coins 1_000
      grant ann coins 1
      ${trades('ore', [500])}
      ${MET}
      put bob #1 MAX-11 ore + 500 coins
      ${AGREED}
      manifest #1 ann nothing, worth 0 high | bob 500 coins = 500 high \
        + 9007199254740980 ore = 9007199254740991 low, worth 9007199254740991 low
    `);
  });

  test('says what the house keeps, and the swap keeps it', () => {
    play(`${QUICK} reviewMs 0 acknowledgeFrom danger feeBps 150
      ${GOODS} ${MET}
      put ann #1 1_000 coins + 66 gold + 1 sword#1
      put bob #1 10 ore + 99 coins
      ${AGREED}
      manifest #1 ann 1000 coins = 1000 high fee 15 + 66 gold = ? none + 1 sword#1 = ? none, \
        worth 1000 none | bob 99 coins = 99 high fee 1 + 10 ore = ? none, worth 99 none
      confirm ann #1 acknowledge
      confirm bob #1 acknowledge      -> #1 done
      balance ann coins 99_098 held 0
      balance bob coins 100_886 held 0
      balance $house coins 16 held 0
      balance bob gold 66 held 0
      balance ann ore 10 held 0
    `);
  });

  test('when all of it is the fee, nothing but the fee moves', () => {
    play(`${QUICK} reviewMs 0 acknowledgeFrom danger feeBps 10_000
      ${GOODS} ${MET}
      put ann #1 1_000 coins
      ${AGREED}
      confirm ann #1 acknowledge
      confirm bob #1 acknowledge      -> #1 done
      balance ann coins 99_000 held 0
      balance bob coins 100_000 held 0
      balance $house coins 1_000 held 0
    `);
  });

  test('has the hash that everybody computes from it', () => {
    const { groups, engine } = play(`${UNMARKED} ${MET}
      put ann #1 100 coins + 1 sword#1
      ${AGREED}
    `);
    const facts = groups.flatMap(group => group.facts);
    const manifest = facts.find(fact => fact.kind === 'manifest');
    const window = facts.findLast(fact => fact.kind === 'window');
    expect(facts.indexOf(manifest as never)).toBeLessThan(facts.indexOf(window as never));
    expect(manifest?.body.manifest).toBe(manifestHash(manifest?.body as never));
    expect(window?.manifest).toBe(manifest?.body.manifest);
    expect(engine.state.windows.get(1)?.manifest).toEqual(manifest?.body);
  });
});

describe('the manifest lists what changed since somebody first accepted', () => {
  const FIRST = `${QUICK} ${GOODS}
    grant ann sword#2 1
    ${MET}
    put ann #1 5_000 coins + 1 sword#1
    put bob #1 10 ore + 3 gem
    accept ann #1
  `;

  test.each([
    ['nothing', 'accept bob #1', 'none'],
    [
      'a zero less',
      `put ann #1 500 coins + 1 sword#1 ${AGREED}`,
      'ann decreased 5000 coins to 500',
    ],
    [
      'a look-alike',
      `put ann #1 5_000 coins + 1 sword#2 ${AGREED}`,
      'ann swapped 1 sword#1 for 1 sword#2',
    ],
    ['more on the other side', `put bob #1 11 ore + 3 gem ${AGREED}`, 'bob increased 10 ore to 11'],
    [
      'both sides, the inviter first',
      `put bob #1 3 gem \n put ann #1 5_000 coins + 1 sword#1 + 2 gold ${AGREED}`,
      'ann added 2 gold, bob removed 10 ore',
    ],
    [
      'there and back again',
      `put ann #1 1 coins \n put ann #1 5_000 coins + 1 sword#1 ${AGREED}`,
      'none',
    ],
    [
      'since the first acceptance, not the last',
      `put ann #1 500 coins + 1 sword#1 \n accept ann #1 \n put ann #1 50 coins \
        + 1 sword#1 ${AGREED}`,
      'ann decreased 5000 coins to 50',
    ],
    [
      'since then in a later review, too',
      `accept bob #1 \n reopen ann #1 \n put ann #1 5_000 coins ${AGREED}`,
      'ann removed 1 sword#1',
    ],
  ])('%s', (_what, lines, changes) => {
    play(`${FIRST}
      ${lines}
      changes #1 ${changes}
    `);
  });
});
