// Sockets of the service role to every node that there is: opened when they are first wanted, and
// anew when they were closed. Nobody waits for a node that does not answer.

import { JudgeSocket } from '../support/judge-socket.ts';
import { processToken } from '../support/server-process.ts';

export class Links {
  readonly #open = new Map<number, JudgeSocket>();
  readonly #opening = new Set<number>();
  #isClosed = false;

  /** An open socket to `port`, or null: then there may be one in a moment. */
  to(port: number): JudgeSocket | null {
    const socket = this.#open.get(port);
    if (socket?.isOpen) return socket;
    if (!this.#opening.has(port) && !this.#isClosed) void this.#begin(port);
    return null;
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open.values()) socket.destroy();
  }

  async #begin(port: number): Promise<void> {
    this.#opening.add(port);
    try {
      const socket = await JudgeSocket.open(port, await processToken('game'));
      this.#open.set(port, socket);
      if (this.#isClosed) socket.destroy();
    } catch {
      // A node that is not there, or does not let anybody in yet.
    } finally {
      this.#opening.delete(port);
    }
  }
}
