// Planted bugs: each is one textual change to the compiled engine, see hunt.ts. The simulation must
// catch every one, or it proves less than it seems to.

import type { Mutant } from './hunt.ts';
import { DIRECT_MUTANTS } from './mutants-direct.ts';
import { DUE_MUTANTS } from './mutants-due.ts';
import { KEY_MUTANTS } from './mutants-keys.ts';

const ORDERS = 'src/engine/orders.js';
const PLAN = 'src/engine/plan.js';
const SETTLE = 'src/engine/settle.js';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'forgotten-release',
    file: 'src/engine/state.js',
    find: 'this.ledger.release(this.holdAccount(order), order.held);',
    replace: '',
  },
  {
    name: 'fee-rounded-up',
    file: 'src/base/units.js',
    find: 'Math.floor((rest * bps) / BPS_ONE)',
    replace: 'Math.ceil((rest * bps) / BPS_ONE)',
  },
  ...KEY_MUTANTS,
  {
    name: 'newest-order-first',
    file: PLAN,
    find: 'let order = level.oldest; order !== null; order = order.newer',
    replace: 'let order = level.newest; order !== null; order = order.older',
  },
  {
    name: 'worst-price-first',
    file: PLAN,
    find: 'let level = side.best; level !== null && level.rank >= rankMin; level = level.worse',
    replace: 'let level = side.best?.worse ?? side.best; level !== null; level = level.worse',
  },
  {
    name: 'expires-one-too-late',
    file: 'src/engine/expiry-queue.js',
    find: 'first.expiresAtMs <= atMs',
    replace: 'first.expiresAtMs < atMs',
  },
  {
    name: 'improvement-kept',
    file: ORDERS,
    find: 'adjustHold(state, order, holdOf(order));',
    replace:
      'adjustHold(state, order, holdOf(order) + (order.side === "buy" ? ' +
      'order.price * state.plan.quantity - state.plan.value : 0));',
  },
  {
    name: 'rounding-leftover-kept',
    file: SETTLE,
    find: 'if (surplus > 0) {',
    replace: 'if (surplus > 1) {',
  },
  {
    name: 'fee-not-to-the-house',
    file: SETTLE,
    find: 'credit: house, quantity: buyerFee',
    replace: 'credit: sellerMoney, quantity: buyerFee',
  },
  {
    name: 'raise-keeps-place',
    file: ORDERS,
    find: 'price !== order.price || quantity > order.quantity',
    replace: 'price !== order.price',
  },
  {
    name: 'reduction-loses-place',
    file: ORDERS,
    find: 'price !== order.price || quantity > order.quantity',
    replace: 'price !== order.price || quantity !== order.quantity',
  },
  {
    name: 'self-trade-allowed',
    file: PLAN,
    find: 'if (order.player === wanted.player) {',
    replace: 'if (order.player === -1) {',
  },
  {
    name: 'fill-or-kill-fills-in-part',
    file: ORDERS,
    find: "timeInForce === 'fok' ? whyNotWhole",
    replace: "timeInForce === 'none' ? whyNotWhole",
  },
  {
    name: 'one-open-order-too-many',
    file: ORDERS,
    find: 'state.openOrdersOf(player) >= openOrdersMax',
    replace: 'state.openOrdersOf(player) > openOrdersMax',
  },
  {
    name: 'budget-without-fee',
    file: PLAN,
    find: 'value + shareOf(value, wanted.feeBps) <= budget',
    replace: 'value <= budget',
  },
  {
    name: 'purchase-while-halted',
    file: 'src/engine/immediate.js',
    find: 'const refusal = check.whyHalted(market) ?? check.whyBadLot(found, ask.quantity);',
    replace: 'const refusal = check.whyBadLot(found, ask.quantity);',
  },
  {
    name: 'more-than-can-exist',
    file: 'src/engine/wallet.js',
    find: 'existing + ask.quantity > AMOUNT_MAX',
    replace: 'ask.quantity > AMOUNT_MAX',
  },
  {
    name: 'place-lost-in-recovery',
    file: 'src/engine/restore.js',
    find: 'order.priority = fact.priority;',
    replace: 'order.priority = fact.id;',
  },
  {
    name: 'place-that-nobody-defined',
    file: 'src/engine/places.js',
    find: 'name === undefined || state.locations.find(name) >= 0',
    replace:
      'name === undefined || state.locations.find(name) >= 0 || state.addLocation(name) >= 0',
  },
  {
    name: 'known-by-being-blocked',
    file: 'src/engine/players.js',
    find: 'state.players.find(name) >= 0',
    replace: 'state.player(name) >= 0',
  },
  {
    name: 'not-known-by-being-there',
    file: 'src/engine/window-presence.js',
    find: 'present ? state.player(name) : state.players.find(name)',
    replace: 'state.players.find(name)',
  },
  ...DIRECT_MUTANTS,
  ...DUE_MUTANTS,
];
