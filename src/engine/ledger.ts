// The ledger: every account, and the only code that changes a balance.
//
// Invariants: for each asset the sum over all accounts is zero; `available` and `held` are never
// below zero but for the issuer's `available`; a hold is released or spent exactly once. Whether a
// movement is allowed is for the caller to check first: here a shortage is a broken invariant.

import { assert } from '../base/assert.ts';
import { AMOUNT_MAX } from '../base/units.ts';
import { AccountIndex } from './account-index.ts';
import type { BalanceFact, EngineOutput, TransferReason } from './fact.ts';

/** Player numbers that are no players. */
export const ISSUER = 0;
export const HOUSE = 1;

/** What a transfer takes from. */
export type Source = 'available' | 'held';

export class Ledger {
  owner = new Int32Array(1024);
  asset = new Int32Array(1024);
  location = new Int32Array(1024);
  available = new Float64Array(1024);
  held = new Float64Array(1024);
  readonly #index = new AccountIndex(this);
  #count = 0;
  /** Accounts changed since the last flush, each once: `#touchedAt` has the stamp of that flush. */
  readonly #touched: number[] = [];
  #touchedAt = new Float64Array(1024);
  #stamp = 1;

  /** Accounts are numbered 0 .. count - 1. */
  get count(): number {
    return this.#count;
  }

  /** The account, or -1 when it was never opened. */
  find(owner: number, asset: number, location: number): number {
    return this.#index.find(owner, asset, location);
  }

  /** The account, opened when needed. */
  open(owner: number, asset: number, location: number): number {
    const found = this.#index.find(owner, asset, location);
    return found >= 0 ? found : this.#create(owner, asset, location);
  }

  /** What an account has available; 0 for one that was never opened. */
  availableAt(account: number): number {
    return account < 0 ? 0 : (this.available[account] as number);
  }

  hold(account: number, quantity: number): void {
    assert(quantity > 0, 'a hold is positive');
    assert((this.available[account] as number) >= quantity, 'only what is available is held');
    this.available[account]! -= quantity;
    this.held[account]! += quantity;
    this.#touch(account);
  }

  release(account: number, quantity: number): void {
    assert(quantity > 0, 'a release is positive');
    assert((this.held[account] as number) >= quantity, 'only what is held is released');
    this.held[account]! -= quantity;
    this.available[account]! += quantity;
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
    assert(quantity > 0, 'a transfer is positive');
    assert(debit !== credit, 'a transfer has two accounts');
    assert(this.asset[debit] === this.asset[credit], 'a transfer moves one asset');
    const column = from === 'held' ? this.held : this.available;
    column[debit]! -= quantity;
    this.available[credit]! += quantity;
    assert(
      (column[debit] as number) >= 0 || this.owner[debit] === ISSUER,
      'nobody but the issuer is below zero',
    );
    assert((this.available[credit] as number) <= AMOUNT_MAX, 'no account overflows');
    this.#touch(debit);
    this.#touch(credit);
    output.push({ kind: 'transfer', debit, credit, quantity, reason, reference });
  }

  /** Appends a balance fact for each account changed since the last flush. */
  flush(output: EngineOutput[]): void {
    for (const account of this.#touched) output.push(this.balance(account));
    this.#touched.length = 0;
    this.#stamp++;
  }

  balance(account: number): BalanceFact {
    return {
      kind: 'balance',
      account,
      owner: this.owner[account] as number,
      asset: this.asset[account] as number,
      location: this.location[account] as number,
      available: this.available[account] as number,
      held: this.held[account] as number,
    };
  }

  /** Sets an account to what a fact says. Facts open accounts in the order of their numbers. */
  restore(fact: BalanceFact): void {
    if (fact.account === this.#count) this.#create(fact.owner, fact.asset, fact.location);
    assert(fact.account < this.#count, 'accounts are restored in the order of their numbers');
    assert(this.owner[fact.account] === fact.owner, 'an account keeps its owner');
    this.available[fact.account] = fact.available;
    this.held[fact.account] = fact.held;
    this.#touched.length = 0;
    this.#stamp++;
  }

  #create(owner: number, asset: number, location: number): number {
    const account = this.#count++;
    if (account === this.owner.length) this.#grow(account * 2);
    this.owner[account] = owner;
    this.asset[account] = asset;
    this.location[account] = location;
    this.#index.add(account);
    this.#touch(account);
    return account;
  }

  #touch(account: number): void {
    if (this.#touchedAt[account] === this.#stamp) return;
    this.#touchedAt[account] = this.#stamp;
    this.#touched.push(account);
  }

  #grow(size: number): void {
    const integers = (from: Int32Array) => {
      const grown = new Int32Array(size);
      grown.set(from);
      return grown;
    };
    const numbers = (from: Float64Array) => {
      const grown = new Float64Array(size);
      grown.set(from);
      return grown;
    };
    this.owner = integers(this.owner);
    this.asset = integers(this.asset);
    this.location = integers(this.location);
    this.available = numbers(this.available);
    this.held = numbers(this.held);
    this.#touchedAt = numbers(this.#touchedAt);
  }
}
