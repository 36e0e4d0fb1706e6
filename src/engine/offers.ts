// offers.create, accept, decline, counter, cancel, and the ends that nobody asks for: expiry, a
// block between the two, a wanted instance that is burnt, a friend's offer in its place. Each
// command first makes all its checks, in the order of RULES.md; behind the line "From here on this
// must succeed" it only executes.

import type { Payload } from '../../protocol/commands/registry.ts';
import { assert } from '../base/assert.ts';
import { itemNotFound } from './assets.ts';
import { accept, type Decision, reject } from './decision.ts';
import type { Line, OfferFact } from './fact.ts';
import { befriend } from './friends.ts';
import { NONE } from './hash-index.ts';
import { ISSUER } from './ledger.ts';
import { handOver, rehold, resolveLines, whyLacking, whyLinesHalted } from './lines.ts';
import { Offer, offerFact } from './offer.ts';
import { whyExpired } from './order-checks.ts';
import { MAIN, type State } from './state.ts';

type Terms = Omit<Payload<'offers.create'>, 'to'>;

interface Parties {
  readonly maker: number;
  readonly taker: number;
  readonly standing: Standing;
}

/** Terms that have passed every check. */
interface SoundTerms {
  readonly give: readonly Line[];
  readonly want: readonly Line[];
  readonly message: string;
  readonly expiresAtMs: number;
  /** The offer of a stranger that gives way to it, or null. */
  readonly inPlaceOf: Offer | null;
}

/** Whose offer it is: `answer`: the taker made one to the maker, and this is the answer to it. */
type Standing = 'answer' | 'friend' | 'stranger';

export function createOffer(state: State, name: string, ask: Payload<'offers.create'>): Decision {
  if (ask.to === name) return reject('SELF_TRADE', 'An offer is made to somebody else.');
  const maker = state.players.find(name);
  const taker = state.players.find(ask.to);
  const { blocks } = state;
  const isApart = blocks.has(taker, maker) || blocks.has(maker, taker);
  if (taker < 0 || blocks.isClosed(taker) || isApart) {
    return reject('PLAYER_UNAVAILABLE', 'The player cannot be traded with now.');
  }
  const standing = state.friends.has(taker, maker) ? 'friend' : 'stranger';
  const terms = checkTerms(state, { maker, taker, standing }, ask);
  if ('ok' in terms) return terms;

  // From here on this must succeed.
  const offer = open(state, { maker: state.player(name), taker, terms, counterOf: 0 });
  return accept({ offer: offer.id, expiresAtMs: offer.expiresAtMs });
}

export function acceptOffer(state: State, name: string, ask: Payload<'offers.accept'>): Decision {
  const offer = received(state, name, ask.offer);
  if (offer === null) return offerNotFound(ask.offer);
  const { id, maker, taker, give, want } = offer;
  const refusal =
    whyLinesHalted(state, give) ?? whyLinesHalted(state, want) ?? whyLacking(state, taker, want);
  if (refusal !== null) return refusal;

  // From here on this must succeed.
  const common = { reason: 'offer', reference: id } as const;
  handOver(state, { giver: maker, receiver: taker, lines: give, from: 'held', ...common });
  handOver(state, { giver: taker, receiver: maker, lines: want, from: 'available', ...common });
  befriend(state, maker, taker);
  return ended(state, offer, 'accepted');
}

export function declineOffer(state: State, name: string, ask: Payload<'offers.decline'>): Decision {
  const offer = received(state, name, ask.offer);
  if (offer === null) return offerNotFound(ask.offer);
  // From here on this must succeed.
  rehold(state, offer.maker, offer.give, []);
  return ended(state, offer, 'declined');
}

export function cancelOffer(state: State, name: string, ask: Payload<'offers.cancel'>): Decision {
  const offer = state.offers.get(ask.offer);
  if (offer === undefined || offer.maker !== state.players.find(name)) {
    return offerNotFound(ask.offer);
  }
  // From here on this must succeed.
  rehold(state, offer.maker, offer.give, []);
  return ended(state, offer, 'cancelled');
}

