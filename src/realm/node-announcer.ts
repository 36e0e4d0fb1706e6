// What a node tells the leader of itself: who is here, and whose private feed is live. Changes go
// out at the end of the turn in which they came about; all of it when the leader asks, when there
// is a new leader, and now and then, so that a lost message does not matter for long.

import type { NodeChannel } from '../cluster/port.ts';

/** How often the leader hears from a node that has nothing new. */
const INTERVAL_MS = 1_000;
/** Every so many of these everything is told again. */
const COMPLETE_EVERY = 5;

export class NodeAnnouncer {
  readonly #channel: NodeChannel;
  readonly #node: string;
  readonly #present = new Map<string, number>();
  readonly #listening = new Set<string>();
  #changedPresent = new Map<string, number>();
  #changedListening = new Map<string, boolean>();
  #count = 0;
  #beats = 0;
  #isScheduled = false;
  readonly #timer: NodeJS.Timeout;

  constructor(channel: NodeChannel, node: string) {
    this.#channel = channel;
    this.#node = node;
    this.#timer = setInterval(() => this.#beat(), INTERVAL_MS);
  }

  /** How many sockets a player has here now; 0 when his last one is gone. */
  present(player: string, sockets: number): void {
    if (sockets > 0) this.#present.set(player, sockets);
    else this.#present.delete(player);
    this.#changedPresent.set(player, sockets);
    this.#schedule();
  }

  listening(player: string, isOn: boolean): void {
    if (isOn) this.#listening.add(player);
    else this.#listening.delete(player);
    this.#changedListening.set(player, isOn);
    this.#schedule();
  }

  /** Tells everything. */
  tellAll(): void {
    this.#changedPresent.clear();
    this.#changedListening.clear();
    const listening = [...this.#listening].map(player => [player, true] as const);
    this.#tell({ isComplete: true, listening, present: [...this.#present], isLeaving: false });
  }

  /** The node stops: whoever was here is not any more. */
  close(): void {
    clearInterval(this.#timer);
    this.#tell({ isComplete: true, listening: [], present: [], isLeaving: true });
  }

  #beat(): void {
    if (this.#beats++ % COMPLETE_EVERY === 0) this.tellAll();
    else this.#tellChanges();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const hasChanges = this.#changedPresent.size > 0 || this.#changedListening.size > 0;
      if (hasChanges) this.#tellChanges();
    });
  }

  #tellChanges(): void {
    const present = [...this.#changedPresent];
    const listening = [...this.#changedListening];
    this.#changedPresent = new Map();
    this.#changedListening = new Map();
    this.#tell({ isComplete: false, listening, present, isLeaving: false });
  }

  #tell(state: Omit<Parameters<NodeChannel['tell']>[0], 'node' | 'count'>): void {
    this.#channel.tell({ node: this.#node, count: ++this.#count, ...state });
  }
}
