// What time it is on the server. Each time that the server tells was true before it arrived, so the
// estimate is never ahead of the server: who waits by it may wait a little long, never too short.
// It runs on the monotonic clock; setting the clock of the machine does not move it.

export class ServerClock {
  #offsetMs = Date.now() - performance.now();

  /** A session was opened: what was known before no longer counts. */
  opened(serverTimeMs: number): void {
    this.#offsetMs = serverTimeMs - performance.now();
  }

  /** The server told its time once more: the answer that travelled fastest is the best one. */
  heard(serverTimeMs: number): void {
    this.#offsetMs = Math.max(this.#offsetMs, serverTimeMs - performance.now());
  }

  /** Before the first session: the time of this machine. */
  nowMs(): number {
    return Math.floor(performance.now() + this.#offsetMs);
  }
}
