// Which accounts there are: what has nothing is closed, but for a few, and its number is given out
// again. Nobody's money ever goes to whoever has the number now.

import { describe, expect, test } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Applied, Entry } from '../../src/engine/entry.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { DEFAULT_RULES } from '../../src/engine/rules.ts';
import { play } from '../support/scenario.ts';
import { testKey } from '../support/test-key.ts';

const MARKET = `rules emptyAccountsMax 0
  define ore commodity
  grant bob ore 5
  grant ann coins 1_000
  list bob ore 5 @ 100              -> #1 rests 5
`;

describe('an account that has nothing', () => {
  test('is closed with the entry that emptied it', () => {
    const { engine, auditor } = play(`${MARKET}
      buy ann 5 of #1               -> fills 5 @ 100 of #1 for 500
    `);
    // The issuer's two, and what ann and bob have: coins each, ore ann.
    expect(engine.state.ledger.count).toBe(5);
    expect(auditor.tables.accounts.size).toBe(5);
  });

  test('gives its number to the next one that is opened, the lowest first', () => {
    const { engine } = play(`${MARKET}
      buy ann 5 of #1               -> fills 5 @ 100 of #1 for 500
      burn ann coins 500
      grant cid ore 1
      grant dee ore 1
    `);
    const { ledger } = engine.state;
    expect(ledger.end).toBe(ledger.count);
    expect(auditState(engine.state)).toEqual([]);
  });

  test('is kept as long as there are few of them: the last one goes first', () => {
    const { engine, auditor } = play(`rules emptyAccountsMax 2
      define ore commodity
      grant ann ore 1
      grant bob ore 1
      grant cid ore 1
      grant dee ore 1
      burn ann ore 1
      burn dee ore 1
      burn bob ore 1
      burn cid ore 1
    `);
    const { ledger } = engine.state;
    const empty = [...auditor.tables.accounts.values()].filter(one => one.available === 0);
    const owners = empty.map(({ owner }) => engine.state.players.name(owner));
    expect(owners.sort()).toEqual(['$issuer', 'ann', 'bob']);
    expect(ledger.count).toBe(3);
  });

  test('is never one of the issuer or the house', () => {
    const { engine } = play(`rules emptyAccountsMax 0
      define ore commodity
      grant ann ore 1
      burn ann ore 1
      grant ann ore 1
      burn ann ore 1
    `);
    expect(engine.state.ledger.count).toBe(1);
  });

  test('does not get what an order brings, when its number is another’s by then', () => {
    play(`${MARKET}
      buy ann 1 of #1               -> fills 1 @ 100 of #1 for 100
      burn bob coins 100
      grant eve coins 7
      buy ann 1 of #1               -> fills 1 @ 100 of #1 for 100
      balance eve coins 7 held 0
      balance bob coins 100 held 0
      burn bob coins 100
      restart
      grant zoe coins 3
      buy ann 1 of #1               -> fills 1 @ 100 of #1 for 100
      balance zoe coins 3 held 0
      balance bob coins 100 held 0
    `);
  });

  test('is nothing that a tick sees to: when only time passes, nothing is put out', () => {
    const { engine } = play(MARKET);
    const tick = { command: 'tick', payload: null, player: '', key: null, digest: 0 } as const;
    const { nowMs } = engine.state;
    for (let pass = 1; pass < 5; pass += 1) {
      expect(engine.apply({ ...tick, atMs: nowMs + pass }).output).toEqual([]);
    }
  });
});

