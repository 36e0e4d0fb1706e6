// The frozen review: what the manifest says, whom it warns, and what a confirmation is worth.

import { describe, expect, test } from 'vitest';
import type { Payload } from '../../protocol/commands/registry.ts';
import { manifestHash } from '../../protocol/window-hash.ts';
import { play } from '../support/scenario.ts';

const QUICK = 'rules armAddedMs 0 armTakenMs 0 armAcceptedMs 0';

const GOODS = `
  define ore commodity
  define gem commodity
  define sword unique
  define gold currency
  define dust commodity currency gold
  grant ann coins 100_000
  grant ann gold 100
  grant ann sword#1 1
  grant bob coins 100_000
  grant bob ore 1_000
  grant bob gem 1_000
  grant bob dust 10
  grant cid coins 100_000
`;

const MET = `
  invite ann bob
  join bob #1
`;

const AGREED = `
  accept ann #1
  accept bob #1
`;

/** So many trades of an item at these prices, from bob to cid. */
function trades(item: string, prices: readonly number[]): string {
  const one = (price: number) => `bid cid ${item} 1 @ ${price} \n sell bob 1 ${item} min 1`;
  return prices.map(one).join('\n');
}

const FIVE = [10, 12, 11, 90, 9];
const FIFTEEN = [10, 12, 11, 90, 9, 10, 10, 11, 13, 8, 10, 12, 11, 90, 1_000];

