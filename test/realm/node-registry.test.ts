// What the leader knows of the nodes: who is where, whose private feed is live, and which orders
// follow from that.

import { beforeEach, describe, expect, it } from 'vitest';
import type { NodeState, Orders } from '../../src/cluster/messages.ts';
import { NodeRegistry, SILENCE_MAX_MS } from '../../src/realm/node-registry.ts';

let registry: NodeRegistry;
let presences: [player: string, isPresent: boolean][];
let orders: ({ node: string } & Partial<Omit<Orders, 'epoch'>>)[];
let counts: Map<string, number>;

beforeEach(() => {
  presences = [];
  orders = [];
  counts = new Map();
  registry = new NodeRegistry({
    socketsPerPlayerMax: 3,
    presence: (player, isPresent) => presences.push([player, isPresent]),
    order: (node, { wantsState, shares, isComplete, kept }) => {
      if (wantsState) orders.push({ node, wantsState });
      if (isComplete) orders.push({ node, isComplete, shares });
      else if (shares.length > 0) orders.push({ node, shares });
      if (kept.length > 0) orders.push({ node, kept });
    },
  });
});

/** The next message of a node. */
function tell(node: string, more: Partial<NodeState>, nowMs = 0): void {
  const count = more.count ?? (counts.get(node) ?? 0) + 1;
  counts.set(node, count);
  const state = { isComplete: false, listening: [], present: [], isLeaving: false, ...more };
  registry.take({ ...state, node, count }, nowMs);
}

const begin = (...nodes: string[]) => {
  for (const node of nodes) tell(node, { isComplete: true });
};

describe('a player', () => {
  it('is present from his first node to his last', () => {
    begin('a', 'b');
    tell('a', { present: [['alice', 1]] });
    tell('b', { present: [['alice', 2]] });
    tell('a', { present: [['alice', 0]] });
    expect(presences).toEqual([['alice', true]]);
    expect(registry.isPresent('alice')).toBe(true);
    tell('b', { present: [['alice', 0]] });
    expect(presences).toEqual([
      ['alice', true],
      ['alice', false],
    ]);
  });

  it('on several nodes has his budget divided, on each of them, and whole again at the end', () => {
    begin('a', 'b');
    tell('a', { present: [['alice', 1]] });
    expect(orders).toEqual([]);
    tell('b', { present: [['alice', 1]] });
    expect(orders).toEqual([
      { node: 'a', shares: [['alice', 2]] },
      { node: 'b', shares: [['alice', 2]] },
    ]);
    orders.length = 0;
    tell('a', { present: [['alice', 0]] });
    expect(orders).toEqual([{ node: 'b', shares: [['alice', 1]] }]);
  });

  it('with too many sockets in all loses those where he has been for the longest time', () => {
    begin('a', 'b');
    tell('a', { present: [['alice', 2]] });
    tell('b', { present: [['alice', 1]] });
    orders.length = 0;
    tell('b', { present: [['alice', 3]] });
    expect(orders).toEqual([{ node: 'a', kept: [['alice', 0]] }]);
  });

  it('with one more too many before the first is closed loses two, not three', () => {
    begin('a', 'b');
    tell('a', { present: [['alice', 3]] });
    tell('b', { present: [['alice', 1]] });
    tell('b', { present: [['alice', 2]] });
    const kept = orders.filter(order => order.kept !== undefined);
    expect(kept).toEqual([
      { node: 'a', kept: [['alice', 2]] },
      { node: 'a', kept: [['alice', 1]] },
    ]);
  });

  it('with too many on one node is that node’s own business', () => {
    begin('a');
    tell('a', { present: [['alice', 9]] });
    expect(orders).toEqual([]);
  });
});

describe('a node that has told everything', () => {
  it('is told once who is on other nodes too, and whoever else it had divided is not', () => {
    begin('a', 'b');
    tell('a', {
      present: [
        ['alice', 1],
        ['bob', 1],
      ],
    });
    tell('b', { present: [['bob', 1]] });
    orders.length = 0;
    registry.sweep(0);
    registry.sweep(0);
    expect(orders).toEqual([
      { node: 'a', isComplete: true, shares: [['bob', 2]] },
      { node: 'b', isComplete: true, shares: [['bob', 2]] },
    ]);
  });

  it('is told again to close what is too much: the order may have been lost', () => {
    begin('a', 'b');
    registry.sweep(0);
    tell('a', { present: [['alice', 3]] });
    tell('b', { present: [['alice', 1]] });
    orders.length = 0;
    tell('a', { isComplete: true, present: [['alice', 3]] });
    registry.sweep(0);
    expect(orders).toEqual([
      { node: 'a', isComplete: true, shares: [['alice', 2]] },
      { node: 'a', kept: [['alice', 2]] },
    ]);
  });
});

