// How far two nodes are apart in what their subscribers see: of every frame of one channel, when it
// came to the first and to the last subscriber of each node. All subscribers are in this process,
// so there is one clock; it reads one socket after the other, which is part of what it finds.

import type { Histogram } from 'hdr-histogram-js';
import { type FrameReader, GAP } from './audience.ts';
import { createHistogram } from './meter.ts';

interface Arrival {
  readonly count: [number, number];
  readonly firstMs: [number, number];
  readonly lastMs: [number, number];
}

export class Lag {
  /** Between the first subscribers of both nodes, and between their last ones; microseconds. */
  readonly first = createHistogram();
  readonly last = createHistogram();
  /** From the first subscriber of all to the last one. */
  readonly spread = createHistogram();
  frames = 0;
  readonly #subscribersPerNode: number;
  readonly #arrivals = new Map<number, Arrival>();

  constructor(subscribersPerNode: number) {
    this.#subscribersPerNode = subscribersPerNode;
  }

  /** Whether every frame that anybody got has come to all. */
  get isComplete(): boolean {
    return this.#arrivals.size === 0;
  }

  /** Reads as `read` does, for the subscribers of a node. */
  reader(node: 0 | 1, read: FrameReader): FrameReader {
    return (socket, chain, bytes, start, end) => {
      const before = chain[0] as number;
      const updates = read(socket, chain, bytes, start, end);
      const sequence = chain[0] as number;
      if (sequence !== before && (updates > 0 || updates === GAP)) this.#arrive(node, sequence);
      return updates;
    };
  }

  forget(): void {
    this.frames = 0;
    for (const histogram of [this.first, this.last, this.spread]) histogram.reset();
  }

  #arrive(node: 0 | 1, sequence: number): void {
    const nowMs = performance.now();
    let arrival = this.#arrivals.get(sequence);
    if (arrival === undefined) {
      arrival = { count: [0, 0], firstMs: [0, 0], lastMs: [0, 0] };
      this.#arrivals.set(sequence, arrival);
    }
    const { count, firstMs, lastMs } = arrival;
    if (count[node] === 0) firstMs[node] = nowMs;
    count[node] += 1;
    lastMs[node] = nowMs;
    if (count[0] + count[1] < 2 * this.#subscribersPerNode) return;
    this.#arrivals.delete(sequence);
    this.frames += 1;
    record(this.first, Math.abs(firstMs[0] - firstMs[1]));
    record(this.last, Math.abs(lastMs[0] - lastMs[1]));
    record(this.spread, Math.max(...lastMs) - Math.min(...firstMs));
  }
}

function record(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.max(1, Math.round(ms * 1_000)));
}
