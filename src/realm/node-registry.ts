// What the leader knows of the nodes: which players are there with how many sockets, and whose
// private feed is live where. Nodes tell it themselves, and tell all of it again when something was
// missed, and now and then; a node that is silent is taken for gone, with everybody who was there.
// What follows from it for the limits of a player is ordered at once when it changes, and all of it
// again when a node has told everything: an order may be lost, and what a node was told by the
// leader before this one holds no longer.

import type { NodeState, Orders } from '../cluster/messages.ts';

export interface RegistryOptions {
  readonly socketsPerPlayerMax: number;
  /** A player is on some node now (true), or on none any more. */
  readonly presence: (player: string, present: boolean) => void;
  readonly order: (node: string, orders: Omit<Orders, 'epoch'>) => void;
}

/** Players, each with a number. */
type Pairs = Orders['shares'];

/** More nodes than a cluster has; whoever comes beyond them is not heard. */
const NODES_MAX = 1_024;
/** A node says something once a second. */
export const SILENCE_MAX_MS = 3_000;

interface Node {
  count: number;
  seenAtMs: number;
  /** It has told everything, and is told everything by the next sweep. */
  isOwed: boolean;
  readonly listening: Set<string>;
  readonly present: Map<string, number>;
}

export class NodeRegistry {
  readonly #options: RegistryOptions;
  readonly #nodes = new Map<string, Node>();
  /** On how many nodes a player's private feed is live. */
  readonly #listeners = new Map<string, number>();
  /** The nodes that a player is on, in the order in which he came to them. */
  readonly #places = new Map<string, Set<string>>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  listens(player: string): boolean {
    return this.#listeners.has(player);
  }

  isPresent(player: string): boolean {
    return this.#places.has(player);
  }

  /** The private events of a player are for this node too. False: first it must tell its state. */
  listen(name: string, player: string): boolean {
    const node = this.#nodes.get(name);
    // One that has not said anything yet is asked for its state, and asks again itself.
    if (node === undefined) this.#askState(name);
    else this.#listen(node, player, true);
    return node !== undefined;
  }

  /** Takes in what a node says of itself. */
  take(state: NodeState, nowMs: number): void {
    const known = this.#nodes.get(state.node);
    // It was said before, and somebody says it again: a node counts as long as it lives.
    if (known !== undefined && state.count <= known.count) return;
    if (known === undefined && this.#nodes.size >= NODES_MAX) return;
    if (state.isLeaving) {
      this.#forget(state.node);
      return;
    }
    let node = known;
    const isMissed = !state.isComplete && (node === undefined || state.count !== node.count + 1);
    if (isMissed) {
      this.#askState(state.node);
      if (node === undefined) return;
    }
    if (node === undefined) {
      node = { count: 0, seenAtMs: 0, isOwed: false, listening: new Set(), present: new Map() };
      this.#nodes.set(state.node, node);
    }
    node.seenAtMs = nowMs;
    // A hole stays one until the complete state comes.
    if (!isMissed) node.count = state.count;
    if (state.isComplete) {
      node.isOwed = true;
      this.#drop(state.node, node, state);
    }
    for (const [player, isOn] of state.listening) this.#listen(node, player, isOn);
    for (const [player, sockets] of state.present) this.#place(state.node, node, player, sockets);
  }

  /** Forgets the nodes that have been silent for too long; tells the others what they are owed. */
  sweep(nowMs: number): string[] {
    const gone: string[] = [];
    for (const [name, node] of this.#nodes) {
      if (nowMs - node.seenAtMs > SILENCE_MAX_MS) gone.push(name);
    }
    for (const name of gone) this.#forget(name);
    for (const [name, node] of this.#nodes) {
      if (node.isOwed) this.#tellAll(name, node);
      node.isOwed = false;
    }
    return gone;
  }

  #forget(name: string): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    for (const player of [...node.listening]) this.#listen(node, player, false);
    for (const player of [...node.present.keys()]) this.#place(name, node, player, 0);
    this.#nodes.delete(name);
  }

  /** Ends what a complete state does not mention any more. */
  #drop(name: string, node: Node, state: NodeState): void {
    const listening = new Set(state.listening.map(([player]) => player));
    for (const player of [...node.listening]) {
      if (!listening.has(player)) this.#listen(node, player, false);
    }
    const present = new Set(state.present.map(([player]) => player));
    for (const player of [...node.present.keys()]) {
      if (!present.has(player)) this.#place(name, node, player, 0);
    }
  }

  #listen(node: Node, player: string, isOn: boolean): void {
    if (node.listening.has(player) === isOn) return;
    const count = (this.#listeners.get(player) ?? 0) + (isOn ? 1 : -1);
    if (isOn) node.listening.add(player);
    else node.listening.delete(player);
    if (count > 0) this.#listeners.set(player, count);
    else this.#listeners.delete(player);
  }

  #place(name: string, node: Node, player: string, sockets: number): void {
    const before = node.present.get(player) ?? 0;
    if (before === sockets) return;
    if (sockets > 0) node.present.set(player, sockets);
    else node.present.delete(player);
    const places = this.#places.get(player) ?? new Set<string>();
    const nodesBefore = places.size;
    if (sockets > 0) places.add(name);
    else places.delete(name);
    if (places.size > 0) this.#places.set(player, places);
    else this.#places.delete(player);
    if (nodesBefore === 0) this.#options.presence(player, true);
    if (places.size === 0) this.#options.presence(player, false);
    if (nodesBefore !== places.size && nodesBefore + places.size > 1) this.#share(player, places);
    if (sockets > before && places.size > 1) {
      const kept = this.#limit(player, places);
      for (const [node, sockets] of kept) this.#order(node, [], [[player, sockets]]);
    }
  }

  /** Tells every node of a player how many of them there are. */
  #share(player: string, places: ReadonlySet<string>): void {
    for (const name of places) this.#order(name, [[player, places.size]], []);
  }

  /** Tells a node of all its players whom others have too. */
  #tellAll(name: string, { present }: Node): void {
    const shares: [player: string, nodes: number][] = [];
    const kept: [player: string, sockets: number][] = [];
    for (const player of present.keys()) {
      const places = this.#places.get(player);
      if (places === undefined || places.size === 1) continue;
      shares.push([player, places.size]);
      const sockets = this.#limit(player, places).get(name);
      if (sockets !== undefined) kept.push([player, sockets]);
    }
    this.#options.order(name, { wantsState: false, shares, isComplete: true, kept });
  }

  /** Where a player has sockets too many, and what he keeps there: he loses the oldest places. */
  #limit(player: string, places: ReadonlySet<string>): ReadonlyMap<string, number> {
    const on = (name: string) => this.#nodes.get(name)?.present.get(player) ?? 0;
    let surplus = -this.#options.socketsPerPlayerMax;
    for (const name of places) surplus += on(name);
    const kept = new Map<string, number>();
    for (const name of places) {
      if (surplus <= 0) break;
      const closed = Math.min(surplus, on(name));
      kept.set(name, on(name) - closed);
      surplus -= closed;
    }
    return kept;
  }

  #order(name: string, shares: Pairs, kept: Pairs): void {
    this.#options.order(name, { wantsState: false, shares, isComplete: false, kept });
  }

  #askState(name: string): void {
    this.#options.order(name, { wantsState: true, shares: [], isComplete: false, kept: [] });
  }
}
