// What is on its way to one socket: how much of it was asked for, and whether anything of it is
// being taken. A client that asks for much over a slow line reads as fast as it can; one that takes
// nothing for long, or lets pile up what it did not ask for, is slow.

export class Backlog {
  /** Of the bytes that wait, at most so many were asked for. */
  #askedBytes = 0;
  /** Since when much waits and nothing was taken; 0 while little waits. By the monotonic clock. */
  #stuckSinceMs = 0;

  /** Something was sent that was asked for. */
  asked(bytes: number): void {
    this.#askedBytes += bytes;
  }

  /** So much waits now. */
  look(bytes: number, largeBytes: number): void {
    if (this.#askedBytes > bytes) this.#askedBytes = bytes;
    if (bytes <= largeBytes) this.#stuckSinceMs = 0;
    else if (this.#stuckSinceMs === 0) this.#stuckSinceMs = performance.now();
  }

  /** Of the bytes that wait, those that nobody asked for; some of them at least. */
  unasked(bytes: number): number {
    if (this.#askedBytes > bytes) this.#askedBytes = bytes;
    return bytes - this.#askedBytes;
  }

  /** The socket has taken something. */
  drained(nowMs: number): void {
    if (this.#stuckSinceMs > 0) this.#stuckSinceMs = nowMs;
  }

  /** Whether much waited when it was last looked at. */
  get isLarge(): boolean {
    return this.#stuckSinceMs > 0;
  }

  isStalled(nowMs: number, timeoutMs: number): boolean {
    return this.#stuckSinceMs > 0 && nowMs - this.#stuckSinceMs > timeoutMs;
  }
}
