// An open offer, and the indexes of all open ones: by maker, taker, wanted instance and expiry.
// Invariant: the maker holds exactly what he gives while the offer is open. The rules are in
// offers.ts.

import { assert } from '../base/assert.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { Line, OfferFact } from './fact.ts';

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

export class Offers {
  readonly #open = new Map<number, Offer>();
  /** Open offers that a player has made; that wait for him. */
  readonly #made = new Map<number, Set<Offer>>();
  readonly #received = new Map<number, Set<Offer>>();
  /** Open offers that want an instance. */
  readonly #wanting = new Map<number, Set<Offer>>();
  readonly expiries = new ExpiryQueue<Offer>();

  get size(): number {
    return this.#open.size;
  }

  /** By id: ids rise. */
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

  wanting(instance: number): ReadonlySet<Offer> {
    return this.#wanting.get(instance) ?? NONE;
  }

  /** `instances`: those among what is wanted. Offers are added in the order of their ids. */
  add(offer: Offer, instances: readonly number[]): void {
    assert(!this.#open.has(offer.id), 'an offer is opened once');
    assert(offer.maker !== offer.taker, 'nobody makes himself an offer');
    this.#open.set(offer.id, offer);
    join(this.#made, offer.maker, offer);
    join(this.#received, offer.taker, offer);
    for (const instance of instances) join(this.#wanting, instance, offer);
    this.expiries.add(offer);
  }

  remove(offer: Offer): void {
    const isOpen = this.#open.delete(offer.id);
    assert(isOpen, 'only an open offer ends');
    leave(this.#made, offer.maker, offer);
    leave(this.#received, offer.taker, offer);
    for (const { asset } of offer.want) leave(this.#wanting, asset, offer);
    this.expiries.remove(offer);
  }
}

const NONE: ReadonlySet<Offer> = new Set();

function join(sets: Map<number, Set<Offer>>, key: number, offer: Offer): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([offer]));
  else set.add(offer);
}

function leave(sets: Map<number, Set<Offer>>, key: number, offer: Offer): void {
  const set = sets.get(key);
  set?.delete(offer);
  if (set?.size === 0) sets.delete(key);
}
