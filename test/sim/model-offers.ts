// The model's reading of RULES.md on directed offers: made and answered. Time, and the loss of what
// they want, are in model-due.ts.

import type { Payload } from '../../protocol/commands/registry.ts';
import type { LineView } from '../../protocol/direct.ts';
import { able, give, noneHalted, resolve } from './model-lines.ts';
import type { Body } from './model-wallet.ts';
import { ISSUER, MAIN, type ModelOffer, Refusal, type World } from './model-world.ts';

type Terms = Omit<Payload<'offers.create'>, 'to'>;

export function createOffer(world: World, maker: string, payload: Payload<'offers.create'>): Body {
  const { to: taker } = payload;
  if (maker === taker) throw new Refusal('SELF_TRADE');
  if (!world.players.has(taker) || world.closed.has(taker) || areApart(world, maker, taker)) {
    throw new Refusal('PLAYER_UNAVAILABLE');
  }
  const isKnown = world.friends.has(`${taker} ${maker}`);
  const terms = judge(world, [maker, taker], payload, isKnown);
  world.players.add(maker);
  const { id, expiresAtMs } = make(world, { maker, taker, counterOf: 0, ...terms });
  return { offer: id, expiresAtMs };
}

export function acceptOffer(world: World, player: string, id: number): Body {
  const offer = openFor(world, id, ({ taker }) => taker === player);
  noneHalted(world, [...offer.give, ...offer.want]);
  able(world, offer.taker, offer.want);
  offer.status = 'accepted';
  give(world, offer.maker, offer.taker, offer.give);
  give(world, offer.taker, offer.maker, offer.want);
  world.befriend(offer.maker, offer.taker);
  return { offer: id, status: 'accepted' };
}

export function declineOffer(world: World, player: string, id: number): Body {
  openFor(world, id, ({ taker }) => taker === player).status = 'declined';
  return { offer: id, status: 'declined' };
}

export function cancelOffer(world: World, player: string, id: number): Body {
  openFor(world, id, ({ maker }) => maker === player).status = 'cancelled';
  return { offer: id, status: 'cancelled' };
}

export function counterOffer(
  world: World,
  player: string,
  payload: Payload<'offers.counter'>,
): Body {
  const countered = openFor(world, payload.offer, ({ taker }) => taker === player);
  const { id: counterOf, maker: taker } = countered;
  const terms = judge(world, [player, taker], payload, true);
  countered.status = 'countered';
  const { id, expiresAtMs } = make(world, { maker: player, taker, counterOf, ...terms });
  return { offer: id, countered: counterOf, expiresAtMs };
}

/** Whether one of the two has blocked the other. */
export function areApart(world: World, one: string, other: string): boolean {
  return world.blocks.has(`${one} ${other}`) || world.blocks.has(`${other} ${one}`);
}

function judge(
  world: World,
  [maker, taker]: readonly [string, string],
  terms: Terms,
  /** The taker knows the maker, or has asked for it. */
  isWelcome: boolean,
): Pick<ModelOffer, 'give' | 'want' | 'message' | 'expiresAtMs'> {
  const { nowMs } = world;
  const rules = world.rules.direct;
  const given = resolve(world, terms.give);
  const wanted = resolve(world, terms.want);
  nothingBurnt(world, wanted);
  if (terms.expiresAtMs !== undefined && terms.expiresAtMs <= nowMs) {
    throw new Refusal('EXPIRY_IN_PAST', { nowMs });
  }
  const expiresAtMs = terms.expiresAtMs ?? nowMs + rules.offerDefaultMs;
  if (expiresAtMs > nowMs + rules.offerLifeMaxMs) limit('offerLife', rules.offerLifeMaxMs);
  const open = world.openOffers();
  if (open.filter(offer => offer.maker === maker).length >= rules.openOffersMax) {
    limit('openOffers', rules.openOffersMax);
  }
  const toSame = open.filter(offer => offer.maker === maker && offer.taker === taker);
  if (toSame.length >= rules.offersPerPlayerMax) {
    limit('offersPerPlayer', rules.offersPerPlayerMax);
  }
  const received = open.filter(offer => offer.taker === taker);
  const isFull = received.length >= rules.receivedOffersMax;
  const unknown = received.filter(offer => !world.friends.has(`${taker} ${offer.maker}`));
  const [oldest] = isWelcome ? unknown.sort((a, b) => a.id - b.id) : [];
  if (isFull && oldest === undefined) limit('receivedOffers', rules.receivedOffersMax);
  able(world, maker, given);
  if (isFull && oldest !== undefined) oldest.status = 'invalid';
  return { give: given, want: wanted, message: terms.message ?? '', expiresAtMs };
}

function nothingBurnt(world: World, wanted: readonly LineView[]): void {
  for (const { asset } of wanted) {
    if (!asset.includes('#')) continue;
    const issued = world.totals.get(`${ISSUER} ${asset} ${MAIN}`) ?? 0n;
    if (issued === 0n) throw new Refusal('ITEM_NOT_FOUND', { item: asset });
  }
}

function limit(name: string, max: number): never {
  throw new Refusal('LIMIT_REACHED', { limit: name, max });
}

function make(world: World, terms: Omit<ModelOffer, 'id' | 'createdAtMs' | 'status'>): ModelOffer {
  const id = world.offers.length + 1;
  const offer: ModelOffer = { ...terms, id, createdAtMs: world.nowMs, status: 'open' };
  world.offers.push(offer);
  return offer;
}

function openFor(world: World, id: number, suits: (offer: ModelOffer) => boolean): ModelOffer {
  const offer = world.offers[id - 1];
  if (offer?.status === 'open' && suits(offer)) return offer;
  throw new Refusal('OFFER_NOT_FOUND');
}
