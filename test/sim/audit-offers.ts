// The auditor's reading of the facts of offers, and of what changes hands in offers and windows:
// both sides whole, or nothing at all.

import type { OfferStatus } from '../../protocol/direct.ts';
import type { Entry } from '../../src/engine/entry.ts';
import type { Fact, FriendFact, Line, OfferFact } from '../../src/engine/fact.ts';
import type { DirectRules } from '../../src/engine/rules.ts';
import { demand, share } from './audit-rules.ts';
import { checkApart } from './audit-windows.ts';
import type { FactTables } from './fact-tables.ts';
import { HOUSE } from './model-world.ts';

/** Who can bring an open offer to an end by a command of his. */
const ENDED_BY: Readonly<Partial<Record<OfferStatus, 'maker' | 'taker'>>> = {
  accepted: 'taker',
  declined: 'taker',
  countered: 'taker',
  cancelled: 'maker',
};

export function checkOfferFact(change: {
  readonly before: OfferFact | undefined;
  readonly fact: OfferFact;
  readonly entry: Entry;
  /** As they were before the entry. */
  readonly tables: FactTables;
}): void {
  const { before, fact, entry, tables } = change;
  const { id, status } = fact;
  if (before === undefined) {
    demand(id === Math.max(0, ...tables.offers.keys()) + 1, 'offers are counted without a gap');
    demand(status === 'open' && fact.createdAtMs === entry.atMs, `offer ${id} is made now`);
    demand(fact.expiresAtMs > entry.atMs, `offer ${id} has a future`);
    demand(fact.maker !== fact.taker, `offer ${id} is to somebody else`);
    demand(fact.give.length + fact.want.length > 0, `offer ${id} is about something`);
    return;
  }
  demand(before.status === 'open', `offer ${id} is over and stays so`);
  demand(status !== 'open', `offer ${id} ends, or stays as it is`);
  const { status: _before, ...terms } = before;
  const { status: _now, ...now } = fact;
  demand(JSON.stringify(terms) === JSON.stringify(now), `offer ${id} keeps its terms`);
  // What was burnt before it had its time may end it after that.
  const isDue = before.expiresAtMs <= entry.atMs;
  const hasTime = status === 'invalid' || (status === 'expired') === isDue;
  demand(hasTime, `offer ${id} has its time`);
  const role = ENDED_BY[status];
  if (role === undefined) return;
  const isTheirs = tables.playerName(fact[role]) === entry.player;
  demand(isTheirs, `offer ${id} is ${status} by its ${role}`);
}

/** Between two entries. */
export function checkOffers(tables: FactTables, nowMs: number): void {
  checkFriends(tables);
  for (const { id, maker, taker, expiresAtMs } of tables.openOffers()) {
    demand(expiresAtMs > nowMs, `offer ${id} is open beyond its expiry`);
    checkApart(tables, maker, taker, `offer ${id}`);
  }
}

/** Friends are those of whom the facts tell a completed trade, and who do not block each other. */
function checkFriends(tables: FactTables): void {
  for (const { player, other } of tables.friends.values()) {
    demand(tables.blocks.get(`${player} ${other}`)?.blocked !== true, 'a friend is not blocked');
  }
}

/** A friend is made by a trade that the entry at hand completes between the two, and only so. */
export function checkFriendFact(fact: FriendFact, facts: readonly Fact[]): void {
  const isOfBoth = (one: number, other: number) =>
    [one, other].includes(fact.player) && [one, other].includes(fact.other);
  const hasTraded = facts.some(one => {
    if (one.kind === 'offer') return one.status === 'accepted' && isOfBoth(one.maker, one.taker);
    if (one.kind !== 'window' || one.status !== 'done') return false;
    return isOfBoth(one.sides[0].player, one.sides[1].player);
  });
  if (fact.isKept) demand(hasTraded, 'friends have completed a trade');
}

/**
 * What moved because of windows and offers is what their ends say, to the last unit; the fees are
 * their rate, rounded down per line. `tables` are those after the entry.
 */
export function checkHandovers(
  tables: FactTables,
  rules: DirectRules,
  facts: readonly Fact[],
): void {
  const due: string[] = [];
  const owe = (reason: string, from: number, to: number, lines: readonly Line[]) => {
    for (const line of lines) {
      const { asset, quantity, location } = line;
      const isMoney = tables.itemOf(asset).itemKind === 'currency';
      const fee = isMoney ? share(quantity, rules.feeBps) : 0;
      const [kind, reference] = reason.split(' ');
      const said = `${asset} at ${location}`;
      const receiver = tables.playerName(to);
      if (quantity > fee) due.push(`${reason}: ${from} to ${receiver} ${quantity - fee} ${said}`);
      if (fee > 0) due.push(`${kind}-fee ${reference}: ${from} to ${HOUSE} ${fee} ${said}`);
    }
  };
  const moved: string[] = [];
  for (const fact of facts) {
    if (fact.kind === 'window' && fact.status === 'done') {
      const [one, other] = fact.sides;
      owe(`window ${fact.id}`, one.player, other.player, one.lines);
      owe(`window ${fact.id}`, other.player, one.player, other.lines);
    } else if (fact.kind === 'offer' && fact.status === 'accepted') {
      owe(`offer ${fact.id}`, fact.maker, fact.taker, fact.give);
      owe(`offer ${fact.id}`, fact.taker, fact.maker, fact.want);
    } else if (fact.kind === 'transfer' && /^(window|offer)/.test(fact.reason)) {
      const debit = tables.accounts.get(fact.debit);
      const credit = tables.accounts.get(fact.credit);
      demand(debit !== undefined && credit !== undefined, 'a handover is between known accounts');
      const to = tables.playerName(credit.owner);
      const what = `${fact.quantity} ${debit.asset} at ${debit.location}`;
      moved.push(`${fact.reason} ${fact.reference}: ${debit.owner} to ${to} ${what}`);
      demand(debit.location === credit.location, 'what changes hands stays where it lies');
    }
  }
  const [actual, expected] = [moved.sort().join('; '), due.sort().join('; ')];
  demand(actual === expected, `a swap is whole: it moves ${expected}, not ${actual}`);
}
