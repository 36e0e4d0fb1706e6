// The complete check of everything that must hold in a state between two entries. O(n): tests and
// the simulation run it after each step, the server when it has recovered.

import { addDirectHolds, auditOffers, auditWindows } from './audit-direct.ts';
import type { BookSide } from './book-side.ts';
import { ISSUER } from './ledger.ts';
import type { Order } from './order.ts';
import { holdOf } from './settle.ts';
import { MAIN, type State } from './state.ts';

/** All broken invariants, in words. Empty when the state is sound. */
export function auditState(state: State): string[] {
  const broken: string[] = [];
  auditConservation(state, broken);
  auditHolds(state, broken);
  auditInstances(state, broken);
  auditBooks(state, broken);
  auditCounts(state, broken);
  auditWindows(state, broken);
  auditOffers(state, broken);
  return broken;
}

function auditConservation(state: State, broken: string[]): void {
  const { ledger } = state;
  const sums = new Map<number, bigint>();
  for (let account = 0; account < ledger.count; account++) {
    const { owner, asset, available, held } = ledger.balance(account);
    sums.set(asset, (sums.get(asset) ?? 0n) + BigInt(available) + BigInt(held));
    const isIssuer = owner === ISSUER;
    if (held < 0 || (available < 0 && !isIssuer)) broken.push(`account ${account} is below zero`);
    if (isIssuer && available > 0) broken.push(`the issuer owns asset ${asset}`);
  }
  for (const [asset, sum] of sums) {
    if (sum !== 0n) broken.push(`asset ${asset} sums to ${sum}`);
  }
}

function auditHolds(state: State, broken: string[]): void {
  const { ledger } = state;
  const held = new Float64Array(ledger.count);
  for (const order of state.orders.values()) {
    const isMoney = order.side === 'buy';
    const asset = isMoney ? state.market(order.asset).item.currency : order.asset;
    const account = ledger.find(order.player, asset, isMoney ? MAIN : order.location);
    held[account]! += order.held;
    if (order.held !== holdOf(order)) broken.push(`order ${order.id} holds ${order.held}`);
    if (order.remaining < 1 || order.remaining > order.quantity) {
      broken.push(`order ${order.id} has ${order.remaining} of ${order.quantity} left`);
    }
  }
  addDirectHolds(state, held, broken);
  for (let account = 0; account < ledger.count; account++) {
    const due = held[account];
    const actual = ledger.balance(account).held;
    if (actual !== due) {
      broken.push(`account ${account} holds ${actual}, its orders, windows and offers ${due}`);
    }
  }
}

function auditInstances(state: State, broken: string[]): void {
  const owners = new Map<number, number>();
  const { ledger } = state;
  for (let account = 0; account < ledger.count; account++) {
    const { owner, asset, available, held } = ledger.balance(account);
    if (state.assets[asset]?.instance === null || owner === ISSUER) continue;
    owners.set(asset, (owners.get(asset) ?? 0) + available + held);
  }
  for (const [asset, owned] of owners) {
    if (owned > 1) broken.push(`instance ${state.assetNames.name(asset)} exists ${owned} times`);
  }
}

function auditBooks(state: State, broken: string[]): void {
  let resting = 0;
  for (const { market, instance } of state.assets) {
    if (instance !== null) continue;
    for (const book of market.books()) {
      const where = `book ${market.item.name}@${state.locations.name(book.location)}`;
      const bid = book.bids.best?.price ?? 0;
      const ask = book.asks.best?.price ?? Number.POSITIVE_INFINITY;
      if (bid >= ask) broken.push(`${where} is crossed: ${bid} >= ${ask}`);
      resting += auditSide(state, book.bids, where, broken);
      resting += auditSide(state, book.asks, where, broken);
    }
  }
  let outside = 0;
  for (const order of state.orders.values()) {
    if (order.level === null && state.assets[order.asset]?.instance !== null) outside++;
  }
  if (resting + outside !== state.orders.size) broken.push('an open order is in no book');
}

/** Checks one side level by level; returns how many orders rest in it. */
function auditSide(state: State, side: BookSide, where: string, broken: string[]): number {
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

function auditCounts(state: State, broken: string[]): void {
  const open = new Map<number, number>();
  let expiring = 0;
  for (const order of state.orders.values()) {
    open.set(order.player, (open.get(order.player) ?? 0) + 1);
    if (order.expiresAtMs > 0) expiring++;
    if (order.expiresAtMs > 0 && order.expiresAtMs <= state.nowMs) {
      broken.push(`order ${order.id} is overdue`);
    }
  }
  if (expiring !== state.expiries.size) broken.push('the expiry queue has lost an order');
  for (let player = 0; player < state.players.count; player++) {
    if ((state.openOrders[player] ?? 0) !== (open.get(player) ?? 0)) {
      broken.push(`player ${player} is said to have ${state.openOrders[player]} open orders`);
    }
  }
}
