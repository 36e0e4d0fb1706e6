// Planted bugs in what ends although nobody asks for it, and in which accounts there are.

import type { Mutant } from './hunt.ts';

const LEDGER = 'src/engine/ledger.js';

export const DUE_MUTANTS: readonly Mutant[] = [
  {
    name: 'orders-before-what-was-due-earlier',
    file: 'src/engine/due.js',
    find: 'order !== null && orderMs <= windowMs && orderMs <= offerMs',
    replace: 'order !== null',
  },
  {
    name: 'lines-count-nothing',
    file: 'src/engine/offers.js',
    find: 'return 1 + offer.give.length;',
    replace: 'return 1;',
  },
  {
    name: 'only-the-first-windows-are-left',
    file: 'src/engine/window-presence.js',
    find: 'if (left-- === 0)\n            return;',
    replace: 'if (left-- === 0)\n            break;',
  },
  {
    name: 'account-number-trusted',
    file: 'src/engine/state.js',
    find: 'if (!ledger.isAccount(order.counterAccount, order.player, asset, location)) {',
    replace: 'if (order.counterAccount < 0) {',
  },
  {
    name: 'empty-account-kept',
    file: LEDGER,
    find: 'this.#empty.size <= this.#limits.emptyAccountsMax',
    replace: 'this.#empty.size <= this.#limits.emptyAccountsMax + 1',
  },
  {
    name: 'closed-account-found',
    file: LEDGER,
    find: 'this.#index.remove(account, hashOf(owner, asset, location));',
    replace: '',
  },
  {
    name: 'closed-account-remembered-as-the-first',
    file: LEDGER,
    find: 'if (this.#firstOf.integer(owner, 0) === account + 1)',
    replace: 'if (account < 0)',
  },
];
