// The audit is only worth its silence if it speaks up: each corruption here must be named.

import { describe, expect, test } from 'vitest';
import { auditState } from '../../src/engine/audit.ts';
import type { Order } from '../../src/engine/order.ts';
import type { State } from '../../src/engine/state.ts';
import { play } from '../support/scenario.ts';

function market(): State {
  return play(`
    define ore commodity
    define sword unique
    grant bob ore 20
    grant bob sword#1 1
    grant ann coins 1_000
    list bob ore 5 @ 100            -> #1 rests 5
    list bob ore 5 @ 100 until 90   -> #2 rests 5
    bid ann ore 5 @ 90              -> #3 rests 5
    list bob sword#1 1 @ 300        -> #4 rests 1
  `).engine.state;
}

function order(state: State, id: number): Order {
  const found = state.orders.get(id);
  if (found === undefined) throw new Error(`order ${id} is not open`);
  return found;
}

function account(state: State, owner: string, asset: string): number {
  const { players, assetNames } = state;
  return state.ledger.find(players.find(owner), assetNames.find(asset), 0);
}

function damage(state: State, at: number, balance: { available?: number; held?: number }): void {
  state.ledger.restore({ ...state.ledger.balance(at), ...balance });
}

type Corruption = readonly [named: string, corrupt: (state: State) => void, says: string];

const CORRUPTIONS: readonly Corruption[] = [
  [
    'money out of nothing',
    state => damage(state, account(state, 'ann', 'coins'), { available: 5_000 }),
    'sums to',
  ],
  [
    'an account below zero',
    state => damage(state, account(state, 'bob', 'ore'), { available: -1 }),
    'is below zero',
  ],
  [
    'a hold that no order has',
    state => damage(state, account(state, 'ann', 'coins'), { held: 451 }),
    'its orders, windows and offers 450',
  ],
  [
    'an order that holds too little',
    state => {
      order(state, 3).held -= 1;
    },
    'order 3 holds 449',
  ],
  [
    'a second copy of an instance',
    state => damage(state, account(state, 'bob', 'sword#1'), { available: 1 }),
    'instance sword#1 exists 2 times',
  ],
  [
    'a crossed book',
    state => {
      const bid = order(state, 3);
      state.dequeue(bid);
      bid.price = 100;
      state.enqueue(bid);
    },
    'is crossed',
  ],
  [
    'a queue out of order',
    state => {
      order(state, 2).priority = 1;
    },
    'order 2 has jumped the queue',
  ],
  [
    'a level that sums wrong',
    state => {
      order(state, 1).remaining -= 1;
    },
    'level 100 sums wrong',
  ],
  ['an order that has left the open ones', state => state.orders.delete(1), 'order 1 is not open'],
  [
    'an order that has left its book',
    state => state.dequeue(order(state, 1)),
    'an open order is in no book',
  ],
  [
    'an expiry that was forgotten',
    state => state.expiries.remove(order(state, 2)),
    'the expiry queue has lost an order',
  ],
  [
    'an order that would end too late',
    state => {
      const bid = order(state, 3);
      bid.timeInForce = 'gtd';
      bid.expiresAtMs = state.nowMs + 95;
      state.expiries.add(bid);
      bid.expiresAtMs = state.nowMs + 10;
    },
    'order 3 is not where it expires',
  ],
  [
    'a wrong count of open orders',
    state => {
      state.openOrders.setInteger(state.players.find('bob'), 0, 2);
    },
    'is said to have 2 open orders',
  ],
];

describe('the audit', () => {
  test('says nothing about a sound state', () => {
    expect(auditState(market())).toEqual([]);
  });

  test.each(CORRUPTIONS)('names %s', (_named, corrupt, says) => {
    const state = market();
    corrupt(state);
    expect(auditState(state).join('\n')).toContain(says);
  });
});
