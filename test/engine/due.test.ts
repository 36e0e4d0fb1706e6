// What is due ends in slices: an entry does a bounded part of it, however much there is, and
// nothing but a tick is decided before all of it has ended.

import { describe, expect, test } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Applied, Entry } from '../../src/engine/entry.ts';
import { DEFAULT_RULES, type Rules } from '../../src/engine/rules.ts';
import { Bench } from '../sim/simulation.ts';
import { play } from '../support/scenario.ts';
import { testKey } from '../support/test-key.ts';

const RULES: Rules = { ...DEFAULT_RULES, endsPerEntryMax: 3 };

function realm(rules = RULES) {
  const bench = new Bench(rules);
  const send = (command: string, payload: object | null, player = 'game', atMs = 1): Applied => {
    const entry = { command, payload, player, key: null, digest: 0, atMs } as unknown as Entry;
    const applied = bench.apply(entry);
    bench.check();
    return applied;
  };
  send('items.define', { item: 'ore', kind: 'commodity' });
  send('items.define', { item: 'sword', kind: 'unique' });
  for (const player of ['ann', 'bob', 'cid', 'dee']) {
    send('wallet.grant', { player, asset: 'coins', quantity: 100 });
    send('wallet.grant', { player, asset: 'ore', quantity: 100 });
  }
  return { bench, engine: bench.engine, send };
}

/** What ended, in its order: `order 1`, `window 1`, `offer 2`. */
function ended({ output }: Applied): string[] {
  return output.flatMap(fact =>
    (fact.kind === 'order' || fact.kind === 'offer') && fact.status !== 'open'
      ? [`${fact.kind} ${fact.id}`]
      : fact.kind === 'window' && fact.event === 'cancelled'
        ? [`window ${fact.id}`]
        : [],
  );
}

describe('what is due', () => {
  test('ends by its times over orders, windows and offers; at one time by kind, then id', () => {
    const { send } = realm({ ...DEFAULT_RULES, endsPerEntryMax: 2 });
    const bid = { item: 'ore', quantity: 1, price: 1, timeInForce: 'gtd' };
    send('bids.create', { ...bid, expiresAtMs: 30_001 }, 'ann');
    send('bids.create', { ...bid, expiresAtMs: 50 }, 'ann');
    send('windows.invite', { player: 'bob' }, 'ann');
    const give = [{ asset: 'coins', quantity: 1 }];
    send('offers.create', { to: 'bob', give, want: [], expiresAtMs: 30_001 }, 'ann');
    send('offers.create', { to: 'bob', give, want: [], expiresAtMs: 40 }, 'ann');
    const tick = () => ended(send('tick', null, '', 30_001));
    // An offer counts as itself and what it gives.
    expect(tick()).toEqual(['offer 2']);
    expect(tick()).toEqual(['order 2', 'order 1']);
    expect(tick()).toEqual(['window 1', 'offer 1']);
    expect(tick()).toEqual([]);
  });

  test('is ended by any entry, when that can end all of it', () => {
    const { send } = realm();
    const bid = { item: 'ore', quantity: 1, price: 1, timeInForce: 'gtd', expiresAtMs: 50 };
    for (let n = 0; n < 3; n += 1) send('bids.create', bid, 'ann');
    const sold = send('sales.create', { bid: 3, quantity: 1 }, 'bob', 50);
    expect(sold.body).toMatchObject({ code: 'BID_UNAVAILABLE', details: { remaining: 0 } });
    expect(ended(sold)).toEqual(['order 1', 'order 2', 'order 3']);
  });

  test('is never seen by a command: ticks come first', () => {
    const { engine, send } = realm();
    const bid = { item: 'ore', quantity: 1, price: 1, timeInForce: 'gtd', expiresAtMs: 50 };
    for (let n = 0; n < 5; n += 1) send('bids.create', bid, 'ann');
    expect(engine.isDue(49)).toBe(false);
    expect(engine.isDue(50)).toBe(true);
    const sale = { command: 'sales.create', payload: { bid: 5, quantity: 1 } } as const;
    const from = { player: 'bob', key: null, digest: 0, atMs: 50 };
    expect(ended(send('tick', null, '', 50))).toHaveLength(3);
    expect(engine.isDue(50)).toBe(true);
    expect(ended(send('tick', null, '', 50))).toHaveLength(2);
    expect(engine.isDue(50)).toBe(false);
    expect(engine.apply({ ...sale, ...from }).body).toMatchObject({ code: 'BID_UNAVAILABLE' });
  });

  test('stops the engine when a command comes too early', () => {
    const { engine, send } = realm();
    const bid = { item: 'ore', quantity: 1, price: 1, timeInForce: 'gtd', expiresAtMs: 50 };
    for (let n = 0; n < 4; n += 1) send('bids.create', bid, 'ann');
    const sale = { command: 'sales.create', payload: { bid: 4, quantity: 1 } } as const;
    const early = { ...sale, player: 'bob', key: null, digest: 0, atMs: 50 };
    expect(() => engine.apply(early)).toThrow('what is due has ended before');
  });

  test('is the same after a recovery in the middle of it', () => {
    const { bench, send } = realm();
    const bid = { item: 'ore', quantity: 1, price: 1, timeInForce: 'gtd', expiresAtMs: 50 };
    for (let n = 0; n < 8; n += 1) send('bids.create', bid, 'ann');
    send('tick', null, '', 50);
    bench.restore(RULES, 'tables');
    expect(bench.engine.state.orders.size).toBe(5);
    expect(ended(send('tick', null, '', 50))).toEqual(['order 4', 'order 5', 'order 6']);
    bench.restore(RULES, 'groups');
    expect(ended(send('tick', null, '', 51))).toEqual(['order 7', 'order 8']);
  });
});

