// What the leader knows of the nodes: which players are there with how many sockets, and whose
// private feed is live where. Nodes tell the differences, counted; the whole is asked for when one
// is missing, and a node that is silent is taken for gone, with everybody who was there. Invariant:
// each memory of a node has a number, so that one that was forgotten finds out. What follows for
// the limits of a player is ordered at once when it changes, and all of it again when a node has
// told who is there, or says that orders were lost: what it was told by the leader before this one
// holds no longer.

import {
  type NodeState,
  type Orders,
  PIECE_PLAYERS_MAX,
  type SentPresence,
} from '../cluster/messages.ts';
import { begins, piecesOf, Whole } from './pieces.ts';

export interface RegistryOptions {
  readonly socketsPerPlayerMax: number;
  /** A player is on some node now (true), or on none any more. */
  readonly presence: (player: string, present: boolean) => void;
  readonly order: (node: string, orders: Omit<Orders, 'epoch'>) => void;
}

type Told = Omit<Orders, 'epoch' | 'membership' | 'count'>;

/** More nodes than a cluster has; whoever comes beyond them is not heard. */
const NODES_MAX = 1_024;
/** A node says something twice a second. */
export const SILENCE_MAX_MS = 3_000;

/** Beats for which what was told of who is there may be on its way through the stream. */
const LATE_BEATS_MAX = 6;

/** What a node has told, and what it was told. */
class Node {
  readonly name: string;
  readonly membership: number;
  seenAtMs: number;
  /** Of its states, up to the first hole. */
  count = 0;
  /** Of what it told of who is there; 0 before it has. */
  presence = 0;
  /** What of that must have come, by the beat before; for how many beats it has not. */
  due = 0;
  late = 0;
  orders = 0;
  /** It is told everything by the next sweep. */
  isOwed = true;
  readonly listening = new Set<string>();
  readonly present = new Map<string, number>();
  readonly wholeListening = new Whole();
  readonly wholePresent = new Whole();

  constructor(name: string, membership: number, seenAtMs: number) {
    this.name = name;
    this.membership = membership;
    this.seenAtMs = seenAtMs;
  }
}

const NOTHING: Told = {
  heard: 0,
  wantsListening: false,
  wantsPresence: false,
  shares: [],
  isComplete: false,
  kept: [],
};

