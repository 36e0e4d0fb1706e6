// What windows and offers add to the state hash: live windows with all that was agreed in them,
// open offers, who blocks whom, who has traded with whom, and what reference values and bounds are
// computed from.

import type { Line } from './fact.ts';
import type { StateHash } from './hash.ts';
import type { State } from './state.ts';

export function hashDirect(hash: StateHash, state: State): void {
  hash.number(state.lastWindow);
  hash.number(state.lastOffer);
  hashWindows(hash, state);
  hashOffers(hash, state);
  for (const [player, other] of state.blocks.entries()) {
    hash.number(player);
    hash.number(other);
  }
  hash.text('closed');
  for (const player of state.blocks.closed()) hash.number(player);
  hash.text('friends');
  for (const [player, other, sequence] of state.friends.entries()) {
    hash.number(player);
    hash.number(other);
    hash.number(sequence);
  }
  hashRecentPrices(hash, state);
}

function hashWindows(hash: StateHash, state: State): void {
  const { windows } = state;
  hash.number(windows.size);
  for (const window of windows.values()) {
    hash.number(window.id);
    hash.text(window.status);
    hash.number(window.revision);
    hash.number(window.steps);
    for (const side of window.sides) {
      hash.number(side.player);
      hashLines(hash, side.lines);
      hash.number(side.accepted ? 1 : 0);
      hash.number(side.confirmed ? 1 : 0);
      hash.number(side.awayUntilMs);
    }
    hash.number(window.armedAtMs);
    hash.number(window.deadlineMs);
    hash.number(window.createdAtMs);
    // The hash of a manifest says everything that is in it.
    hash.text(window.manifest?.manifest ?? '');
    hash.number(window.baseline === null ? 0 : 1);
    for (const lines of window.baseline ?? []) hashLines(hash, lines);
  }
  // Time alone is no fact: what counts is the minute before the last change.
  for (const { window, inviter, invited, atMs } of windows.invitations(state.changedAtMs)) {
    hash.number(window);
    hash.number(inviter);
    hash.number(invited);
    hash.number(atMs);
  }
}

function hashOffers(hash: StateHash, { offers }: State): void {
  hash.number(offers.size);
  for (const offer of offers.values()) {
    hash.number(offer.id);
    hash.number(offer.maker);
    hash.number(offer.taker);
    hashLines(hash, offer.give);
    hashLines(hash, offer.want);
    hash.text(offer.message);
    hash.number(offer.createdAtMs);
    hash.number(offer.expiresAtMs);
    hash.number(offer.counterOf);
  }
}

function hashRecentPrices(hash: StateHash, state: State): void {
  for (const { market, instance } of state.assets.values()) {
    if (instance !== null) continue;
    for (const [location, recent] of market.recents()) {
      hash.number(market.item.asset);
      hash.number(location);
      hash.number(recent.count);
      for (const price of recent.prices()) hash.number(price);
    }
  }
}

function hashLines(hash: StateHash, lines: readonly Line[]): void {
  hash.number(lines.length);
  for (const { asset, location, quantity } of lines) {
    hash.number(asset);
    hash.number(location);
    hash.number(quantity);
  }
}
