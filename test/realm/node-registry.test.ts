// What the leader knows of the nodes: who is where, whose private feed is live, and which orders
// follow from that.

import { beforeEach, describe, expect, it } from 'vitest';
import type { NodeState, Orders, SentPresence } from '../../src/cluster/messages.ts';
import { NodeRegistry, SILENCE_MAX_MS } from '../../src/realm/node-registry.ts';

let registry: NodeRegistry;
let presences: [player: string, isPresent: boolean][];
let orders: ({ node: string } & Partial<Omit<Orders, 'epoch'>>)[];
let memberships: [node: string, membership: number][];
let states: Map<string, number>;
let told: Map<string, number>;

beforeEach(() => {
  presences = [];
  orders = [];
  memberships = [];
  states = new Map();
  told = new Map();
  registry = new NodeRegistry({
    socketsPerPlayerMax: 3,
    presence: (player, isPresent) => presences.push([player, isPresent]),
    order: (node, order) => {
      const { membership, wantsListening, wantsPresence, shares, isComplete, kept } = order;
      if (memberships.at(-1)?.[1] !== membership) memberships.push([node, membership]);
      if (wantsListening) orders.push({ node, wantsListening });
      if (wantsPresence) orders.push({ node, wantsPresence });
      if (isComplete) orders.push({ node, isComplete, shares });
      else if (shares.length > 0) orders.push({ node, shares });
      if (kept.length > 0) orders.push({ node, kept });
    },
  });
});

/** The next message of a node. */
function tell(node: string, more: Partial<NodeState> = {}, nowMs = 0): void {
  const count = more.count ?? (states.get(node) ?? 0) + 1;
  states.set(node, count);
  const presence = told.get(node) ?? 0;
  const head = { isBeat: false, piece: 'change', listening: [], presence } as const;
  const rest = { wantsOrders: false, isLeaving: false };
  registry.take({ ...head, ...rest, ...more, node, count }, nowMs);
}

/** Who comes and goes at a node, as the stream has it. */
function tellPresent(
  node: string,
  present: SentPresence['present'],
  more: Partial<SentPresence> = {},
): void {
  const count = more.count ?? (told.get(node) ?? 0) + 1;
  told.set(node, count);
  registry.takePresence(node, { piece: 'change', present, ...more, count }, 0);
}

/** Nodes that have told everything, and were told everything. */
const begin = (...nodes: string[]) => {
  for (const node of nodes) {
    tell(node, { piece: 'only' });
    tellPresent(node, [], { piece: 'only' });
  }
  registry.sweep(0);
  orders.length = 0;
};

describe('a player', () => {
  it('is present from his first node to his last', () => {
    begin('a', 'b');
    tellPresent('a', [['alice', 1]]);
    tellPresent('b', [['alice', 2]]);
    tellPresent('a', [['alice', 0]]);
    expect(presences).toEqual([['alice', true]]);
    expect(registry.isPresent('alice')).toBe(true);
    tellPresent('b', [['alice', 0]]);
    expect(presences).toEqual([
      ['alice', true],
      ['alice', false],
    ]);
  });

  it('on several nodes has his budget divided, on each of them, and whole again at the end', () => {
    begin('a', 'b');
    tellPresent('a', [['alice', 1]]);
    expect(orders).toEqual([]);
    tellPresent('b', [['alice', 1]]);
    expect(orders).toEqual([
      { node: 'a', shares: [['alice', 2]] },
      { node: 'b', shares: [['alice', 2]] },
    ]);
    orders.length = 0;
    tellPresent('a', [['alice', 0]]);
    expect(orders).toEqual([{ node: 'b', shares: [['alice', 1]] }]);
  });

  it('with too many sockets in all loses those where he has been for the longest time', () => {
    begin('a', 'b');
    tellPresent('a', [['alice', 2]]);
    tellPresent('b', [['alice', 1]]);
    orders.length = 0;
    tellPresent('b', [['alice', 3]]);
    expect(orders).toEqual([{ node: 'a', kept: [['alice', 0]] }]);
  });

  it('with one more too many before the first is closed loses two, not three', () => {
    begin('a', 'b');
    tellPresent('a', [['alice', 3]]);
    tellPresent('b', [['alice', 1]]);
    tellPresent('b', [['alice', 2]]);
    const kept = orders.filter(order => order.kept !== undefined);
    expect(kept).toEqual([
      { node: 'a', kept: [['alice', 2]] },
      { node: 'a', kept: [['alice', 1]] },
    ]);
  });

  it('with too many on one node is that node’s own business', () => {
    begin('a');
    tellPresent('a', [['alice', 9]]);
    expect(orders).toEqual([]);
  });
});