export class NodeRegistry {
  readonly #options: RegistryOptions;
  readonly #nodes = new Map<string, Node>();
  /** On how many nodes a player's private feed is live. */
  readonly #listeners = new Map<string, number>();
  /** The nodes that a player is on, in the order in which he came to them. */
  readonly #places = new Map<string, Set<string>>();
  #memberships = 0;
  /** Who was asked for the whole of something since the last sweep: once is enough. */
  readonly #asked = new Set<string>();

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
    if (node === undefined) this.#ask(name, { wantsListening: true });
    else this.#listen(node, player, true);
    return node !== undefined;
  }

  /** Takes in what a node says of itself. */
  take(state: NodeState, nowMs: number): void {
    const known = this.#nodes.get(state.node);
    // It was said before, and somebody says it again: a node counts as long as it lives.
    if (known !== undefined && state.count <= known.count) return;
    if (state.isLeaving) {
      this.#forget(state.node);
      return;
    }
    const node = known ?? this.#meet(state.node, nowMs);
    if (node === null) return;
    node.seenAtMs = nowMs;
    if (state.wantsOrders) node.isOwed = true;
    this.#takeListening(node, state);
    if (!state.isBeat) return;
    this.#order(node, { heard: state.count });
    this.#checkPresence(node, state.presence);
  }

  /** Takes in who came to a node and who went, in the order of the stream. */
  takePresence(name: string, told: SentPresence, nowMs: number): void {
    const { count, piece, present } = told;
    const isAnew = begins(piece);
    const node = this.#nodes.get(name) ?? (isAnew ? this.#meet(name, nowMs) : null);
    if (node === null || count <= node.presence) return;
    if (!isAnew && count !== node.presence + 1) {
      // Before its first whole a node has said nothing to this leader: that is on its way.
      if (node.presence > 0) this.#ask(name, { wantsPresence: true });
      return;
    }
    node.presence = count;
    const all = node.wholePresent.take(piece, present);
    for (const [player, sockets] of present) this.#place(name, node, player, sockets);
    if (all === null) return;
    for (const player of [...node.present.keys()]) {
      if (!all.has(player)) this.#place(name, node, player, 0);
    }
    node.isOwed = true;
  }

  /** Forgets the nodes that have been silent for too long; tells the others what they are owed. */
  sweep(nowMs: number): string[] {
    const gone: string[] = [];
    for (const [name, node] of this.#nodes) {
      if (nowMs - node.seenAtMs > SILENCE_MAX_MS) gone.push(name);
    }
    for (const name of gone) this.#forget(name);
    for (const [name, node] of this.#nodes) {
      // Before it has told who is there, nothing is known that holds for it.
      if (!node.isOwed || node.presence === 0) continue;
      this.#tellAll(name, node);
      node.isOwed = false;
    }
    this.#asked.clear();
    return gone;
  }

  /** Begins to know a node; it learns by which number. Null beyond the bound. */
  #meet(name: string, nowMs: number): Node | null {
    if (this.#nodes.size >= NODES_MAX) return null;
    const node = new Node(name, ++this.#memberships, nowMs);
    this.#nodes.set(name, node);
    this.#order(node, {});
    return node;
  }

  #takeListening(node: Node, { count, piece, listening }: NodeState): void {
    if (!begins(piece) && count !== node.count + 1) {
      // A hole stays one until the whole comes.
      this.#ask(node.name, { wantsListening: true });
      for (const [player, isOn] of listening) this.#listen(node, player, isOn);
      return;
    }
    node.count = count;
    const all = node.wholeListening.take(piece, listening);
    for (const [player, isOn] of listening) this.#listen(node, player, isOn);
    if (all === null) return;
    for (const player of [...node.listening]) {
      if (!all.has(player)) this.#listen(node, player, false);
    }
  }

  /** Whether what was told by the beat before has come; it may take a while through the stream. */
  #checkPresence(node: Node, told: number): void {
    if (node.presence >= node.due) {
      node.due = told;
      node.late = 0;
    } else if (++node.late >= LATE_BEATS_MAX) {
      node.late = 0;
      this.#ask(node.name, { wantsPresence: true });
    }
  }

  #forget(name: string): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    for (const player of [...node.listening]) this.#listen(node, player, false);
    for (const player of [...node.present.keys()]) this.#place(name, node, player, 0);
    this.#nodes.delete(name);
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
      for (const [where, most] of kept) this.#orderTo(where, { kept: [[player, most]] });
    }
  }

  /** Tells every node of a player how many of them there are. */
  #share(player: string, places: ReadonlySet<string>): void {
    for (const name of places) this.#orderTo(name, { shares: [[player, places.size]] });
  }

  /** Tells a node of all its players whom others have too. */
  #tellAll(name: string, node: Node): void {
    const shares: [player: string, nodes: number][] = [];
    const kept: [player: string, sockets: number][] = [];
    for (const player of node.present.keys()) {
      const places = this.#places.get(player);
      if (places === undefined || places.size === 1) continue;
      shares.push([player, places.size]);
      const sockets = this.#limit(player, places).get(name);
      if (sockets !== undefined) kept.push([player, sockets]);
    }
    for (const [piece, some] of piecesOf(shares, PIECE_PLAYERS_MAX)) {
      this.#order(node, { shares: some, isComplete: begins(piece) });
    }
    if (kept.length === 0) return;
    for (const [, some] of piecesOf(kept, PIECE_PLAYERS_MAX)) this.#order(node, { kept: some });
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

  #orderTo(name: string, told: Partial<Told>): void {
    const node = this.#nodes.get(name);
    if (node !== undefined) this.#order(node, told);
  }

  #order(node: Node, told: Partial<Told>): void {
    const { name, membership } = node;
    const count = ++node.orders;
    this.#options.order(name, { membership, count, ...NOTHING, ...told });
  }

  /** Asks for the whole of something, also a node that is not known: not more often than needed. */
  #ask(name: string, wants: Pick<Partial<Told>, 'wantsListening' | 'wantsPresence'>): void {
    const asked = `${name} ${Object.keys(wants)}`;
    if (this.#asked.has(asked) || this.#asked.size >= 2 * NODES_MAX) return;
    this.#asked.add(asked);
    const node = this.#nodes.get(name);
    if (node !== undefined) this.#order(node, wants);
    else this.#options.order(name, { membership: 0, count: 0, ...NOTHING, ...wants });
  }
}
