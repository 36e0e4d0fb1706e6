// The lines of one side of a window or an offer: from the words of a command to accounts, and the
// few ways in which they move. Holds are placed, released and spent here alone, so that a side
// holds exactly its lines. Which side may change when is for windows and offers to say.

import type { AskedLine, LineView } from '../../protocol/direct.ts';
import { DEFAULT_LOCATION } from '../../protocol/fields.ts';
import { compareLines } from '../../protocol/window-hash.ts';
import { assert } from '../base/assert.ts';
import { shareOf } from '../base/units.ts';
import * as check from './assets.ts';
import type { Decision } from './decision.ts';
import type { Line, TransferReason } from './fact.ts';
import { HOUSE, type Source } from './ledger.ts';
import { whyNoPlace } from './places.ts';
import { MAIN, type State } from './state.ts';

/** Lines sorted by the names of asset and location, or why they cannot stand on a side. */
export function resolveLines(state: State, asked: readonly AskedLine[]): Line[] | Decision {
  const lines: Line[] = [];
  const sorted = asked
    .map(({ asset, quantity, location = DEFAULT_LOCATION }) => ({ asset, quantity, location }))
    .sort(compareLines);
  for (const line of sorted) {
    const found = check.findAsset(state, line.asset);
    if (found === null) return check.itemNotFound(line.asset);
    const refusal =
      check.whyNotOwnable(found, line.asset) ??
      (found.asset < 0 ? check.itemNotFound(line.asset) : null) ??
      whyNoPlace(state, line.location) ??
      check.whyHalted(found.market) ??
      (found.isInstance ? check.whyBadLot(found, line.quantity) : null);
    if (refusal !== null) return refusal;
    const location = state.location(line.location);
    const isMoney = found.market.item.itemKind === 'currency';
    // Where money never lies, nobody has any to give.
    if (isMoney && location !== MAIN) return check.insufficientFunds(line.quantity, 0);
    lines.push({ asset: found.asset, location, quantity: line.quantity });
  }
  return lines;
}

export function lineView(state: State, { asset, location, quantity }: Line): LineView {
  return {
    asset: state.assetNames.name(asset),
    location: state.locations.name(location),
    quantity,
  };
}

/** Whether `player` can give `lines`, of which he holds `held` already; or why not. */
export function whyLacking(
  state: State,
  player: number,
  lines: readonly Line[],
  held: readonly Line[] = [],
): Decision | null {
  const { ledger } = state;
  for (const line of lines) {
    const own = quantityAt(held, line);
    const account = ledger.find(player, line.asset, line.location);
    const available = ledger.availableAt(account) + own;
    if (available >= line.quantity) continue;
    return isMoney(state, line)
      ? check.insufficientFunds(line.quantity, available)
      : check.insufficientInventory(line.quantity, available);
  }
  return null;
}

/** Whether something on the table may not move now, or null. */
export function whyLinesHalted(state: State, lines: readonly Line[]): Decision | null {
  for (const { asset } of lines) {
    const refusal = check.whyHalted(state.market(asset));
    if (refusal !== null) return refusal;
  }
  return null;
}

/** What the house keeps of a line that changes hands. */
export function feeOf(state: State, line: Line): number {
  return isMoney(state, line) ? shareOf(line.quantity, state.rules.direct.feeBps) : 0;
}

/** Changes what is held for a side from `before` to `after`. Must have been checked. */
export function rehold(
  state: State,
  player: number,
  before: readonly Line[],
  after: readonly Line[],
): void {
  const { ledger } = state;
  for (const line of before) {
    const less = line.quantity - quantityAt(after, line);
    if (less > 0) ledger.release(ledger.open(player, line.asset, line.location), less);
  }
  for (const line of after) {
    const more = line.quantity - quantityAt(before, line);
    if (more > 0) ledger.hold(ledger.open(player, line.asset, line.location), more);
  }
}

export interface Handover {
  readonly giver: number;
  readonly receiver: number;
  readonly lines: readonly Line[];
  /** `held` when the giver's side held them. */
  readonly from: Source;
  readonly reason: Extract<TransferReason, 'window' | 'offer'>;
  /** The window or offer. */
  readonly reference: number;
}

/** Moves all lines of a side, less the fees. Must have been checked. */
export function handOver(state: State, move: Handover): void {
  const { ledger, output } = state;
  const { giver, receiver, from, reason, reference } = move;
  assert(giver !== receiver, 'nobody trades with himself');
  for (const line of move.lines) {
    const debit = ledger.open(giver, line.asset, line.location);
    const fee = feeOf(state, line);
    if (line.quantity > fee) {
      const credit = ledger.open(receiver, line.asset, line.location);
      const quantity = line.quantity - fee;
      ledger.transfer({ debit, from, credit, quantity }, reason, reference, output);
    }
    if (fee > 0) {
      const credit = ledger.open(HOUSE, line.asset, MAIN);
      const paid = { debit, from, credit, quantity: fee };
      ledger.transfer(paid, `${reason}-fee`, reference, output);
    }
  }
}

/** The larger one of each line, sorted as the lines of a side are. */
export function mostOf(state: State, some: readonly Line[], others: readonly Line[]): Line[] {
  const most = some.map(line => {
    const quantity = Math.max(line.quantity, quantityAt(others, line));
    return { ...line, quantity };
  });
  for (const line of others) if (quantityAt(some, line) === 0) most.push(line);
  return most.sort((a, b) => compareLines(lineView(state, a), lineView(state, b)));
}

export function isMoney(state: State, { asset }: Line): boolean {
  return state.market(asset).item.itemKind === 'currency';
}

function quantityAt(lines: readonly Line[], { asset, location }: Line): number {
  return lines.find(line => line.asset === asset && line.location === location)?.quantity ?? 0;
}
