// The commands of one socket that await their replies, for the latency histogram. Replies mostly
// come in the order of the commands, so the oldest one is looked at first and finding is O(1); a
// reply out of order is found by looking further. One array of numbers: no garbage per command.

const SLOT = 3;
const CAPACITY_START = 16;

export class Pending {
  /** Of each command: request id, command index, arrival. A ring of a power of two slots. */
  #slots = new Float64Array(CAPACITY_START * SLOT);
  #capacity = CAPACITY_START;
  #head = 0;
  size = 0;

  /** What the last successful {@link take} found. */
  command = 0;
  arrivedAtMs = 0;

  add(id: number, command: number, arrivedAtMs: number): void {
    if (this.size === this.#capacity) this.#grow();
    this.#put((this.#head + this.size) & (this.#capacity - 1), id, command, arrivedAtMs);
    this.size += 1;
  }

  /** Removes the oldest command with this id and shows it in `command` and `arrivedAtMs`. */
  take(id: number): boolean {
    const mask = this.#capacity - 1;
    const slots = this.#slots;
    for (let n = 0; n < this.size; n++) {
      const at = ((this.#head + n) & mask) * SLOT;
      if (slots[at] !== id) continue;
      this.command = slots[at + 1] as number;
      this.arrivedAtMs = slots[at + 2] as number;
      // The ones before it move up, so that the order of the others stays.
      for (let m = n; m > 0; m--) this.#copy((this.#head + m - 1) & mask, (this.#head + m) & mask);
      this.#head = (this.#head + 1) & mask;
      this.size -= 1;
      return true;
    }
    return false;
  }

  #put(slot: number, id: number, command: number, arrivedAtMs: number): void {
    const at = slot * SLOT;
    this.#slots[at] = id;
    this.#slots[at + 1] = command;
    this.#slots[at + 2] = arrivedAtMs;
  }

  #copy(from: number, to: number): void {
    this.#slots.copyWithin(to * SLOT, from * SLOT, from * SLOT + SLOT);
  }

  #grow(): void {
    const slots = new Float64Array(2 * this.#slots.length);
    const tail = this.#slots.subarray(this.#head * SLOT);
    slots.set(tail);
    slots.set(this.#slots.subarray(0, this.#head * SLOT), tail.length);
    this.#slots = slots;
    this.#capacity *= 2;
    this.#head = 0;
  }
}
