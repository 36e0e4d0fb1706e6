// Subscribers on raw sockets who count what they get: frames, updates (a frame of ours may carry
// many), and gaps in the chain of sequences. The audience knows when the last of them has all
// updates of a tick, which is what the latency of a fan-out means.

import { RawSocket, type SocketListener } from './raw-socket.ts';

/**
 * Reads one frame for a subscriber whose last sequence per channel is in `chain`. Returns how many
 * updates it carries, or GAP; 0 for what is no update.
 */
export type FrameReader = (
  socket: RawSocket,
  chain: Float64Array,
  bytes: Buffer,
  start: number,
  end: number,
) => number;

export const GAP = -1;

export class Audience {
  readonly subscribers: Subscriber[] = [];
  frames = 0;
  updates = 0;
  gaps = 0;
  /** Updates of one tick; set before the first. */
  updatesPerTick = 1;
  /** Everybody has all updates of ticks 0 to `ticks` - 1. */
  ticks = 0;
  onTick: (tick: number) => void = () => {};
  /** By tick, modulo the length: subscribers that have all of it. */
  readonly #complete = new Uint32Array(1_024);

  /** Counts what one subscriber got; `before` updates were counted for it already. */
  count(before: number, updates: number): void {
    this.frames += 1;
    this.updates += updates;
    const { updatesPerTick } = this;
    const last = Math.floor((before + updates) / updatesPerTick);
    for (let tick = Math.floor(before / updatesPerTick); tick < last; tick++) {
      const slot = tick % this.#complete.length;
      const complete = (this.#complete[slot] as number) + 1;
      this.#complete[slot] = complete;
      if (complete < this.subscribers.length) continue;
      this.#complete[slot] = 0;
      this.ticks = tick + 1;
      this.onTick(tick);
    }
  }

  get bytes(): number {
    return this.subscribers.reduce((sum, one) => sum + one.socket.bytesReceived, 0);
  }

  close(): void {
    for (const { socket } of this.subscribers) socket.end();
  }
}

export class Subscriber implements SocketListener {
  readonly socket = new RawSocket(this);
  readonly #audience: Audience;
  readonly #read: FrameReader;
  readonly #chain: Float64Array;
  #updates = 0;

  constructor(audience: Audience, channels: number, read: FrameReader) {
    this.#audience = audience;
    this.#read = read;
    this.#chain = new Float64Array(channels);
    audience.subscribers.push(this);
  }

  chunk(): void {}

  frame(socket: RawSocket, bytes: Buffer, start: number, end: number): void {
    const updates = this.#read(socket, this.#chain, bytes, start, end);
    if (updates === 0) return;
    if (updates === GAP) {
      this.#audience.gaps += 1;
      return;
    }
    this.#audience.count(this.#updates, updates);
    this.#updates += updates;
  }

  closed(_socket: RawSocket, reason: string): void {
    throw new Error(`A subscriber was lost: ${reason}`);
  }
}