describe('a node that has told who is there', () => {
  it('is told once who is on other nodes too, and whoever else it had divided is not', () => {
    for (const node of ['a', 'b']) tell(node, { piece: 'only' });
    const both = [
      ['alice', 1],
      ['bob', 1],
    ] as const;
    tellPresent('a', both, { piece: 'only' });
    tellPresent('b', [['bob', 1]], { piece: 'only' });
    orders.length = 0;
    registry.sweep(0);
    registry.sweep(0);
    expect(orders).toEqual([
      { node: 'a', isComplete: true, shares: [['bob', 2]] },
      { node: 'b', isComplete: true, shares: [['bob', 2]] },
    ]);
  });

  it('is told again what holds, and what to close, when it says that orders were lost', () => {
    begin('a', 'b');
    tellPresent('a', [['alice', 3]]);
    tellPresent('b', [['alice', 1]]);
    orders.length = 0;
    tell('a', { isBeat: true, wantsOrders: true });
    registry.sweep(0);
    expect(orders).toEqual([
      { node: 'a', isComplete: true, shares: [['alice', 2]] },
      { node: 'a', kept: [['alice', 2]] },
    ]);
  });

  it('in pieces is taken to have nobody besides only when the last one is there', () => {
    begin('a');
    const alice = ['alice', 1] as const;
    tellPresent('a', [alice, ['bob', 1]]);
    tellPresent('a', [['cid', 1]], { piece: 'first' });
    tellPresent('a', [['dee', 1]], { piece: 'next' });
    expect(presences.map(([player]) => player)).toEqual(['alice', 'bob', 'cid', 'dee']);
    tellPresent('a', [alice], { piece: 'last' });
    expect(presences.slice(4)).toEqual([['bob', false]]);
  });

  it('lost a piece of it: nobody is gone, and the whole is asked for', () => {
    begin('a');
    tellPresent('a', [['alice', 1]]);
    tellPresent('a', [], { piece: 'first' });
    tellPresent('a', [], { piece: 'last', count: 5 });
    expect(presences).toEqual([['alice', true]]);
    expect(orders).toEqual([{ node: 'a', wantsPresence: true }]);
  });

  it('and tells a difference that does not follow is asked once between two sweeps', () => {
    begin('a');
    for (let count = 4; count < 1_000; count++) tellPresent('a', [['alice', 1]], { count });
    expect([presences, orders]).toEqual([[], [{ node: 'a', wantsPresence: true }]]);
    registry.sweep(0);
    tellPresent('a', [['alice', 1]], { count: 1_000 });
    expect(orders).toHaveLength(2);
    tellPresent('a', [['alice', 1]], { piece: 'only', count: 1_001 });
    expect(presences).toEqual([['alice', true]]);
  });

  it('is asked when what it told by its beats does not come by the stream', () => {
    begin('a');
    told.set('a', 7);
    for (let beat = 0; beat < 6; beat++) tell('a', { isBeat: true });
    expect(orders).toEqual([]);
    tell('a', { isBeat: true });
    expect(orders).toEqual([{ node: 'a', wantsPresence: true }]);
  });

  it('of before this leader is not asked: its whole is on its way', () => {
    tell('a', { piece: 'only' });
    tellPresent('a', [['alice', 1]], { count: 17 });
    tellPresent('b', [['bob', 1]], { count: 3 });
    expect([presences, orders, registry.size]).toEqual([[], [], 1]);
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
    expect(orders).toEqual([{ node: 'c', wantsListening: true }]);
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
    tell('a', { listening: [['alice', true]], count: 7 });
    expect(orders).toEqual([{ node: 'a', wantsListening: true }]);
    tell('a', { piece: 'only', listening: [['bob', true]] });
    expect([registry.listens('alice'), registry.listens('bob')]).toEqual([false, true]);
  });

  it('of which a message is missing must tell everything, until it does', () => {
    begin('a');
    tell('a', { count: 3 });
    registry.sweep(0);
    tell('a', { count: 4 });
    expect(orders).toEqual([
      { node: 'a', wantsListening: true },
      { node: 'a', wantsListening: true },
    ]);
    tell('a', { piece: 'only', count: 5 });
    tell('a', { count: 6 });
    expect(orders).toHaveLength(2);
  });

  it('whose message comes again, as somebody recorded it, is not believed again', () => {
    begin('a');
    tellPresent('a', [['alice', 1]]);
    tellPresent('a', [['alice', 0]]);
    tellPresent('a', [['alice', 1]], { count: 2 });
    tellPresent('a', [['alice', 1]], { count: 1, piece: 'only' });
    tell('a', { isLeaving: true, count: 1 });
    expect(presences).toEqual([
      ['alice', true],
      ['alice', false],
    ]);
    tellPresent('a', [['alice', 1]], { count: 4 });
    expect([registry.isPresent('alice'), orders]).toEqual([true, []]);
  });

  it('learns by another number that it was forgotten for a while', () => {
    begin('a');
    tell('a', { isBeat: true }, 1_000);
    expect(memberships).toEqual([['a', 1]]);
    registry.sweep(SILENCE_MAX_MS + 1_001);
    tell('a', { isBeat: true }, SILENCE_MAX_MS + 1_500);
    expect(memberships).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
    expect(orders).toContainEqual({ node: 'a', wantsListening: true });
  });

  it('is not one more when there are more than any cluster has', () => {
    for (let n = 0; n < 1_100; n++) begin(`n${n}`);
    expect(registry.size).toBe(1_024);
  });

  it('that tells everything listens for nobody besides', () => {
    begin('a');
    const on = (...players: string[]) => players.map(player => [player, true] as const);
    tell('a', { listening: on('alice', 'bob') });
    tell('a', { piece: 'first', listening: on('cid') });
    expect(registry.listens('alice')).toBe(true);
    tell('a', { piece: 'last', listening: on('bob') });
    expect(['alice', 'bob', 'cid'].map(player => registry.listens(player))).toEqual([
      false,
      true,
      true,
    ]);
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
    tellPresent('a', [['alice', 1]]);
    tell('a', { listening: [['alice', true]] });
    expect(registry.sweep(SILENCE_MAX_MS)).toEqual([]);
    expect(ends()).toEqual(gone);
    expect(presences.at(-1)).toEqual(['alice', false]);
    expect([registry.size, registry.hasListeners]).toEqual([0, false]);
  });

  it('that is gone leaves those who are elsewhere too', () => {
    begin('a', 'b');
    tellPresent('a', [['alice', 1]]);
    tellPresent('b', [['alice', 1]]);
    tell('a', { isBeat: true }, 0);
    tell('b', { isBeat: true }, 2_000);
    expect(registry.sweep(SILENCE_MAX_MS + 1_000)).toEqual(['a']);
    expect(presences).toEqual([['alice', true]]);
    expect(orders).toContainEqual({ node: 'b', shares: [['alice', 1]] });
  });
});
