// What is halted while the tables lack something of it: nobody trades on what reads cannot show,
// and everything can be ended and given back.

import { describe, expect, it } from 'vitest';
import type { RejectBody } from '../../protocol/rejects.ts';
import { tableHash } from '../../protocol/window-hash.ts';
import { auditState } from '../../src/engine/audit.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Command, Entry } from '../../src/engine/entry.ts';
import { DEFAULT_DIRECT_RULES, DEFAULT_RULES } from '../../src/engine/rules.ts';
import type { Suspension } from '../../src/engine/suspension.ts';

const RULES = {
  ...DEFAULT_RULES,
  direct: { ...DEFAULT_DIRECT_RULES, armAddedMs: 0, armTakenMs: 0, armAcceptedMs: 0 },
};
const NOTHING: Suspension = {
  everything: false,
  assets: [],
  offers: [],
  windows: [],
  players: [],
};

/** A realm with goods and money, an offer 1 from ann to bob, and a window 1 between the two. */
class Room {
  readonly engine = new Engine(RULES);
  #atMs = 1_000_000;

  constructor() {
    this.does('game', { command: 'items.define', payload: { item: 'ore', kind: 'commodity' } });
    this.does('game', { command: 'items.define', payload: { item: 'salt', kind: 'commodity' } });
    this.does('game', { command: 'items.define', payload: { item: 'sword', kind: 'unique' } });
    for (const player of ['ann', 'bob']) {
      for (const asset of ['coins', 'ore', 'salt']) {
        this.does('game', {
          command: 'wallet.grant',
          payload: { player, asset, quantity: 1_000 },
        });
      }
    }
    this.does('ann', {
      command: 'offers.create',
      payload: { to: 'bob', give: [{ asset: 'ore', quantity: 5 }], want: [] },
    });
    this.does('ann', { command: 'windows.invite', payload: { player: 'bob' } });
  }

  asset(name: string): number {
    return this.engine.state.assetNames.find(name);
  }

  player(name: string): number {
    return this.engine.state.players.find(name);
  }

