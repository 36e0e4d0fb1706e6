// The ledger: every account, and the only code that changes a balance.
//
// Invariants: for each asset the sum over all accounts is zero; `available` and `held` are never
// below zero but for the issuer's `available`; a hold is released or spent exactly once. Whether a
// movement is allowed is for the caller to check first: here a shortage is a broken invariant.
//
// An account that has nothing is closed once there are more than `emptyAccountsMax` of them, the
// one with the highest number first, and its number is given out again, the lowest first: so there
// never are many more accounts than have something. Both depend on nothing but which accounts there
// are and what they have. Whoever remembers the number of an account that may have nothing asks
// `isAccount` before it is used.

import { assert } from '../base/assert.ts';
import { AMOUNT_MAX } from '../base/units.ts';
import type { BalanceFact, EngineOutput, TransferReason } from './fact.ts';
import { HashIndex, NONE } from './hash-index.ts';
import { NumberSet, TakenNumbers } from './number-sets.ts';
import { NUMBERS_MAX, Records } from './records.ts';

/** Player numbers that are no players. Their accounts are never closed. */
export const ISSUER = 0;
export const HOUSE = 1;

/** What a transfer takes from. */
export type Source = 'available' | 'held';

// What belongs to one account lies side by side, in 32 bytes: an access to one of millions of
// accounts costs one line of the cache, not six.
const WORDS = 8;
const OWNER = 0;
const ASSET = 1;
const LOCATION = 2;
const FLAGS = 3;
/** As doubles. */
const AVAILABLE = 2;
const HELD = 3;

/** Of FLAGS. */
const OPEN = 1;
const TOUCHED = 2;
const OPENED = 4;
const EMPTY = 8;

/** How many accounts an entry may close for each one that it has changed. */
const CLOSED_PER_TOUCHED = 2;

export interface LedgerLimits {
  /** How many accounts there can be. */
  readonly accountsMax: number;
  /** Accounts without anything that are kept, for whoever comes back. */
  readonly emptyAccountsMax: number;
}

const DEFAULT_LIMITS: LedgerLimits = { accountsMax: NUMBERS_MAX, emptyAccountsMax: 10_000 };

export class Ledger {
  readonly #limits: LedgerLimits;
  readonly #records = new Records(WORDS);
  readonly #index = new HashIndex();
  readonly #taken = new TakenNumbers();
  readonly #empty = new NumberSet();
  /** Account numbers are below this. */
  #end = 0;
  /** By owner: the account that was opened for him while he had none here, plus one; or 0. */
  readonly #firstOf = new Records(1);
  /** Accounts changed since the last flush, each once: the first `#touchedCount` of these. */
  readonly #touched: number[] = [];
  #touchedCount = 0;

