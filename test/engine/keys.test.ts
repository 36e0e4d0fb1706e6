import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { KEY_AHEAD_MAX_MS, REJECTION_BYTES_MAX } from '../../protocol/limits.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Applied, Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES, type Rules } from '../../src/engine/rules.ts';
import { play } from '../support/scenario.ts';
import { testKey } from '../support/test-key.ts';

const DAY = 24 * 60 * 60 * 1000;
/** What a key is kept for: a day, and half an hour more. */
const KEPT = DAY + DAY / 48;
/** All of the time between two decisions is lived. */
const AWAKE = `rules livedStepMaxMs ${2 * DAY}`;

const NOW = 1_800_000_000_000;

function engineWith(rules: Partial<Rules>): Engine {
  const engine = new Engine({ ...DEFAULT_RULES, ...rules });
  // From now on the realm knows ann.
  send(engine, testKey('first'));
  return engine;
}

const BURN = { player: 'ann', asset: 'nothing', quantity: 1 };

function send(engine: Engine, key: string, payload: object = BURN): Applied {
  const burn = { command: 'wallet.burn', payload, player: 'ann', key, digest: 1, atMs: NOW };
  return engine.apply(burn as unknown as Entry);
}

/** Why a command of ann with this key did nothing. */
function burn(engine: Engine, key: string): unknown {
  return (send(engine, key).body as { code?: string }).code;
}

const MARKET = `
  define ore commodity
  grant bob ore 10
  grant ann coins 1_000
  list bob ore 5 @ 100              -> #1 rests 5
`;