describe('the offers that want what is burnt', () => {
  function burnt() {
    const { bench, send } = realm();
    send('wallet.grant', { player: 'dee', asset: 'sword#1', quantity: 1 });
    const want = [{ asset: 'sword#1', quantity: 1 }];
    for (const player of ['ann', 'bob', 'cid']) {
      for (let n = 0; n < 2; n += 1) {
        send('offers.create', { to: 'dee', give: [{ asset: 'ore', quantity: 1 }], want }, player);
      }
    }
    const burn = send('wallet.burn', { player: 'dee', asset: 'sword#1', quantity: 1 });
    return { bench, send, burn };
  }

  test('end in slices, oldest first, and before any other command', () => {
    const { bench, send, burn } = burnt();
    expect(ended(burn)).toEqual(['offer 1', 'offer 2']);
    expect(bench.engine.isDue(1)).toBe(true);
    expect(ended(send('tick', null, '', 1))).toEqual(['offer 3', 'offer 4']);
    expect(ended(send('tick', null, '', 1))).toEqual(['offer 5', 'offer 6']);
    expect(bench.engine.isDue(1)).toBe(false);
  });

  test.each(['tables', 'groups', 'both'] as const)(
    'are not forgotten in a recovery from %s',
    from => {
      const { bench, send } = burnt();
      bench.restore(RULES, from);
      expect(bench.engine.isDue(1)).toBe(true);
      expect(ended(send('tick', null, '', 1))).toEqual(['offer 3', 'offer 4']);
      expect(ended(send('tick', null, '', 1))).toEqual(['offer 5', 'offer 6']);
      expect(auditState(bench.engine.state)).toEqual([]);
    },
  );
});

describe('a server that begins', () => {
  test('finds everybody away in slices of windows, and before any other command', () => {
    const { bench, send } = realm({ ...DEFAULT_RULES, endsPerEntryMax: 1 });
    send('windows.invite', { player: 'bob' }, 'ann');
    send('windows.invite', { player: 'dee' }, 'cid');
    const left = ({ output }: Applied) =>
      output.flatMap(one => (one.kind === 'window' ? [`${one.event} ${one.id}`] : []));
    expect(left(send('restart', null, '', 2))).toEqual(['left 1']);
    expect(bench.engine.isDue(2)).toBe(true);
    expect(left(send('tick', null, '', 2))).toEqual(['left 2']);
    expect(bench.engine.isDue(2)).toBe(false);
  });
});

describe('keys that are too old', () => {
  test('are forgotten a few with each entry, and never executed again', () => {
    // All time counts as lived.
    const engine = new Engine({ ...DEFAULT_RULES, livedStepMaxMs: Number.MAX_SAFE_INTEGER });
    const send = (name: string, order: number, atMs: number) => {
      const key = testKey(name, order);
      const burn = {
        command: 'wallet.burn',
        payload: { player: 'x', asset: 'coins', quantity: 1 },
      };
      return engine.apply({ ...burn, player: 'game', key, digest: 1, atMs } as unknown as Entry);
    };
    for (let n = 0; n < 500; n += 1) send(`k${n}`, n, 1);
    const later = 1_000 + DEFAULT_RULES.keyRetentionMs;
    const before = engine.state.keys.count;
    const { outcome } = send('m', 500, later);
    expect(outcome).toBe('rejected');
    expect(before + 1 - engine.state.keys.count).toBe(16);
    expect(send('k15', 15, later).body).toMatchObject({ code: 'KEY_EXPIRED' });
    expect(send('k16', 16, later).outcome).toBe('rejected');
    for (let n = 0; n < 40; n += 1) send(`m${n}`, 501 + n, later);
    expect(engine.state.keys.count).toBe(41);
  });
});

test('a command that expires something is still one entry', () => {
  play(`
    define ore commodity
    grant ann coins 10
    bid ann ore 1 @ 1 until 5       -> #1 rests 1
    time 5                          -> expires #1
  `);
});
