// Facts back into state: the inverse of what the commands put out. It serves recovery from the
// tables (the last fact of each thing, orders by their priority) and replay of the journal (every
// fact in its order); both end in the same state. Facts are trusted: they were checked when
// decided.

import { assert, unreachable } from '../base/assert.ts';
import type { Fact, OrderFact } from './fact.ts';
import { putItem } from './items.ts';
import { ISSUER } from './ledger.ts';
import type { Names } from './names.ts';
import { restoreBurnt, restoreOffer } from './offers.ts';
import { Order } from './order.ts';
import type { State } from './state.ts';
import { putInstance } from './wallet.ts';
import { restoreManifest, restoreWindow } from './window-restore.ts';

export function restoreFact(state: State, fact: Fact, livedMs: number): void {
  switch (fact.kind) {
    case 'player':
      restoreName(state.players, fact.name, fact.player);
      break;
    case 'location':
      restoreName(state.locations, fact.name, fact.location);
      break;
    case 'item':
      if (isNew(state, fact.asset)) restoreName(state.assetNames, fact.name, fact.asset);
      putItem(state, fact);
      break;
    case 'instance':
      if (isNew(state, fact.asset)) restoreName(state.assetNames, fact.name, fact.asset);
      putInstance(state, fact);
      break;
    case 'balance':
      state.ledger.restore(fact);
      if (fact.owner === ISSUER && fact.available === 0) restoreBurnt(state, fact.asset);
      break;
    case 'closed':
      // A fact that is applied twice changes nothing.
      if (state.ledger.isOpen(fact.account)) state.ledger.close(fact.account);
      break;
    case 'order':
      restoreOrder(state, fact);
      // What restoring touched is no news.
      state.flush();
      state.output.length = 0;
      break;
    case 'trade':
      state.lastTrade = Math.max(state.lastTrade, fact.id);
      if (state.assets.get(fact.asset)?.instance === null) {
        state.market(fact.asset).traded(fact.location, fact.price);
      }
      break;
    case 'decided':
      // What was decided below the watermark is in the tables, or will be: see late-keys.ts.
      if (!state.keys.isForgotten(fact.player, fact.key)) state.keys.add(fact, livedMs);
      else state.lateKeys.add(fact, state.sequence);
      break;
    case 'forgotten':
      state.keys.restoreForgotten(fact.player, fact.key);
      break;
    case 'window':
      restoreWindow(state, fact);
      break;
    case 'manifest':
      restoreManifest(state, fact);
      break;
    case 'offer':
      restoreOffer(state, fact);
      break;
    case 'block':
      state.blocks.put(fact);
      break;
    case 'privacy':
      state.blocks.setPrivacy(fact);
      break;
    case 'friend':
      state.friends.put(fact);
      break;
    case 'transfer':
      break;
    default:
      unreachable(fact);
  }
}

function isNew(state: State, asset: number): boolean {
  return state.assets.get(asset) === undefined;
}

function restoreName(names: Names, name: string, number: number): void {
  assert(names.add(name) === number, 'names are restored in the order of their numbers');
}

function restoreOrder(state: State, fact: OrderFact): void {
  state.lastOrder = Math.max(state.lastOrder, fact.id);
  const open = state.orders.get(fact.id);
  if (open !== undefined) {
    if (fact.status === 'open' && keepsPlace(open, fact)) {
      restoreInPlace(state, open, fact);
      return;
    }
    state.unrest(open);
  }
  if (fact.status !== 'open') return;
  const order = new Order(fact);
  order.remaining = fact.remaining;
  order.held = fact.held;
  order.priority = fact.priority;
  state.rest(order);
}

function keepsPlace(order: Order, fact: OrderFact): boolean {
  return order.priority === fact.priority && (order.level === null || order.price === fact.price);
}

function restoreInPlace(state: State, order: Order, fact: OrderFact): void {
  if (order.level !== null && fact.remaining < order.remaining) {
    order.level.side.reduce(order, order.remaining - fact.remaining);
  }
  assert(order.level === null || order.remaining === fact.remaining, 'only less keeps a place');
  order.price = fact.price;
  order.quantity = fact.quantity;
  order.remaining = fact.remaining;
  order.held = fact.held;
  if (order.expiresAtMs !== fact.expiresAtMs) {
    if (order.expiryIndex >= 0) state.expiries.remove(order);
    order.expiresAtMs = fact.expiresAtMs;
    state.expiries.add(order);
  }
  order.timeInForce = fact.timeInForce;
}
