// Whatever two players do at a table: who would confirm less of anything than they were shown at
// some time since somebody first accepted is warned of it, and cannot confirm without saying so.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Manifest } from '../../protocol/direct.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import type { Applied } from '../../src/engine/entry.ts';
import type { Line, WindowFact } from '../../src/engine/fact.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { Bench } from '../sim/simulation.ts';
import type { Ask } from '../sim/surroundings.ts';

const PLAYERS = ['ann', 'bob'] as const;
const FREE = { armAddedMs: 0, armTakenMs: 0, armAcceptedMs: 0, reviewMs: 0 };
const RULES = { ...DEFAULT_RULES, direct: { ...DEFAULT_RULES.direct, ...FREE } };
const GOODS = Array.from({ length: 24 }, (_, index) => `good-${index}`);

const assets = fc.uniqueArray(
  fc.record({
    asset: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('coins', 'good-0', 'good-1') },
      { weight: 1, arbitrary: fc.constantFrom(...GOODS) },
    ),
    quantity: fc.integer({ min: 1, max: 4 }),
  }),
  { maxLength: 16, selector: ({ asset }) => asset },
);
const who = fc.nat({ max: 1 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ verb: fc.constant('put' as const), who, assets }) },
  { weight: 6, arbitrary: fc.record({ verb: fc.constant('accept' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      verb: fc.constantFrom('unaccept' as const, 'reopen' as const, 'leave' as const),
      who,
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Two at a table, and what each side ever had since somebody first accepted. */
class Table {
  readonly bench = new Bench(RULES);
  readonly #shown: [Map<string, number>, Map<string, number>] = [new Map(), new Map()];
  #isAccepted = false;
  reviews = 0;
  losses = 0;

  constructor() {
    const define = (item: string): Ask => ({
      command: 'items.define',
      payload: { item, kind: 'commodity' },
      player: 'service',
    });
    for (const item of GOODS) this.#ask(define(item));
    for (const player of PLAYERS) {
      for (const asset of ['coins', ...GOODS]) {
        const payload = { player, asset, quantity: 10 };
        this.#ask({ command: 'wallet.grant', payload, player: 'service' });
      }
    }
    this.#ask({ command: 'windows.invite', payload: { player: 'bob' }, player: 'ann' });
    this.#ask({ command: 'windows.join', payload: { window: 1 }, player: 'bob' });
  }

  take(one: Step): void {
    const player = PLAYERS[one.who] as string;
    const { window, revision, sides } = this.#state;
    if (one.verb === 'put') {
      const payload = { window, revision, assets: one.assets };
      this.#ask({ command: 'windows.put', payload, player });
    } else if (one.verb === 'accept') {
      const hash = tableHash(window, revision, [this.#side(0, sides), this.#side(1, sides)]);
      this.#ask({ command: 'windows.accept', payload: { window, revision, hash }, player });
    } else if (one.verb === 'leave') {
      const away = { command: 'presence', payload: { present: false } } as const;
      this.#see(this.bench.apply({ ...away, player, key: null, digest: 0, atMs: 1 }));
    } else {
      this.#ask({ command: `windows.${one.verb}`, payload: { window }, player });
    }
  }

  get #state() {
    const window = this.bench.engine.state.windows.get(1);
    if (window === undefined) throw new Error('the window is there throughout');
    return { window: window.id, revision: window.revision, sides: window.sides };
  }

  #side(index: 0 | 1, sides: readonly { readonly lines: readonly Line[] }[]) {
    const { tables } = this.bench.auditor;
    const lines = sides[index]?.lines ?? [];
    return { player: PLAYERS[index], assets: lines.map(line => tables.lineView(line)) };
  }

  #ask(ask: Ask): Applied {
    const applied = this.bench.apply({ ...ask, key: null, digest: 0, atMs: 1 });
    this.#see(applied);
    return applied;
  }

  #see({ output }: Applied): void {
    for (const fact of output) {
      if (fact.kind === 'window') this.#remember(fact);
      if (fact.kind === 'manifest') this.#judge(fact.body);
    }
  }

  #remember({ event, sides }: WindowFact): void {
    if (event === 'accepted') this.#isAccepted = true;
    if (!this.#isAccepted) return;
    for (const index of [0, 1] as const) {
      const most = this.#shown[index];
      for (const { asset, quantity } of this.#side(index, sides).assets) {
        most.set(asset, Math.max(most.get(asset) ?? 0, quantity));
      }
    }
  }

  /** The manifest comes before its window, so what was shown is of before. */
  #judge(manifest: Manifest): void {
    this.reviews++;
    for (const index of [0, 1] as const) {
      const warned = PLAYERS[1 - index] as string;
      const now = new Map(manifest.sides[index].assets.map(one => [one.asset, one.quantity]));
      const isLess = [...this.#shown[index]].some(([asset, most]) => most > (now.get(asset) ?? 0));
      const warnings = manifest.warnings.filter(({ player }) => player === warned);
      const found = warnings.find(({ code }) => code === 'CHANGED_AFTER_ACCEPT');
      if (!isLess) continue;
      this.losses++;
      expect(found, `${warned} is warned`).toBeDefined();
      expect(found?.token).not.toBeNull();
    }
  }
}

test('nobody confirms less than they were shown since an acceptance, unwarned', () => {
  let [reviews, losses] = [0, 0];
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), steps => {
      const table = new Table();
      for (const one of steps) table.take(one);
      table.bench.check();
      reviews += table.reviews;
      losses += table.losses;
    }),
    { numRuns: 150 },
  );
  // The property says nothing about tables that nobody reviews.
  expect(reviews).toBeGreaterThan(50);
  expect(losses).toBeGreaterThan(20);
});

test('a baseline has a bound: what was swapped through a side does not pile up', () => {
  const table = new Table();
  table.take({ verb: 'put', who: 0, assets: [{ asset: 'good-0', quantity: 1 }] });
  table.take({ verb: 'accept', who: 0 });
  for (const [index, asset] of GOODS.entries()) {
    const other = GOODS[(index + 12) % GOODS.length] as string;
    const put = [asset, other].map(one => ({ asset: one, quantity: 2 }));
    table.take({ verb: 'put', who: 0, assets: put });
  }
  const { state } = table.bench.engine;
  expect(state.windows.get(1)?.baseline?.[0].length).toBeLessThanOrEqual(32);
  table.take({ verb: 'accept', who: 0 });
  table.take({ verb: 'accept', who: 1 });
  expect([table.reviews, table.losses]).toEqual([1, 1]);
  table.bench.check();
});
