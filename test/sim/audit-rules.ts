// The auditor's reading of single facts: how an order may change, whom a trade must be with, and
// who pays which fee. Each check throws an AuditError that names the rule.

import type { Entry } from '../../src/engine/entry.ts';
import type { Fact, OrderFact, TradeFact } from '../../src/engine/fact.ts';
import type { Rules } from '../../src/engine/rules.ts';
import type { FactTables } from './fact-tables.ts';

export class AuditError extends Error {
  override readonly name = 'AuditError';
}

export function demand(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new AuditError(rule);
}

export function share(amount: number, bps: number): number {
  return Number((BigInt(amount) * BigInt(bps)) / 10_000n);
}

/** What an open order must hold. */
export function holdOf(order: OrderFact): number {
  if (order.side === 'sell') return order.remaining;
  const value = order.price * order.remaining;
  return value + share(value, order.feeBps);
}

/** An order begins open or done, keeps what makes it itself, and never comes back once closed. */
export function checkOrderFact(change: {
  before: OrderFact | undefined;
  fact: OrderFact;
  sequence: number;
  atMs: number;
  tables: FactTables;
}): void {
  const { before, fact, sequence, atMs, tables } = change;
  const { id, status, timeInForce } = fact;
  demand(fact.remaining >= 0 && fact.remaining <= fact.quantity, `order ${id} is filled in part`);
  demand(Number.isSafeInteger(fact.price * fact.quantity), `order ${id} is within 2^53 - 1`);
  demand((status === 'filled') === (fact.remaining === 0), `order ${id} is filled when all is`);
  demand(status === 'open' || fact.held === 0, `order ${id} is closed and holds nothing`);
  const isImmediate = timeInForce === 'ioc' || timeInForce === 'fok';
  demand(status !== 'open' || !isImmediate, `order ${id} is immediate and does not rest`);
  demand((timeInForce === 'gtd') === fact.expiresAtMs > 0, `order ${id} expires if it is gtd`);
  demand(timeInForce !== 'fok' || status === 'filled', `order ${id} is filled whole or not at all`);
  const isDue = fact.expiresAtMs > 0 && fact.expiresAtMs <= atMs;
  demand(status !== 'expired' || isDue, `order ${id} expires when it is due`);
  demand(status !== 'open' || fact.priority <= sequence, `order ${id} has its place from the past`);
  if (before === undefined) {
    demand(status !== 'open' || fact.priority === sequence, `order ${id} is the newest`);
    demand(fact.createdAtMs === atMs, `order ${id} is made now`);
    return;
  }
  demand(before.status === 'open', `order ${id} is over and stays so`);
  for (const key of ['side', 'player', 'asset', 'location', 'feeBps', 'postOnly'] as const) {
    demand(before[key] === fact[key], `order ${id} keeps its ${key}`);
  }
  if (status !== 'open' || tables.instances.has(fact.asset)) return;
  const losesPlace = fact.price !== before.price || fact.quantity > before.quantity;
  const place = losesPlace ? sequence : before.priority;
  demand(
    fact.priority === place,
    `order ${id} ${losesPlace ? 'goes to the end' : 'stays in place'}`,
  );
}

/**
 * Fills go through the book from the best price and the oldest order on, each order but the last
 * one whole, at the price of the resting order. `tables` are those before the entry.
 */