describe('whose private feed is live', () => {
  it('is known while any node says so', () => {
    begin('a', 'b');
    tell('a', { listening: [['alice', true]] });
    tell('b', { listening: [['alice', true]] });
    tell('a', { listening: [['alice', false]] });
    expect([registry.listens('alice'), registry.hasListeners]).toEqual([true, true]);
    tell('b', { listening: [['alice', false]] });
    expect([registry.listens('alice'), registry.hasListeners]).toEqual([false, false]);
  });

  it('is known from the question on, if the node is', () => {
    begin('a');
    expect(registry.listen('a', 'alice')).toBe(true);
    expect(registry.listens('alice')).toBe(true);
    expect(registry.listen('c', 'bob')).toBe(false);
    expect(registry.listens('bob')).toBe(false);
    expect(orders).toEqual([{ node: 'c', wantsState: true }]);
  });

  it('counts a node once, however often it says so', () => {
    begin('a');
    registry.listen('a', 'alice');
    tell('a', { listening: [['alice', true]] });
    tell('a', { listening: [['alice', false]] });
    expect(registry.listens('alice')).toBe(false);
  });
});

describe('a node', () => {
  it('that was not heard before must tell everything first', () => {
    tell('a', { present: [['alice', 1]], count: 7 });
    expect([orders, presences, registry.size]).toEqual([[{ node: 'a', wantsState: true }], [], 0]);
    tell('a', { isComplete: true, present: [['alice', 1]] });
    expect([presences, registry.size]).toEqual([[['alice', true]], 1]);
  });

  it('of which a message is missing must tell everything, until it does', () => {
    begin('a');
    tell('a', { count: 3 });
    tell('a', { count: 4 });
    expect(orders).toEqual([
      { node: 'a', wantsState: true },
      { node: 'a', wantsState: true },
    ]);
    tell('a', { isComplete: true, count: 5 });
    tell('a', { count: 6 });
    expect(orders).toHaveLength(2);
  });

  it('whose message comes again, as somebody recorded it, is not believed again', () => {
    begin('a');
    tell('a', { present: [['alice', 1]] });
    tell('a', { present: [['alice', 0]] });
    tell('a', { present: [['alice', 1]], count: 2 });
    tell('a', { isLeaving: true, isComplete: true, count: 3 });
    expect(presences).toEqual([
      ['alice', true],
      ['alice', false],
    ]);
    tell('a', { present: [['alice', 1]], count: 4 });
    expect([registry.isPresent('alice'), orders]).toEqual([true, []]);
  });

  it('is not one more when there are more than any cluster has', () => {
    for (let n = 0; n < 1_100; n++) begin(`n${n}`);
    expect(registry.size).toBe(1_024);
  });

  it('that tells everything has nothing besides', () => {
    begin('a');
    const both = [
      ['alice', 1],
      ['bob', 1],
    ] as const;
    tell('a', { present: both, listening: both.map(([player]) => [player, true] as const) });
    tell('a', { isComplete: true, present: [['bob', 1]], listening: [['bob', true]] });
    expect(presences.slice(2)).toEqual([['alice', false]]);
    expect([registry.listens('alice'), registry.listens('bob')]).toEqual([false, true]);
  });

  it.each([
    ['that is silent for too long', () => registry.sweep(SILENCE_MAX_MS + 1), ['a']],
    [
      'that leaves',
      () => {
        tell('a', { isLeaving: true });
        return [];
      },
      [],
    ],
  ])('%s takes its players along', (_, ends, gone) => {
    begin('a');
    tell('a', { present: [['alice', 1]], listening: [['alice', true]] });
    expect(registry.sweep(SILENCE_MAX_MS)).toEqual([]);
    expect(ends()).toEqual(gone);
    expect(presences.at(-1)).toEqual(['alice', false]);
    expect([registry.size, registry.hasListeners]).toEqual([0, false]);
  });

  it('that is gone leaves those who are elsewhere too', () => {
    begin('a', 'b');
    tell('a', { present: [['alice', 1]] }, 0);
    tell('b', { present: [['alice', 1]] }, 2_000);
    expect(registry.sweep(SILENCE_MAX_MS + 1_000)).toEqual(['a']);
    expect(presences).toEqual([['alice', true]]);
    expect(orders).toContainEqual({ node: 'b', shares: [['alice', 1]] });
  });
});
