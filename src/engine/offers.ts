// offers.create, accept, decline, counter, cancel, and their expiry.
import type { Payload } from '../../protocol/commands/registry.ts';
import type { Decision } from './decision.ts';
import type { OfferFact } from './fact.ts';
import type { State } from './state.ts';

export function createOffer(state: State, name: string, ask: Payload<'offers.create'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function acceptOffer(state: State, name: string, ask: Payload<'offers.accept'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function declineOffer(state: State, name: string, ask: Payload<'offers.decline'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function cancelOffer(state: State, name: string, ask: Payload<'offers.cancel'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
export function counterOffer(state: State, name: string, ask: Payload<'offers.counter'>): Decision {
  throw new Error(`unwritten ${state} ${name} ${ask}`);
}
/** Ends the offers that are due. */
export function expireOffers(state: State): void {
  const due = state.offers.expiries.due(state.nowMs);
  if (due !== null) throw new Error('unwritten');
}
/** Ends what is open between two players, since one has blocked the other. */
export function invalidateBetween(state: State, player: number, other: number): void {
  throw new Error(`unwritten ${state} ${player} ${other}`);
}
export function restoreOffer(state: State, fact: OfferFact): void {
  throw new Error(`unwritten ${state} ${fact}`);
}
