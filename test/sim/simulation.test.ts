import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../protocol/commands/registry.ts';
import { type Entry, isInternal } from '../../src/engine/entry.ts';
import { holes } from './coverage.ts';
import { Random } from './random.ts';
import { Bench, SimulationFailure, simulate } from './simulation.ts';
import { randomBounds, randomRules, Workload } from './workload.ts';

const SEEDS = 200;
const SEEDS_PER_TEST = 25;

describe('the engine and the naive model', () => {
  const seen = new Set<string>();

  for (let from = 1; from <= SEEDS; from += SEEDS_PER_TEST) {
    const to = from + SEEDS_PER_TEST - 1;
    test(`agree on seeds ${from} to ${to}, 500 commands each, recoveries included`, {
      timeout: 60_000,
    }, () => {
      for (let seed = from; seed <= to; seed += 1) {
        const result = simulate(seed, 500);
        expect(result.restores).toBeGreaterThan(0);
        for (const one of result.seen) seen.add(one);
      }
    });
  }

  test('were asked everything: each command had each of its answers', () => {
    expect(holes(seen)).toEqual({ missing: [], unexpected: [] });
  });
});

describe('the simulation itself', () => {
  test('gives the same hash for the same seed, and another for another', () => {
    const hashes = [7, 7, 8].map(seed => simulate(seed, 200).hash);
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });

  test('sends nothing that the schemas of the protocol would refuse', () => {
    const random = new Random(3);
    const bench = new Bench({ ...randomRules(random), ...randomBounds(random) });
    const workload = new Workload(random);
    for (let step = 0; step < 3_000; step += 1) {
      const entry = workload.next();
      if (!isInternal(entry)) {
        const parsed = COMMANDS[entry.command].payload.safeParse(entry.payload);
        // Quantities near 2^53 and expiries in the past are within the schemas too.
        expect(parsed.error?.issues, JSON.stringify(entry)).toBeUndefined();
      }
      for (const one of bench.inTurn(entry)) workload.observe(one, bench.apply(one));
    }
  });

  test('notices when the model and the engine part', () => {
    const define = {
      command: 'items.define',
      payload: { item: 'ore', kind: 'commodity' },
    } as const;
    const entry: Entry = { ...define, atMs: 5, player: 'game', key: null, digest: 0 };
    const bench = new Bench(randomRules(new Random(1)));
    bench.apply(entry);
    bench.check();
    bench.model.world.items.delete('ore');
    expect(() => bench.check()).toThrow('there are 2 items');
  });

  test('notices an acceptance that only one of the two knows of', () => {
    const bench = new Bench(randomRules(new Random(1)));
    const common = { player: 'ann', key: null, digest: 0, atMs: 5 };
    const payload = { invitations: 'none' } as const;
    bench.apply({ ...common, player: 'bob', command: 'windows.privacy', payload });
    const open = { invitations: 'all' } as const;
    bench.apply({ ...common, player: 'bob', command: 'windows.privacy', payload: open });
    bench.apply({ ...common, command: 'windows.invite', payload: { player: 'bob' } });
    bench.check();
    const [window] = bench.model.world.windows;
    if (window === undefined) throw new Error('the model has seen no window');
    window.sides[0].accepted = true;
    expect(() => bench.check()).toThrow('window 1 is');
  });

  test('a failure names its seed, its step and the command line that shows it again', () => {
    const tick: Entry = {
      command: 'tick',
      payload: null,
      player: '',
      key: null,
      digest: 0,
      atMs: 1,
    };
    const at = { seed: 42, step: 17, entry: tick, commands: 500 };
    const { message } = new SimulationFailure(at, 'the book is crossed');
    expect(message).toContain('seed 42, step 17: the book is crossed');
    expect(message).toContain('npm run sim -- --seed 42 --commands 500');
  });
});