describe('traffic', () => {
  test('does not make accounts for ever: goods that go from hand to hand leave nothing', () => {
    const rules = { ...DEFAULT_RULES, emptyAccountsMax: 10 };
    const engine = new Engine(rules);
    const send = (command: string, payload: object, player = 'game'): Applied =>
      engine.apply({ command, payload, player, key: null, digest: 0, atMs: 1 } as unknown as Entry);
    send('items.define', { item: 'ore', kind: 'commodity' });
    send('wallet.grant', { player: 'p0', asset: 'ore', quantity: 1 });
    for (let hand = 0; hand < 5_000; hand += 1) {
      const move = { from: `p${hand}`, to: `p${hand + 1}`, asset: 'ore', quantity: 1 };
      expect(send('wallet.transfer', move).outcome).toBe('ok');
    }
    const { ledger } = engine.state;
    expect(ledger.count).toBeLessThanOrEqual(2 + rules.emptyAccountsMax);
    expect(ledger.end).toBeLessThanOrEqual(3 + rules.emptyAccountsMax);
    expect(auditState(engine.state)).toEqual([]);
  });

  test('closes what a realm of before has too many of, twice as many as an entry changes', () => {
    const ledger = new Ledger({ accountsMax: 1_000, emptyAccountsMax: 0 });
    const place = { asset: 1, location: 0, held: 0, opened: false } as const;
    for (let account = 0; account < 100; account += 1) {
      const available = account === 0 ? 5 : 0;
      ledger.restore({ kind: 'balance', account, owner: 2 + account, available, ...place });
    }
    const closedBy = (credit: number) => {
      const output: { kind: string }[] = [];
      const move = { debit: ledger.find(2, 1, 0), from: 'available', credit, quantity: 1 } as const;
      ledger.transfer(move, 'transfer', 0, []);
      ledger.flush(output as never);
      return output.filter(({ kind }) => kind === 'closed').length;
    };
    expect(closedBy(ledger.open(500, 1, 0))).toBe(4);
    expect(closedBy(ledger.find(500, 1, 0))).toBe(4);
    expect(ledger.count).toBe(93);
  });

  test('makes no book by asking for one', () => {
    const { engine } = play(`
      define ore commodity
      grant bob ore 5
      buy ann 1 ore max 5           -> NOTHING_TO_FILL fillable 0
    `);
    expect(engine.state.market(1).books()).toEqual([]);
  });
});

describe('a realm that has given out all numbers of a kind', () => {
  function full(numbersMax: number) {
    const engine = new Engine({ ...DEFAULT_RULES, fillsPerCommandMax: 1 }, numbersMax);
    const send = (command: string, payload: object, player = 'game', key: string | null = null) =>
      engine.apply({ command, payload, player, key, digest: 1, atMs: 1 } as unknown as Entry);
    return { engine, send };
  }

  test('refuses what might need another, before anything changes, and ends what there is', () => {
    const { engine, send } = full(60);
    send('items.define', { item: 'ore', kind: 'commodity' });
    let granted = 0;
    for (; granted < 100; granted += 1) {
      const payload = { player: `p${granted}`, asset: 'ore', quantity: 1 };
      const { outcome, body } = send('wallet.grant', payload);
      if (outcome === 'ok') continue;
      expect(body).toMatchObject({
        code: 'LIMIT_REACHED',
        details: { limit: 'accounts', max: 60 },
      });
      break;
    }
    expect(granted).toBeGreaterThan(5);
    const before = engine.hash();
    expect(send('wallet.grant', { player: 'more', asset: 'ore', quantity: 1 }).output).toEqual([]);
    expect(engine.hash()).toBe(before);
    expect(send('wallet.burn', { player: 'p0', asset: 'ore', quantity: 1 }).outcome).toBe('ok');
    expect(auditState(engine.state)).toEqual([]);
  });

  test('remembers no key of whoever cannot be numbered any more', () => {
    const { engine, send } = full(45);
    for (let player = 0; engine.state.players.room > 0; player += 1) {
      send('keys.get', { key: testKey('k') }, `p${player}`);
      send('offers.cancel', { offer: 1 }, `p${player}`, testKey('k'));
    }
    const { outcome, output } = send('offers.cancel', { offer: 1 }, 'stranger', testKey('k'));
    expect([outcome, output]).toEqual(['rejected', []]);
    expect(send('keys.get', { key: testKey('k') }, 'stranger').body).toEqual({ status: 'free' });
    expect(send('keys.get', { key: testKey('k') }, 'p3').body).toMatchObject({ status: 'decided' });
    expect(send('windows.privacy', { invitations: 'none' }, 'p3').body).toMatchObject({
      code: 'LIMIT_REACHED',
      details: { limit: 'players', max: 45 },
    });
  });
});
