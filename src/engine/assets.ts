// Which asset a command means: an item, a currency, or an instance `item#serial`; and the checks
// that orders, purchases and wallets share about it.

import { type Decision, reject } from './decision.ts';
import type { Asset, Market } from './market.ts';
import type { State } from './state.ts';

export interface FoundAsset {
  readonly market: Market;
  /** The asset number; -1 for an instance that was never granted. */
  readonly asset: number;
  readonly isInstance: boolean;
}

export function itemNotFound(name: string): Decision {
  return reject('ITEM_NOT_FOUND', `${name} is not defined.`, { item: name });
}

/** The market a name belongs to, and the asset itself; null when its item is not defined. */
export function findAsset(state: State, name: string): FoundAsset | null {
  const hash = name.indexOf('#');
  const item = state.assetNames.find(hash < 0 ? name : name.slice(0, hash));
  if (item < 0) return null;
  const { market } = state.assets.get(item) as Asset;
  if (hash < 0) return { market, asset: item, isInstance: false };
  return { market, asset: state.assetNames.find(name), isInstance: true };
}

/** Why `found` is not something that can be owned by this name, or null. */
export function whyNotOwnable(found: FoundAsset, name: string): Decision | null {
  const isUnique = found.market.item.itemKind === 'unique';
  if (found.isInstance === isUnique) return null;
  return reject(
    'NOT_FUNGIBLE',
    isUnique ? `Name an instance: ${name}#serial.` : `${found.market.item.name} has no instances.`,
  );
}

/** Why there is no market in `found`, or null. */
export function whyNotTradable(found: FoundAsset, name: string): Decision | null {
  if (found.market.item.itemKind === 'currency') {
    return reject('NOT_TRADABLE', `${name} is money: it has no market.`);
  }
  return whyNotOwnable(found, name);
}

export function whyHalted(market: Market): Decision | null {
  if (!market.isHalted) return null;
  return reject('MARKET_HALTED', `${market.item.name} is halted; orders can be cancelled.`);
}

export function whyBadLot(found: FoundAsset, quantity: number): Decision | null {
  const { lotSize } = found.market.item;
  if (found.isInstance) {
    return quantity === 1
      ? null
      : reject('BAD_LOT', 'There is one of each instance.', { lotSize: 1 });
  }
  if (quantity % lotSize === 0) return null;
  return reject('BAD_LOT', `The quantity must be a multiple of ${lotSize}.`, { lotSize });
}

export function whyBadPrice(market: Market, price: number): Decision | null {
  const { tickSize } = market.item;
  if (price % tickSize === 0) return null;
  return reject('BAD_TICK', `The price must be a multiple of ${tickSize}.`, { tickSize });
}

export function whyOutOfRange(market: Market, price: number): Decision | null {
  const { minPrice, maxPrice } = market.item;
  if (price >= minPrice && price <= maxPrice) return null;
  const details = { minPrice, maxPrice };
  return reject('PRICE_OUT_OF_RANGE', `The price is ${minPrice} to ${maxPrice}.`, details);
}

export function overflow(): Decision {
  return reject('AMOUNT_OVERFLOW', 'The amount would pass 2^53 - 1.');
}

export function insufficientFunds(required: number, available: number): Decision {
  const details = { required, available };
  return reject('INSUFFICIENT_FUNDS', `${required} needed, ${available} available.`, details);
}

export function insufficientInventory(required: number, available: number): Decision {
  const details = { required, available };
  return reject('INSUFFICIENT_INVENTORY', `${required} needed, ${available} available.`, details);
}
