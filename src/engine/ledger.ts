// The ledger: every account, and the only code that changes a balance.
//
// Invariants: for each asset the sum over all accounts is zero; `available` and `held` are never
// below zero but for the issuer's `available`; a hold is released or spent exactly once. Whether a
// movement is allowed is for the caller to check first: here a shortage is a broken invariant.

import { assert } from '../base/assert.ts';
import { AMOUNT_MAX } from '../base/units.ts';
import { AccountIndex, RECORD } from './account-index.ts';
import type { BalanceFact, EngineOutput, TransferReason } from './fact.ts';

/** Player numbers that are no players. */
export const ISSUER = 0;
export const HOUSE = 1;

/** What a transfer takes from. */
export type Source = 'available' | 'held';

/** A record is 32 bytes: four 32-bit integers, the last of them TOUCHED, then two doubles. */
const TOUCHED = 3;
const BALANCE = 4;
const AVAILABLE = 2;
const HELD = 3;
const RECORD_BYTES = 32;
const ACCOUNTS_INITIAL = 1024;
const NONE = -1;

export class Ledger {
  // What belongs to one account lies side by side, seen through two views of one buffer: an access
  // to one of a million accounts costs one line of the cache, not six.
  #records = new Int32Array(new ArrayBuffer(ACCOUNTS_INITIAL * RECORD_BYTES));
  #balances = new Float64Array(this.#records.buffer);
  readonly #index = new AccountIndex(this.#records);
  #count = 0;
  /** By owner: the first account that was opened for him, or -1. */
  readonly #firstOf: number[] = [];
  /** Accounts changed since the last flush, each once: the first `#touchedCount` of these. */
  readonly #touched: number[] = [];
  #touchedCount = 0;

  /** Accounts are numbered 0 .. count - 1. */
  get count(): number {
    return this.#count;
  }

  /** The account, or -1 when it was never opened. */
  find(owner: number, asset: number, location: number): number {
    // Most owners have their money first: then no line of the index is fetched for it.
    const first = this.#firstOf[owner] ?? NONE;
    if (first !== NONE) {
      const at = first * RECORD;
      if (this.#records[at + 1] === asset && this.#records[at + 2] === location) return first;
    }
    return this.#index.find(owner, asset, location);
  }

  /** The account, opened when needed. */
  open(owner: number, asset: number, location: number): number {
    const found = this.find(owner, asset, location);
    return found >= 0 ? found : this.#create(owner, asset, location);
  }

  /** What an account has available; 0 for one that was never opened. */
  availableAt(account: number): number {
    return account < 0 ? 0 : (this.#balances[account * BALANCE + AVAILABLE] as number);
  }

  hold(account: number, quantity: number): void {
    assert(quantity > 0, 'a hold is positive');
    const at = account * BALANCE;
    const balances = this.#balances;
    assert((balances[at + AVAILABLE] as number) >= quantity, 'only what is available is held');
    balances[at + AVAILABLE]! -= quantity;
    balances[at + HELD]! += quantity;
    this.#touch(account);
  }

  release(account: number, quantity: number): void {
    assert(quantity > 0, 'a release is positive');
    const at = account * BALANCE;
    const balances = this.#balances;
    assert((balances[at + HELD] as number) >= quantity, 'only what is held is released');
    balances[at + HELD]! -= quantity;
    balances[at + AVAILABLE]! += quantity;
    this.#touch(account);
  }

  /** Moves `quantity` into the `available` of `credit`, and records why. */
  transfer(
    move: { debit: number; from: Source; credit: number; quantity: number },
    reason: TransferReason,
    reference: number,
    output: EngineOutput[],
  ): void {
    const { debit, from, credit, quantity } = move;
    const records = this.#records;
    const balances = this.#balances;
    assert(quantity > 0, 'a transfer is positive');
    assert(debit !== credit, 'a transfer has two accounts');
    assert(
      records[debit * RECORD + 1] === records[credit * RECORD + 1],
      'a transfer moves one asset',
    );
    const source = debit * BALANCE + (from === 'held' ? HELD : AVAILABLE);
    const target = credit * BALANCE + AVAILABLE;
    balances[source]! -= quantity;
    balances[target]! += quantity;
    assert(
      (balances[source] as number) >= 0 || records[debit * RECORD] === ISSUER,
      'nobody but the issuer is below zero',
    );
    assert((balances[target] as number) <= AMOUNT_MAX, 'no account overflows');
    this.#touch(debit);
    this.#touch(credit);
    output.push({ kind: 'transfer', debit, credit, quantity, reason, reference });
  }

  /** Appends a balance fact for each account changed since the last flush. */
  flush(output: EngineOutput[]): void {
    for (let index = 0; index < this.#touchedCount; index++) {
      const account = this.#touched[index] as number;
      this.#records[account * RECORD + TOUCHED] = 0;
      output.push(this.balance(account));
    }
    this.#touchedCount = 0;
  }

  /** An account as it stands. */
  balance(account: number): BalanceFact {
    const at = account * RECORD;
    return {
      kind: 'balance',
      account,
      owner: this.#records[at] as number,
      asset: this.#records[at + 1] as number,
      location: this.#records[at + 2] as number,
      available: this.#balances[account * BALANCE + AVAILABLE] as number,
      held: this.#balances[account * BALANCE + HELD] as number,
    };
  }

  /** Sets an account to what a fact says. Facts open accounts in the order of their numbers. */
  restore(fact: BalanceFact): void {
    const { account, owner, available, held } = fact;
    if (account === this.#count) this.#create(owner, fact.asset, fact.location);
    assert(account < this.#count, 'accounts are restored in the order of their numbers');
    assert(this.#records[account * RECORD] === owner, 'an account keeps its owner');
    this.#balances[account * BALANCE + AVAILABLE] = available;
    this.#balances[account * BALANCE + HELD] = held;
    this.flush([]);
  }

  #create(owner: number, asset: number, location: number): number {
    const account = this.#count++;
    const at = account * RECORD;
    if (at === this.#records.length) this.#grow();
    this.#records[at] = owner;
    this.#records[at + 1] = asset;
    this.#records[at + 2] = location;
    this.#index.add(account);
    while (this.#firstOf.length <= owner) this.#firstOf.push(NONE);
    if (this.#firstOf[owner] === NONE) this.#firstOf[owner] = account;
    this.#touch(account);
    return account;
  }

  #touch(account: number): void {
    const at = account * RECORD + TOUCHED;
    if (this.#records[at] === 1) return;
    this.#records[at] = 1;
    this.#touched[this.#touchedCount++] = account;
  }

  #grow(): void {
    const records = new Int32Array(new ArrayBuffer(this.#records.byteLength * 2));
    records.set(this.#records);
    this.#records = records;
    this.#index.records = records;
    this.#balances = new Float64Array(records.buffer);
  }
}
