// Finds an account by (owner, asset, location): an open-addressing hash table of account numbers.
// It keeps no keys of its own; the three columns of the ledger are the keys. A Map would need a
// string or a nested Map per owner: about four times the memory at a million accounts.

import { assert } from '../base/assert.ts';

/** The columns that identify accounts, indexed by account number. */
export interface AccountColumns {
  owner: Int32Array;
  asset: Int32Array;
  location: Int32Array;
}

const EMPTY = -1;

export class AccountIndex {
  readonly #columns: AccountColumns;
  #slots = new Int32Array(1024).fill(EMPTY);
  #count = 0;

  constructor(columns: AccountColumns) {
    this.#columns = columns;
  }

  /** The account, or -1. */
  find(owner: number, asset: number, location: number): number {
    return this.#slots[this.#slotOf(owner, asset, location)] as number;
  }

  /** Adds an account whose columns are written already and which is not in the index yet. */
  add(account: number): void {
    if (this.#count * 2 >= this.#slots.length) this.#grow();
    this.#place(account);
    this.#count++;
  }

  #place(account: number): void {
    const { owner, asset, location } = this.#columns;
    const slot = this.#slotOf(
      owner[account] as number,
      asset[account] as number,
      location[account] as number,
    );
    assert(this.#slots[slot] === EMPTY, 'an account is opened once');
    this.#slots[slot] = account;
  }

  /** The slot that holds the account, or the empty one where it belongs. */
  #slotOf(owner: number, asset: number, location: number): number {
    const columns = this.#columns;
    const mask = this.#slots.length - 1;
    let hash = Math.imul(owner, 0x9e3779b1) ^ Math.imul(asset, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(location, 0xc2b2ae35), 0x27d4eb2f);
    let slot = (hash ^ (hash >>> 13)) & mask;
    for (;;) {
      const account = this.#slots[slot] as number;
      if (account === EMPTY) return slot;
      if (
        columns.owner[account] === owner &&
        columns.asset[account] === asset &&
        columns.location[account] === location
      ) {
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