  suspend(what: Partial<Suspension>): void {
    const payload = { ...NOTHING, ...what };
    this.engine.apply(this.#entry('', { command: 'suspend', payload }));
  }

  /** 'ok', or the code of the refusal. */
  asks(player: string, command: Command): string {
    const { outcome, body } = this.engine.apply(this.#entry(player, command));
    expect(auditState(this.engine.state)).toEqual([]);
    return outcome === 'ok' ? 'ok' : (body as RejectBody).code;
  }

  does(player: string, command: Command): void {
    expect(this.asks(player, command), command.command).toBe('ok');
  }

  #entry(player: string, what: Command | { command: 'suspend'; payload: Suspension }): Entry {
    this.#atMs += 1_000;
    return { ...what, player, atMs: this.#atMs, key: null, digest: 0 } as Entry;
  }
}

const list = (item: string): Command => ({
  command: 'listings.create',
  payload: { item, quantity: 1, price: 10 },
});
const take: Command = { command: 'offers.accept', payload: { offer: 1 } };

describe('an item whose records the tables lack', () => {
  it('is halted; others are not, and orders can be cancelled', () => {
    const room = new Room();
    room.does('ann', list('ore'));
    room.suspend({ assets: [room.asset('ore')] });
    expect(room.asks('ann', list('ore'))).toBe('MARKET_HALTED');
    expect(room.asks('bob', take)).toBe('MARKET_HALTED');
    expect(room.asks('ann', list('salt'))).toBe('ok');
    expect(room.asks('ann', { command: 'listings.cancel', payload: { listing: 1 } })).toBe('ok');
    expect(room.asks('bob', { command: 'offers.decline', payload: { offer: 1 } })).toBe('ok');
  });

  it('is halted whole when it is an instance of it', () => {
    const room = new Room();
    for (const serial of ['sword#1', 'sword#2']) {
      room.does('game', {
        command: 'wallet.grant',
        payload: { player: 'ann', asset: serial, quantity: 1 },
      });
    }
    room.suspend({ assets: [room.asset('sword#1')] });
    expect(room.asks('ann', list('sword#2'))).toBe('MARKET_HALTED');
  });

  it('halts every market when it is money, for everything is paid with it', () => {
    const room = new Room();
    room.suspend({ assets: [room.asset('coins')] });
    expect(room.asks('ann', list('ore'))).toBe('MARKET_HALTED');
    expect(room.asks('ann', list('salt'))).toBe('MARKET_HALTED');
  });

  it('goes on when the tables have it again', () => {
    const room = new Room();
    room.suspend({ everything: true });
    expect(room.asks('ann', list('salt'))).toBe('MARKET_HALTED');
    room.suspend({});
    expect(room.asks('ann', list('salt'))).toBe('ok');
  });
});

describe('an offer that the tables lack', () => {
  it('can be neither accepted nor countered by the one it is for', () => {
    const room = new Room();
    room.suspend({ offers: [1] });
    expect(room.asks('bob', take)).toBe('MARKET_HALTED');
    const counter: Command = {
      command: 'offers.counter',
      payload: { offer: 1, give: [], want: [{ asset: 'ore', quantity: 1 }] },
    };
    expect(room.asks('bob', counter)).toBe('MARKET_HALTED');
  });

  it.each([
    ['ann', 'offers.cancel'],
    ['bob', 'offers.decline'],
  ] as const)('gives back what it holds when %s sends %s', (player, command) => {
    const room = new Room();
    room.suspend({ offers: [1] });
    expect(room.asks(player, { command, payload: { offer: 1 } })).toBe('ok');
    expect(room.engine.state.offers.size).toBe(0);
  });

  it('is nothing to others, halted or not', () => {
    const room = new Room();
    room.suspend({ offers: [1] });
    expect(room.asks('cat', take)).toBe('OFFER_NOT_FOUND');
    expect(room.asks('ann', take)).toBe('OFFER_NOT_FOUND');
  });
});

describe('a window that the tables lack', () => {
  it('goes no further, and can be cancelled', () => {
    const room = new Room();
    room.does('bob', { command: 'windows.join', payload: { window: 1 } });
    room.suspend({ windows: [1] });
    const put: Command = {
      command: 'windows.put',
      payload: { window: 1, revision: 0, assets: [{ asset: 'ore', quantity: 1 }] },
    };
    expect(room.asks('ann', put)).toBe('MARKET_HALTED');
    const hash = tableHash(1, 0, [
      { player: 'ann', assets: [] },
      { player: 'bob', assets: [] },
    ]);
    const accept: Command = {
      command: 'windows.accept',
      payload: { window: 1, revision: 0, hash },
    };
    expect(room.asks('ann', accept)).toBe('MARKET_HALTED');
    expect(room.asks('cat', put)).toBe('WINDOW_NOT_FOUND');
    expect(room.asks('bob', { command: 'windows.cancel', payload: { window: 1 } })).toBe('ok');
  });

  it('is not joined', () => {
    const room = new Room();
    room.suspend({ windows: [1] });
    const join: Command = { command: 'windows.join', payload: { window: 1 } };
    expect(room.asks('bob', join)).toBe('MARKET_HALTED');
    expect(room.asks('bob', { command: 'windows.decline', payload: { window: 1 } })).toBe('ok');
  });
});

it('a player whose records fail again and again can only end what they have', () => {
  const room = new Room();
  room.does('ann', list('salt'));
  room.suspend({ players: [room.player('ann')] });
  expect(room.asks('ann', list('salt'))).toBe('MARKET_HALTED');
  const offer: Command = {
    command: 'offers.create',
    payload: { to: 'bob', give: [{ asset: 'salt', quantity: 1 }], want: [] },
  };
  expect(room.asks('ann', offer)).toBe('MARKET_HALTED');
  expect(room.asks('ann', { command: 'listings.cancel', payload: { listing: 1 } })).toBe('ok');
  expect(room.asks('ann', { command: 'offers.cancel', payload: { offer: 1 } })).toBe('ok');
  expect(room.asks('bob', list('salt'))).toBe('ok');
});

it('is no fact: what is halted leaves nothing in the journal and nothing in the hash', () => {
  const room = new Room();
  const { engine } = room;
  const hash = engine.hash();
  const { sequence } = engine.state;
  room.suspend({ everything: true, offers: [1], windows: [1] });
  expect([engine.hash(), engine.state.sequence]).toEqual([hash, sequence]);
});
