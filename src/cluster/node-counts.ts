// How far the batches of each node have come, so that an entry that is put into the stream again,
// as it was recorded, is not executed again. Known for one leadership, and for so many nodes:
// whoever leads next knows nothing of it, so between two leaders a batch is bounded by its life
// alone.

import type { CommandBatch } from './messages.ts';

/** Beyond it the node that was heard longest ago is forgotten. */
const NODES_MAX = 1_024;

export class NodeCounts {
  /** The one that was heard last is last. */
  readonly #nodes = new Map<string, { incarnation: number; count: number }>();

  /** How many batches are missing before this one; -1 when it, or one after it, came before. */
  take({ node, incarnation, count }: CommandBatch): number {
    const known = this.#nodes.get(node);
    const isAnew = known === undefined || incarnation > known.incarnation;
    if (!isAnew && (incarnation < known.incarnation || count <= known.count)) return -1;
    this.#nodes.delete(node);
    this.#nodes.set(node, { incarnation, count });
    if (this.#nodes.size > NODES_MAX) {
      const [oldest] = this.#nodes.keys();
      this.#nodes.delete(oldest as string);
    }
    return isAnew ? 0 : count - known.count - 1;
  }
}
