// Windows brought back from their facts: every fact in its order, or the last ones alone.

import { describe, expect, test } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Fact } from '../../src/engine/fact.ts';
import { load, replay } from '../sim/restore.ts';
import type { Bench } from '../sim/simulation.ts';
import { play } from '../support/scenario.ts';
import { REVIEW } from '../support/scenario-goods.ts';

/** The last facts of everything, the manifest in front of its window or behind it. */
function loadInOrder(bench: Bench, order: 'before' | 'behind' | 'without'): Engine {
  const { tables } = bench.auditor;
  const engine = new Engine(bench.rules);
  const manifests: Fact[] = order === 'without' ? [] : [...tables.manifests.values()];
  const windows: Fact[] = [...tables.windows.values()];
  const facts: Fact[] = [
    ...tables.players.values(),
    ...tables.locations.values(),
    ...tables.items.values(),
    ...tables.accounts.values(),
    ...tables.trades,
    ...(order === 'behind' ? [...windows, ...manifests] : [...manifests, ...windows]),
  ];
  for (const fact of facts) engine.restore(fact, tables.livedMs);
  const { sequence, atMs, livedMs, lastTrade } = tables;
  const lastOrder = Math.max(...tables.orders.keys());
  const ids = { lastTrade, lastOrder, lastWindow: 1, lastOffer: 0 };
  engine.resume({ sequence, atMs, livedMs, ...ids });
  return engine;
}

describe('a window under review', () => {
  test('is the same, replayed or loaded, and can be swapped', () => {
    play(`${REVIEW}
      restart
      window #1 review rev 3: ann 50 coins accepted confirmed | bob 8 ore accepted
      confirm bob #1 acknowledge      -> #1 done
      balance ann ore 8 held 0
    `);
  });

  test.each(['before', 'behind'] as const)('takes its manifest from %s its own fact', order => {
    const bench = play(REVIEW);
    const loaded = loadInOrder(bench, order);
    expect(auditState(loaded.state)).toEqual([]);
    expect(loaded.hash()).toBe(bench.engine.hash());
  });

  test('without its manifest is found by the audit', () => {
    const loaded = loadInOrder(play(REVIEW), 'without');
    expect(auditState(loaded.state)).toContain('window 1 is in review without a manifest');
  });

  test('stays the same when its facts are applied twice', () => {
    const { engine, groups, auditor, rules } = play(REVIEW);
    const again = replay(rules, groups, auditor.tables);
    const { manifests, windows } = auditor.tables;
    for (const fact of [...manifests.values(), ...windows.values()]) again.restore(fact, 1_000_000);
    expect(again.hash()).toBe(engine.hash());
    expect(auditState(again.state)).toEqual([]);
  });
});

describe('an invitation', () => {
  test.each(['replayed', 'loaded'] as const)('counts once, however often it is told: %s', how => {
    const { auditor, groups, rules } = play(`
      grant ann coins 1
      grant bob coins 1
      invite ann bob
      join bob #1
      put ann #1 1 coins
      cancel ann #1
      invite ann bob
      decline bob #2
    `);
    const { tables } = auditor;
    const engine = how === 'loaded' ? load(rules, tables) : replay(rules, groups, tables);
    const invite = () =>
      engine.apply({
        ...{ command: 'windows.invite', payload: { player: 'bob' }, player: 'ann' },
        ...{ key: null, digest: 0, atMs: 1_000_000 },
      }).outcome;
    expect(invite()).toBe('ok');
    engine.apply({
      ...{ command: 'windows.cancel', payload: { window: 3 }, player: 'ann' },
      ...{ key: null, digest: 0, atMs: 1_000_000 },
    });
    expect(invite()).toBe('rejected');
  });
});

describe('a number', () => {
  test.each(['lastWindow', 'lastOffer'] as const)('is never given out twice: %s', name => {
    const { auditor, engine, rules } = play(`${REVIEW}\n offer cid ann 1 coins for 1 ore`);
    const loaded = load(rules, auditor.tables);
    const { sequence, changedAtMs: atMs, livedMs, lastOrder, lastTrade } = engine.state;
    const ids = { lastOrder, lastTrade, lastWindow: 1, lastOffer: 1 };
    const standing = { sequence, atMs, livedMs, ...ids };
    loaded.resume(standing);
    expect(() => loaded.resume({ ...standing, [name]: 0 })).toThrow(
      'ids are never given out twice',
    );
  });
});