export function checkTrades(tables: FactTables, entry: Entry, facts: readonly Fact[]): void {
  const trades = facts.filter((fact): fact is TradeFact => fact.kind === 'trade');
  const [first] = trades;
  if (first === undefined) return;
  demand(!tables.itemOf(first.asset).halted, 'nothing trades while halted');
  const isSingle =
    (entry.command === 'purchases.create' && 'listing' in entry.payload) ||
    (entry.command === 'sales.create' && 'bid' in entry.payload);
  const queue = queueBefore(tables, entry.atMs, first);
  trades.forEach((trade, index) => {
    const maker = isSingle ? tables.orders.get(trade.maker) : queue[index];
    demand(trade.id === tables.lastTrade + index + 1, 'trades are counted');
    demand(maker?.id === trade.maker, `trade ${trade.id} is with the first in the queue`);
    demand(maker.status === 'open', `trade ${trade.id} is with an open order`);
    demand(trade.price === maker.price, `trade ${trade.id} is at the price of the resting order`);
    demand(trade.buyer !== trade.seller, `trade ${trade.id} is between two players`);
    const isLast = index === trades.length - 1;
    demand(
      isLast ? trade.quantity <= maker.remaining : trade.quantity === maker.remaining,
      `trade ${trade.id} takes what is there`,
    );
    const taker = facts.find(fact => fact.kind === 'order' && fact.id === trade.taker);
    if (taker?.kind === 'order') checkTaker(trade, taker);
    else demand(trade.taker === 0, `trade ${trade.id} has its taker`);
  });
}

function checkTaker(trade: TradeFact, taker: OrderFact): void {
  const within = taker.side === 'buy' ? trade.price <= taker.price : trade.price >= taker.price;
  demand(within, `trade ${trade.id} is within the limit of order ${taker.id}`);
  demand(!taker.postOnly, `trade ${trade.id} is not taken by a post-only order`);
}

function queueBefore(tables: FactTables, atMs: number, trade: TradeFact): OrderFact[] {
  const makers = tables.openOrders().filter(order => {
    const isDue = order.expiresAtMs > 0 && order.expiresAtMs <= atMs;
    const isThere = order.asset === trade.asset && order.location === trade.location;
    return isThere && order.side !== trade.takerSide && !isDue;
  });
  const sign = trade.takerSide === 'buy' ? 1 : -1;
  return makers.sort(
    (one, other) =>
      sign * (one.price - other.price) || one.priority - other.priority || one.id - other.id,
  );
}

/**
 * Each fee is its rate, rounded down, and reaches the house. `tables` are those after the entry.
 */
export function checkFees(tables: FactTables, rules: Rules, facts: readonly Fact[]): void {
  const paid = new Map<string, number>();
  for (const fact of facts) {
    if (fact.kind !== 'transfer' || !fact.reason.endsWith('-fee')) continue;
    const key = `${fact.reason} ${fact.reference}`;
    paid.set(key, (paid.get(key) ?? 0) + fact.quantity);
  }
  for (const fact of facts) {
    if (fact.kind === 'trade') {
      const { buyer, seller } = feesOf(tables, rules, fact);
      demand(fact.buyerFee === buyer, `the buyer of trade ${fact.id} pays ${buyer}`);
      demand(fact.sellerFee === seller, `the seller of trade ${fact.id} pays ${seller}`);
      demand((paid.get(`trade-fee ${fact.id}`) ?? 0) === buyer + seller, 'the house gets the fee');
    } else if (fact.kind === 'order' && fact.side === 'sell') {
      const fee = paid.get(`listing-fee ${fact.id}`) ?? 0;
      const isNew = fact.createdAtMs === tables.atMs && fee > 0;
      const due = share(fact.price * fact.quantity, rules.listingFeeBps);
      demand(fee === 0 || (isNew && fee === due), `the listing fee of ${fact.id} is ${due}`);
    }
  }
}

function feesOf(
  tables: FactTables,
  rules: Rules,
  trade: TradeFact,
): { buyer: number; seller: number } {
  const value = trade.price * trade.quantity;
  const bid = tables.orders.get(trade.takerSide === 'buy' ? trade.taker : trade.maker);
  const rateToday = rules.tradeFeePayer === 'buyer' ? rules.tradeFeeBps : 0;
  const buyerBps = bid?.feeBps ?? rateToday;
  const sellerBps = rules.tradeFeePayer === 'seller' && buyerBps === 0 ? rules.tradeFeeBps : 0;
  return { buyer: share(value, buyerBps), seller: share(value, sellerBps) };
}
