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
import { IN_PAGE, NUMBERS_MAX, Records } from './records.ts';

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
const BALANCE = 4;
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
    const hash = hashOf(owner, asset, location);
    let account = this.#index.first(hash);
    while (account !== NONE && !this.#is(account, owner, asset, location)) {
      account = this.#index.next(hash);
    }
    return account;
  }

  /** The account, opened when needed. */
  open(owner: number, asset: number, location: number): number {
    const found = this.find(owner, asset, location);
    if (found >= 0) return found;
    const account = this.#taken.lowestFree();
    this.#create(account, owner, asset, location);
    this.#records.setInteger(account, FLAGS, OPEN | OPENED);
    this.#touch(account);
    return account;
  }

  /** What an account has available; 0 when there is none. */
  availableAt(account: number): number {
    return account < 0 ? 0 : this.#records.double(account, AVAILABLE);
  }

  hold(account: number, quantity: number): void {
    assert(quantity > 0, 'a hold is positive');
    const balances = this.#records.doublesAt(account);
    const at = (account & IN_PAGE) * BALANCE;
    assert((balances[at + AVAILABLE] as number) >= quantity, 'only what is available is held');
    balances[at + AVAILABLE]! -= quantity;
    balances[at + HELD]! += quantity;
    this.#touch(account);
  }

  release(account: number, quantity: number): void {
    assert(quantity > 0, 'a release is positive');
    const balances = this.#records.doublesAt(account);
    const at = (account & IN_PAGE) * BALANCE;
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
    assert(quantity > 0, 'a transfer is positive');
    assert(debit !== credit, 'a transfer has two accounts');
    assert(
      records.integer(debit, ASSET) === records.integer(credit, ASSET),
      'a transfer moves one asset',
    );
    const sources = records.doublesAt(debit);
    const source = (debit & IN_PAGE) * BALANCE + (from === 'held' ? HELD : AVAILABLE);
    const targets = records.doublesAt(credit);
    const target = (credit & IN_PAGE) * BALANCE + AVAILABLE;
    sources[source]! -= quantity;
    targets[target]! += quantity;
    assert(
      (sources[source] as number) >= 0 || records.integer(debit, OWNER) === ISSUER,
      'nobody but the issuer is below zero',
    );
    assert((targets[target] as number) <= AMOUNT_MAX, 'no account overflows');
    this.#touch(debit);
    this.#touch(credit);
    output.push({ kind: 'transfer', debit, credit, quantity, reason, reference });
  }

  /** Appends a balance fact for each account changed since the last flush; closes empty ones. */
  flush(output: EngineOutput[]): void {
    const count = this.#touchedCount;
    for (let index = 0; index < count; index++) {
      const fact = this.balance(this.#touched[index] as number);
      output.push(fact);
      this.#settle(fact);
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
    const page = this.#records.integersAt(account);
    const balances = this.#records.doublesAt(account);
    const at = (account & IN_PAGE) * WORDS;
    const balance = (account & IN_PAGE) * BALANCE;
    return {
      kind: 'balance',
      account,
      owner: page[at + OWNER] as number,
      asset: page[at + ASSET] as number,
      location: page[at + LOCATION] as number,
      available: balances[balance + AVAILABLE] as number,
      held: balances[balance + HELD] as number,
      opened: ((page[at + FLAGS] as number) & OPENED) !== 0,
    };
  }

  /** Sets an account to what a fact says, and opens it under its number when needed. */
  restore(fact: BalanceFact): void {
    const { account, owner, asset, location, available, held } = fact;
    if (!this.isOpen(account)) this.#create(account, owner, asset, location);
    assert(this.#is(account, owner, asset, location), 'an account stays what it is');
    this.#records.setDouble(account, AVAILABLE, available);
    this.#records.setDouble(account, HELD, held);
    this.#settle(fact);
  }

  /** Closes an account that has nothing. */
  close(account: number): void {
    const { owner, asset, location, available, held } = this.balance(account);
    assert(this.isOpen(account), 'an account is closed once');
    assert(available === 0 && held === 0, 'only an account that has nothing is closed');
    this.#index.remove(account, hashOf(owner, asset, location));
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
    const page = this.#records.integersAt(account);
    const at = (account & IN_PAGE) * WORDS;
    return (
      page[at + OWNER] === owner && page[at + ASSET] === asset && page[at + LOCATION] === location
    );
  }

  #touch(account: number): void {
    const page = this.#records.integersAt(account);
    const at = (account & IN_PAGE) * WORDS + FLAGS;
    const flags = page[at] as number;
    if ((flags & TOUCHED) !== 0) return;
    page[at] = flags | TOUCHED;
    this.#touched[this.#touchedCount++] = account;
  }

  /** Ends what was going on with an account: it has something, or is among the empty ones. */
  #settle({ account, owner, available, held }: BalanceFact): void {
    const page = this.#records.integersAt(account);
    const at = (account & IN_PAGE) * WORDS + FLAGS;
    const wasEmpty = ((page[at] as number) & EMPTY) !== 0;
    const isEmpty = available === 0 && held === 0 && owner > HOUSE;
    if (isEmpty && !wasEmpty) this.#empty.add(account);
    if (!isEmpty && wasEmpty) this.#empty.delete(account);
    page[at] = isEmpty ? OPEN | EMPTY : OPEN;
  }
}

/** 31 bits of an account, spread evenly. */
function hashOf(owner: number, asset: number, location: number): number {
  let hash = Math.imul(owner, 0x9e3779b1) ^ Math.imul(asset, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(location, 0xc2b2ae35), 0x27d4eb2f);
  return (hash ^ (hash >>> 13)) & 0x7fffffff;
}
