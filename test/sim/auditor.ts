// The auditor looks at nothing but what the engine emits: the facts of each entry must be complete
// and agree with each other, and what they say in sum must obey every invariant of the ledger and
// of the books. It knows the rules of a market, not how the engine or the model keeps one.

import { AMOUNT_MAX } from '../../src/base/units.ts';
import type { Applied, Entry } from '../../src/engine/entry.ts';
import type {
  Fact,
  LevelFact,
  OfferFact,
  OrderFact,
  TransferFact,
  WindowFact,
} from '../../src/engine/fact.ts';
import type { Rules } from '../../src/engine/rules.ts';
import { checkOpenings, closeAccounts } from './audit-accounts.ts';
import { checkFriendFact, checkHandovers, checkOfferFact, checkOffers } from './audit-offers.ts';
import { checkFees, checkOrderFact, checkTrades, demand, holdOf } from './audit-rules.ts';
import { checkWindowFact, checkWindows } from './audit-windows.ts';
import { FactTables } from './fact-tables.ts';
import { HOUSE, ISSUER, MAIN } from './model-world.ts';

export class Auditor {
  readonly tables: FactTables;
  #rules: Rules;
  /** Units filled so far, by order. */
  readonly #filled = new Map<number, number>();
  /** What level facts last said of each price, gone levels left out. */
  readonly #levels = new Map<string, string>();
  #lastAtMs = 0;
  /** When something other than a tick came last: by then, what was due had ended. */
  #settledAtMs = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
    this.tables = new FactTables(rules);
  }

  /** From here on other rules are in force: they bind what is decided from now on. */
  changeRules(rules: Rules): void {
    this.#rules = rules;
  }

  /** Takes in what one entry came to. Throws an AuditError naming the rule that it breaks. */
  consume(entry: Entry, applied: Applied): void {
    const { output, sequence } = applied;
    const { tables } = this;
    demand(entry.atMs >= this.#lastAtMs, 'time never goes back');
    this.#lastAtMs = entry.atMs;
    if (entry.command !== 'tick') this.#settledAtMs = entry.atMs;
    const expected = tables.sequence + (output.length > 0 ? 1 : 0);
    demand(sequence === expected, `the sequence is ${expected}, not ${sequence}`);
    if (output.length === 0) return;
    const facts = output.filter((one): one is Fact => one.kind !== 'level');
    checkTrades(tables, entry, facts);
    checkOpenings(tables, facts);
    const totalsBefore = this.#totals();
    const ordersBefore = new Map<number, OrderFact>();
    for (const fact of facts) {
      if (fact.kind === 'trade') this.#count(fact.maker, fact.taker, fact.quantity);
      if (fact.kind !== 'order') continue;
      const before = ordersBefore.get(fact.id) ?? tables.orders.get(fact.id);
      checkOrderFact({ before, fact, sequence, atMs: entry.atMs, tables });
      ordersBefore.set(fact.id, fact);
    }
    const lastOrder = Math.max(0, ...tables.orders.keys());
    for (const id of ordersBefore.keys()) {
      demand(id <= lastOrder + 1, 'orders are counted without a gap');
    }
    this.#checkDirect(entry, facts);
    const isClosing = ({ kind }: Fact) => kind === 'closed';
    tables.apply({ sequence, atMs: entry.atMs, facts: facts.filter(fact => !isClosing(fact)) });
    checkFees(tables, this.#rules, facts);
    checkHandovers(tables, this.#rules.direct, facts);
    this.#checkMovements(totalsBefore, facts);
    closeAccounts(tables, this.#rules, facts);
    for (const one of output) if (one.kind === 'level') this.#level(one);
  }

  /** Everything that must hold between two entries, over all accounts, orders and levels. */
  checkAll(): void {
    this.#checkAccounts();
    this.#checkOrders();
    this.#checkLevels();
    checkWindows(this.tables, this.#settledAtMs);
    checkOffers(this.tables, this.#settledAtMs);
  }

  /** Windows and offers, fact by fact: each against the one before it. */
  #checkDirect(entry: Entry, facts: readonly Fact[]): void {
    const { tables } = this;
    const rules = this.#rules.direct;
    const windows = new Map<number, WindowFact>();
    const offers = new Map<number, OfferFact>();
    for (const fact of facts) {
      if (fact.kind === 'window') {
        const before = windows.get(fact.id) ?? tables.windows.get(fact.id);
        checkWindowFact({ before, fact, entry, tables, rules });
        windows.set(fact.id, fact);
      } else if (fact.kind === 'offer') {
        const before = offers.get(fact.id) ?? tables.offers.get(fact.id);
        checkOfferFact({ before, fact, entry, tables });
        offers.set(fact.id, fact);
      } else if (fact.kind === 'friend') {
        checkFriendFact(fact, facts);
      } else if (fact.kind === 'player' || fact.kind === 'manifest') {
        // Names and manifests are needed to read the facts behind them; putting one twice is one.
        tables.put(fact);
      }
    }
  }

  #count(maker: number, taker: number, quantity: number): void {
    for (const order of [maker, taker]) {
      if (order !== 0) this.#filled.set(order, (this.#filled.get(order) ?? 0) + quantity);
    }
  }

  #totals(): Map<number, number> {
    const totals = new Map<number, number>();
    for (const [account, fact] of this.tables.accounts) {
      totals.set(account, fact.available + fact.held);
    }
    return totals;
  }

  /** What each balance gained or lost is what the transfers say. */
  #checkMovements(before: Map<number, number>, facts: readonly Fact[]): void {
    const net = new Map<number, number>();
    const add = (account: number, quantity: number) =>
      net.set(account, (net.get(account) ?? 0) + quantity);
    for (const fact of facts) {
      if (fact.kind === 'transfer') {
        this.#checkTransfer(fact);
        add(fact.debit, -fact.quantity);
        add(fact.credit, fact.quantity);
      } else if (fact.kind === 'balance') {
        add(fact.account, 0);
      }
    }
    for (const [account, change] of net) {
      const fact = this.tables.accounts.get(account);
      demand(fact !== undefined, 'an account that moved has a balance');
      const changed = fact.available + fact.held - (before.get(account) ?? 0);
      demand(changed === change, `account ${account} changed by ${changed}, transfers: ${change}`);
    }
  }

  #checkTransfer(fact: TransferFact): void {
    const debit = this.tables.accounts.get(fact.debit);
    const credit = this.tables.accounts.get(fact.credit);
    demand(debit !== undefined && credit !== undefined, 'a transfer is between known accounts');
    demand(debit.asset === credit.asset, 'a transfer moves one asset');
    demand(fact.debit !== fact.credit, 'a transfer has two accounts');
    demand(Number.isSafeInteger(fact.quantity) && fact.quantity > 0, 'a transfer is positive');
    const debitOwner = this.tables.playerName(debit.owner);
    const creditOwner = this.tables.playerName(credit.owner);
    demand((debitOwner === ISSUER) === (fact.reason === 'grant'), 'only a grant mints');
    demand((creditOwner === ISSUER) === (fact.reason === 'burn'), 'only a burn destroys');
    const isFee = fact.reason.endsWith('-fee');
    demand((creditOwner === HOUSE) === isFee, 'the house takes fees and nothing else');
    demand(debitOwner !== HOUSE, 'the house pays nobody');
  }

  #checkAccounts(): void {
    const { tables } = this;
    const sums = new Map<number, number>();
    const owners = new Map<number, number>();
    const seen = new Set<string>();
    const held = this.#holds();
    for (const account of tables.accounts.values()) {
      const { owner, asset, location, available } = account;
      const key = `${owner} ${asset} ${location}`;
      demand(!seen.has(key), `account ${key} is opened once`);
      seen.add(key);
      const isIssuer = tables.playerName(owner) === ISSUER;
      demand(isIssuer ? available <= 0 : available >= 0, 'nobody but the issuer is below zero');
      demand(Math.abs(available + account.held) <= AMOUNT_MAX, 'no account overflows');
      const isMoney = tables.itemOf(asset).itemKind === 'currency';
      demand(!isMoney || tables.locationName(location) === MAIN, 'money lies at main');
      demand(account.held === (held.get(key) ?? 0), `the hold of ${key} is what there is for it`);
      held.delete(key);
      sums.set(asset, (sums.get(asset) ?? 0) + available + account.held);
      if (!isIssuer && available + account.held > 0) {
        owners.set(asset, (owners.get(asset) ?? 0) + available + account.held);
      }
    }
    demand(held.size === 0, `every hold has its account (${[...held.keys()].join()})`);
    for (const [asset, sum] of sums) demand(sum === 0, `asset ${asset} sums to ${sum}, not 0`);
    for (const asset of tables.instances.keys()) {
      demand((owners.get(asset) ?? 0) <= 1, `instance ${asset} has one owner`);
    }
  }

  /** What must be held, by account: for open orders, live windows and open offers. */
  #holds(): Map<string, number> {
    const { tables } = this;
    const held = new Map<string, number>();
    const add = (owner: number, asset: number, location: number, quantity: number) => {
      const key = `${owner} ${asset} ${location}`;
      held.set(key, (held.get(key) ?? 0) + quantity);
    };
    const main = tables.mainLocation();
    for (const order of tables.openOrders()) {
      const isSell = order.side === 'sell';
      const asset = isSell ? order.asset : tables.itemOf(order.asset).currency;
      add(order.player, asset, isSell ? order.location : main, order.held);
    }
    for (const { sides } of tables.liveWindows()) {
      for (const { player, lines } of sides) {
        for (const line of lines) add(player, line.asset, line.location, line.quantity);
      }
    }
    for (const { maker, give } of tables.openOffers()) {
      for (const line of give) add(maker, line.asset, line.location, line.quantity);
    }
    return held;
  }

  #checkOrders(): void {
    const best = new Map<string, { bid: number; ask: number }>();
    for (const order of this.tables.orders.values()) {
      const filled = this.#filled.get(order.id) ?? 0;
      demand(order.quantity - order.remaining === filled, `order ${order.id} filled ${filled}`);
      if (order.status !== 'open') continue;
      const isDue = order.expiresAtMs !== 0 && order.expiresAtMs <= this.#settledAtMs;
      demand(!isDue, `order ${order.id} is open beyond its expiry`);
      demand(order.held === holdOf(order), `order ${order.id} holds what it must`);
      const book = `${order.asset} ${order.location}`;
      const tops = best.get(book) ?? { bid: 0, ask: Number.POSITIVE_INFINITY };
      if (order.side === 'buy') tops.bid = Math.max(tops.bid, order.price);
      else tops.ask = Math.min(tops.ask, order.price);
      best.set(book, tops);
    }
    for (const [book, { bid, ask }] of best) demand(bid < ask, `book ${book} is not crossed`);
  }

  #level(fact: LevelFact): void {
    const key = `${fact.asset} ${fact.location} ${fact.side} ${fact.price}`;
    demand(fact.orders === 0 ? fact.quantity === 0 : fact.quantity > 0, 'a level is its orders');
    if (fact.orders === 0) this.#levels.delete(key);
    else this.#levels.set(key, `${fact.quantity} in ${fact.orders}`);
  }

  #checkLevels(): void {
    const levels = new Map<string, { quantity: number; orders: number }>();
    for (const order of this.tables.openOrders()) {
      if (this.tables.instances.has(order.asset)) continue;
      const key = `${order.asset} ${order.location} ${order.side} ${order.price}`;
      const level = levels.get(key) ?? { quantity: 0, orders: 0 };
      level.quantity += order.remaining;
      level.orders += 1;
      levels.set(key, level);
    }
    demand(levels.size === this.#levels.size, 'there are as many levels as the orders make');
    for (const [key, { quantity, orders }] of levels) {
      const said = this.#levels.get(key);
      demand(
        said === `${quantity} in ${orders}`,
        `level ${key} is ${quantity} in ${orders}: ${said}`,
      );
    }
  }
}
