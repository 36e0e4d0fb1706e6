// Who the realm knows. A player becomes known when the game grants or transfers something to them,
// when they are first seen connected, by an accepted command of theirs that needs them, and by a
// key of theirs. Naming somebody makes nobody known.

import { type Decision, reject } from './decision.ts';
import type { State } from './state.ts';

/** Refuses a player whom a command names and whom the realm does not know, or null. */
export function whyUnknown(state: State, name: string): Decision | null {
  if (state.players.find(name) >= 0) return null;
  return reject('PLAYER_NOT_FOUND', `The realm does not know ${name} yet.`, { player: name });
}