describe('an idempotency key', () => {
  test('gets the first answer again, and nothing happens twice', () => {
    play(`${MARKET}
      buy ann 2 of #1 key a         -> fills 2 @ 100 of #1 for 200
      buy ann 2 of #1 key a         -> fills 2 @ 100 of #1 for 200
      balance ann coins 800 held 0
      order #1 open 3 of 5 @ 100 gtc
    `);
  });

  test('remembers a rejection as well, even when it would succeed by now', () => {
    play(`${MARKET}
      buy eve 1 of #1 key a         -> INSUFFICIENT_FUNDS required 100 available 0
      grant eve coins 100
      buy eve 1 of #1 key a         -> INSUFFICIENT_FUNDS required 100 available 0
      buy eve 1 of #1 key b         -> fills 1 @ 100 of #1 for 100
    `);
  });

  test('answers long after the order is closed', () => {
    play(`${MARKET}
      list bob ore 1 @ 99 key a     -> #2 rests 1
      buy ann 1 of #2               -> fills 1 @ 99 of #2 for 99
      time ${DAY - 1}
      list bob ore 1 @ 99 key a     -> #2 rests 1
      book ore - | 5 @ 100 (1)
    `);
  });

  test('with another command or payload is refused, and stays what it was', () => {
    play(`${MARKET}
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      buy ann 2 of #1 key a         -> KEY_REUSED
      bid ann ore 1 @ 90 key a      -> KEY_REUSED
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      order #1 open 4 of 5 @ 100 gtc
    `);
  });

  test('belongs to its player', () => {
    play(`${MARKET}
      grant dee coins 100
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      buy dee 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
    `);
  });

  test('is remembered for 24 hours and a half of lived time, and then never executed', () => {
    play(`${AWAKE}
      ${MARKET}
      time 10
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      time ${KEPT}
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      time ${KEPT + 9}
      grant ann coins 1
      buy ann 2 of #1 key a         -> KEY_REUSED
      time ${KEPT + 1_010}
      grant ann coins 1
      buy ann 1 of #1 key a         -> KEY_EXPIRED
      ask ann a                     -> expired
      restart
      buy ann 1 of #1 key a         -> KEY_EXPIRED
      buy ann 2 of #1 key b         -> fills 2 @ 100 of #1 for 200
    `);
  });

  test('is not forgotten by steps of time, however large: a second of each is lived', () => {
    play(`${MARKET}
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      time ${30 * DAY}
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      grant ann coins 1
      time ${365 * DAY}
      buy ann 2 of #1 key a         -> KEY_REUSED
      restart
      time ${366 * DAY}
      buy ann 2 of #1 key a         -> KEY_REUSED
    `);
  });

  test('is older by a second after each of two decisions that are far apart', () => {
    const hourly = Array.from(
      { length: 40 },
      (_, hour) => `time ${hour * 3_600_000}
      grant ann coins 1`,
    ).join('\n');
    const { engine } = play(`${MARKET}
      ${hourly}`);
    const { livedMs } = engine.state;
    expect(livedMs).toBeGreaterThanOrEqual(39_000);
    expect(livedMs).toBeLessThan(41_000);
  });

  test('is forgotten when its player has used too many since: the oldest first', () => {
    play(`rules keysPerPlayerMax 2
      ${MARKET}
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      buy ann 1 of #1 key b         -> fills 1 @ 100 of #1 for 100
      ask bob a                     -> free
      ask ann a                     -> decided ok
      buy ann 1 of #1 key c         -> fills 1 @ 100 of #1 for 100
      ask ann a                     -> expired
      ask ann b                     -> decided ok
      buy ann 1 of #1 key a         -> KEY_EXPIRED
      ask ann b                     -> decided ok
      order #1 open 2 of 5 @ 100 gtc
    `);
  });

  test('that comes late is executed as long as no later one is forgotten', () => {
    play(`rules keysPerPlayerMax 2
      ${MARKET}
      buy ann 1 of #1 key d         -> fills 1 @ 100 of #1 for 100
      buy ann 1 of #1 key b         -> fills 1 @ 100 of #1 for 100
      buy ann 1 of #1 key c         -> fills 1 @ 100 of #1 for 100
      buy ann 1 of #1 key a         -> KEY_EXPIRED
      buy ann 1 of #1 key b         -> KEY_EXPIRED
      buy ann 1 of #1 key c         -> fills 1 @ 100 of #1 for 100
      buy ann 1 of #1 key d         -> fills 1 @ 100 of #1 for 100
      restart
      buy ann 1 of #1 key b         -> KEY_EXPIRED
      order #1 open 2 of 5 @ 100 gtc
    `);
  });

  test('of a device whose clock is behind is executed beside those of one that is ahead', () => {
    const engine = engineWith({ keysPerPlayerMax: 30 });
    const ahead = Array.from({ length: 20 }, (_, n) => testKey('ahead', NOW + 60_000 + n));
    const behind = Array.from({ length: 100 }, (_, n) => testKey('behind', NOW - 60_000 + n));
    for (const [n, key] of behind.entries()) {
      expect(burn(engine, key)).toBe('ITEM_NOT_FOUND');
      if (n < ahead.length) expect(burn(engine, ahead[n] as string)).toBe('ITEM_NOT_FOUND');
    }
    for (const key of ahead) expect(burn(engine, key)).toBe('ITEM_NOT_FOUND');
    expect(burn(engine, behind[3] as string)).toBe('KEY_EXPIRED');
  });

  test('is no further ahead than five minutes, and the answer says what time it is', () => {
    const engine = engineWith({});
    expect(burn(engine, testKey('k', NOW + KEY_AHEAD_MAX_MS))).toBe('ITEM_NOT_FOUND');
    const { outcome, body } = send(engine, testKey('k', NOW + KEY_AHEAD_MAX_MS + 1));
    expect(outcome).toBe('invalid');
    expect(body).toMatchObject({ code: 'KEY_AHEAD', details: { serverTimeMs: NOW } });
  });

  test('remembers of a long rejection its code and its message', () => {
    const engine = engineWith({});
    const text = 'x'.repeat(64);
    const payload = { player: 'ann', asset: text, quantity: 1 };
    const first = send(engine, testKey('k', NOW), payload);
    expect(first.body).toMatchObject({ code: 'ITEM_NOT_FOUND', details: { item: text } });
    const again = send(engine, testKey('k', NOW), payload);
    expect(again.outcome).toBe('rejected');
    expect(again.body).toEqual({
      code: 'ITEM_NOT_FOUND',
      message: expect.stringMatching(/^.{1,128}$/),
    });
    expect(encode(again.body).length).toBeLessThanOrEqual(REJECTION_BYTES_MAX);
  });

  test('is remembered across a recovery', () => {
    play(`${MARKET}
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      buy eve 1 of #1 key a         -> INSUFFICIENT_FUNDS required 100 available 0
      restart
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      buy eve 1 of #1 key a         -> INSUFFICIENT_FUNDS required 100 available 0
      buy ann 2 of #1 key a         -> KEY_REUSED
      order #1 open 4 of 5 @ 100 gtc
    `);
  });
});

describe('keys.get', () => {
  test('tells what was decided, or that the key is free', () => {
    play(`${MARKET}
      ask ann a                     -> free
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      buy ann 9 of #1 key b         -> LISTING_UNAVAILABLE remaining 4
      ask ann a                     -> decided ok
      ask ann b                     -> decided LISTING_UNAVAILABLE
      ask bob a                     -> free
    `);
  });

  test('is not remembered itself, whatever key it carries', () => {
    play(`${MARKET}
      ask ann a key q               -> free
      buy ann 1 of #1 key a         -> fills 1 @ 100 of #1 for 100
      ask ann a key q               -> decided ok
      ask ann q                     -> free
      ask ann q key a               -> free
    `);
  });

  test('shows the first answer exactly as it was', () => {
    const bench = play(MARKET);
    const common = { player: 'ann', atMs: 1_000_001 };
    const payload = { listing: 1, quantity: 2 };
    const purchase = {
      command: 'purchases.create',
      payload,
      key: testKey('a'),
      digest: 5,
    } as const;
    const first = bench.apply({ ...common, ...purchase });
    const ask = {
      command: 'keys.get',
      payload: { key: testKey('a') },
      key: null,
      digest: 0,
    } as const;
    expect(bench.apply({ ...common, ...ask }).body).toEqual({
      status: 'decided',
      outcome: 'ok',
      body: first.body,
    });
  });
});
