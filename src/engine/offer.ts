// An open offer, and the indexes of all open ones: by maker, taker, wanted instance and expiry.
// Invariant: the maker holds exactly what he gives while the offer is open. The rules are in
// offers.ts.

import { assert } from '../base/assert.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { Line, OfferFact } from './fact.ts';
import { Numbered } from './numbered.ts';

export class Offer {
  readonly id: number;
  readonly maker: number;
  readonly taker: number;
  readonly give: readonly Line[];
  readonly want: readonly Line[];
  readonly message: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly counterOf: number;
  expiryIndex = -1;
  /** Its places among those that want the same instance: one for each instance that it wants. */
  readonly wishes: Wish[] = [];

  constructor(terms: Omit<OfferFact, 'kind' | 'status'>) {
    this.id = terms.id;
    this.maker = terms.maker;
    this.taker = terms.taker;
    this.give = terms.give;
    this.want = terms.want;
    this.message = terms.message;
    this.createdAtMs = terms.createdAtMs;
    this.expiresAtMs = terms.expiresAtMs;
    this.counterOf = terms.counterOf;
  }
}

export function offerFact(offer: Offer, status: OfferFact['status']): OfferFact {
  const { id, maker, taker, give, want, message, createdAtMs, expiresAtMs, counterOf } = offer;
  return {
    kind: 'offer',
    id,
    maker,
    taker,
    give,
    want,
    message,
    status,
    createdAtMs,
    expiresAtMs,
    counterOf,
  };
}

/** An offer that wants an instance, and its neighbours among all that do. */
interface Wish {
  readonly offer: Offer;
  readonly instance: number;
  before: Wish | null;
  after: Wish | null;
}

export class Offers {
  readonly #open = new Numbered<Offer>();
  /** Open offers that a player has made; that wait for him, the oldest first. Bounded both. */
  readonly #made = new Numbered<Set<Offer>>();
  readonly #received = new Numbered<Set<Offer>>();
  /** By instance, which anybody may want: the first and last of the open offers that do. */
  readonly #wanting = new Numbered<{ first: Wish; last: Wish }>();
  readonly expiries = new ExpiryQueue<Offer>();

  get size(): number {
    return this.#open.size;
  }

  /** By id. */
  values(): Iterable<Offer> {
    return this.#open.values();
  }

  get(id: number): Offer | undefined {
    return this.#open.get(id);
  }

  madeBy(player: number): ReadonlySet<Offer> {
    return this.#made.get(player) ?? NONE;
  }

  receivedBy(player: number): ReadonlySet<Offer> {
    return this.#received.get(player) ?? NONE;
  }

  /** Open offers of `maker` to `taker`. O(those that the maker has made). */
  countBetween(maker: number, taker: number): number {
    let count = 0;
    for (const offer of this.madeBy(maker)) if (offer.taker === taker) count++;
    return count;
  }

  /** The oldest open offer that wants an instance. */
  wanting(instance: number): Offer | undefined {
    return this.#wanting.get(instance)?.first.offer;
  }

  /** `instances`: those among what is wanted. Offers are added in the order of their ids. */
  add(offer: Offer, instances: readonly number[]): void {
    assert(this.#open.get(offer.id) === undefined, 'an offer is opened once');
    assert(offer.maker !== offer.taker, 'nobody makes himself an offer');
    this.#open.set(offer.id, offer);
    join(this.#made, offer.maker, offer);
    join(this.#received, offer.taker, offer);
    for (const instance of instances) this.#wish(offer, instance);
    this.expiries.add(offer);
  }

  remove(offer: Offer): void {
    const isOpen = this.#open.delete(offer.id);
    assert(isOpen, 'only an open offer ends');
    leave(this.#made, offer.maker, offer);
    leave(this.#received, offer.taker, offer);
    for (const wish of offer.wishes.splice(0)) this.#unwish(wish);
    this.expiries.remove(offer);
  }

  #wish(offer: Offer, instance: number): void {
    const all = this.#wanting.get(instance);
    const wish = { offer, instance, before: all?.last ?? null, after: null };
    offer.wishes.push(wish);
    if (all === undefined) {
      this.#wanting.set(instance, { first: wish, last: wish });
    } else {
      all.last.after = wish;
      all.last = wish;
    }
  }

  #unwish({ instance, before, after }: Wish): void {
    const all = this.#wanting.get(instance);
    assert(all !== undefined, 'a wish is among those for its instance');
    if (before !== null) before.after = after;
    else if (after !== null) all.first = after;
    else this.#wanting.delete(instance);
    if (after !== null) after.before = before;
    else if (before !== null) all.last = before;
  }
}

const NONE: ReadonlySet<Offer> = new Set();

function join(sets: Numbered<Set<Offer>>, key: number, offer: Offer): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([offer]));
  else set.add(offer);
}

function leave(sets: Numbered<Set<Offer>>, key: number, offer: Offer): void {
  const set = sets.get(key);
  set?.delete(offer);
  if (set?.size === 0) sets.delete(key);
}
