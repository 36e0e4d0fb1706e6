// Where one channel stands on the client. Frames of a channel form a chain: each names the sequence
// of the one before it. This class finds the break; asking for a fresh snapshot is the client's.

import type { ServerEvent } from './codec.ts';

export class ChannelState {
  #epoch = 0;
  #sequence = 0;
  #synced = false;

  /** The last frame received, to resume from; null while there is none to continue from. */
  position(): { epoch: number; sequence: number } | null {
    return this.#synced ? { epoch: this.#epoch, sequence: this.#sequence } : null;
  }

  /** Nothing but a snapshot is accepted from here on. */
  forget(): void {
    this.#synced = false;
  }

  /**
   * 'apply': the frame continues the chain, or is a snapshot, which starts one. 'gap': it does not,
   * said once. 'skip': it can't be judged until the next snapshot.
   */
  accept(event: ServerEvent): 'apply' | 'gap' | 'skip' {
    if (event.kind === 'snapshot') {
      this.#synced = true;
    } else {
      if (!this.#synced) return 'skip';
      if (event.epoch !== this.#epoch || event.previousSequence !== this.#sequence) {
        this.#synced = false;
        return 'gap';
      }
    }
    this.#epoch = event.epoch;
    this.#sequence = event.sequence;
    return 'apply';
  }
}
