import { describe, expect, test } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { load, loadAndFollow, replay } from '../sim/restore.ts';
import { play } from '../support/scenario.ts';
import { testKey } from '../support/test-key.ts';

const DAY = `
  define ore commodity
  define sword unique
  grant bob ore 20
  grant bob sword#1 1
  grant ann coins 1_000
  list bob ore 5 @ 100              -> #1 rests 5
  list bob ore 5 @ 100 until 90     -> #2 rests 5
  list bob sword#1 1 @ 300          -> #3 rests 1
  bid ann ore 2 @ 90 key a          -> #4 rests 2
  relist bob #1 quantity 8          -> #1 rests 8
  relist bob #3 @ 310               -> #3 rests 1
  buy ann 1 of #2                   -> fills 1 @ 100 of #2 for 100
`;

describe('an engine brought back from its facts', () => {
  test('is the same engine, replayed or loaded', () => {
    const { engine, groups, auditor, rules } = play(DAY);
    expect(replay(rules, groups, auditor.tables).hash()).toBe(engine.hash());
    expect(load(rules, auditor.tables).hash()).toBe(engine.hash());
  });

  test('is the same engine however far the tables are behind its facts', () => {
    const { engine, groups, auditor, rules } = play(DAY);
    for (let lag = 0; lag <= groups.length; lag++) {
      const followed = loadAndFollow(rules, groups, lag, auditor.tables);
      expect(followed.hash(), `${lag} groups behind`).toBe(engine.hash());
      expect(auditState(followed.state)).toEqual([]);
    }
  });

  test('stays the same when facts are applied twice', () => {
    const { engine, groups, auditor, rules } = play(DAY);
    const { accounts, orders } = auditor.tables;
    const again = replay(rules, groups, auditor.tables);
    for (const fact of [...accounts.values(), ...orders.values()]) again.restore(fact, 1_000_000);
    expect(again.hash()).toBe(engine.hash());
    expect(auditState(again.state)).toEqual([]);
  });

  test('keeps places, expiries, keys and counters', () => {
    play(`${DAY}
      restart
      bid ann ore 5 @ 100           -> #5 fills 4 @ 100 of #2 + 1 @ 100 of #1 for 500
      bid ann ore 2 @ 90 key a      -> #4 rests 2
      trade 3 ann buys 1 ore @ 100 of bob, maker #1, taker #5 buys, fees 0 and 0
      relist bob #1 until 95        -> #1 rests 7
      restart
      time 95                       -> expires #1
    `);
  });

  test('refuses facts that belong to another beginning', () => {
    const engine = new Engine(DEFAULT_RULES);
    expect(() => engine.restore({ kind: 'player', player: 7, name: 'ann' }, 0)).toThrow(
      'names are restored in the order of their numbers',
    );
  });

  test('never goes back in time or sequence', () => {
    const { engine } = play(DAY);
    const tick = { command: 'tick', payload: null, player: '', key: null, digest: 0 } as const;
    expect(() => engine.apply({ ...tick, atMs: 1 })).toThrow('engine time never goes back');
    const standing = {
      sequence: 1,
      atMs: 1,
      livedMs: 1,
      lastOrder: 1,
      lastTrade: 1,
      lastWindow: 0,
      lastOffer: 0,
    };
    expect(() => engine.resume(standing)).toThrow('a sequence never falls');
  });
});

describe('a sequence', () => {
  test('counts the entries that changed something or decided a key', () => {
    const bench = play(DAY);
    const { sequence } = bench.auditor.tables;
    const common = { player: 'ann', digest: 1 } as const;
    const purchase = {
      command: 'purchases.create',
      payload: { listing: 99, quantity: 1 },
    } as const;
    const apply = (key: string | null, atMs: number) =>
      bench.apply({ ...common, ...purchase, key, atMs }).sequence;
    expect(apply(null, 1_000_001)).toBe(sequence);
    expect(apply(testKey('k'), 1_000_001)).toBe(sequence + 1);
    expect(apply(testKey('k'), 1_000_002)).toBe(sequence + 1);
    // The second listing expires.
    expect(apply(null, 1_000_090)).toBe(sequence + 2);
  });
});
