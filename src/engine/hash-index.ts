// Finds numbered things by a hash of what they are: open addressing, at most half full.
// Invariant: no call takes longer the more there is. A table that is full is followed by one of
// twice the size, one that is nearly empty by one of half the size, and each thing that is added or
// removed moves a few slots over from the old one; until all have moved, both are looked at. What
// the things are is for their owner to compare.

import { assert } from '../base/assert.ts';

export const NONE = -1;

/** A slot is two words: the thing plus one, and its hash. */
const FREE = 0;
/** Something was here: what lies behind it is still found. In an old table only. */
const GONE = -1;

const SLOTS_MIN = 64;
/** Slots that move with each thing that is added: four times as fast as the new table fills up. */
export const SLOTS_MOVED_MAX = 8;
/** A table with more slots than this for each thing is followed by a smaller one. */
const SLOTS_PER_THING_MAX = 6;

export class HashIndex {
  #slots = new Int32Array(2 * SLOTS_MIN);
  #mask = SLOTS_MIN - 1;
  #size = 0;
  /** The table before this one while something is left in it, and how many of its slots moved. */
  #old: Int32Array | null = null;
  #oldMask = 0;
  #moved = 0;
  /** Where {@link next} goes on. */
  #cursor = 0;
  #isInOld = false;

  get size(): number {
    return this.#size;
  }

  /** A thing with this hash, or {@link NONE}; {@link next} has the others. */
  first(hash: number): number {
    this.#cursor = hash & this.#mask;
    this.#isInOld = false;
    return this.next(hash);
  }

  /** Another thing with this hash, right after {@link first} or this. */
  next(hash: number): number {
    if (!this.#isInOld) {
      const thing = this.#seek(this.#slots, this.#mask, hash);
      if (thing !== NONE || this.#old === null) return thing;
      this.#cursor = hash & this.#oldMask;
      this.#isInOld = true;
    }
    return this.#seek(this.#old as Int32Array, this.#oldMask, hash);
  }

  /** Adds a thing that is not there. `hash`: 31 bits, even in the lower ones. */
  add(thing: number, hash: number): void {
    if (this.#old !== null) this.#move(this.#old);
    else if (this.#size * 2 >= this.#mask) this.#follow(this.#mask * 2 + 1);
    this.#size++;
    this.#place(thing + 1, hash);
  }

  /** Removes a thing that was added with this hash. */
  remove(thing: number, hash: number): void {
    const slot = this.#slotOf(thing, hash);
    this.#size--;
    if (this.#isInOld) (this.#old as Int32Array)[slot * 2] = GONE;
    else this.#close(slot);
    if (this.#old !== null) this.#move(this.#old);
    else if (this.#mask >= SLOTS_MIN && this.#size * SLOTS_PER_THING_MAX < this.#mask) {
      this.#follow(this.#mask >> 1);
    }
  }

  /** A thing that was added with this hash has another number from now on. */
  renumber(thing: number, hash: number, number: number): void {
    const slot = this.#slotOf(thing, hash);
    const slots = this.#isInOld ? (this.#old as Int32Array) : this.#slots;
    slots[slot * 2] = number + 1;
  }

  /** Bytes of all slots. */
  get bytes(): number {
    return this.#slots.byteLength + (this.#old?.byteLength ?? 0);
  }

  /** The slot of a thing that is there: in the old table if `#isInOld`. */
  #slotOf(thing: number, hash: number): number {
    let found = this.first(hash);
    while (found !== thing) {
      assert(found !== NONE, 'what is looked for is there');
      found = this.next(hash);
    }
    return (this.#cursor - 1) & (this.#isInOld ? this.#oldMask : this.#mask);
  }

  /** The next thing with this hash from the cursor on, and the cursor behind it. */
  #seek(slots: Int32Array, mask: number, hash: number): number {
    let slot = this.#cursor;
    for (;;) {
      const thing = slots[slot * 2] as number;
      if (thing === FREE) return NONE;
      if (slots[slot * 2 + 1] === hash && thing !== GONE) {
        this.#cursor = (slot + 1) & mask;
        return thing - 1;
      }
      slot = (slot + 1) & mask;
    }
  }

  #place(thing: number, hash: number): void {
    const slots = this.#slots;
    let slot = hash & this.#mask;
    while (slots[slot * 2] !== FREE) slot = (slot + 1) & this.#mask;
    slots[slot * 2] = thing;
    slots[slot * 2 + 1] = hash;
  }

  /** Frees a slot: what lies behind it and belongs before it moves up. */
  #close(slot: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = slot;
    for (let at = (slot + 1) & mask; slots[at * 2] !== FREE; at = (at + 1) & mask) {
      const hash = slots[at * 2 + 1] as number;
      if (((at - hash) & mask) < ((at - hole) & mask)) continue;
      slots[hole * 2] = slots[at * 2] as number;
      slots[hole * 2 + 1] = hash;
      hole = at;
    }
    slots[hole * 2] = FREE;
  }

  /** A new table is zeros from the system, which come when they are first written to. */
  #follow(mask: number): void {
    this.#old = this.#slots;
    this.#oldMask = this.#mask;
    this.#moved = 0;
    this.#mask = mask;
    this.#slots = new Int32Array(2 * (this.#mask + 1));
  }

  #move(old: Int32Array): void {
    const end = Math.min(this.#moved + SLOTS_MOVED_MAX, this.#oldMask + 1);
    for (let slot = this.#moved; slot < end; slot++) {
      const thing = old[slot * 2] as number;
      if (thing === FREE || thing === GONE) continue;
      this.#place(thing, old[slot * 2 + 1] as number);
      old[slot * 2] = GONE;
    }
    this.#moved = end;
    if (end > this.#oldMask) this.#old = null;
  }
}
