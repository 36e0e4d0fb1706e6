// The auditor's reading of which accounts there are: numbers are given out from the lowest that is
// free, and what has nothing goes, but for a few.

import type { BalanceFact, Fact } from '../../src/engine/fact.ts';
import type { Rules } from '../../src/engine/rules.ts';
import { demand } from './audit-rules.ts';
import type { FactTables } from './fact-tables.ts';
import { HOUSE, ISSUER } from './model-world.ts';

/** Each account is what it was, or was opened now. `tables` are those before the entry. */
export function checkOpenings({ accounts }: FactTables, facts: readonly Fact[]): void {
  const opened: number[] = [];
  for (const fact of facts) {
    if (fact.kind !== 'balance') continue;
    const { account, owner, asset, location } = fact;
    const before = accounts.get(account);
    demand(fact.opened === (before === undefined), `account ${account} says whether it is new`);
    if (before === undefined) {
      opened.push(account);
      continue;
    }
    const isSame = before.owner === owner && before.asset === asset;
    demand(isSame && before.location === location, `account ${account} stays what it is`);
  }
  let free = 0;
  for (const account of opened) {
    while (accounts.has(free)) free += 1;
    demand(account === free, `account ${account} is opened, and ${free} is free`);
    free += 1;
  }
}

/** The last empty ones go first, and no more than twice what changed. */
export function closeAccounts(tables: FactTables, rules: Rules, facts: readonly Fact[]): void {
  const isEmpty = ({ owner, available, held }: BalanceFact) =>
    available === 0 && held === 0 && ![ISSUER, HOUSE].includes(tables.playerName(owner));
  let empty = [...tables.accounts.values()].filter(isEmpty).map(({ account }) => account);
  const changed = facts.filter(({ kind }) => kind === 'balance').length;
  let left = 2 * changed;
  for (const fact of facts) {
    if (fact.kind !== 'closed') continue;
    demand(fact.account === Math.max(...empty), `account ${fact.account} is the last empty one`);
    demand(empty.length > rules.emptyAccountsMax, 'no more are closed than must be');
    empty = empty.filter(account => account !== fact.account);
    tables.put(fact);
    left -= 1;
  }
  demand(left >= 0, 'no more are closed than twice what changed');
  const isDone = changed === 0 || left === 0 || empty.length <= rules.emptyAccountsMax;
  demand(isDone, `${empty.length} accounts have nothing`);
}