export function counterOffer(state: State, name: string, ask: Payload<'offers.counter'>): Decision {
  const countered = received(state, name, ask.offer);
  if (countered === null) return offerNotFound(ask.offer);
  const { id, maker, taker, give } = countered;
  const parties = { maker: taker, taker: maker, standing: 'answer' } as const;
  const terms = checkTerms(state, parties, ask);
  if ('ok' in terms) return terms;

  // From here on this must succeed.
  rehold(state, maker, give, []);
  end(state, countered, 'countered');
  const offer = open(state, { maker: taker, taker: maker, terms, counterOf: id });
  return accept({ offer: offer.id, countered: id, expiresAtMs: offer.expiresAtMs });
}

/** Ends an offer that nobody answered; returns how much that was: it and each line it gives. */
export function endOffer(state: State, offer: Offer, status: 'expired' | 'invalid'): number {
  rehold(state, offer.maker, offer.give, []);
  end(state, offer, status);
  return 1 + offer.give.length;
}

/**
 * Ends what is open between two players, since one has blocked the other: no more than the rules
 * let one player make and receive.
 */
export function invalidateBetween(state: State, player: number, other: number): void {
  const { offers } = state;
  const sent = [...offers.madeBy(player)].filter(({ taker }) => taker === other);
  const got = [...offers.receivedBy(player)].filter(({ maker }) => maker === other);
  for (const offer of [...sent, ...got].sort((a, b) => a.id - b.id)) {
    endOffer(state, offer, 'invalid');
  }
}

/** Ends the offers that want an instance, since it is burnt. Those that are too many are due. */
export function invalidateWanting(state: State, instance: number): void {
  assert(!exists(state, instance), 'only what is gone cannot be wanted');
  state.burnt = instance;
  invalidateBurnt(state, state.rules.endsPerEntryMax);
}

/** Ends offers that want what is burnt, oldest first, `most` now; returns what is left of that. */
export function invalidateBurnt(state: State, most: number): number {
  if (state.burnt === NONE) return most;
  let left = most;
  while (left > 0) {
    const offer = state.offers.wanting(state.burnt);
    if (offer === undefined) break;
    left -= endOffer(state, offer, 'invalid');
  }
  if (state.offers.wanting(state.burnt) === undefined) state.burnt = NONE;
  return left;
}

/** In a restoration: an instance may have been burnt, and not all offers that want it ended yet. */
export function restoreBurnt(state: State, asset: number): void {
  if (state.offers.wanting(asset) !== undefined && !exists(state, asset)) state.burnt = asset;
}

/** Offers come back in the order of their ids; applying a fact twice changes nothing. */
export function restoreOffer(state: State, fact: OfferFact): void {
  const { offers } = state;
  state.lastOffer = Math.max(state.lastOffer, fact.id);
  const known = offers.get(fact.id);
  if (fact.status === 'open') {
    if (known !== undefined) return;
    const instances = instancesOf(state, fact.want);
    offers.add(new Offer(fact), instances);
    for (const instance of instances) restoreBurnt(state, instance);
  } else if (known !== undefined) {
    offers.remove(known);
  }
}

/** What a new offer and a counter offer share: everything that depends on what is exchanged. */
function checkTerms(state: State, parties: Parties, ask: Terms): SoundTerms | Decision {
  const { nowMs, offers } = state;
  const { maker, taker } = parties;
  const rules = state.rules.direct;
  const give = resolveLines(state, ask.give);
  if ('ok' in give) return give;
  const want = resolveLines(state, ask.want);
  if ('ok' in want) return want;
  const expiresAtMs = ask.expiresAtMs ?? nowMs + rules.offerDefaultMs;
  const refusal =
    whyBurnt(state, want) ??
    whyExpired(state, ask.expiresAtMs) ??
    (expiresAtMs - nowMs > rules.offerLifeMaxMs
      ? limitReached('offerLife', rules.offerLifeMaxMs, 'milliseconds until an offer expires')
      : null) ??
    (offers.madeBy(maker).size >= rules.openOffersMax
      ? limitReached('openOffers', rules.openOffersMax, 'open offers of one player')
      : null) ??
    (offers.countBetween(maker, taker) >= rules.offersPerPlayerMax
      ? limitReached('offersPerPlayer', rules.offersPerPlayerMax, 'open offers to the same player')
      : null);
  if (refusal !== null) return refusal;
  const isFull = offers.receivedBy(taker).size >= rules.receivedOffersMax;
  const inPlaceOf = isFull ? whoGivesWay(state, parties) : null;
  const lack =
    (isFull && inPlaceOf === null
      ? limitReached('receivedOffers', rules.receivedOffersMax, 'open offers to one player')
      : null) ?? whyLacking(state, maker, give);
  return lack ?? { give, want, message: ask.message ?? '', expiresAtMs, inPlaceOf };
}

