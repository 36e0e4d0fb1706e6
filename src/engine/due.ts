// What ends although nobody asks for it: orders, windows and offers whose time is up, offers that
// want what was burnt, the presence of a player whose sockets are gone, and that of everybody when
// the server begins. An entry does a bounded
// part of it; what is left is due at once. Invariant: nothing but a tick is decided while anything
// is due, so what is due never trades, and no command ever sees it.

import { endOffer, invalidateBurnt } from './offers.ts';
import type { State } from './state.ts';
import { continueRestart, passWindow } from './window-presence.ts';

/**
 * Does what is due, at most `rules.endsPerEntryMax` things of it, each line that one of them holds
 * counted as another: first the offers that want what is burnt, then what has had its time, the
 * earliest first; at the same time orders, windows, offers, each by their ids.
 */
export function endDue(state: State): void {
  let left = invalidateBurnt(state, state.rules.endsPerEntryMax);
  while (left > 0) {
    const cost = endEarliest(state);
    if (cost === 0) break;
    left -= cost;
  }
  if (left > 0) continueRestart(state, left);
}

/** Ends the earliest of what is due; returns how much that was, 0 for nothing. */
function endEarliest(state: State): number {
  const { nowMs } = state;
  const order = state.expiries.due(nowMs);
  const window = state.windows.expiries.due(nowMs);
  const offer = state.offers.expiries.due(nowMs);
  const orderMs = order?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  const windowMs = window?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  const offerMs = offer?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  if (order !== null && orderMs <= windowMs && orderMs <= offerMs) {
    state.close(order, 'expired');
    return 1;
  }
  if (window !== null && windowMs <= offerMs) return passWindow(state, window);
  return offer === null ? 0 : endOffer(state, offer, 'expired');
}