  constructor(limits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** How many accounts there are. */
  get count(): number {
    return this.#index.size;
  }

  /** How many more accounts there can be. */
  get room(): number {
    return this.#limits.accountsMax - this.count;
  }

  /** All account numbers are below this; not all numbers below this are accounts. */
  get end(): number {
    return this.#end;
  }

  isOpen(account: number): boolean {
    return (this.#records.integer(account, FLAGS) & OPEN) !== 0;
  }

  /** Whether this is the number of an account now, and of this one. */
  isAccount(account: number, owner: number, asset: number, location: number): boolean {
    return account >= 0 && this.#is(account, owner, asset, location) && this.isOpen(account);
  }

  /** The account, or -1 when there is none. */
  find(owner: number, asset: number, location: number): number {
    // Most owners have their money first: then no line of the index is fetched for it.
    const first = owner < 0 ? NONE : this.#firstOf.integer(owner, 0) - 1;
    if (first !== NONE && this.#is(first, owner, asset, location)) return first;
    let account = this.#index.first(hashOf(owner, asset, location));
    while (account !== NONE && !this.#is(account, owner, asset, location)) {
      account = this.#index.next(account);
    }
    return account;
  }

  /** The account, opened when needed. */
  open(owner: number, asset: number, location: number): number {
    const found = this.find(owner, asset, location);
    if (found >= 0) return found;
    const account = this.#taken.lowestFree();
    this.#create(account, owner, asset, location);
    this.#mark(account, OPENED);
    this.#touch(account);
    return account;
  }

  /** What an account has available; 0 when there is none. */
  availableAt(account: number): number {
    return account < 0 ? 0 : this.#records.double(account, AVAILABLE);
  }

  hold(account: number, quantity: number): void {
    assert(quantity > 0, 'a hold is positive');
    const available = this.#records.double(account, AVAILABLE);
    assert(available >= quantity, 'only what is available is held');
    this.#records.setDouble(account, AVAILABLE, available - quantity);
    this.#records.setDouble(account, HELD, this.#records.double(account, HELD) + quantity);
    this.#touch(account);
  }

  release(account: number, quantity: number): void {
    assert(quantity > 0, 'a release is positive');
    const held = this.#records.double(account, HELD);
    assert(held >= quantity, 'only what is held is released');
    this.#records.setDouble(account, HELD, held - quantity);
    const available = this.#records.double(account, AVAILABLE);
    this.#records.setDouble(account, AVAILABLE, available + quantity);
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
    assert(quantity > 0, 'a transfer is positive');
    assert(debit !== credit, 'a transfer has two accounts');
    assert(
      records.integer(debit, ASSET) === records.integer(credit, ASSET),
      'a transfer moves one asset',
    );
    const source = from === 'held' ? HELD : AVAILABLE;
    const left = records.double(debit, source) - quantity;
    const got = records.double(credit, AVAILABLE) + quantity;
    assert(
      left >= 0 || records.integer(debit, OWNER) === ISSUER,
      'nobody but the issuer is below zero',
    );
    assert(got <= AMOUNT_MAX, 'no account overflows');
    records.setDouble(debit, source, left);
    records.setDouble(credit, AVAILABLE, got);
    this.#touch(debit);
    this.#touch(credit);
    output.push({ kind: 'transfer', debit, credit, quantity, reason, reference });
  }

  /** Appends a balance fact for each account changed since the last flush; closes empty ones. */
  flush(output: EngineOutput[]): void {
    const count = this.#touchedCount;
    for (let index = 0; index < count; index++) {
      const account = this.#touched[index] as number;
      output.push(this.balance(account));
      this.#settle(account);
    }
    this.#touchedCount = 0;
    for (let left = count * CLOSED_PER_TOUCHED; left > 0; left--) {
      if (this.#empty.size <= this.#limits.emptyAccountsMax) return;
      const account = this.#empty.highest();
      this.close(account);
      output.push({ kind: 'closed', account });
    }
  }

  /** An account as it stands. */
  balance(account: number): BalanceFact {
    const records = this.#records;
    return {
      kind: 'balance',
      account,
      owner: records.integer(account, OWNER),
      asset: records.integer(account, ASSET),
      location: records.integer(account, LOCATION),
      available: records.double(account, AVAILABLE),
      held: records.double(account, HELD),
      opened: (records.integer(account, FLAGS) & OPENED) !== 0,
    };
  }

  /** Sets an account to what a fact says, and opens it under its number when needed. */
  restore(fact: BalanceFact): void {
    const { account, owner, asset, location, available, held } = fact;
    if (!this.isOpen(account)) this.#create(account, owner, asset, location);
    assert(this.#is(account, owner, asset, location), 'an account stays what it is');
    this.#records.setDouble(account, AVAILABLE, available);
    this.#records.setDouble(account, HELD, held);
    this.#settle(account);
  }

  /** Closes an account that has nothing. */
  close(account: number): void {
    const { owner, available, held } = this.balance(account);
    assert(this.isOpen(account), 'an account is closed once');
    assert(available === 0 && held === 0, 'only an account that has nothing is closed');
    this.#index.remove(account);
    this.#taken.free(account);
    if ((this.#records.integer(account, FLAGS) & EMPTY) !== 0) this.#empty.delete(account);
    this.#records.setInteger(account, FLAGS, 0);
    if (this.#firstOf.integer(owner, 0) === account + 1) this.#firstOf.setInteger(owner, 0, 0);
  }

  #create(account: number, owner: number, asset: number, location: number): void {
    assert(this.room > 0, 'there is a number left for a new account');
    assert(this.find(owner, asset, location) === NONE, 'an account is opened once');
    const records = this.#records;
    records.setInteger(account, OWNER, owner);
    records.setInteger(account, ASSET, asset);
    records.setInteger(account, LOCATION, location);
    records.setInteger(account, FLAGS, OPEN);
    this.#index.add(account, hashOf(owner, asset, location));
    this.#taken.take(account);
    if (account >= this.#end) this.#end = account + 1;
    if (this.#firstOf.integer(owner, 0) === 0) this.#firstOf.setInteger(owner, 0, account + 1);
  }

  #is(account: number, owner: number, asset: number, location: number): boolean {
    const records = this.#records;
    return (
      records.integer(account, OWNER) === owner &&
      records.integer(account, ASSET) === asset &&
      records.integer(account, LOCATION) === location
    );
  }

  #touch(account: number): void {
    if ((this.#records.integer(account, FLAGS) & TOUCHED) !== 0) return;
    this.#mark(account, TOUCHED);
    this.#touched[this.#touchedCount++] = account;
  }

  #mark(account: number, flag: number): void {
    this.#records.setInteger(account, FLAGS, this.#records.integer(account, FLAGS) | flag);
  }

  /** Ends what was going on with an account: it has something, or is among the empty ones. */
  #settle(account: number): void {
    const records = this.#records;
    const wasEmpty = (records.integer(account, FLAGS) & EMPTY) !== 0;
    const isEmpty =
      records.double(account, AVAILABLE) === 0 &&
      records.double(account, HELD) === 0 &&
      records.integer(account, OWNER) > HOUSE;
    if (isEmpty && !wasEmpty) this.#empty.add(account);
    if (!isEmpty && wasEmpty) this.#empty.delete(account);
    records.setInteger(account, FLAGS, isEmpty ? OPEN | EMPTY : OPEN);
  }
}

/** 31 bits of an account, spread evenly. */
function hashOf(owner: number, asset: number, location: number): number {
  let hash = Math.imul(owner, 0x9e3779b1) ^ Math.imul(asset, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(location, 0xc2b2ae35), 0x27d4eb2f);
  return (hash ^ (hash >>> 13)) & 0x7fffffff;
}
