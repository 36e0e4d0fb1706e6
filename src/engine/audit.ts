// The complete check of everything that must hold in a state between two entries. O(n), in steps
// of a bounded size: tests and the simulation run it after each step, the server when it has
// recovered. Accounts are in audit-accounts.ts, windows and offers in audit-direct.ts.

import { type Assets, addOrderHolds, auditAccounts, auditAssets } from './audit-accounts.ts';
import { addDirectHolds, auditFriends, auditOffers, auditWindows } from './audit-direct.ts';
import { Pace, type Steps } from './audit-pace.ts';
import type { BookSide } from './book-side.ts';
import { BOOKS_KEPT } from './market.ts';
import type { Order } from './order.ts';
import { Records } from './records.ts';
import type { State } from './state.ts';

/** An audit that has found so much looks no further. */
const FOUND_MAX = 100;

/** All broken invariants, in words, at once. Empty when the state is sound. */
export function auditState(state: State): string[] {
  const steps = auditSteps(state);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** As {@link auditState}, in steps of a millisecond or less: each `next` is one. */
export function* auditSteps(state: State): Steps<string[]> {
  const broken: string[] = [];
  const pace = new Pace();
  // By account, as a double each: what should be held. And what there is of each asset.
  const held = new Records(2);
  const assets: Assets = { sums: new Records(4), end: 0 };
  const parts: readonly Steps[] = [
    addOrderHolds(state, held, broken, pace),
    addDirectHolds(state, held, broken, pace),
    auditAccounts(state, { held, assets }, broken, pace),
    auditAssets(state, assets, broken, pace),
    auditBooks(state, broken, pace),
    auditCounts(state, broken, pace),
    auditWindows(state, broken, pace),
    auditOffers(state, broken, pace),
    auditFriends(state, broken, pace),
  ];
  for (const part of parts) {
    while (part.next().done !== true) {
      if (broken.length >= FOUND_MAX) return broken;
      yield;
    }
  }
  return broken;
}

function* auditBooks(state: State, broken: string[], pace: Pace): Steps {
  let resting = 0;
  for (const { market, instance } of state.assets.values()) {
    if (pace.step()) yield;
    if (instance !== null) continue;
    const books = market.books();
    const empty = books.filter(({ isEmpty }) => isEmpty).length;
    if (empty > BOOKS_KEPT) broken.push(`${market.item.name} keeps ${empty} empty books`);
    for (const book of books) {
      const where = `book ${market.item.name}@${state.locations.name(book.location)}`;
      const bid = book.bids.best?.price ?? 0;
      const ask = book.asks.best?.price ?? Number.POSITIVE_INFINITY;
      if (bid >= ask) broken.push(`${where} is crossed: ${bid} >= ${ask}`);
      resting += yield* auditSide(state, book.bids, where, { broken, pace });
      resting += yield* auditSide(state, book.asks, where, { broken, pace });
    }
  }
  let outside = 0;
  for (const order of state.orders.values()) {
    if (pace.step()) yield;
    if (order.level === null && state.assets.get(order.asset)?.instance !== null) outside++;
  }
  if (resting + outside !== state.orders.size) broken.push('an open order is in no book');
}

/** Checks one side level by level; returns how many orders rest in it. */
function* auditSide(
  state: State,
  side: BookSide,
  where: string,
  { broken, pace }: { readonly broken: string[]; readonly pace: Pace },
): Steps<number> {
  let resting = 0;
  let rank = Number.POSITIVE_INFINITY;
  for (let level = side.best; level !== null; level = level.worse) {
    if (level.rank >= rank) broken.push(`${where}: levels out of order at ${level.price}`);
    rank = level.rank;
    if (side.level(level.price) !== level) broken.push(`${where}: level ${level.price} is lost`);
    let quantity = 0;
    let orders = 0;
    let previous: Order | null = null;
    for (let order = level.oldest; order !== null; order = order.newer) {
      if (pace.step()) yield;
      quantity += order.remaining;
      orders++;
      if (order.price !== level.price) broken.push(`${where}: order ${order.id} is misplaced`);
      if (previous !== null && previous.priority >= order.priority) {
        broken.push(`${where}: order ${order.id} has jumped the queue`);
      }
      if (state.orders.get(order.id) !== order) broken.push(`order ${order.id} is not open`);
      previous = order;
    }
    if (quantity !== level.quantity || orders !== level.orders) {
      broken.push(`${where}: level ${level.price} sums wrong`);
    }
    resting += orders;
  }
  return resting;
}

function* auditCounts(state: State, broken: string[], pace: Pace): Steps {
  const open = new Records(1);
  let expiring = 0;
  for (const order of state.orders.values()) {
    if (pace.step()) yield;
    open.setInteger(order.player, 0, open.integer(order.player, 0) + 1);
    if (order.expiresAtMs === 0) continue;
    expiring++;
    if (!state.expiries.keeps(order)) broken.push(`order ${order.id} is not where it expires`);
  }
  if (expiring !== state.expiries.size) broken.push('the expiry queue has lost an order');
  for (let player = 0; player < state.players.count; player++) {
    if (pace.step()) yield;
    const said = state.openOrdersOf(player);
    if (said !== open.integer(player, 0)) {
      broken.push(`player ${player} is said to have ${said} open orders`);
    }
  }
}
