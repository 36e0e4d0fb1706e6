// Finds an account by (owner, asset, location): an open-addressing hash table of account numbers.
// It keeps no keys of its own; the ledger's records are the keys. A Map would need a string or a
// nested Map per owner: about four times the memory at a million accounts.

import { assert } from '../base/assert.ts';

/** 32-bit integers per account in the ledger's records: owner, asset, location, and its own. */
export const RECORD = 8;

const EMPTY = -1;

export class AccountIndex {
  /** The ledger's records. Replaced when it grows them. */
  records: Int32Array;
  #slots = new Int32Array(1024).fill(EMPTY);
  #count = 0;

  constructor(records: Int32Array) {
    this.records = records;
  }

  /** The account, or -1. */
  find(owner: number, asset: number, location: number): number {
    return this.#slots[this.#slotOf(owner, asset, location)] as number;
  }

  /** Adds an account whose record is written already and which is not in the index yet. */
  add(account: number): void {
    if (this.#count * 2 >= this.#slots.length) this.#grow();
    this.#place(account);
    this.#count++;
  }

  #place(account: number): void {
    const { records } = this;
    const at = account * RECORD;
    const slot = this.#slotOf(
      records[at] as number,
      records[at + 1] as number,
      records[at + 2] as number,
    );
    assert(this.#slots[slot] === EMPTY, 'an account is opened once');
    this.#slots[slot] = account;
  }

  /** The slot that holds the account, or the empty one where it belongs. */
  #slotOf(owner: number, asset: number, location: number): number {
    const { records } = this;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hash = Math.imul(owner, 0x9e3779b1) ^ Math.imul(asset, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(location, 0xc2b2ae35), 0x27d4eb2f);
    let slot = (hash ^ (hash >>> 13)) & mask;
    for (;;) {
      const account = slots[slot] as number;
      if (account === EMPTY) return slot;
      const at = account * RECORD;
      if (records[at] === owner && records[at + 1] === asset && records[at + 2] === location) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2).fill(EMPTY);
    for (const account of before) if (account !== EMPTY) this.#place(account);
  }
}
