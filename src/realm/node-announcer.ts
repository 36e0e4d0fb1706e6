// What a node tells the leader of itself. Who is here goes through the stream of commands, in one
// order with them; whose private feed is live goes beside it, in one order with the questions.
// Invariant: of both only differences are told, counted, so that a loss is noticed; the whole only
// to a new leader, to one who asks, and when something could not be told. Two beats a second say
// that the node lives, and how far it has told.

import {
  type NodeState,
  PIECE_PLAYERS_MAX,
  type Piece,
  type SentPresence,
} from '../cluster/messages.ts';
import type { CommandSender, NodeChannel } from '../cluster/port.ts';
import { changesOf, piecesOf } from './pieces.ts';

export interface AnnouncerParts {
  readonly node: string;
  readonly channel: Pick<NodeChannel, 'tell'>;
  readonly sender: Pick<CommandSender, 'tellPresence' | 'presenceTold' | 'onPresenceFailed'>;
  /** A beat was told, with this count: the leader answers it. */
  readonly beaten: (count: number) => void;
}

/** How often the leader hears from a node that has nothing new. */
export const BEAT_MS = 500;

const NOBODY: NodeState['listening'] = [];

export class NodeAnnouncer {
  readonly #parts: AnnouncerParts;
  readonly #present = new Map<string, number>();
  readonly #listening = new Set<string>();
  #changed = new Map<string, boolean>();
  #count = 0;
  #isScheduled = false;
  /** Something of who is here could not be told: the next beat tries the whole. */
  #isPresenceOwed = false;
  #wantsOrders = false;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
    parts.sender.onPresenceFailed(() => {
      this.#isPresenceOwed = true;
    });
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
  }

  /** How many sockets a player has here now; 0 when their last one is gone. */
  present(player: string, sockets: number): void {
    if (sockets > 0) this.#present.set(player, sockets);
    else this.#present.delete(player);
    if (!this.#isPresenceOwed) this.#tellPresent('change', [[player, sockets]]);
  }

  listening(player: string, isOn: boolean): void {
    if (isOn) this.#listening.add(player);
    else this.#listening.delete(player);
    this.#changed.set(player, isOn);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#tellChanges();
    });
  }

  /** Orders of the leader were lost: with the next beat they are asked for. */
  missOrders(): void {
    this.#wantsOrders = true;
  }

  /** Tells who is here, all of them. */
  tellPresence(): void {
    this.#isPresenceOwed = false;
    for (const [piece, present] of piecesOf([...this.#present], PIECE_PLAYERS_MAX)) {
      if (!this.#isPresenceOwed) this.#tellPresent(piece, present);
    }
  }

  /** Tells whose private feeds are live here, all of them. */
  tellListening(): void {
    this.#changed.clear();
    const all = [...this.#listening].map(player => [player, true] as const);
    for (const [piece, listening] of piecesOf(all, PIECE_PLAYERS_MAX)) {
      this.#tell({ piece, listening });
    }
  }

  /** The node stops: whoever was here is not any more. */
  close(): void {
    clearInterval(this.#timer);
    this.#tell({ piece: 'only', listening: NOBODY, isLeaving: true });
  }

  #beat(): void {
    if (this.#isPresenceOwed) this.tellPresence();
    this.#tellChanges();
    const count = this.#tell({ piece: 'change', listening: NOBODY, isBeat: true });
    this.#wantsOrders = false;
    this.#parts.beaten(count);
  }

  #tellPresent(piece: Piece, present: SentPresence['present']): void {
    if (!this.#parts.sender.tellPresence(piece, present)) this.#isPresenceOwed = true;
  }

  #tellChanges(): void {
    const changed = [...this.#changed];
    this.#changed = new Map();
    for (const listening of changesOf(changed, PIECE_PLAYERS_MAX)) {
      this.#tell({ piece: 'change', listening });
    }
  }

  #tell(what: Pick<NodeState, 'piece' | 'listening'> & Partial<NodeState>): number {
    const { channel, node, sender } = this.#parts;
    const count = ++this.#count;
    const wantsOrders = this.#wantsOrders;
    const presence = sender.presenceTold;
    const head = { node, count, isBeat: false, presence, wantsOrders, isLeaving: false };
    channel.tell({ ...head, ...what });
    return count;
  }
}
