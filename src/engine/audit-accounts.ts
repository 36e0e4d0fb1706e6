// What the audit says of accounts: each holds what orders, windows and offers hold in it, each
// asset adds up to zero, of an instance there is one at most.

import { AMOUNT_MAX } from '../base/units.ts';
import type { Pace, Steps } from './audit-pace.ts';
import type { BalanceFact } from './fact.ts';
import { ISSUER } from './ledger.ts';
import type { Records } from './records.ts';
import { holdOf } from './settle.ts';
import { MAIN, type State } from './state.ts';

/** As doubles, of each asset: the sum of all its accounts, and of those that are no issuer's. */
const SUM = 0;
const OWNED = 1;

export interface Assets {
  readonly sums: Records;
  /** Assets that any account is of are below this. */
  end: number;
}

/** Adds to `held`, by account, what open orders hold. */
export function* addOrderHolds(state: State, held: Records, broken: string[], pace: Pace): Steps {
  const { ledger } = state;
  for (const order of state.orders.values()) {
    if (pace.step()) yield;
    const isMoney = order.side === 'buy';
    const asset = isMoney ? state.market(order.asset).item.currency : order.asset;
    const account = ledger.find(order.player, asset, isMoney ? MAIN : order.location);
    if (account < 0) broken.push(`order ${order.id} holds in an account that is not there`);
    else held.setDouble(account, 0, held.double(account, 0) + order.held);
    if (order.account >= 0 && order.account !== account) {
      broken.push(`order ${order.id} takes account ${order.account} for its own`);
    }
    if (order.held !== holdOf(order)) broken.push(`order ${order.id} holds ${order.held}`);
    if (order.remaining < 1 || order.remaining > order.quantity) {
      broken.push(`order ${order.id} has ${order.remaining} of ${order.quantity} left`);
    }
  }
}

export function* auditAccounts(
  { ledger }: State,
  { held, assets }: { readonly held: Records; readonly assets: Assets },
  broken: string[],
  pace: Pace,
): Steps {
  let count = 0;
  for (let account = 0; account < ledger.end; account++) {
    if (pace.step()) yield;
    const due = held.double(account, 0);
    if (!ledger.isOpen(account)) {
      if (due !== 0) broken.push(`account ${account} is closed, and should hold ${due}`);
      continue;
    }
    count++;
    const fact = ledger.balance(account);
    if (fact.held !== due) {
      broken.push(`account ${account} holds ${fact.held}, its orders, windows and offers ${due}`);
    }
    if (ledger.find(fact.owner, fact.asset, fact.location) !== account) {
      broken.push(`account ${account} is not found`);
    }
    addToAsset(fact, assets, broken);
  }
  if (count !== ledger.count) broken.push(`there are ${count} accounts, not ${ledger.count}`);
}

function addToAsset(fact: BalanceFact, assets: Assets, broken: string[]): void {
  const { account, owner, asset, available, held } = fact;
  const isIssuer = owner === ISSUER;
  if (held < 0 || (available < 0 && !isIssuer)) broken.push(`account ${account} is below zero`);
  if (isIssuer && available > 0) broken.push(`the issuer owns asset ${asset}`);
  const { sums } = assets;
  assets.end = Math.max(assets.end, asset + 1);
  // Within 2^53 - 1 a sum of doubles is exact; no sound sum is ever beyond.
  for (const part of [available, held]) {
    const sum = sums.double(asset, SUM) + part;
    if (Math.abs(sum) > AMOUNT_MAX) broken.push(`asset ${asset} sums to more than can exist`);
    sums.setDouble(asset, SUM, sum);
  }
  if (!isIssuer) sums.setDouble(asset, OWNED, sums.double(asset, OWNED) + available + held);
}

export function* auditAssets(state: State, assets: Assets, broken: string[], pace: Pace): Steps {
  for (let asset = 0; asset < assets.end; asset++) {
    if (pace.step()) yield;
    const sum = assets.sums.double(asset, SUM);
    if (sum !== 0) broken.push(`asset ${asset} sums to ${sum}`);
    const owned = assets.sums.double(asset, OWNED);
    const found = state.assets.get(asset);
    if (found === undefined) {
      broken.push(`asset ${asset} was never defined`);
    } else if (found.instance !== null && owned > 1) {
      broken.push(`instance ${found.instance.name} exists ${owned} times`);
    }
  }
}
