// What players do with directed offers: made of what both have, answered by the right one or by
// somebody else, countered, withdrawn, forgotten.

import type { AskedLine, LineView } from '../../protocol/direct.ts';
import type { OfferFact } from '../../src/engine/fact.ts';
import {
  PLAYERS,
  SERVICE,
  STRANGER,
  type Step,
  type Surroundings,
  UNKNOWN,
} from './surroundings.ts';
import { halted } from './workload-beside.ts';
import { belongings, newSide, some } from './workload-lines.ts';

export function offerSteps(around: Surroundings): Step[] {
  const { random, shown } = around;
  const open = shown.openOffers();
  if (open.length === 0 || random.chance(35)) return [creation(around)];
  const offer = random.pick(open);
  if (random.chance(3)) return [{ ask: tick(), fromMs: offer.expiresAtMs }];
  if (random.chance(4)) return burning(around, offer);
  if (random.chance(3)) return [parting(around, offer)];
  if (random.chance(5)) {
    const accepted = { command: 'offers.accept', payload: { offer: offer.id } } as const;
    const ask = { ...accepted, player: shown.playerName(offer.taker) };
    return halted(around, [...offer.give, ...offer.want], [{ ask }]);
  }
  return [response(around, offer)];
}

function creation(around: Surroundings): Step {
  const { random } = around;
  const player = random.chance(3) ? STRANGER : random.pick(PLAYERS);
  const to = random.weighted<string>([
    [92, random.pick(PLAYERS.filter(one => one !== player))],
    [2, STRANGER],
    [2, UNKNOWN],
    [4, player],
  ]);
  const payload = { to, ...termsOf(around, player, to) };
  return { ask: { command: 'offers.create', payload, player } };
}

function response(around: Surroundings, { id, maker, taker }: OfferFact): Step {
  const { random, shown } = around;
  const makerName = shown.playerName(maker);
  const takerName = shown.playerName(taker);
  const anyone = random.pick(PLAYERS);
  const player = random.chance(90) ? takerName : anyone;
  const offer = random.weighted([
    [94, id],
    [4, random.between(1, id)],
    [2, 999_999],
  ]);
  const what = random.weighted([
    [55, 'accept' as const],
    [8, 'decline' as const],
    [28, 'counter' as const],
    [10, 'cancel' as const],
  ]);
  switch (what) {
    case 'accept':
      return { ask: { command: 'offers.accept', payload: { offer }, player } };
    case 'decline':
      return { ask: { command: 'offers.decline', payload: { offer }, player } };
    case 'cancel': {
      const by = random.chance(80) ? makerName : anyone;
      return { ask: { command: 'offers.cancel', payload: { offer }, player: by } };
    }
    case 'counter': {
      const payload = { offer, ...termsOf(around, player, makerName) };
      return { ask: { command: 'offers.counter', payload, player } };
    }
  }
}

/** The game takes an instance away that somebody still wants. */
function burning(around: Surroundings, offer: OfferFact): Step[] {
  const { shown } = around;
  const wanted = offer.want.map(line => shown.lineView(line));
  const instance = wanted.find(({ asset }) => asset.includes('#'));
  if (instance === undefined) return [response(around, offer)];
  const owner = PLAYERS.find(player => has(belongings(around, player), instance));
  const payload = { player: owner ?? PLAYERS[0], ...instance };
  return [{ ask: { command: 'wallet.burn', payload, player: SERVICE } }];
}

/** One of the two has had enough of the other, for a while. */
function parting({ random, shown }: Surroundings, { maker, taker }: OfferFact): Step {
  const names = [shown.playerName(maker), shown.playerName(taker)] as const;
  const [player, other] = random.chance(50) ? names : [names[1], names[0]];
  return { ask: { command: 'windows.block', payload: { player: other }, player } };
}

function has(owned: readonly LineView[], { asset, location }: LineView): boolean {
  return owned.some(line => line.asset === asset && line.location === location);
}

interface Terms {
  give: AskedLine[];
  want: AskedLine[];
  expiresAtMs?: number;
  message?: string;
}

/** No asset on both sides, and not nothing at all: as the schema wants it. */
function termsOf(around: Surroundings, from: string, to: string): Terms {
  const { random } = around;
  const give = random.chance(88) ? newSide(around, from, []) : [];
  const given = new Set(give.map(({ asset }) => asset));
  const theirs = random.chance(93)
    ? some(around, belongings(around, to))
    : newSide(around, random.pick(PLAYERS), []);
  const want = theirs.filter(({ asset }) => !given.has(asset));
  const terms: Terms = { give, want };
  if (give.length + want.length === 0) terms.want = [{ asset: 'ore', quantity: 1 }];
  if (random.chance(60)) terms.expiresAtMs = expiryOf(around);
  if (random.chance(10))
    terms.message = random.pick(['', 'for your sword', 'würdest du tauschen?']);
  return terms;
}

function expiryOf({ random, nowMs }: Surroundings): number {
  return nowMs + random.pick([-1, 0, 1, 20, 20, 200, 200, 200, 800, 800, 5_000, 10 ** 11]);
}

function tick(): { command: 'tick'; payload: null; player: string } {
  return { command: 'tick', payload: null, player: '' };
}
