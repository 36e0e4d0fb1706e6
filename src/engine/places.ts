// Where goods can lie. The game server defines the places, so that nobody else can make one by
// naming it; a place that is defined stays. Facts and state call a place a location.

import type { Payload } from '../../protocol/commands/registry.ts';
import { PLACES_MAX } from '../../protocol/limits.ts';
import { accept, type Decision, reject } from './decision.ts';
import type { State } from './state.ts';

export function definePlace(state: State, { place }: Payload<'places.define'>): Decision {
  const { locations } = state;
  if (locations.find(place) < 0) {
    if (locations.count >= PLACES_MAX) {
      const details = { limit: 'places', max: PLACES_MAX };
      return reject('LIMIT_REACHED', `At most ${PLACES_MAX} places in a realm.`, details);
    }
    state.addLocation(place);
  }
  return accept({ place });
}

/** Refuses a place that a command names and nobody has defined; null when it names none. */
export function whyNoPlace(state: State, name: string | undefined): Decision | null {
  if (name === undefined || state.locations.find(name) >= 0) return null;
  return reject('PLACE_NOT_FOUND', `No place ${name} is defined.`, { place: name });
}