/**
 * The oldest offer of a stranger that waits for the taker, when the new one is not a stranger's;
 * else null. So nobody who is unknown to a player keeps those from them who are not.
 */
function whoGivesWay(state: State, { taker, standing }: Parties): Offer | null {
  if (standing === 'stranger') return null;
  // Friends are few, and have few offers each, so a stranger's is met soon.
  for (const offer of state.offers.receivedBy(taker)) {
    if (!state.friends.has(taker, offer.maker)) return offer;
  }
  return null;
}

function open(
  state: State,
  made: {
    readonly maker: number;
    readonly taker: number;
    readonly terms: SoundTerms;
    readonly counterOf: number;
  },
): Offer {
  const { maker, taker, counterOf } = made;
  const { inPlaceOf, ...terms } = made.terms;
  assert(maker !== taker, 'nobody makes himself an offer');
  assert(terms.expiresAtMs > state.nowMs, 'an offer has some time before it');
  if (inPlaceOf !== null) endOffer(state, inPlaceOf, 'invalid');
  const createdAtMs = state.nowMs;
  const offer = new Offer({
    id: ++state.lastOffer,
    maker,
    taker,
    ...terms,
    createdAtMs,
    counterOf,
  });
  rehold(state, maker, [], offer.give);
  state.offers.add(offer, instancesOf(state, offer.want));
  state.output.push(offerFact(offer, 'open'));
  return offer;
}

/** Takes an offer from among the open ones. What it held is released or spent already. */
function end(state: State, offer: Offer, status: OfferFact['status']): void {
  assert(status !== 'open', 'an end is no beginning');
  state.offers.remove(offer);
  state.output.push(offerFact(offer, status));
}

function ended(state: State, offer: Offer, status: OfferFact['status']): Decision {
  end(state, offer, status);
  return accept({ offer: offer.id, status });
}

/** The open offer of this id that waits for the player, or null. */
function received(state: State, name: string, id: number): Offer | null {
  const offer = state.offers.get(id);
  return offer?.taker === state.players.find(name) ? offer : null;
}

/** The instances among the lines. */
function instancesOf(state: State, lines: readonly Line[]): number[] {
  return lines
    .map(({ asset }) => asset)
    .filter(asset => {
      const found = state.assets.get(asset);
      assert(found !== undefined, 'an asset is known before it is wanted');
      return found.instance !== null;
    });
}

/** Refuses to want an instance that nobody can ever give, or null. */
function whyBurnt(state: State, want: readonly Line[]): Decision | null {
  const burnt = instancesOf(state, want).find(asset => !exists(state, asset));
  return burnt === undefined ? null : itemNotFound(state.assetNames.name(burnt));
}

/** Whether an instance is out: the issuer has it to give no more. */
function exists(state: State, instance: number): boolean {
  const { ledger } = state;
  return ledger.availableAt(ledger.find(ISSUER, instance, MAIN)) < 0;
}

function limitReached(limit: string, max: number, what: string): Decision {
  return reject('LIMIT_REACHED', `At most ${max} ${what}.`, { limit, max });
}

function offerNotFound(id: number): Decision {
  return reject('OFFER_NOT_FOUND', `No open offer ${id} is yours to answer so.`);
}
