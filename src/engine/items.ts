// items.define: what exists in the realm, and its rules.

import type { Payload } from '../../protocol/commands/registry.ts';
import { AMOUNT_MAX } from '../base/units.ts';
import { itemNotFound } from './assets.ts';
import { accept, type Decision, reject } from './decision.ts';
import type { ItemFact } from './fact.ts';
import { Market } from './market.ts';
import type { State } from './state.ts';

/** The currency that exists from the start, and pays for what names no other. */
export const DEFAULT_CURRENCY = 'coins';

export function defineItem(state: State, ask: Payload<'items.define'>): Decision {
  const known = state.assetNames.find(ask.item);
  const current = known < 0 ? null : state.market(known).item;
  const isCurrency = ask.kind === 'currency';
  const currencyName = ask.currency ?? (isCurrency ? ask.item : DEFAULT_CURRENCY);
  if (isCurrency && currencyName !== ask.item) {
    return reject('DEFINITION_CONFLICT', 'A currency is paid with itself.');
  }
  const currency = isCurrency ? known : state.assetNames.find(currencyName);
  if (!isCurrency) {
    const found = currency < 0 ? null : state.market(currency).item;
    if (found === null || found.itemKind !== 'currency') return itemNotFound(currencyName);
  }
  if (current !== null && (current.itemKind !== ask.kind || current.currency !== currency)) {
    return reject('DEFINITION_CONFLICT', `${ask.item} keeps its kind and currency.`);
  }

  // From here on this must succeed.
  const asset = known < 0 ? state.assetNames.add(ask.item) : known;
  const item: ItemFact = {
    kind: 'item',
    asset,
    name: ask.item,
    itemKind: ask.kind,
    currency: isCurrency ? asset : currency,
    tickSize: ask.tickSize ?? 1,
    lotSize: ask.lotSize ?? 1,
    minPrice: ask.minPrice ?? 1,
    maxPrice: ask.maxPrice ?? AMOUNT_MAX,
    halted: ask.halted ?? false,
    attributes: ask.attributes ?? {},
  };
  putItem(state, item);
  state.output.push(item);
  return accept({
    item: item.name,
    kind: item.itemKind,
    currency: state.assetNames.name(item.currency),
    tickSize: item.tickSize,
    lotSize: item.lotSize,
    minPrice: item.minPrice,
    maxPrice: item.maxPrice,
    halted: item.halted,
    attributes: item.attributes,
  });
}

/** Puts a definition in force; its asset number and name are in the registry already. */
export function putItem(state: State, item: ItemFact): void {
  const asset = state.assets.get(item.asset);
  if (asset === undefined) {
    state.assets.set(item.asset, { market: new Market(item, state.suspended), instance: null });
  } else {
    asset.market.item = item;
  }
}