describe('a confirmation', () => {
  const REVIEW = `${QUICK} reviewMs 2_000 acknowledgeFrom danger
    ${GOODS} ${MET}
    put ann #1 100 coins
    put bob #1 10 ore
    ${AGREED}
  `;

  test('names the manifest, and waits until it could be looked at', () => {
    play(`${REVIEW}
      times #1 armed 2_000 ends 60_000
      confirm ann #1 rev 1            -> STALE_MANIFEST
      confirm ann #1                  -> NOT_ARMED armedAtMs 2_000
      time 1_999
      confirm ann #1                  -> NOT_ARMED armedAtMs 2_000
      time 2_000
      confirm ann #1                  -> #1 review rev 2 armed 2_000
      window #1 review rev 2: ann 100 coins accepted confirmed | bob 10 ore accepted
    `);
  });

  test('of an earlier review is worth nothing in a later one', () => {
    play(`${REVIEW}
      time 2_000
      reopen bob #1                   -> #1 open rev 3 armed 2_000
      put ann #1 1 coins              -> #1 open rev 4 armed 2_000
      ${AGREED}
      time 4_000
      confirm bob #1 rev 2            -> STALE_MANIFEST
      confirm bob #1 rev 4            -> #1 review rev 4 armed 4_000
    `);
  });

  test('of the same table reviewed again is of another manifest', () => {
    play(`${REVIEW}
      time 2_000
      confirm ann #1
      reopen bob #1                   -> #1 open rev 3 armed 2_000
      ${AGREED}
      window #1 review rev 3: ann 100 coins accepted | bob 10 ore accepted
      time 4_000
      confirm ann #1 rev 2            -> STALE_MANIFEST
    `);
  });

  test('twice by the same player is one, and no swap', () => {
    play(`${REVIEW}
      time 2_000
      confirm ann #1                  -> #1 review rev 2 armed 2_000
      confirm ann #1                  -> #1 review rev 2 armed 2_000
      balance ann coins 99_900 held 100
      log #1 invited ann, joined bob, put ann, put bob, accepted ann, reviewed bob, confirmed ann
    `);
  });

  test('is taken back until the other one has confirmed, too', () => {
    play(`${REVIEW}
      time 2_000
      unconfirm ann #1                -> #1 review rev 2 armed 2_000
      confirm ann #1
      unconfirm ann #1                -> #1 review rev 2 armed 2_000
      confirm bob #1                  -> #1 review rev 2 armed 2_000
      window #1 review rev 2: ann 100 coins accepted | bob 10 ore accepted confirmed
      confirm ann #1                  -> #1 done
      unconfirm ann #1                -> WINDOW_NOT_FOUND
    `);
  });

  test.each(['ann', 'bob'])('waits while something is halted, whoever is second: %s', second => {
    const first = second === 'ann' ? 'bob' : 'ann';
    play(`${REVIEW}
      time 2_000
      confirm ${first} #1
      define ore commodity halted
      confirm ${second} #1            -> MARKET_HALTED
      confirm ${first} #1             -> MARKET_HALTED
      balance bob ore 990 held 10
      define ore commodity
      confirm ${second} #1            -> #1 done
      balance ann ore 10 held 0
    `);
  });

  test('is not needed to go back to the table, where all begins anew', () => {
    play(`
      rules reviewMs 0 acknowledgeFrom danger
      ${GOODS} ${MET}
      put ann #1 100 coins
      time 1_000
      ${AGREED}
      time 5_000
      confirm ann #1 acknowledge
      reopen bob #1                   -> #1 open rev 2 armed 6_000
      window #1 open rev 2: ann 100 coins | bob nothing
      times #1 armed 6_000 ends 305_000
      accept ann #1                   -> NOT_ARMED armedAtMs 6_000
      time 6_000
      accept ann #1 rev 1             -> STALE_REVISION open rev 2: ann 100 coins | bob nothing
      accept ann #1                   -> #1 open rev 2 armed 6_000
    `);
  });

  test('that is late finds the window gone', () => {
    play(`${REVIEW}
      time 2_000
      confirm ann #1
      time 60_000
      confirm bob #1                  -> WINDOW_NOT_FOUND
      window #1 cancelled timeout rev 2: ann 100 coins | bob 10 ore
      balance ann coins 100_000 held 0
    `);
  });
});

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
      manifest #1 ann nothing, worth 0 high | bob 2 gem = 22 high + 10 ore = 110 medium, worth 132 medium
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
      manifest #1 ann 5 gold = ? none + 1 sword#1 = ? none, worth 0 none | bob 2 dust = ? none + 5 ore at mine = ? none, worth 0 none
    `);
  });

  test('counts what is unknown in a sum as nothing, and trusts it as little as its worst', () => {
    play(`${UNMARKED} ${trades('ore', FIVE)} ${MET}
      put bob #1 1 coins + 1 gem + 1 ore
      ${AGREED}
      manifest #1 ann nothing, worth 0 high | bob 1 coins = 1 high + 1 gem = ? none + 1 ore = 11 medium, worth 12 none
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
      manifest #1 ann nothing, worth 0 high | bob 500 coins = 500 high + 9007199254740980 ore = 9007199254740991 low, worth 9007199254740991 low
    `);
  });

  test('says what the house keeps, and the swap keeps it', () => {
    play(`${QUICK} reviewMs 0 acknowledgeFrom danger feeBps 150
      ${GOODS} ${MET}
      put ann #1 1_000 coins + 66 gold + 1 sword#1
      put bob #1 10 ore + 99 coins
      ${AGREED}
      manifest #1 ann 1000 coins = 1000 high fee 15 + 66 gold = ? none + 1 sword#1 = ? none, worth 1000 none | bob 99 coins = 99 high fee 1 + 10 ore = ? none, worth 99 none
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
      `put ann #1 500 coins + 1 sword#1 \n accept ann #1 \n put ann #1 50 coins + 1 sword#1 ${AGREED}`,
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
      'caution bob THIN_PRICE asset gold, caution bob THIN_PRICE asset sword#1, caution ann THIN_PRICE asset dust',
    ],
    [
      'all at once, by code and side',
      '5_000 coins + 1 sword#1',
      '1 dust + 1 gem',
      'danger ann VALUE_RATIO gives 5000 gets 11 ratioBps 4545454, caution bob THIN_PRICE asset sword#1, caution ann THIN_PRICE asset dust',
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
      warnings #1 caution bob CHANGED_AFTER_ACCEPT changes 1, caution ann CHANGED_AFTER_ACCEPT changes 2
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
