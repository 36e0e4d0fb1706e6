// The frozen review: what a confirmation is worth.

import { describe, test } from 'vitest';
import { play } from '../support/scenario.ts';
import { AGREED, GOODS, MET, QUICK } from '../support/scenario-goods.ts';

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
